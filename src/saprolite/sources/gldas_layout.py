"""The layout of a GLDAS Noah monthly file: its name, and writing one as the product has it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

import netCDF4
import numpy as np
import numpy.typing as npt

from saprolite.places import PART
from saprolite.sources.files import HDF5_LOCK
from saprolite.sources.gldas_files import VERSIONS

FILL = np.float32(-9999.0)
DEFLATE_LEVEL = 4
_EPOCH = np.datetime64("2000-01-01")
Array = npt.NDArray[np.float64]


class Field(NamedTuple):
    """A field as the headers of the published files describe it."""

    name: str
    units: str
    standard_name: str
    long_name: str


def month_name(
    year: int, month: int, resolution_deg: float, version: str = "2.1", early: bool = False
) -> str:
    """The name that the product gives to the file of a month.

    >>> month_name(1999, 3, 0.25, "2.0")
    'GLDAS_NOAH025_M.A199903.020.nc4'
    """
    kind = "M_EP" if early else "M"
    return f"GLDAS_{grid_name(resolution_deg)}_{kind}.A{year}{month:02d}.{VERSIONS[version]}.nc4"


def grid_name(resolution_deg: float) -> str:
    """NOAH025 or NOAH10; coarser grids, which are not published, by the same rule.

    >>> grid_name(0.25), grid_name(1.0)
    ('NOAH025', 'NOAH10')
    """
    if resolution_deg < 1.0:
        return f"NOAH{round(resolution_deg * 100):03d}"
    return f"NOAH{round(resolution_deg * 10):02d}"


def write_month(
    path: Path,
    axes: tuple[Array, Array],
    year: int,
    month: int,
    fields: Mapping[Field, Array],
    attributes: Mapping[str, Any],
) -> None:
    """Write the fields (lat, lon) of a month, NaN as fill; ``axes`` are latitude and longitude.

    The file appears under its name when it is whole.
    """
    first = np.datetime64(f"{year:04d}-{month:02d}")
    bounds = [int((day.astype("datetime64[D]") - _EPOCH).astype(int)) for day in (first, first + 1)]
    temporary = path.with_name(path.name + PART)
    with HDF5_LOCK, netCDF4.Dataset(temporary, "w", format="NETCDF4") as dataset:
        lat, lon = axes
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
        for field, values in fields.items():
            write_field(dataset, field, values, "time: mean")
        dataset.setncatts(attributes)
    temporary.replace(path)


def write_field(dataset: Any, field: Field, values: Array, cell_methods: str, **more: Any) -> None:
    """One field (time, lat, lon) with one time, in one chunk; NaN as fill."""
    stored = np.where(np.isfinite(values), values, FILL).astype(np.float32)
    known = stored[stored != FILL]
    variable = dataset.createVariable(
        field.name, "f4", ("time", "lat", "lon"), fill_value=FILL, compression="zlib",
        complevel=DEFLATE_LEVEL, shuffle=True, chunksizes=(1, *values.shape),
    )  # fmt: skip
    variable.setncatts({
        "standard_name": field.standard_name,
        "long_name": field.long_name,
        "units": field.units,
        "missing_value": FILL,
        "cell_methods": cell_methods,
        "vmin": known.min(initial=np.inf),
        "vmax": known.max(initial=-np.inf),
        **more,
    })  # fmt: skip
    variable[0] = stored


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
