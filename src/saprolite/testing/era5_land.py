"""ERA5-Land monthly means as the Climate Data Store gives them, made from the demo planet.

Layout: latitude from the north pole to the south pole, longitude from 0, points as cell centres.
Recent files: ``valid_time`` in seconds since 1970, float32, fill NaN, ``expver`` as text along time
and the scalar ``number``; older files: ``time`` in hours since 1900, int16 with scale and offset,
and a dimension ``expver`` (1, 5) while the latest months are preliminary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Literal

import netCDF4
import numpy as np
import numpy.typing as npt

from saprolite.constants import SECONDS_PER_DAY, WATER_DENSITY
from saprolite.grid import remap_layers
from saprolite.sources.era5_land import EVAPORATION, MOISTURE, SOURCE_EDGES, TEMPERATURE
from saprolite.sources.on_grid import LAYER_EDGES
from saprolite.testing.planet import PlanetPoints

Array = npt.NDArray[np.floating[Any]]
Layout = Literal["recent", "packed", "packed_expver"]
_ABOUT = {
    **{
        name: ("m**3 m**-3", f"Volumetric soil water layer {number}")
        for number, name in enumerate(MOISTURE, 1)
    },
    **{
        name: ("K", f"Soil temperature level {number}")
        for number, name in enumerate(TEMPERATURE, 1)
    },
    EVAPORATION: ("m of water equivalent", "Total evaporation"),
}
_EPOCH = {"recent": datetime(1970, 1, 1), "packed": datetime(1900, 1, 1)}
_PACKED_FILL = -32767


def points(resolution: float) -> PlanetPoints:
    """The points of the product at a resolution in degrees, the published one being 0.1."""
    lat = 90.0 - resolution * np.arange(round(180.0 / resolution) + 1)
    lon = resolution * np.arange(round(360.0 / resolution))
    return PlanetPoints(lat, lon)


def fields(planet: PlanetPoints, year: int) -> dict[str, Array]:
    """The variables of a year, (month, lat, lon), NaN over the sea, in the units of the product."""
    drivers = planet.year(year)
    values: dict[str, Array] = {}
    for names, driver in (
        (MOISTURE, drivers.soil_moisture),
        (TEMPERATURE, drivers.soil_temperature),
    ):
        by_layer = np.moveaxis(np.asarray(driver, np.float64), 1, 0)
        layers = remap_layers(by_layer, LAYER_EDGES, SOURCE_EDGES)
        values |= dict(zip(names, layers, strict=True))
    # The published field counts downward and per day.
    values[EVAPORATION] = -drivers.evapotranspiration * (SECONDS_PER_DAY / WATER_DENSITY)
    return values


def write_era5_land(
    path: Path,
    years: Sequence[int],
    resolution: float,
    layout: Layout = "recent",
    preliminary: int = 0,
) -> Path:
    """Write one file of all months; the last ``preliminary`` ones are marked as such."""
    planet = points(resolution)
    parts = [fields(planet, year) for year in years]
    values = {name: np.concatenate([part[name] for part in parts]) for name in _ABOUT}
    stamps = [datetime(year, month, 1) for year in years for month in range(1, 13)]
    return write_fields(path, planet, stamps, values, layout, preliminary)


def write_fields(
    path: Path,
    planet: PlanetPoints,
    stamps: Sequence[datetime],
    values: Mapping[str, Array],
    layout: Layout = "recent",
    preliminary: int = 0,
) -> Path:
    """Write some variables (time, lat, lon) in a published layout."""
    path.parent.mkdir(parents=True, exist_ok=True)
    recent = layout == "recent"
    time = "valid_time" if recent else "time"
    final = len(stamps) - preliminary
    form: Literal["NETCDF4", "NETCDF3_64BIT_OFFSET"]
    form = "NETCDF4" if recent else "NETCDF3_64BIT_OFFSET"
    with netCDF4.Dataset(path, "w", format=form) as dataset:
        dataset.Conventions = "CF-1.7" if recent else "CF-1.6"
        for dim, size in ((time, len(stamps)), ("latitude", planet.lat.size),
                          ("longitude", planet.lon.size)):  # fmt: skip
            dataset.createDimension(dim, size)
        axis = dataset.createVariable(time, "i8" if recent else "i4", (time,))
        since = _EPOCH["recent" if recent else "packed"]
        seconds = np.array([(stamp - since).total_seconds() for stamp in stamps])
        axis.units = f"{'seconds' if recent else 'hours'} since {since:%Y-%m-%d}"
        axis.calendar = "proleptic_gregorian" if recent else "gregorian"
        axis[:] = np.rint(seconds if recent else seconds / 3600.0).astype(np.int64)
        kind = "f8" if recent else "f4"
        for name, unit, at in (("latitude", "degrees_north", planet.lat),
                               ("longitude", "degrees_east", planet.lon)):  # fmt: skip
            coordinate = dataset.createVariable(name, kind, (name,))
            coordinate.units, coordinate[:] = unit, at
        dims: tuple[str, ...] = (time, "latitude", "longitude")
        if recent:
            dataset.createVariable("number", "i8", ())[...] = 0
            expver = dataset.createVariable("expver", str, (time,))
            expver[:] = np.array(["0001"] * final + ["0005"] * preliminary, dtype=object)
        elif layout == "packed_expver":
            dataset.createDimension("expver", 2)
            dataset.createVariable("expver", "i4", ("expver",))[:] = [1, 5]
            dims = (time, "expver", *dims[1:])
        for name, array in values.items():
            variable, stored = _variable(dataset, name, dims, array, recent)
            variable.units, variable.long_name = _ABOUT[name]
            if layout == "packed_expver":
                both = np.full((len(stamps), 2, *planet.shape), _PACKED_FILL, np.int16)
                both[:final, 0], both[final:, 1] = stored[:final], stored[final:]
                stored = both
            variable[:] = stored
    return path


def _variable(
    dataset: netCDF4.Dataset, name: str, dims: tuple[str, ...], values: Array, recent: bool
) -> tuple[Any, npt.NDArray[np.generic]]:
    """A variable and the numbers to store in it."""
    if recent:
        variable = dataset.createVariable(name, "f4", dims, zlib=True, fill_value=np.float32("nan"))
        variable.GRIB_missingValue = 3.4028234663852886e38
        return variable, values.astype(np.float32)
    low, high = float(np.nanmin(values)), float(np.nanmax(values))
    scale, offset = max(high - low, 1e-12) / 65532.0, 0.5 * (high + low)
    variable = dataset.createVariable(name, "i2", dims, fill_value=_PACKED_FILL)
    variable.set_auto_maskandscale(False)
    variable.scale_factor, variable.add_offset = scale, offset
    variable.missing_value = np.int16(_PACKED_FILL)
    filled = np.where(np.isfinite(values), values, offset)
    packed = np.rint((filled - offset) / scale).astype(np.int16)
    return variable, np.where(np.isfinite(values), packed, _PACKED_FILL).astype(np.int16)


def write_glacier_mask(path: Path, resolution: float) -> Path:
    """The static glacier mask (``glm``, fraction) on the same points."""
    planet = points(resolution)
    with netCDF4.Dataset(path, "w") as dataset:
        for name, at in (("latitude", planet.lat), ("longitude", planet.lon)):
            dataset.createDimension(name, at.size)
            dataset.createVariable(name, "f8", (name,))[:] = at
        mask = dataset.createVariable("glm", "f4", ("latitude", "longitude"))
        mask.units, mask.long_name = "(0 - 1)", "Glacier mask"
        mask[:] = planet.ice.astype(np.float32)
    return path
