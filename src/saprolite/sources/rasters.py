"""GeoTIFFs on a grid of latitude and longitude."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
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

_BAND_ROWS = 1200  # source rows held at a time: keeps a 30-second world map within memory
_CAP_METRES = 1.0e5


@contextmanager
def _opened(path: Path, what: str) -> Iterator[Any]:
    require_file(path, what)
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
    path: Path, metres_per_unit: float, layer_edges: tuple[float, ...], target: Grid
) -> StaticField:
    """Soil present in each layer, from a map of soil thickness, as the mean over target cells.

    The layers are clipped on the map's own grid and averaged afterwards: the mean of
    min(thickness, depth), not the min of the mean. Nodata and negative values are missing.
    """
    what = "a GeoTIFF of soil thickness"
    bands = []
    with _opened(path, what) as raster:
        lat, lon = _coordinates(raster)
        for rows in _row_bands(lat, target):
            window = Window(0, rows.start, raster.width, rows.stop - rows.start)
            values = raster.read(1, window=window).astype(np.float64)
            values[(values < 0.0) | (values == raster.nodata)] = np.nan
            thickness = values * metres_per_unit
            if np.nanmax(thickness, initial=0.0) > _CAP_METRES:
                raise InputError(
                    "The soil thickness cannot be used (1 problem)",
                    [
                        Problem(
                            f"{path}: thickness",
                            f"values up to {np.nanmax(thickness):g} m",
                            "metres",
                            'give the unit of the file: units = "m" or "cm"',
                        )
                    ],
                )
            layers = [
                layer_presence(thickness, top, bottom)
                for top, bottom in itertools.pairwise(layer_edges)
            ]
            field = xr.DataArray(
                np.stack(layers), dims=("layer", "lat", "lon"),
                coords={"lat": lat[rows], "lon": lon},
            )  # fmt: skip
            part = _rows_of(target, field)
            if part is not None:
                bands.append(conservative(normalise(field), part))
    if not bands:
        raise InputError(
            "The soil thickness cannot be used (1 problem)",
            [
                Problem(
                    str(path),
                    f"cells from {lat.min():g} to {lat.max():g} degrees north",
                    f"cells of the study: {target.describe()}",
                    "give a map of the study area",
                )
            ],
        )
    joined = xr.concat(bands, dim="lat").sortby("lat")
    whole = joined.reindex(lat=target.lat, method="nearest", tolerance=1e-6)
    return StaticField(
        whole.to_dataset(name="effective_thickness"), layer_edges, "soil_thickness", (path,)
    )


def _row_bands(lat: Array, target: Grid) -> Iterator[slice]:
    """Slices of source rows that end where rows of the target end."""
    step = abs(float(lat[1] - lat[0]))
    per_row = max(1, round(target.step[0] / step))
    rows = per_row * max(1, _BAND_ROWS // per_row)
    # The first border below the top of the map that is also a border of the target.
    top = float(lat[0]) + step / 2.0
    offset = round(((top - target.lat_edges[-1]) % target.step[0]) / step) % per_row
    starts = [0, *range(offset or rows, lat.size, rows), lat.size]
    for start, stop in itertools.pairwise(starts):
        if stop > start:
            yield slice(start, stop)


def _rows_of(target: Grid, field: xr.DataArray) -> Grid | None:
    """The rows of the target whose centre lies on the band."""
    half = abs(float(field.lat[1] - field.lat[0])) / 2.0 if field.lat.size > 1 else 0.0
    low, high = float(field.lat.min()) - half, float(field.lat.max()) + half
    inside = np.flatnonzero((target.lat > low) & (target.lat < high))
    if inside.size == 0:
        return None
    return target.part(slice(int(inside[0]), int(inside[-1]) + 1), slice(0, target.lon.size))
