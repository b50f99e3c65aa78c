"""Between grids: conservative means with a threshold for missing values, majority for classes."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import xarray as xr

from saprolite.grid.cells import Grid

Array = npt.NDArray[np.float64]


def normalise(field: xr.DataArray) -> xr.DataArray:
    """The field with latitude ascending and longitude from -180 to 180, whatever it was.

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
    """Area-weighted mean of a field on the cells of ``target``.

    ``field`` has ``lat`` and ``lon`` (normalised) and any other dimensions before them; missing
    values are NaN. A target cell is NaN where less than ``valid_share`` of its area has a value.
    """
    import xarray_regrid  # noqa: F401  (registers the accessor)

    source = Grid.from_centres(field["lat"], field["lon"], str(field.name or "field"))
    if source.same_as(target):
        return field.assign_coords(lat=target.lat, lon=target.lon)
    names = {"lat": "latitude", "lon": "longitude"}
    goal = xr.Dataset(coords={"latitude": target.lat, "longitude": target.lon})
    renamed = field.assign_coords(lat=source.lat, lon=source.lon).rename(names)
    # The library takes the share of missing values that is still allowed.
    result: xr.DataArray = renamed.regrid.conservative(
        goal, latitude_coord="latitude", skipna=True, nan_threshold=1.0 - valid_share
    )
    back = {new: old for old, new in names.items()}
    return result.rename(back).transpose(*field.dims)


def majority(classes: xr.DataArray, target: Grid, nodata: int = 0) -> xr.DataArray:
    """Class that covers most of the classified area of each target cell; never a mean.

    ``classes``: integers on (lat, lon), normalised. Cells of ``nodata`` do not vote; a target cell
    without any vote is ``nodata``. A source cell belongs to the target cell of its centre; ties go
    to the lower code.
    """
    rows = np.digitize(classes["lat"].values, target.lat_edges) - 1
    columns = np.digitize(classes["lon"].values, target.lon_edges) - 1
    inside = (
        ((rows >= 0) & (rows < target.lat.size))[:, None]
        & ((columns >= 0) & (columns < target.lon.size))[None, :]
        & (classes.values != nodata)
    )
    row, column = np.nonzero(inside)
    values = classes.values[row, column].astype(np.int64)
    weights = np.cos(np.deg2rad(classes["lat"].values))[row]
    highest = int(values.max(initial=0))
    cell = rows[row] * target.lon.size + columns[column]
    cells = target.lat.size * target.lon.size
    votes = np.bincount(cell * (highest + 1) + values, weights, cells * (highest + 1))
    votes = np.round(votes.reshape(cells, highest + 1), 9)
    winner = np.where(votes.max(axis=1) > 0.0, votes.argmax(axis=1), nodata)
    return xr.DataArray(
        winner.reshape(target.shape).astype(np.int16),
        dims=("lat", "lon"),
        coords={"lat": target.lat, "lon": target.lon},
        name=classes.name,
    )
