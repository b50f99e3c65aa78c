"""MOD16 monthly maps as NTSG publishes them, made from the demo planet.

Layout: ``MOD16A2_ET_0.05deg_GEO_YYYYMmm.tif``, uint16, tenths of mm per month, 80 N to 60 S, north
first; numbers above 65500 where there is no value: water, land ice, and deserts as barren land.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.transform import from_origin

from saprolite.constants import SECONDS_PER_DAY
from saprolite.sources.calendars import month_days
from saprolite.testing.planet import PlanetPoints

NORTH, SOUTH = 80.0, -60.0
WATER, BARREN, ICE = 65535, 65534, 65533
_DESERTS = (4, 5)  # climate classes BWh and BWk
Array = npt.NDArray[np.floating[Any]]


def points(resolution: float) -> PlanetPoints:
    """Centres of the cells at a resolution in degrees, the published one being 0.05."""
    lat = NORTH - resolution * (np.arange(round((NORTH - SOUTH) / resolution)) + 0.5)
    lon = -180.0 + resolution * (np.arange(round(360.0 / resolution)) + 0.5)
    return PlanetPoints(lat, lon)


def classes(planet: PlanetPoints) -> npt.NDArray[np.int64]:
    """The number of a class without a value at each cell, 0 where there is one."""
    desert = planet.land & np.isin(planet.climate, _DESERTS)
    found = np.where(desert, BARREN, 0)
    found = np.where(planet.ice, ICE, found)
    return np.asarray(np.where(planet.land, found, WATER))


def amounts(planet: PlanetPoints, year: int, level: float = 1.0) -> Array:
    """Amounts in mm per month, (month, lat, lon): the planet's times ``level``, 0 or more."""
    days = np.array([month_days("standard", year, month) for month in range(1, 13)])
    rate = planet.year(year).evapotranspiration
    return np.asarray(np.clip(level * rate * days[:, None, None] * SECONDS_PER_DAY, 0.0, None))


def write_mod16(
    folder: Path, years: Iterable[int], resolution: float, level: float = 1.0
) -> list[Path]:
    """Write the maps of some years; ``level`` is the ratio to the planet's evapotranspiration."""
    folder.mkdir(parents=True, exist_ok=True)
    planet = points(resolution)
    without = classes(planet)
    paths = []
    for year in years:
        for month, amount in enumerate(amounts(planet, year, level), 1):
            tenths = np.rint(10.0 * np.where(np.isfinite(amount), amount, 0.0))
            stored = np.where(without > 0, without, tenths).astype(np.uint16)
            path = folder / f"MOD16A2_ET_0.05deg_GEO_{year}M{month:02d}.tif"
            paths.append(write_map(path, stored, resolution))
    return paths


def write_map(path: Path, stored: npt.NDArray[Any], resolution: float) -> Path:
    """Write one map from the north-west corner of the product."""
    with rasterio.open(
        path, "w", driver="GTiff", height=stored.shape[0], width=stored.shape[1], count=1,
        dtype=stored.dtype, crs="EPSG:4326", compress="deflate",
        transform=from_origin(-180.0, NORTH, resolution, resolution),
    ) as raster:  # fmt: skip
        raster.write(stored, 1)
    return path
