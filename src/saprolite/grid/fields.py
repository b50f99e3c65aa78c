"""Labelled maps, made of arrays that NumPy has already.

``xarray.DataArray(values, ...)`` asks of every array whether it is one of Dask's, and imports
``dask.array`` to know: a third of a second at the start of every run. Variables that say that their
values are what they should be are not asked.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from saprolite.grid.cells import Grid

if TYPE_CHECKING:
    import xarray as xr

Array = npt.NDArray[Any]


def field_of(
    values: Array,
    coordinates: Grid | Mapping[str, npt.ArrayLike],
    dims: Sequence[str] = ("lat", "lon"),
    name: str | None = None,
) -> xr.DataArray:
    """``values`` along ``dims``, with the centres of a grid, or coordinates by dimension.

    >>> map = field_of(np.zeros((2, 4)), Grid.globe(90.0), name="cover")
    >>> map.sizes["lon"], map.lat.values.tolist(), map.name
    (4, [-45.0, 45.0], 'cover')
    """
    import xarray as xr

    return xr.DataArray(_variable(dims, values), coords=_indexes(coordinates), name=name)


def fields_of(
    values: Mapping[str, Array],
    coordinates: Grid | Mapping[str, npt.ArrayLike],
    dims: Sequence[str],
) -> xr.Dataset:
    """Several such maps along the same dimensions, by name."""
    import xarray as xr

    variables = {name: _variable(dims, array) for name, array in values.items()}
    return xr.Dataset(variables, coords=_indexes(coordinates))


def with_values(field: xr.DataArray, values: Array, grid: Grid | None = None) -> xr.DataArray:
    """Other values along the dimensions of a field, under its name; on another grid where one is
    given.

    >>> layers = field_of(np.zeros((3, 2, 4)), Grid.globe(90.0), ("layer", "lat", "lon"), "cover")
    >>> coarse = with_values(layers, np.ones((3, 1, 2)), Grid.globe(180.0))
    >>> coarse.dims, coarse.lon.values.tolist(), coarse.name
    (('layer', 'lat', 'lon'), [-90.0, 90.0], 'cover')
    """
    dims = [str(dim) for dim in field.dims]
    places = {dim: field[dim].values for dim in dims if dim in field.coords}
    if grid is not None:
        places |= {"lat": grid.lat, "lon": grid.lon}
    return field_of(values, places, dims, None if field.name is None else str(field.name))


def index_of(name: str, centres: npt.ArrayLike) -> Any:
    """The coordinate of a dimension.

    Given as an index of pandas: to make one of an array, xarray first asks every kind of array that
    it knows of, for which it imports pint and parts of Dask.
    """
    import pandas as pd
    import xarray as xr

    made: Any = xr.IndexVariable
    return made(name, pd.Index(np.asarray(centres)), fastpath=True)


def _variable(dims: Sequence[str], values: Array) -> xr.Variable:
    import xarray as xr

    return xr.Variable(tuple(dims), np.asarray(values), fastpath=True)


def _indexes(coordinates: Grid | Mapping[str, npt.ArrayLike]) -> dict[str, Any]:
    if isinstance(coordinates, Grid):
        coordinates = {"lat": coordinates.lat, "lon": coordinates.lon}
    return {name: index_of(name, centres) for name, centres in coordinates.items()}
