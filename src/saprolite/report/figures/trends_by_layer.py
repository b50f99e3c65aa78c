"""Fig 4: maps of the trend of the layers' flux with its significance, the column by latitude."""

from __future__ import annotations

from string import ascii_lowercase

from saprolite.analysis.analysed import Analysed
from saprolite.places import Place
from saprolite.report.figures.page import FONT, Page
from saprolite.report.figures.panels import (
    CENTRED,
    LINE,
    RISES_GREEN,
    annotate,
    cell_table,
    coverage_strip,
    diverging,
    latitude_axes,
    map_grid,
    significance,
)
from saprolite.report.figures.style import Array

UNIT = "kg C km⁻² yr⁻²"


def draw(run: Analysed, folder: Place, name: str) -> list[Place]:
    """Panels a to d of four layers, each on its own scale, e along the latitudes."""
    page = Page()
    trends = {layer: run.flux_trends(layer) for layer in run.layers}
    maps = {layer: found.slope for layer, found in trends.items()}
    scales = [diverging(RISES_GREEN, [values]) for values in maps.values()]
    top = map_grid(page, run, maps, scales, f"trend ({UNIT})",
                   lambda layer: trends[layer].p < run.choices.alpha)  # fmt: skip
    letter = ascii_lowercase[len(maps)]
    value = "mean_slope_kg_C_km-2_yr-2"
    column = f"mean_slope_{run.column}_kg_C_km-2_yr-2"
    profile = run.tables["trend_by_latitude"][
        ["latitude_degrees_north", column, "coverage_of_land_1"]
    ]
    axes = latitude_axes(page, run, top, letter, run.column)
    axes.plot(profile["latitude_degrees_north"], profile[column], color=LINE, lw=0.9)
    annotate(axes, run.tables["trend_latitude_features"], value)
    axes.set_ylabel(f"mean trend ({UNIT})", fontsize=FONT - 0.5)
    bottom = coverage_strip(page, axes, profile, top + 1.95)
    caption = (
        f"Trend of the carbon sink flux of clay minerals, {run.period}: maps by layer, each on its "
        f"own scale, and ({letter}) the mean slope over the cells of each row of the grid, its "
        "most prominent maxima and minima named, with the share of land area that has a value "
        f"(strip). {significance(run)} {CENTRED}"
    )
    numbers: dict[str, Array] = {}
    for layer, found in trends.items():
        numbers |= {f"slope_{layer}_kg_C_km-2_yr-2": found.slope, f"p_{layer}_1": found.p}
    tables = {"maps": cell_table(run, numbers), "by_latitude": profile}
    return page.save(run, (folder, name), bottom, caption, tables)
