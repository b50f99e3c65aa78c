"""GeoTIFFs written band by band, as the products have them: tiled or in strips, deflated."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import rasterio
from rasterio.transform import from_origin
from rasterio.windows import Window

from saprolite.sources.files import Array

_ROWS = 256


def write_geotiff(
    path: Path,
    resolution: float,
    numbers: Callable[[Array, Array], npt.NDArray[Any]],
    dtype: str,
    nodata: float | None,
    north: float = 90.0,
    south: float = -90.0,
) -> Path:
    """A map of the globe's width in degrees; ``numbers`` gives the stored numbers at its centres
    (latitudes, longitudes)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows, columns = round((north - south) / resolution), round(360.0 / resolution)
    lat = np.asarray(north - (np.arange(rows) + 0.5) * resolution, float)
    lon = np.asarray(-180.0 + (np.arange(columns) + 0.5) * resolution, float)
    with rasterio.open(
        path, "w", driver="GTiff", height=rows, width=columns, count=1, dtype=dtype,
        crs="EPSG:4326", transform=from_origin(-180.0, north, resolution, resolution),
        nodata=nodata, compress="deflate", bigtiff="if_safer",
    ) as raster:  # fmt: skip
        for start in range(0, rows, _ROWS):
            band = lat[start : start + _ROWS]
            window = Window(0, start, columns, band.size)
            raster.write(numbers(band, lon).astype(dtype), 1, window=window)
    return path
