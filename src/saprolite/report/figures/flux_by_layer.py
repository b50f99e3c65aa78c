"""Fig 2: maps of the mean flux of the layers on one scale, and the column by latitude."""

from __future__ import annotations

from string import ascii_lowercase

import pandas as pd

from saprolite.analysis import latitude_profile
from saprolite.analysis.analysed import Analysed
from saprolite.places import Place
from saprolite.report.figures.page import FONT, Page
from saprolite.report.figures.panels import (
    LINE,
    annotate,
    cell_table,
    coverage_strip,
    latitude_axes,
    map_grid,
    upward,
)
from saprolite.report.figures.style import SEQUENTIAL

UNIT = "t C km⁻² yr⁻¹"


def draw(run: Analysed, folder: Place, name: str) -> list[Place]:
    """Panels a to d of four layers, e along the latitudes, and their numbers."""
    page = Page()
    maps = dict(zip(run.layers, run.maps.layers, strict=True))
    scale = upward(SEQUENTIAL, list(maps.values()))
    top = map_grid(page, run, maps, [scale], f"carbon sink flux ({UNIT})")
    letter = ascii_lowercase[len(maps)]
    found = latitude_profile(run.maps)
    profile = pd.DataFrame(
        {"latitude_degrees_north": found.latitude, "mean_flux_t_C_km-2_yr-1": found.mean_flux,
         "coverage_of_land_1": found.coverage}
    )  # fmt: skip
    axes = latitude_axes(page, run, top, letter, run.column)
    axes.plot(found.latitude, found.mean_flux, color=LINE, lw=0.9)
    annotate(axes, run.rows("latitude_features", feature="maximum"), "mean_flux_t_C_km-2_yr-1")
    axes.set_ylim(bottom=0.0)
    axes.set_ylabel(f"mean flux ({UNIT})", fontsize=FONT - 0.5)
    bottom = coverage_strip(page, axes, profile, top + 1.95)
    caption = (
        f"Carbon sink flux of clay minerals, mean of {run.period}: maps by layer on one scale, and "
        f"({letter}) the mean over the cells of each row of the grid that have a value in all "
        "layers, its most prominent maxima named, with the share of land area that has a "
        "value (strip). Grey: land without a value."
    )
    tables = {
        "maps": cell_table(run, {f"flux_{layer}_t_C_km-2_yr-1": values
                                 for layer, values in maps.items()}),
        "by_latitude": profile,
    }  # fmt: skip
    return page.save(run, (folder, name), bottom, caption, tables)
