"""Rasters in Goode's interrupted Homolosine projection, seen on a fine geographic grid.

On this projection a parallel is one row of the map, and along it the map is linear in longitude
within each lobe. The fine grid lies within the cells of the study, many samples to a cell and one
or more to a pixel of the map; a sample takes the pixel that it lies in. The projection has equal
areas, so that an area-weighted mean of the samples is a mean over the map. A mean over the
footprint of a sample would be wrong at the interruptions, where neighbours on the globe lie far
apart on the map.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from itertools import pairwise
from math import ceil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from rasterio.crs import CRS
from rasterio.transform import from_origin
from rasterio.warp import transform
from rasterio.windows import Window

from saprolite.constants import MEAN_EARTH_RADIUS
from saprolite.errors import InputError, Problem
from saprolite.grid import Grid
from saprolite.sources.files import Array
from saprolite.sources.rasters import opened, opened_geographic

_LEAST_PER_SIDE = 8  # samples along each side of a cell of the study
# Borders of the lobes, degrees east, north and south of the equator.
_LOBES = {True: (-180.0, -40.0, 180.0), False: (-180.0, -100.0, -20.0, 80.0, 180.0)}
_GLOBE = CRS.from_epsg(4326)

Indices = npt.NDArray[np.int32]


class Homolosine:
    """A raster of the projection as a raster in degrees: ``read``, ``transform`` and so on.

    ``outside`` stands where the map has no pixel.
    """

    def __init__(self, raster: Any, target: Grid, outside: int) -> None:
        side = max(target.step) * np.deg2rad(1.0) * MEAN_EARTH_RADIUS
        per_side = max(_LEAST_PER_SIDE, ceil(side / abs(raster.transform.a)))
        self._raster = raster
        self._outside = outside
        self.height, self.width = target.lat.size * per_side, target.lon.size * per_side
        self.shape = (self.height, self.width)
        self.transform = from_origin(
            float(target.lon_edges[0]), float(target.lat_edges[-1]),
            target.step[1] / per_side, target.step[0] / per_side,
        )  # fmt: skip
        self.crs = _GLOBE
        self.nodata = raster.nodata
        self.block_shapes = [(1, self.width)]

    def read(self, _: int, window: Window) -> npt.NDArray[Any]:
        """The stored numbers at the samples of some rows, over the whole width."""
        start, count = int(window.row_off), int(window.height)
        rows, columns = _pixels(
            self._raster.crs, self._raster.transform, self.transform, self.width, start, count
        )
        inside = (rows >= 0) & (rows < self._raster.height)
        values = np.full((count, self.width), self._outside, self._raster.dtypes[0])
        if not inside.any():
            return values
        first, last = int(rows[inside].min()), int(rows[inside].max())
        part = self._raster.read(1, window=Window(0, first, self._raster.width, last - first + 1))
        here = inside[:, None] & (columns >= 0) & (columns < self._raster.width)
        row = np.broadcast_to(rows[:, None], columns.shape)[here] - first
        values[here] = part[row, columns[here]]
        return values


@contextmanager
def opened_on_globe(path: Path, what: str, target: Grid, outside: int) -> Iterator[Any]:
    """A raster on latitude and longitude as it is, one in Homolosine seen in degrees."""
    with opened(path, what) as raster:
        if raster.crs is None:
            _require_degrees(path, raster)
        elif "homolosine" in raster.crs.to_wkt().lower():
            yield Homolosine(raster, target, outside)
            return
    with opened_geographic(path, what) as raster:
        yield raster


@lru_cache(maxsize=1)  # all properties and depths of a release lie on one grid
def _pixels(
    crs: CRS, source: Any, samples: Any, width: int, start: int, count: int
) -> tuple[Indices, Indices]:
    """Row (sample row,) and column (sample row, sample column) of the pixels of some samples."""
    lat = samples.f + samples.e * (start + np.arange(count) + 0.5)
    lon = samples.c + samples.a * (np.arange(width) + 0.5)
    rows = np.empty(count, np.int32)
    columns = np.empty((count, width), np.int32)
    for north in (True, False):
        half = np.flatnonzero((lat >= 0.0) == north)
        for west, east in pairwise(_LOBES[north]):
            lobe = np.flatnonzero((lon >= west) & (lon < east))
            if not half.size or not lobe.size:
                continue
            # Two places on each parallel tell where all of its lobe lies.
            nodes = west + 0.25 * (east - west), west + 0.75 * (east - west)
            (left, right), y = _projected(crs, np.array(nodes), lat[half])
            rows[half] = np.floor((y - source.f) / source.e)
            per_degree = (right - left) / (nodes[1] - nodes[0])
            x = left[:, None] + per_degree[:, None] * (lon[lobe] - nodes[0])[None, :]
            columns[np.ix_(half, lobe)] = np.floor((x - source.c) / source.a)
    return rows, columns


def _projected(crs: CRS, lon: Array, lat: Array) -> tuple[Array, Array]:
    """Easting (lon, lat) and northing (lat,) of the crossings."""
    points = np.repeat(lon, lat.size), np.tile(lat, lon.size)
    x, y = transform(_GLOBE, crs, *(axis.tolist() for axis in points))
    return np.asarray(x).reshape(lon.size, lat.size), np.asarray(y[: lat.size])


def _require_degrees(path: Path, raster: Any) -> None:
    west, south, east, north = raster.bounds
    if not (-180.0 <= west < east <= 360.0 and -90.0 <= south < north <= 90.0):
        raise InputError(
            "Raster without a projection (1 problem)",
            [
                Problem(
                    str(path),
                    f"no projection, {west:g} to {east:g} by {south:g} to {north:g}",
                    "a stated projection, or latitude and longitude",
                    "state it, e.g. gdal_edit.py -a_srs '+proj=igh +datum=WGS84 +units=m' FILE.tif",
                )
            ],
        )
