"""Fig 3: the global total of every year by layer, its trend, and where the record is spliced."""

from __future__ import annotations

from collections.abc import Mapping
from string import ascii_lowercase
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from saprolite.analysis.analysed import Analysed
from saprolite.analysis.splices import Splice, splices
from saprolite.places import Place
from saprolite.report.figures.page import FONT, GAP, HEAD, WIDTH, Box, Page
from saprolite.report.figures.panels import LINE, number

_TREND = "#b3441e"
_HIGH, _LEFT = 1.25, 0.6
_NEAR = 3  # years in which a name does not fit


def draw(run: Analysed, folder: Place, name: str) -> list[Place]:
    """A panel for each layer and one for the column, and the totals and lines as numbers."""
    years = np.array(run.maps.years)
    totals = dict(zip(run.layers, run.maps.annual.T, strict=True))
    totals.setdefault(run.column, run.maps.annual.sum(axis=1))
    trends = run.rows("trends", series="control", kind="globe").set_index("layers")
    seams = splices(run.heading["notes"], run.maps.years)
    numbers = pd.DataFrame({"year": years})
    page = Page()
    top = 0.05
    for position, (layers, total) in enumerate(totals.items()):
        trend = trends.loc[layers].to_dict()
        line = trend["intercept_of_total_Tg_C_yr-1"] + trend["slope_of_total_Tg_C_yr-2"] * (
            years - years[0] + 1.0
        )
        numbers[f"{layers} total_Tg_C_yr-1"] = total
        numbers[f"{layers} trend_line_Tg_C_yr-1"] = line
        box = _place(position, len(totals), top)
        axes = page.axes(box, ascii_lowercase[position], layers)
        axes.plot(years, total, color=LINE, lw=0.9, marker="o", ms=1.6)
        axes.plot(years, line, color=_TREND, lw=0.9)
        _mark(axes, seams)
        axes.text(1.0, 1.02, _says(trend), transform=axes.transAxes, ha="right", va="bottom",
                  fontsize=FONT - 0.5, color=_TREND)  # fmt: skip
        axes.set_xlim(years[0] - 0.5, years[-1] + 0.5)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
        axes.yaxis.set_major_locator(MaxNLocator(nbins=5))
        if box.left < 0.5 * WIDTH:
            axes.set_ylabel("Tg C yr⁻¹", fontsize=FONT - 0.5)
        last = position == len(totals) - 1
        if last or position % 2:
            top = box.top + box.height + 0.22
    found = ["slope_of_total_Tg_C_yr-2", "intercept_of_total_Tg_C_yr-1", "statistic", "p"]
    caption = (
        f"Total carbon sink of clay minerals by year, {run.period}, by layer and of the column, "
        f"Tg C yr⁻¹, with the {_method(run)} of the global total (slope in Tg C yr⁻²). The axes do "
        f"not begin at 0. {_spliced(seams)}"
    )
    tables = {"series": numbers, "trends": trends[found].reset_index()}
    return page.save(run, (folder, name), top, caption, tables)


def _place(position: int, count: int, top: float) -> Box:
    """Two panels a row; the last, of the column, over the whole width where it is alone."""
    half = 0.5 * (WIDTH - 2 * _LEFT - GAP)
    alone = position == count - 1 and position % 2 == 0
    left = _LEFT + (position % 2) * (half + _LEFT)
    return Box(left, top + HEAD, WIDTH - _LEFT - GAP if alone else half, _HIGH)


def _says(trend: Mapping[Any, Any]) -> str:
    p = trend["p"]
    small = "p < 0.001" if p < 0.001 else f"p = {p:.2g}"
    slope = number(trend["slope_of_total_Tg_C_yr-2"])
    return f"{'' if slope.startswith('−') else '+'}{slope} Tg C yr⁻², {small}"


def _mark(axes: Axes, seams: list[Splice]) -> None:
    """Dashed lines, each named on its right; on its left where another follows soon."""
    years = [splice.year for splice in seams]
    for year, what in seams:
        soon = any(year < other <= year + _NEAR for other in years)
        axes.axvline(year - 0.5, color="#666666", lw=0.6, ls="--")
        axes.annotate(what, (year - 0.5, 0.02), (-1.5 if soon else 1.5, 0), rotation=90,
                      xycoords=("data", "axes fraction"), textcoords="offset points",
                      ha="right" if soon else "left", fontsize=FONT - 2,
                      color="#666666")  # fmt: skip


def _method(run: Analysed) -> str:
    if run.choices.trend == "least_squares":
        return "least-squares line and the p of its F test"
    return "Theil-Sen line and the p of Mann-Kendall's test"


def _spliced(seams: list[Splice]) -> str:
    if not seams:
        return "No splice of sources within these years is known."
    return "Dashed: " + "; ".join(f"from {year} on, {what}" for year, what in seams) + "."
