"""GeoTIFFs on a grid of latitude and longitude."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import xarray as xr
from rasterio.windows import Window

from saprolite.equations import layer_presence
from saprolite.errors import InputError, Problem
from saprolite.grid import Grid, conservative, normalise
from saprolite.sources.files import Array, StaticField, broken, require_file
from saprolite.sources.tiff_structure import missing_bytes
from saprolite.variables import REGISTRY

_BAND_ROWS = 1200  # source rows held at a time: keeps a 30-second world map within memory


@contextmanager
def _opened(path: Path, what: str) -> Iterator[Any]:
    require_file(path, what)
    if missing := missing_bytes(path):
        raise broken(path, what, missing)
    try:
        with rasterio.open(path) as raster:
            crs = raster.crs
            if crs is not None and not crs.is_geographic:
                raise InputError(
                    "Raster on another projection (1 problem)",
                    [
                        Problem(
                            str(path),
                            f"projection {crs.to_string()}",
                            "latitude and longitude (EPSG:4326)",
                            "reproject it, e.g. gdalwarp -t_srs EPSG:4326 IN.tif OUT.tif",
                        )
                    ],
                )
            if raster.count != 1 or raster.transform.b or raster.transform.d:
                raise InputError(
                    "Raster with an unusual layout (1 problem)",
                    [
                        Problem(
                            str(path),
                            f"{raster.count} bands, transform {raster.transform}",
                            "one band, north up",
                            "extract one band, north up",
                        )
                    ],
                )
            yield raster
    except rasterio.errors.RasterioError as error:
        raise broken(path, what, str(error).splitlines()[0]) from error


def _coordinates(raster: Any) -> tuple[Array, Array]:
    transform = raster.transform
    lon = transform.c + transform.a * (np.arange(raster.width) + 0.5)
    lat = transform.f + transform.e * (np.arange(raster.height) + 0.5)
    return lat, lon


def read_raster(path: Path, what: str) -> xr.DataArray:
    """A whole raster as (lat, lon), normalised, values as stored."""
    with _opened(path, what) as raster:
        lat, lon = _coordinates(raster)
        values = raster.read(1)
    field = xr.DataArray(values, dims=("lat", "lon"), coords={"lat": lat, "lon": lon})
    return normalise(field)


def read_soil_thickness(
    path: Path,
    metres_per_unit: float,
    layer_edges: tuple[float, ...],
    target: Grid,
    valid_share: float = 0.5,
) -> StaticField:
    """Soil present in each layer, from a map of soil thickness, as the mean over target cells.

    The layers are clipped on the map's own grid and averaged afterwards: the mean of
    min(thickness, depth), not the min of the mean. Nodata and negative values are missing. The map
    is read in bands, so that a 30-second world map fits in memory.
    """
    whole = np.full((len(layer_edges) - 1, *target.shape), np.nan)
    with _opened(path, "a GeoTIFF of soil thickness") as raster:
        lat, lon = _coordinates(raster)
        for rows in _target_bands(target, abs(raster.transform.e)):
            part = target.part(rows, slice(0, target.lon.size))
            covered = np.flatnonzero(
                (lat > part.lat_edges[0] - abs(raster.transform.e))
                & (lat < part.lat_edges[-1] + abs(raster.transform.e))
            )
            if covered.size < 2:
                continue
            window = Window(0, int(covered[0]), raster.width, covered.size)
            thickness = _metres(path, raster, raster.read(1, window=window), metres_per_unit)
            layers = [
                layer_presence(thickness, top, bottom) for top, bottom in pairwise(layer_edges)
            ]
            field = xr.DataArray(
                np.stack(layers),
                dims=("layer", "lat", "lon"),
                coords={"lat": lat[covered], "lon": lon},
            )
            whole[:, rows] = conservative(normalise(field), part, valid_share).values
    if not np.isfinite(whole).any():
        raise InputError(
            "The soil thickness cannot be used (1 problem)",
            [
                Problem(
                    str(path),
                    f"cells from {lat.min():g} to {lat.max():g} degrees north, "
                    f"{lon.min():g} to {lon.max():g} east, no value on the study's cells",
                    f"cells of the study: {target.describe()}",
                    "give a map of the study area, or lower grid.valid_share",
                )
            ],
        )
    data = xr.DataArray(
        whole, dims=("layer", "lat", "lon"), coords={"lat": target.lat, "lon": target.lon}
    )
    dataset = data.to_dataset(name="effective_thickness")
    return StaticField(dataset, layer_edges, "soil_thickness", (path,))


def _metres(path: Path, raster: Any, stored: Any, metres_per_unit: float) -> Array:
    values = stored.astype(np.float64)
    values[(values < 0.0) | (values == raster.nodata)] = np.nan
    thickness: Array = values * metres_per_unit
    low, high = REGISTRY["soil_thickness"].valid_range
    largest = float(np.nanmax(thickness, initial=0.0))
    if largest > high:
        raise InputError(
            "The soil thickness cannot be used (1 problem)",
            [
                Problem(
                    f"{path}: thickness",
                    f"values up to {largest:g} m",
                    f"{low:g} to {high:g} m",
                    'give the unit of the file: units = "m" or "cm"',
                )
            ],
        )
    return thickness


def _target_bands(target: Grid, source_step: float) -> Iterator[slice]:
    """Slices of target rows that few enough source rows cover."""
    rows = max(1, int(_BAND_ROWS * source_step / target.step[0]))
    for start in range(0, target.lat.size, rows):
        yield slice(start, min(start + rows, target.lat.size))
