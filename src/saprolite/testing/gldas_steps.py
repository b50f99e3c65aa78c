"""GLDAS Noah 3-hourly steps of the demo planet, in the published layout. Not data.

Through a day each field goes up and down around the demo planet's month by a wave whose mean over
the eight steps is zero, and through the month by a line whose mean over all steps is zero: the mean
of all steps of a month is the demo planet's month.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np

from saprolite.sources.gldas_files import UNITS
from saprolite.sources.gldas_layout import FILL, grid_name, write_field
from saprolite.testing.gldas import SOURCE, on_grid, planet_at
from saprolite.testing.gldas_values import all_fields, month_of, published_fields

_DAILY, _MONTHLY = 0.02, 0.01  # parts of the month's value
_ZERO = np.datetime64("2000-01-01T03:00")


def write_gldas_steps(
    folder: Path,
    year: int,
    month: int,
    resolution_deg: float = 0.25,
    fields: Iterable[str] = tuple(UNITS),
) -> list[Path]:
    """Write all steps of a month: 03:00 of its first day to 00:00 of the next month.

    ``fields`` are some of the 36 of the monthly product. Returns the paths, in order of time.
    """
    folder.mkdir(parents=True, exist_ok=True)
    planet = planet_at(resolution_deg)
    land, ice = planet.land(), planet.land_ice()
    values = planet.read_year(year, np.flatnonzero(land))
    made = all_fields(month_of(values, month - 1, ice[land]), ice[land])
    described = [field for field in published_fields() if field.name in set(fields)]
    first = np.datetime64(f"{year:04d}-{month:02d}")
    days = int(((first + 1).astype("datetime64[D]") - first.astype("datetime64[D]")).astype(int))
    steps = 8 * days
    paths = []
    for step in range(steps):
        swing = _DAILY * np.sin(2.0 * np.pi * step / 8.0)
        drift = _MONTHLY * (step - (steps - 1) / 2.0) / steps
        factor = 1.0 + swing + drift
        stamp = first.astype("datetime64[m]") + np.timedelta64(180 * (step + 1), "m")
        digits = str(stamp).replace("-", "").replace(":", "").replace("T", ".")
        path = folder / f"GLDAS_{grid_name(resolution_deg)}_3H.A{digits}.021.nc4"
        with netCDF4.Dataset(path, "w", format="NETCDF4") as dataset:
            _frame(dataset, planet.grid.lat, planet.grid.lon, stamp)
            for field in described:
                kind = "point" if field.name.endswith("_inst") else "mean"
                write_field(dataset, field, on_grid(made[field.name] * factor, land),
                            f"time: {kind}", scale_factor=np.float32(1.0),
                            add_offset=np.float32(0.0))  # fmt: skip
        paths.append(path)
    return paths


def _frame(dataset: Any, lat: Any, lon: Any, stamp: np.datetime64) -> None:
    for name, size in (("time", None), ("lat", lat.size), ("lon", lon.size), ("bnds", 2)):
        dataset.createDimension(name, size)
    for name, axis, standard in (("lat", lat, "latitude"), ("lon", lon, "longitude")):
        variable = dataset.createVariable(name, "f4", (name,), fill_value=FILL)
        variable.setncatts({"units": f"degrees_{'north' if name == 'lat' else 'east'}",
                            "standard_name": standard, "missing_value": FILL})  # fmt: skip
        variable[:] = axis
    minutes = int((stamp - _ZERO).astype(int))
    time = dataset.createVariable("time", "f8", ("time",), chunksizes=(1,))
    time.setncatts({"units": " minutes since 2000-01-01 03:00:00", "long_name": "time",
                    "time_increment": "180", "bounds": "time_bnds"})  # fmt: skip
    bounds = dataset.createVariable("time_bnds", "f8", ("time", "bnds"), chunksizes=(1, 2))
    time[:], bounds[0] = [minutes], [minutes - 180, minutes]
    dataset.setncatts({"missing_value": FILL, "source": SOURCE, "institution": "NASA GSFC",
                       "title": "GLDAS2.1 LIS land surface model output"})  # fmt: skip
