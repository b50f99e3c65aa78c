"""Between grids: conservative means with a threshold for missing values, majority for classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from saprolite.grid.cells import Grid

if TYPE_CHECKING:
    import xarray as xr

Array = npt.NDArray[np.float64]


def normalise(field: xr.DataArray) -> xr.DataArray:
    """The field with latitude ascending and longitude from -180 to 180, whatever it was.

    >>> import xarray as xr
    >>> data = xr.DataArray(np.arange(4.0).reshape(2, 2), dims=("lat", "lon"),
    ...                     coords={"lat": [45.0, -45.0], "lon": [90.0, 270.0]})
    >>> normalise(data).values.tolist(), normalise(data).lon.values.tolist()
    ([[3.0, 2.0], [1.0, 0.0]], [-90.0, 90.0])
    """
    lon = field["lon"].values.astype(float)
    if lon.max() > 180.0:
        field = field.assign_coords(lon=(lon + 180.0) % 360.0 - 180.0)
    return field.sortby(["lat", "lon"])


def conservative(field: xr.DataArray, target: Grid, valid_share: float = 0.5) -> xr.DataArray:
    """Area-weighted mean of a field on the cells of ``target`` (spherical areas, exact overlaps).

    ``field`` has ``lat`` and ``lon`` last (normalised) and any other dimensions before them;
    missing values are NaN. A target cell is NaN where less than ``valid_share`` of its area has a
    value; the grids need not nest, and the area sum of a complete field is conserved.

    >>> import xarray as xr
    >>> fine = Grid.globe(1.0)
    >>> north = xr.DataArray(np.repeat((fine.lat > 0.0)[:, None], 360, axis=1) * 1.0,
    ...                      dims=("lat", "lon"), coords={"lat": fine.lat, "lon": fine.lon})
    >>> conservative(north, Grid.globe(60.0)).values[:, 0]
    array([0. , 0.5, 1. ])
    """
    import xarray as xr

    source = Grid.from_centres(field["lat"], field["lon"], str(field.name or "field"))
    if source.same_as(target):
        return field.assign_coords(lat=target.lat, lon=target.lon)
    rows = _overlaps(_height(source.lat_edges), _height(target.lat_edges))
    columns = _overlaps(source.lon_edges, target.lon_edges)
    whole = np.outer(np.diff(_height(target.lat_edges)), np.diff(target.lon_edges))
    leading = field.shape[:-2]
    means = []
    for values in np.asarray(field.values, dtype=np.float64).reshape(-1, *source.shape):
        valid = np.isfinite(values)
        amount = (columns @ (rows @ np.where(valid, values, 0.0)).T).T
        covered = (columns @ (rows @ valid.astype(np.float64)).T).T
        enough = (covered > 0.0) & (covered >= valid_share * whole * (1.0 - 1e-9))
        means.append(np.where(enough, amount / np.where(enough, covered, 1.0), np.nan))
    kept = {name: field[name] for name in field.coords if name not in ("lat", "lon")}
    return xr.DataArray(
        np.stack(means).reshape(*leading, *target.shape),
        dims=field.dims,
        coords={**kept, "lat": target.lat, "lon": target.lon},
        name=field.name,
    )


def _height(latitude: Array) -> Array:
    """Position along the axis of the sphere, on which equal steps are equal areas."""
    return np.asarray(np.sin(np.deg2rad(latitude)))


def _overlaps(source: Array, target: Array) -> Any:
    """Length that each target interval (rows) shares with each source interval (columns)."""
    from scipy.sparse import csr_array

    low, high = max(source[0], target[0]), min(source[-1], target[-1])
    shape = (target.size - 1, source.size - 1)
    if low >= high:
        return csr_array(shape)
    points = np.unique(np.concatenate([source, target]))
    points = points[(points >= low) & (points <= high)]
    middle = 0.5 * (points[:-1] + points[1:])
    column = np.searchsorted(source, middle, side="right") - 1
    row = np.searchsorted(target, middle, side="right") - 1
    return csr_array((np.diff(points), (row, column)), shape=shape)


def majority(classes: xr.DataArray, target: Grid, nodata: int = 0) -> xr.DataArray:
    """Class that covers most of the classified area of each target cell; never a mean.

    ``classes``: integers on (lat, lon), normalised, finer or coarser than the target. Cells of
    ``nodata`` do not vote; a target cell without any vote is ``nodata``; ties go to the lower code.
    """
    import xarray as xr

    source = Grid.from_centres(classes["lat"], classes["lon"], str(classes.name or "classes"))
    rows = _overlaps(_height(source.lat_edges), _height(target.lat_edges))
    columns = _overlaps(source.lon_edges, target.lon_edges)
    winner = np.full(target.shape, nodata, np.int16)
    most = np.zeros(target.shape)
    for code in np.unique(classes.values):
        if code == nodata:
            continue
        votes = (columns @ (rows @ (classes.values == code).astype(np.float64)).T).T
        ahead = votes > most * (1.0 + 1e-9)
        winner[ahead], most[ahead] = code, votes[ahead]
    return xr.DataArray(
        winner, dims=("lat", "lon"), coords={"lat": target.lat, "lon": target.lon},
        name=classes.name,
    )  # fmt: skip
