"""GLDAS Noah months of the demo planet, written as the product publishes them. Not data.

Names, dimensions, attributes, chunks and compression are those of the original files; the values
are made up, and the global attributes ``source`` and ``history`` say so.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from saprolite.inputs.demo import DemoPlanet
from saprolite.sources.gldas_layout import FILL, month_name, write_month
from saprolite.testing.gldas_values import (
    Array,
    Seam,
    all_fields,
    month_of,
    older,
    published_fields,
)

SOURCE = "saprolite demo planet: made-up values in the layout of Noah_v3.6; not data"
Version = Literal["2.0", "2.1"]
Mask = npt.NDArray[np.bool_]


def write_gldas_months(
    folder: Path,
    years: Iterable[int],
    resolution_deg: float = 1.0,
    version: Version = "2.1",
    *,
    seam: Seam | None = None,
    fields: Iterable[str] | None = None,
    early: bool = False,
) -> list[Path]:
    """Write the twelve months of some years, one file each; returns their paths.

    Parameters
    ----------
    folder
        Where to write; it is made. Files of the same names are replaced.
    years
        Calendar years.
    resolution_deg
        0.25 and 1.0 are published; coarser ones are for quick tests.
    version
        "2.1" holds the demo planet, "2.0" the same less the ``seam``.
    seam
        What 2.1 is to 2.0.
    fields
        Some of the 36 fields; all by default.
    early
        Name the files as the early product.
    """
    folder.mkdir(parents=True, exist_ok=True)
    planet = planet_at(resolution_deg)
    land, ice = planet.land(), planet.land_ice()
    cells = np.flatnonzero(land)
    chosen = None if fields is None else set(fields)
    described = [field for field in published_fields() if chosen is None or field.name in chosen]
    paths = []
    for year in years:
        values = planet.read_year(year, cells)
        for month in range(12):
            nine = month_of(values, month, ice[land])
            if version == "2.0":
                nine = older(nine, seam or Seam(), ice[land])
            path = folder / month_name(year, month + 1, resolution_deg, version, early)
            made = all_fields(nine, ice[land]) if chosen is None else nine
            maps = {field: on_grid(made[field.name], land) for field in described}
            axes = (planet.grid.lat, planet.grid.lon)
            attributes = global_attributes(resolution_deg, version, axes[0][0], axes[1][0])
            write_month(path, axes, year, month + 1, maps, attributes)
            paths.append(path)
    return paths


@cache
def planet_at(resolution: float) -> DemoPlanet:
    """Made once: the smoothed climatology takes a second or two."""
    return DemoPlanet(resolution)


def on_grid(values: Array, land: Mask) -> Array:
    """Values of the land cells as a map, NaN over water."""
    grid = np.full(land.shape, np.nan)
    grid[land] = values
    return grid


def global_attributes(
    resolution: float, version: Version, south: float, west: float
) -> dict[str, Any]:
    """The global attributes of a monthly file; ``source`` and ``history`` name the demo planet."""
    return {
        "CDI": "Climate Data Interface version 1.9.8 (https://mpimet.mpg.de/cdi)",
        "Conventions": "CF-1.6",
        "history": "written by saprolite.testing.gldas",
        "source": SOURCE,
        "institution": "NASA GSFC",
        "missing_value": FILL,
        "tavg definision:": "past 3-hour average",
        "acc definision:": "past 3-hour accumulation",
        "inst definision:": "instantaneous",
        "title": f"GLDAS{version} LIS land surface model output monthly mean",
        "references": "Rodell_etal_BAMS_2004, Kumar_etal_EMS_2006, Peters-Lidard_etal_ISSE_2007",
        "conventions": "CF-1.6",
        "comment": "website: https://ldas.gsfc.nasa.gov/gldas, https://lis.gsfc.nasa.gov/",
        "MAP_PROJECTION": "EQUIDISTANT CYLINDRICAL",
        "SOUTH_WEST_CORNER_LAT": np.float32(south),
        "SOUTH_WEST_CORNER_LON": np.float32(west),
        "DX": np.float32(resolution),
        "DY": np.float32(resolution),
        "CDO": "Climate Data Operators version 1.9.8 (https://mpimet.mpg.de/cdo)",
    }
