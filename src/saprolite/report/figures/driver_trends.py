"""Figs S1 and S2: maps of the trend of soil moisture or soil temperature by layer."""

from __future__ import annotations

from typing import NamedTuple

from matplotlib.colors import Colormap

from saprolite.analysis.analysed import Analysed
from saprolite.places import Place
from saprolite.report.figures.page import Page
from saprolite.report.figures.panels import (
    CENTRED,
    WARM_RED,
    WET_BLUE,
    cell_table,
    diverging,
    map_grid,
    significance,
)
from saprolite.report.figures.style import Array


class _State(NamedTuple):
    """How a state is shown: colours, unit of the table, unit of the map and what it is times."""

    words: str
    colours: Colormap
    unit: str
    shown: str
    factor: float


_STATES = {
    "soil_moisture": _State(
        "soil moisture (volume of water by volume of soil)", WET_BLUE, "m3_m-3_yr-1",
        "10⁻³ m³ m⁻³ yr⁻¹", 1e3,
    ),
    "soil_temperature": _State("soil temperature", WARM_RED, "K_yr-1", "K yr⁻¹", 1.0),
}  # fmt: skip


def draw(run: Analysed, folder: Place, name: str, state: str) -> list[Place]:
    """A panel for each layer on one scale; the numbers in SI units."""
    page = Page()
    about = _STATES[state]
    trends = {layer: run.state_trends(state, layer) for layer in run.layers}
    maps = {layer: about.factor * found.slope for layer, found in trends.items()}
    scale = diverging(about.colours, list(maps.values()))
    bottom = map_grid(page, run, maps, [scale], f"trend ({about.shown})",
                      lambda layer: trends[layer].p < run.choices.alpha)  # fmt: skip
    caption = (
        f"Trend of the annual mean of {about.words}, {run.period}, by layer on one scale. "
        f"{significance(run)} {CENTRED}"
    )
    numbers: dict[str, Array] = {}
    for layer, found in trends.items():
        numbers |= {f"slope_{layer}_{about.unit}": found.slope, f"p_{layer}_1": found.p}
    return page.save(run, (folder, name), bottom, caption, {"maps": cell_table(run, numbers)})
