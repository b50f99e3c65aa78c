"""GeoTIFFs spoiled for tests."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import rasterio


def rewrite(path: Path, change: Callable[[np.ndarray], np.ndarray], **profile: object) -> None:
    """Write a map again with its numbers changed, and what its profile is to say."""
    with rasterio.open(path) as raster:
        kept, values = dict(raster.profile), raster.read(1)
    values = change(values)
    kept |= {"dtype": values.dtype, "height": values.shape[0], "width": values.shape[1]}
    with rasterio.open(path, "w", **(kept | profile)) as raster:
        raster.write(values, 1)
