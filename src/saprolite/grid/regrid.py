"""Between grids: conservative means with a threshold for missing values, majority for classes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from saprolite.grid.cells import Grid
from saprolite.grid.fields import index_of, with_values

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
        lon = (lon + 180.0) % 360.0 - 180.0
        field = field.assign_coords(lon=index_of("lon", lon))
    return field.isel(lat=np.argsort(field["lat"].values), lon=np.argsort(lon))


class AreaMeans:
    """Area-weighted means on the cells of ``target``, gathered from bands of rows of a field.

    ``lat`` and ``lon`` are the centres of the field as its file stores them: any order, longitude
    -180 to 180 or 0 to 360. Spherical areas, exact overlaps; the grids need not nest, and the area
    sum of a complete field is conserved.

    >>> fine = Grid.globe(1.0)
    >>> means = AreaMeans(fine.lat[::-1], fine.lon, Grid.globe(60.0))
    >>> for start in range(0, 180, 90):
    ...     rows = slice(start, start + 90)
    ...     means.add(rows, np.full((1, 90, 360), float(start == 0)))
    >>> means.result()[0, :, 0]
    array([0. , 0.5, 1. ])
    """

    def __init__(
        self, lat: npt.ArrayLike, lon: npt.ArrayLike, target: Grid, where: str = "field"
    ) -> None:
        lat, lon = np.asarray(lat, float), np.asarray(lon, float)
        if lon.size and np.nanmax(lon) > 180.0:
            lon = (lon + 180.0) % 360.0 - 180.0
        order = [np.argsort(lat), np.argsort(lon)]
        self.source = Grid.from_centres(lat[order[0]], lon[order[1]], where)
        self.target = target
        place = [np.argsort(indices) for indices in order]
        heights = sphere_height(self.source.lat_edges), sphere_height(target.lat_edges)
        self._rows = interval_overlaps(*heights)[:, place[0]]
        self._columns = interval_overlaps(self.source.lon_edges, target.lon_edges)[:, place[1]]
        self._whole = np.outer(np.diff(heights[1]), np.diff(target.lon_edges))
        self._amount: Array | None = None
        self._covered: Array | None = None

    def touched(self) -> slice:
        """The stored rows that lie on the target; an empty slice if none does."""
        rows = np.flatnonzero(np.diff(self._rows.tocsc().indptr))
        return slice(int(rows[0]), int(rows[-1]) + 1) if rows.size else slice(0, 0)

    def add(self, rows: slice, values: Array) -> None:
        """Take in stored rows of one or more fields, (field, row, column); NaN where missing."""
        if self._amount is None or self._covered is None:
            self._amount = np.zeros((values.shape[0], *self.target.shape))
            self._covered = np.zeros_like(self._amount)
        part = self._rows[:, rows]
        there = np.flatnonzero(np.diff(part.indptr))
        if not there.size:
            return
        part = part[there]
        for index, field in enumerate(values):
            valid = np.isfinite(field)
            amount = np.where(valid, field, 0.0)
            self._amount[index, there] += (self._columns @ (part @ amount).T).T
            self._covered[index, there] += (self._columns @ (part @ valid.astype(np.float64)).T).T

    def result(self, valid_share: float = 0.5) -> Array:
        """The means, (field, lat, lon); NaN where less than ``valid_share`` of a cell has a value.

        The rows that lie on the target must have been added, each once; one field, all NaN, if
        none was.
        """
        if self._amount is None or self._covered is None:
            return np.full((1, *self.target.shape), np.nan)
        enough = (self._covered > 0.0) & (self._covered >= valid_share * self._whole * (1.0 - 1e-9))
        return np.where(enough, self._amount / np.where(enough, self._covered, 1.0), np.nan)


def conservative(field: xr.DataArray, target: Grid, valid_share: float = 0.5) -> xr.DataArray:
    """Area-weighted mean of a field on the cells of ``target`` (``AreaMeans`` of all its rows).

    ``field`` has ``lat`` and ``lon`` last (normalised) and any other dimensions before them;
    missing values are NaN. A target cell is NaN where less than ``valid_share`` of its area has a
    value.

    >>> import xarray as xr
    >>> fine = Grid.globe(1.0)
    >>> north = xr.DataArray(np.repeat((fine.lat > 0.0)[:, None], 360, axis=1) * 1.0,
    ...                      dims=("lat", "lon"), coords={"lat": fine.lat, "lon": fine.lon})
    >>> conservative(north, Grid.globe(60.0)).values[:, 0]
    array([0. , 0.5, 1. ])
    """
    means = AreaMeans(field["lat"], field["lon"], target, str(field.name or "field"))
    found = field.values
    if not means.source.same_as(target):
        values = np.asarray(found, dtype=np.float64).reshape(-1, *means.source.shape)
        means.add(slice(0, means.source.lat.size), values)
        found = means.result(valid_share).reshape(*field.shape[:-2], *target.shape)
    return with_values(field, found, target)


def overlap_shares(source: Grid, target: Grid) -> Any:
    """Share of each cell of ``target`` that each cell of ``source`` covers: sparse, (flat target,
    flat source). For many fields with one pair of grids, on chosen cells.

    >>> overlap_shares(Grid.globe(90.0), Grid.globe(180.0)).toarray().round(3).tolist()
    [[0.25, 0.25, 0.0, 0.0, 0.25, 0.25, 0.0, 0.0], [0.0, 0.0, 0.25, 0.25, 0.0, 0.0, 0.25, 0.25]]
    """
    from scipy.sparse import csr_array, diags_array, kron

    heights = sphere_height(source.lat_edges), sphere_height(target.lat_edges)
    rows, columns = interval_overlaps(*heights), interval_overlaps(source.lon_edges,
                                                                   target.lon_edges)  # fmt: skip
    shares = [
        diags_array(1.0 / np.diff(edges)) @ overlaps
        for edges, overlaps in ((heights[1], rows), (target.lon_edges, columns))
    ]
    return csr_array(kron(shares[0], shares[1], format="csr"))


def sphere_height(latitude: Array) -> Array:
    """Position along the axis of the sphere, on which equal steps are equal areas."""
    return np.asarray(np.sin(np.deg2rad(latitude)))


def interval_overlaps(source: Array, target: Array) -> Any:
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
    source = Grid.from_centres(classes["lat"], classes["lon"], str(classes.name or "classes"))
    own = _same_cells(source.lat_edges, target.lat_edges)
    across = _same_cells(source.lon_edges, target.lon_edges)
    if own is not None and across is not None:
        return with_values(classes, classes.values[own, across].astype(np.int16), target)
    rows = interval_overlaps(sphere_height(source.lat_edges), sphere_height(target.lat_edges))
    columns = interval_overlaps(source.lon_edges, target.lon_edges)
    winner = np.full(target.shape, nodata, np.int16)
    most = np.zeros(target.shape)
    for code in np.unique(classes.values):
        if code == nodata:
            continue
        votes = (columns @ (rows @ (classes.values == code).astype(np.float64)).T).T
        ahead = votes > most * (1.0 + 1e-9)
        winner[ahead], most[ahead] = code, votes[ahead]
    return with_values(classes, winner, target)


def _same_cells(source: Array, target: Array) -> slice | None:
    """The cells of an axis that those of another one are, by their edges (to 1e-4 of a degree:
    files hold float32); None if they are others."""
    first = int(np.searchsorted(source, target[0] - 1e-4))
    edges = source[first : first + target.size]
    if edges.size < target.size or not np.allclose(edges, target, rtol=0.0, atol=1e-4):
        return None
    return slice(first, first + target.size - 1)
