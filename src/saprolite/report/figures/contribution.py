"""Figs 5 and 6: the relative contribution of soil moisture or temperature to the trend."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd
from cmcrameri import cm
from matplotlib.axes import Axes

from saprolite.analysis.analysed import Analysed
from saprolite.analysis.attribution import PARTS
from saprolite.places import Place
from saprolite.report.figures.page import FONT, HEAD, WIDTH, Box, Page
from saprolite.report.figures.panels import (
    BAR_ROOM,
    HIGH,
    WARM_RED,
    Scale,
    bar_below,
    cell_table,
    columns,
    diverging,
    latitude_axes,
    wide_box,
)
from saprolite.report.figures.style import Array
from saprolite.report.figures.world_map import coloured

SHORT = {"soil_moisture": "RC(SM)", "soil_temperature": "RC(STMP)"}
# What 100 % are, by the choice of [analysis].
MEANING = {
    "summed_trends": "RC is the trend that the driver alone gives, in percent of the sum of the "
    "sizes of the trends of soil moisture alone, soil temperature alone and the residual; it is a "
    "share of trends, not a change of the sink.",
    "total": "RC is the trend that the driver alone gives, in percent of the size of the trend of "
    "the control; it is a share of trends, not a change of the sink.",
}
_COLUMN = "#111111"


def draw(run: Analysed, folder: Place, name: str, driver: str) -> list[Place]:
    """a the map of the column, b means by climate group and layer, c along the latitudes."""
    page = Page()
    short = SHORT[driver]
    values = np.asarray(getattr(run.contribution(run.column), PARTS[driver]))
    scale = contribution_scale([values])
    box = columns(1, 0.05 + HEAD)[0]
    _, taken = page.map(box, run, coloured(values, *scale[:2]), "a", run.column)
    top = taken.top + taken.height
    bar_below(page, Box(0.0, top, WIDTH, 0.0), scale, f"{short} (%)")
    top += BAR_ROOM
    zones = _by_zone(run, driver)
    _bars(page.axes(wide_box(top), "b", "by climate and layer"), zones, f"mean {short} (%)")
    top += HEAD + HIGH + 0.25
    profile = _by_latitude(run, driver)
    axes = latitude_axes(page, run, top, "c", "by latitude")
    for layers, colour in zip(profile.columns[1:-1], _colours(len(run.layers)), strict=False):
        axes.plot(profile.iloc[:, 0], profile[layers], color=colour, lw=0.5)
    axes.plot(profile.iloc[:, 0], profile.iloc[:, -1], color=_COLUMN, lw=1.1)
    axes.set_ylabel(f"mean {short} (%)", fontsize=FONT - 0.5)
    caption = (
        f"{short}, the relative contribution of {driver.replace('_', ' ')} to the trend of the "
        f"carbon sink flux of clay minerals, {run.period}: (a) of the column; (b) by climate group "
        "and layer, and (c) by row of the grid, means by area over the cells that have one (black: "
        f"the column; colours of the layers as in b). {MEANING[run.choices.relative_to]} Grey: "
        "land without a value or without any trend."
    )
    tables = {
        "maps": cell_table(run, {f"relative_contribution_{run.column}_percent": values}),
        "by_zone_and_layer": zones,
        "by_latitude": profile,
    }
    return page.save(run, (folder, name), top + HEAD + HIGH + 0.22, caption, tables)


def contribution_scale(maps: Sequence[Array]) -> Scale:
    """From -100 to 100 %: all there is of a share of summed trends, and cut off of the total."""
    return diverging(WARM_RED, maps, 100.0)


def _by_zone(run: Analysed, driver: str) -> pd.DataFrame:
    table = run.rows("relative_contributions", driver=driver)
    shown = table["kind"].isin(("globe", "climate_group")) & (table["cells_count"] > 0)
    return table[shown & table["layers"].isin((*run.layers, run.column))]


def _by_latitude(run: Analysed, driver: str) -> pd.DataFrame:
    table = run.tables["relative_contributions_by_latitude"]
    layers = dict.fromkeys((*run.layers, run.column))
    return table[["latitude_degrees_north", *(f"{driver} {name} percent" for name in layers)]]


def _colours(count: int) -> list[tuple[float, ...]]:
    return [tuple(cm.batlow(place)) for place in np.linspace(0.15, 0.9, count)]


def _bars(axes: Axes, zones: pd.DataFrame, label: str) -> None:
    """A group of bars for each area: its layers, then the column."""
    areas, layers = list(dict.fromkeys(zones["area"])), list(dict.fromkeys(zones["layers"]))
    width = 0.8 / len(layers)
    colours = [*_colours(len(layers) - 1), _COLUMN]
    for position, (name, colour) in enumerate(zip(layers, colours, strict=True)):
        here = zones[zones["layers"] == name].set_index("area").reindex(areas)
        at = np.arange(len(areas)) + (position - 0.5 * (len(layers) - 1)) * width
        axes.bar(at, here["mean_area_weighted_percent"], width, color=colour, label=name)
    axes.axhline(0.0, color="#666666", lw=0.5)
    axes.set_xticks(range(len(areas)), areas)
    axes.set_ylabel(label, fontsize=FONT - 0.5)
    axes.legend(fontsize=FONT - 1, frameon=False, ncols=len(layers), loc="lower right",
                bbox_to_anchor=(1.0, 1.0), borderaxespad=0.1, handlelength=1.0,
                columnspacing=1.0)  # fmt: skip
