"""Fig 9: where drying or warming soil is offset: contributions on the masks of the analysis."""

from __future__ import annotations

from string import ascii_lowercase

import numpy as np
import pandas as pd
from matplotlib.colors import to_rgba

from saprolite.analysis.analysed import Analysed
from saprolite.analysis.attribution import PARTS
from saprolite.places import Place
from saprolite.report.figures.contribution import MEANING, SHORT, contribution_scale
from saprolite.report.figures.page import FONT, HEAD, WIDTH, Box, Page
from saprolite.report.figures.panels import BAR_ROOM, bar_below, cell_table, columns, percent
from saprolite.report.figures.world_map import coloured, shape_of

_WHERE = {
    "drying": "where soil dries",
    "drying_and_moisture_contribution_negative": "where soil dries and RC(SM) < 0",
    "warming": "where soil warms",
    "warming_and_temperature_contribution_positive": "where soil warms and RC(STMP) > 0",
}
_OUTSIDE = "#d6d6d6"


def draw(run: Analysed, folder: Place, name: str) -> list[Place]:
    """Panels a to d, the mean and the share of positive cells written below each."""
    page = Page()
    found = run.contribution(run.column)
    chosen = [mask for mask in run.masks if mask.name in _WHERE][: len(_WHERE)]
    parts = {part: np.asarray(getattr(found, PARTS[part])) for part in SHORT}
    scale = contribution_scale(list(parts.values()))
    maps = {}
    statistics = []
    top = 0.05
    for position, mask in enumerate(chosen):
        values = parts[mask.driver]
        about = run.rows("masked", mask=mask.name, driver=mask.driver, layers=run.column)
        statistics.append(about)
        maps[f"{mask.driver}_where_{mask.name}_percent"] = np.where(mask.cells, values, np.nan)
        colours = coloured(values, *scale[:2])
        colours[~mask.cells & np.isfinite(values)] = to_rgba(_OUTSIDE)
        box = columns(2, top + HEAD)[position % 2]
        title = f"{SHORT[mask.driver]} {_WHERE[mask.name]}"
        axes, taken = page.map(box, run, colours, ascii_lowercase[position], title)
        row = about.iloc[0]
        labels = taken.height - taken.width * shape_of(axes)
        axes.annotate(_says(row), (0.5, 0.0), (0.0, -72.0 * labels - 3.0), ha="center", va="top",
                      xycoords="axes fraction", textcoords="offset points",
                      fontsize=FONT - 1)  # fmt: skip
        if position % 2:
            top = taken.top + taken.height + 0.18
    bar_below(page, Box(0.0, top, WIDTH, 0.0), scale, "relative contribution (%)")
    sure = run.choices.masks == "significant"
    also = f" with p < {run.choices.alpha:g}" if sure else ", significant or not"
    caption = (
        f"Relative contributions to the trend of the carbon sink flux of clay minerals, "
        f"{run.period}, {run.column}, on masks: soil dries where the trend of its annual mean "
        f"moisture is below 0{also}; it warms where that of its temperature is above 0{also}. "
        "Below each map the share of the land area that the mask has, the mean by area there, and "
        f"the share of its area with a positive contribution. {MEANING[run.choices.relative_to]} "
        "Pale grey: outside the mask; dark grey: land without a value or without any trend."
    )  # fmt: skip
    tables = {"maps": cell_table(run, maps), "masks": pd.concat(statistics)}
    return page.save(run, (folder, name), top + BAR_ROOM, caption, tables)


def _says(row: pd.Series) -> str:
    if not row["cells_count"]:
        return "no such cell"
    return (
        f"{percent(row['mask_area_percent'])} of the land; mean "
        f"{percent(row['mean_area_weighted_percent'])}; positive on "
        f"{percent(row['positive_area_percent'])}"
    )
