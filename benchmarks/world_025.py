"""Months in the format of GLDAS Noah, of any resolution: made-up values, realistic to inflate.

    python benchmarks/world_025.py FOLDER FIRST_YEAR LAST_YEAR [RESOLUTION_DEG] [VARIABLES]

At 0.25 degree a file has 600 x 1440 cells, 28 % of them land, and a field deflates to 0.6-0.8 MB
as those of the product do: the values are smooth in space, with noise in the last digits.
"""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

import netCDF4
import numpy as np
import numpy.typing as npt

FILL = np.float32(-9999.0)
LAND_SHARE = 0.28
LAYERS = {"0_10cm": 100.0, "10_40cm": 300.0, "40_100cm": 600.0, "100_200cm": 1000.0}  # mm
NEEDED = 2 * len(LAYERS) + 1
DEFLATE_LEVEL = 2
_BLOCK_DEGREES = 1.0
# Waves of the coast: cycles around the globe, cycles from pole to pole, phase.
_COAST = ((2, 1.0, 0.3), (3, 2.0, 1.1), (5, 3.0, 2.0), (9, 6.0, 0.7), (17, 11.0, 2.6))


def month_path(folder: Path, resolution: float, year: int, month: int) -> Path:
    """The name of a month in the product's own spelling."""
    grid = f"{round(resolution * 100):03d}" if resolution < 1.0 else f"{round(resolution * 10):02d}"
    return folder / f"GLDAS_NOAH{grid}_M.A{year}{month:02d}.021.nc4"


def axes(resolution: float) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Cell centres of the product's domain: 60 S to 90 N, 180 W to 180 E."""
    lat = -60.0 + resolution * (np.arange(round(150.0 / resolution)) + 0.5)
    lon = -180.0 + resolution * (np.arange(round(360.0 / resolution)) + 0.5)
    return lat, lon


@cache
def land(resolution: float) -> npt.NDArray[np.bool_]:
    """Blocks of a degree: the highest 28 % of a sum of waves."""
    lat, lon = axes(resolution)
    y, x = (np.floor(axis / _BLOCK_DEGREES) * _BLOCK_DEGREES for axis in (lat, lon))
    height = np.zeros((lat.size, lon.size))
    for around, along, phase in _COAST:
        wave = np.cos(np.deg2rad(around * x) + phase)[None, :]
        height += wave * np.sin(np.deg2rad(along * y) + phase)[:, None] / np.sqrt(around)
    return height > np.quantile(height, 1.0 - LAND_SHARE)


def fields(
    year: int, month: int, resolution: float, variables: int = 36
) -> dict[str, npt.NDArray[np.float32]]:
    """The nine fields that a run needs, and others like them to fill up the file."""
    lat, lon = axes(resolution)
    y, x = np.deg2rad(lat)[:, None], np.deg2rad(lon)[None, :]
    noise = np.random.default_rng([year, month])
    season = np.cos(2.0 * np.pi * (month - 7) / 12.0) * np.sign(y)
    made: dict[str, npt.NDArray[np.float64]] = {}
    for depth, (layer, millimetres) in enumerate(LAYERS.items()):
        wet = 0.24 + 0.1 * np.cos(2.0 * y + 3.0 * x) - 0.03 * season
        made[f"SoilMoi{layer}_inst"] = millimetres * wet
        warm = 300.0 - 34.0 * np.abs(y) + (12.0 - 2.0 * depth) * season + 0.02 * (year - 2000)
        made[f"SoilTMP{layer}_inst"] = warm + 2.0 * np.sin(5.0 * x)
    made["Evap_tavg"] = 3.0e-5 * np.cos(y) ** 2 * (1.0 + 0.5 * season) + 0.0 * x
    for number in range(NEEDED, variables):
        made[f"Other{number:02d}_tavg"] = (1.0 + number) * (2.0 + np.sin(number * x + y))
    mask = land(resolution)
    result = {}
    for name, smooth in made.items():
        field = np.full(mask.shape, FILL)
        field[mask] = smooth[mask] * (1.0 + 0.01 * noise.standard_normal(int(mask.sum())))
        result[name] = field
    return result


def write_month(
    path: Path, year: int, month: int, resolution: float = 0.25, variables: int = 36
) -> None:
    """One file of one month: chunk (1, lat, lon), shuffle and deflate, as the product has it."""
    lat, lon = axes(resolution)
    with netCDF4.Dataset(path, "w") as dataset:
        for name, size in (("time", 1), ("lat", lat.size), ("lon", lon.size)):
            dataset.createDimension(name, size)
        time = dataset.createVariable("time", "f8", ("time",))
        time.units, time.calendar = "days since 2000-01-01 00:00:00", "standard"
        first = np.datetime64(f"{year}-{month:02d}-01") - np.datetime64("2000-01-01")
        time[:] = first.astype(int)
        for name, values, unit in (("lat", lat, "degrees_north"), ("lon", lon, "degrees_east")):
            axis = dataset.createVariable(name, "f4", (name,))
            axis.units = unit
            axis[:] = values
        for name, field in fields(year, month, resolution, variables).items():
            variable = dataset.createVariable(
                name, "f4", ("time", "lat", "lon"), fill_value=FILL, compression="zlib",
                complevel=DEFLATE_LEVEL, shuffle=True, chunksizes=(1, *field.shape),
            )  # fmt: skip
            variable.units = "K" if "TMP" in name else "kg m-2" if "Moi" in name else "kg m-2 s-1"
            variable.missing_value = FILL
            variable.long_name = name
            variable[0] = field


def write_years(
    folder: Path, first_year: int, last_year: int, resolution: float = 0.25, variables: int = 36
) -> list[Path]:
    """All months of some years; files that are there already are kept."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for year in range(first_year, last_year + 1):
        for month in range(1, 13):
            path = month_path(folder, resolution, year, month)
            if not path.exists():
                write_month(path, year, month, resolution, variables)
            paths.append(path)
    return paths


if __name__ == "__main__":
    place, first, last, *rest = sys.argv[1:]
    degrees = float(rest[0]) if rest else 0.25
    count = int(rest[1]) if len(rest) > 1 else 36
    print(f"{len(write_years(Path(place), int(first), int(last), degrees, count))} files")
