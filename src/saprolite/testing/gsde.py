"""Files of the GSDE in the published layout, made from the demo planet. Not data."""

from __future__ import annotations

from pathlib import Path

import netCDF4
import numpy as np

from saprolite.sources.files import Array
from saprolite.sources.gsde import LAYERS
from saprolite.testing.demo_soil import DemoSoil

NORTH, SOUTH = 84.0, -56.0
_FILL = -999
_UNITS = {"CLAY": "% of weight", "SILT": "% of weight", "SAND": "% of weight", "BD": "g/cm3",
          "GRAV": "% of volume"}  # fmt: skip
_LONG_NAMES = {
    "CLAY": "soil clay content",
    "SILT": "soil silt content",
    "SAND": "soil sand content",
    "BD": "bulk density",
    "GRAV": "gravel content",
}


def write_gsde(folder: Path, resolution_deg: float = 5.0 / 60.0) -> list[Path]:
    """``CLAY5min.nc`` and the like, all eight layers in each, at any resolution."""
    return [_write(folder / f"{name}5min.nc", name, resolution_deg, slice(0, 8)) for name in _UNITS]


def write_gsde_in_pairs(folder: Path, resolution_deg: float = 0.5 / 60.0) -> list[Path]:
    """``CLAY1.nc`` with the upper four layers, ``CLAY2.nc`` with the lower, and so on."""
    return [
        _write(folder / f"{name}{number}.nc", name, resolution_deg, part)
        for name in _UNITS
        for number, part in ((1, slice(0, 4)), (2, slice(4, 8)))
    ]


def stored(name: str, soil: DemoSoil, layer: int) -> Array:
    """The numbers of a layer as the product stores them, NaN where missing."""
    depth = 0.5 * (LAYERS[layer] + LAYERS[layer + 1])
    if name == "BD":
        return np.rint(0.1 * soil.bulk_density(depth))
    if name == "GRAV":
        return np.rint(100.0 * soil.coarse_fragments())
    parts = {key: np.rint(100.0 * part) for key, part in soil.texture(depth).items()}
    parts["silt"] = 100.0 - parts["clay"] - parts["sand"]
    return parts[name.lower()]


def _write(path: Path, name: str, resolution: float, layers: slice) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    rows, columns = round((NORTH - SOUTH) / resolution), round(360.0 / resolution)
    lat = NORTH - (np.arange(rows) + 0.5) * resolution
    lon = -180.0 + (np.arange(columns) + 0.5) * resolution
    bottoms = 100.0 * np.array(LAYERS[1:])[layers]
    with netCDF4.Dataset(path, "w", format="NETCDF4_CLASSIC") as dataset:
        for axis, values, units in (
            ("depth", bottoms, "cm"),
            ("lat", lat, "degrees_north"),
            ("lon", lon, "degrees_east"),
        ):
            dataset.createDimension(axis, values.size)
            coordinate = dataset.createVariable(axis, "f4", (axis,))
            coordinate[:] = values
            coordinate.units = units
        variable = dataset.createVariable(
            name, "i2", ("depth", "lat", "lon"), zlib=True, fill_value=_FILL,
            chunksizes=(1, min(rows, 512), columns),
        )  # fmt: skip
        variable.set_auto_maskandscale(False)
        variable.missing_value = np.int16(_FILL)
        variable.units, variable.long_name = _UNITS[name], _LONG_NAMES[name]
        for start in range(0, rows, 512):
            band = slice(start, min(start + 512, rows))
            soil = DemoSoil(lat[band], lon)
            for index, layer in enumerate(range(8)[layers]):
                values = stored(name, soil, layer)
                packed = np.where(np.isfinite(values), values, _FILL).astype(np.int16)
                variable[index, band] = packed
    return path
