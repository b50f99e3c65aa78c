"""GLDAS Noah months of the demo planet, written as the product publishes them. Not data.

Names, dimensions, attributes, chunks and compression are those of the original files; the values
are made up, and the global attributes ``source`` and ``history`` say so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cache
from pathlib import Path
from typing import Any, Literal

import netCDF4
import numpy as np
import numpy.typing as npt

from saprolite.inputs.demo import DemoPlanet
from saprolite.testing.gldas_values import (
    Array,
    Field,
    Seam,
    all_fields,
    month_of,
    older,
    published_fields,
)

FILL = np.float32(-9999.0)
SOURCE = "saprolite demo planet: made-up values in the layout of Noah_v3.6; not data"
_DEFLATE_LEVEL = 4
_EPOCH = np.datetime64("2000-01-01")
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
    planet = _planet(resolution_deg)
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
            packed = {field: made[field.name] for field in described}
            _write_month(path, planet, land, packed, version, year, month + 1)
            paths.append(path)
    return paths


def month_name(
    year: int, month: int, resolution_deg: float, version: Version = "2.1", early: bool = False
) -> str:
    """The name that the product gives to the file of a month.

    >>> month_name(1999, 3, 0.25, "2.0")
    'GLDAS_NOAH025_M.A199903.020.nc4'
    """
    digits = f"{round(resolution_deg * 100):03d}"
    grid = digits if resolution_deg < 1.0 else f"{round(resolution_deg * 10):02d}"
    kind = "M_EP" if early else "M"
    return f"GLDAS_NOAH{grid}_{kind}.A{year}{month:02d}.{version.replace('.', '').zfill(3)}.nc4"


@cache
def _planet(resolution: float) -> DemoPlanet:
    """Made once: the smoothed climatology takes a second or two."""
    return DemoPlanet(resolution)


def _write_month(
    path: Path,
    planet: DemoPlanet,
    land: Mask,
    packed: Mapping[Field, Array],
    version: Version,
    year: int,
    month: int,
) -> None:
    first = np.datetime64(f"{year:04d}-{month:02d}")
    bounds = [int((day.astype("datetime64[D]") - _EPOCH).astype(int)) for day in (first, first + 1)]
    with netCDF4.Dataset(path, "w", format="NETCDF4") as dataset:
        lat, lon = planet.grid.lat, planet.grid.lon
        for name, size in (("time", None), ("bnds", 2), ("lon", lon.size), ("lat", lat.size)):
            dataset.createDimension(name, size)
        time = dataset.createVariable("time", "f8", ("time",), chunksizes=(512,))
        time.setncatts(_TIME)
        span = dataset.createVariable("time_bnds", "f8", ("time", "bnds"), chunksizes=(1, 2))
        time[:], span[0] = bounds[:1], bounds
        for name, axis in (("lon", lon), ("lat", lat)):
            variable = dataset.createVariable(name, "f4", (name,))
            variable.setncatts(_AXES[name])
            variable[:] = axis
        for field, values in packed.items():
            write_field(dataset, field, values, land, "time: mean")
        dataset.setncatts(global_attributes(planet.resolution, version, lat[0], lon[0]))


def write_field(
    dataset: Any, field: Field, values: Array, land: Mask, cell_methods: str, position: int = 0
) -> None:
    """One field (time, lat, lon) of the land cells, one time a chunk, fill over water."""
    grid = np.full(land.shape, FILL)
    grid[land] = values
    variable = dataset.createVariable(
        field.name, "f4", ("time", "lat", "lon"), fill_value=FILL, compression="zlib",
        complevel=_DEFLATE_LEVEL, shuffle=True, chunksizes=(1, *land.shape),
    )  # fmt: skip
    variable.setncatts({
        "standard_name": field.standard_name,
        "long_name": field.long_name,
        "units": field.units,
        "missing_value": FILL,
        "cell_methods": cell_methods,
        "vmin": grid[land].min(),
        "vmax": grid[land].max(),
    })  # fmt: skip
    variable[position] = grid


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


_TIME = {
    "standard_name": "time",
    "long_name": "time",
    "bounds": "time_bnds",
    "units": "days since 2000-01-01 00:00:00",
    "calendar": "standard",
    "axis": "T",
}
_AXES = {
    "lon": {
        "standard_name": "longitude",
        "long_name": "longitude",
        "units": "degrees_east",
        "axis": "X",
    },
    "lat": {
        "standard_name": "latitude",
        "long_name": "latitude",
        "units": "degrees_north",
        "axis": "Y",
    },
}
