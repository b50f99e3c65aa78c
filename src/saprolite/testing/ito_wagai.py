"""The maps of Ito & Wagai (2017) in the published layout, made from the demo planet. Not data."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

import netCDF4
import numpy as np

from saprolite.sources.files import Array
from saprolite.sources.ito_wagai import PARTS
from saprolite.sources.ito_wagai_density import inferred_names
from saprolite.testing.demo_soil import DemoSoil

CLASSES = ("kaolinite", "smectite", "vermiculite", "illite,mica", "chlorite", "gibbsite")
_FILL = -999.0
_ROWS = 512
_DEPTHS = (0.15, 0.65)  # m: the middle of topsoil and of subsoil
Made = Callable[[DemoSoil], Array]


def write_ito_wagai(
    folder: Path, resolution_deg: float = 0.5, units: str | None = "1", scale: float = 1.0
) -> Path:
    """``clay_fraction_hd_v1r1.nc4`` (half a degree; other sizes by their minutes).

    ``units`` is what the variables state (None: nothing), ``scale`` what fractions are multiplied
    with.
    """
    made = {
        f"{name} ({part})": _share(name, part == "subsoil", scale)
        for name in CLASSES
        for part in PARTS
    }
    return _write(folder, "clay_fraction", resolution_deg, made, units)


def write_ito_wagai_density(
    folder: Path, resolution_deg: float = 0.5, units: str | None = "g cm-3"
) -> Path:
    """``bulk_density_hd_v1r1.nc4``: names and layout inferred from those of the minerals."""
    made = {name: _density(depth) for name, depth in zip(inferred_names().values(), _DEPTHS,
                                                         strict=True)}  # fmt: skip
    return _write(folder, "bulk_density", resolution_deg, made, units)


def _share(name: str, subsoil: bool, scale: float) -> Made:
    return lambda soil: scale * soil.mineral_share(name, subsoil)


def _density(depth: float) -> Made:
    return lambda soil: 1.0e-3 * soil.bulk_density(depth)


def _write(
    folder: Path, stem: str, resolution_deg: float, made: Mapping[str, Made], units: str | None
) -> Path:
    size = "hd" if resolution_deg == 0.5 else f"{60.0 * resolution_deg:g}min"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{stem}_{size}_v1r1.nc4"
    rows, columns = round(180.0 / resolution_deg), round(360.0 / resolution_deg)
    lat = 90.0 - (np.arange(rows) + 0.5) * resolution_deg
    lon = -180.0 + (np.arange(columns) + 0.5) * resolution_deg
    with netCDF4.Dataset(path, "w") as dataset:
        for axis, values, unit in (
            ("time", np.zeros(1), "days since 2000-01-01"),
            ("lat", lat, "degrees_north"),
            ("lon", lon, "degrees_east"),
        ):
            dataset.createDimension(axis, values.size)
            coordinate = dataset.createVariable(axis, "f4", (axis,))
            coordinate[:] = values
            coordinate.units = unit
        for name, of_soil in made.items():
            variable = dataset.createVariable(
                name, "f4", ("time", "lat", "lon"), zlib=True, fill_value=_FILL,
                chunksizes=(1, min(rows, _ROWS), columns),
            )  # fmt: skip
            variable.set_auto_maskandscale(False)
            if units is not None:
                variable.units = units
            for start in range(0, rows, _ROWS):
                band = slice(start, min(start + _ROWS, rows))
                found = of_soil(DemoSoil(lat[band], lon))
                filled = np.where(np.isfinite(found), found, _FILL)
                variable[0, band] = filled.astype(np.float32)
    return path
