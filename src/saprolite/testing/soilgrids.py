"""Files of SoilGrids 2.0 in the published layout, made from the demo planet. Not data."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.transform import from_origin
from rasterio.warp import Resampling, reproject

from saprolite.sources.files import Array
from saprolite.sources.soilgrids import DEPTHS, HORIZONS, NODATA
from saprolite.testing.demo_soil import DemoSoil
from saprolite.testing.geotiff import write_geotiff

HOMOLOSINE = "+proj=igh +lat_0=0 +lon_0=0 +datum=WGS84 +units=m +no_defs"
CODES = ("bdod", "cfvo", "clay", "sand", "silt")
_WEST, _NORTH = -20_040_000.0, 8_680_000.0  # m: corner of the map that holds the whole globe
_DEGREE = 111_000.0  # m, about


def write_soilgrids(folder: Path, resolution_m: float = 5000.0) -> list[Path]:
    """``clay_0-5cm_mean_5000.tif`` and the like, Homolosine, a folder per property."""
    return [
        _write_homolosine(
            folder / code / f"{code}_{depth}_mean_{resolution_m:.0f}.tif", code, index, resolution_m
        )
        for code in CODES
        for index, depth in enumerate(DEPTHS)
    ]


def write_soilgrids_in_degrees(folder: Path, resolution_deg: float) -> list[Path]:
    """``clay_0-5cm_mean.tif`` and the like on latitude and longitude, 0 where there is no soil."""

    def numbers(code: str, index: int, lat: Array, lon: Array) -> npt.NDArray[np.int16]:
        values = stored(code, DemoSoil(lat, lon), index)
        return np.where(np.isfinite(values), values, 0.0).astype(np.int16)

    return [
        write_geotiff(
            folder / f"{code}_{depth}_mean.tif",
            resolution_deg,
            lambda lat, lon, code=code, index=index: numbers(code, index, lat, lon),  # type: ignore[misc]
            "int16",
            None,
        )
        for code in CODES
        for index, depth in enumerate(DEPTHS)
    ]


def stored(code: str, soil: DemoSoil, index: int) -> Array:
    """The integers of a property and depth as the product stores them, NaN where missing."""
    top, bottom = tuple(pairwise(HORIZONS))[index]
    depth = 0.5 * (top + bottom)
    if code == "bdod":
        return np.rint(0.1 * soil.bulk_density(depth))
    if code == "cfvo":
        return np.rint(1000.0 * soil.coarse_fragments())
    return np.rint(1000.0 * soil.texture(depth)[code])


def _write_homolosine(path: Path, code: str, index: int, pixel: float) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    # Rows and columns of degrees, finer than the pixels, that the projection takes its values from.
    rows = int(np.ceil(180.0 * 2.0 * _DEGREE / pixel))
    step = 180.0 / rows
    lat = 90.0 - (np.arange(rows) + 0.5) * step
    lon = -180.0 + (np.arange(2 * rows) + 0.5) * step
    values = stored(code, DemoSoil(lat, lon), index)
    degrees = np.where(np.isfinite(values), values, NODATA).astype(np.int16)
    height, width = round(2.0 * _NORTH / pixel), round(-2.0 * _WEST / pixel)
    homolosine = np.full((height, width), NODATA, np.int16)
    transform = from_origin(_WEST, _NORTH, pixel, pixel)
    reproject(
        degrees, homolosine,
        src_transform=from_origin(-180.0, 90.0, step, step), src_crs="EPSG:4326",
        src_nodata=NODATA, dst_transform=transform, dst_crs=HOMOLOSINE, dst_nodata=NODATA,
        resampling=Resampling.nearest,
    )  # fmt: skip
    with rasterio.open(
        path, "w", driver="GTiff", height=height, width=width, count=1, dtype="int16",
        crs=HOMOLOSINE, transform=transform, nodata=NODATA, compress="deflate",
        bigtiff="if_safer",
    ) as raster:  # fmt: skip
        raster.write(homolosine, 1)
    return path
