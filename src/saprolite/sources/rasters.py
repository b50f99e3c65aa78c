"""GeoTIFFs: opening, reading whole, and area means read in bands of rows."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid import AreaMeans, Grid, normalise
from saprolite.grid.fields import field_of
from saprolite.sources.files import Array, broken, require_file
from saprolite.sources.tiff_structure import missing_bytes

if TYPE_CHECKING:
    import xarray as xr

BAND_CELLS = 2**20  # cells of a map held at a time: 8 MB a field in float64
_CACHE_BYTES = 2**28


@contextmanager
def opened(path: Path, what: str) -> Iterator[Any]:
    """An open raster of one band, north up; ``InputError`` for one that is missing or broken."""
    # netCDF4 first: each brings an HDF5 library, and the other order is known to fail.
    import netCDF4  # noqa: F401
    import rasterio

    require_file(path, what)
    if missing := missing_bytes(path):
        raise broken(path, what, missing)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", rasterio.errors.NotGeoreferencedWarning)
            raster = rasterio.open(path)
        # GDAL would take a twentieth of the machine's memory for blocks that are read once.
        with rasterio.Env(GDAL_CACHEMAX=_CACHE_BYTES), raster:
            if raster.transform.is_identity:
                raise broken(path, what, "no georeference")
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


@contextmanager
def opened_geographic(path: Path, what: str) -> Iterator[Any]:
    """An open raster on latitude and longitude; ``InputError`` for another projection."""
    with opened(path, what) as raster:
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
        yield raster


def coordinates(raster: Any) -> tuple[Array, Array]:
    """Centres of the rows and columns, as stored: latitude from the north."""
    transform = raster.transform
    lon = transform.c + transform.a * (np.arange(raster.width) + 0.5)
    lat = transform.f + transform.e * (np.arange(raster.height) + 0.5)
    return lat, lon


def bands(rows: slice, width: int, block_rows: int = 1) -> Iterator[slice]:
    """Slices of rows that hold few enough cells, whole blocks of the file where these are small.

    >>> list(bands(slice(0, 500), 5400))
    [slice(0, 194, None), slice(194, 388, None), slice(388, 500, None)]
    """
    step = max(1, BAND_CELLS // width)
    if block_rows <= 4 * step:
        step = max(1, step // block_rows) * block_rows
    start = rows.start
    while start < rows.stop:
        stop = min((start // step + 1) * step, rows.stop)
        yield slice(start, stop)
        start = stop


def means_of_bands(
    rasters: Sequence[Any],
    target: Grid,
    valid_share: float,
    fields: Callable[[list[npt.NDArray[Any]]], Array],
    where: str,
) -> Array:
    """Means on target cells of fields made from rasters of one grid, read in bands of rows.

    ``fields`` takes the stored numbers of a band, one array per raster, and returns (field, row,
    column), NaN where missing. A world map of 30 seconds keeps within 1 GB.
    """
    from rasterio.windows import Window

    first = rasters[0]
    means = AreaMeans(*coordinates(first), target, where)
    rows = means.touched()
    for band in bands(rows, first.width, first.block_shapes[0][0]):
        window = Window(0, band.start, first.width, band.stop - band.start)
        means.add(band, fields([raster.read(1, window=window) for raster in rasters]))
    return means.result(valid_share)


def require_values(where: str, means: Array, target: Grid) -> None:
    """Raise if a map has no value on any cell of the study."""
    if not np.isfinite(means).any():
        raise InputError(
            "The map cannot be used (1 problem)",
            [
                Problem(
                    where,
                    "no value on any of the study's cells",
                    f"cells of the study: {target.describe()}",
                    "give a map of the study area, check its nodata, or lower grid.valid_share",
                )
            ],
        )


def require_one_grid(paths: Sequence[Path], rasters: Sequence[Any]) -> None:
    """Raise unless all rasters have the cells of the first."""
    first = rasters[0]
    problems = [
        Problem(
            str(path),
            f"{raster.height} x {raster.width} cells from {tuple(raster.transform)[:6]}",
            f"the {first.height} x {first.width} cells of {paths[0].name} "
            f"from {tuple(first.transform)[:6]}",
            "give all maps of one release, on one grid",
        )
        for path, raster in zip(paths, rasters, strict=True)
        if raster.shape != first.shape
        or raster.crs != first.crs
        or not np.allclose(raster.transform, first.transform, rtol=1e-9, atol=1e-9)
    ]
    raise_if_any(InputError, "Maps on different grids", problems)


def read_raster(path: Path, what: str) -> xr.DataArray:
    """A whole raster as (lat, lon), normalised, values as stored."""
    with opened_geographic(path, what) as raster:
        lat, lon = coordinates(raster)
        values = raster.read(1)
    return normalise(field_of(values, {"lat": lat, "lon": lon}))
