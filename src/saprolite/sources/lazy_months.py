"""Monthly fields as an xarray dataset whose values are read when they are asked for."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import cftime
import numpy as np
import xarray as xr
from xarray.backends import BackendArray
from xarray.core import indexing

from saprolite.errors import InputError, raise_if_any
from saprolite.grid import Rectilinear
from saprolite.sources.calendars import month_days
from saprolite.sources.files import Array, range_problem
from saprolite.sources.monthly_files import Key, name_of
from saprolite.sources.on_grid import MonthFields
from saprolite.variables import REGISTRY

Read = Callable[[Key], MonthFields]


class _Months(BackendArray):
    """One variable of all months: a month is the unit of reading."""

    def __init__(self, name: str, read: Read, keys: Sequence[Key], order: tuple[Any, Any],
                 layers: int | None) -> None:  # fmt: skip
        self._name, self._read, self._keys, self._order = name, read, keys, order
        inner = () if layers is None else (layers,)
        self.shape = (len(keys), *inner, *(axis.size for axis in order))
        self.dtype = np.dtype(np.float64)

    def __getitem__(self, key: indexing.ExplicitIndexer) -> Any:
        return indexing.explicit_indexing_adapter(
            key, self.shape, indexing.IndexingSupport.OUTER, self._values
        )

    def _values(self, key: tuple[Any, ...]) -> Array:
        along, *rest = key
        if isinstance(along, slice) or np.ndim(along):
            positions = np.arange(self.shape[0])[along]
            months = [self._month(int(position), rest) for position in positions]
            none = np.empty((0, *self._inner(rest)))
            return np.stack(months) if months else none
        return self._month(int(along), rest)

    def _inner(self, rest: Sequence[Any]) -> tuple[int, ...]:
        sizes = (np.arange(size)[part] for size, part in zip(self.shape[1:], rest, strict=True))
        return tuple(int(part.size) for part in sizes if part.ndim)

    def _month(self, position: int, rest: Sequence[Any]) -> Array:
        month = self._keys[position]
        rows, columns = self._order
        values: Array = getattr(self._read(month), self._name)[..., rows, :][..., columns]
        problem = range_problem(name_of(month), self._name, values, "check the file of this month")
        if problem and np.isfinite(values).any():
            raise_if_any(InputError, "Values are out of range", [problem])
        for axis in reversed(range(len(rest))):
            values = values[(slice(None),) * axis + (rest[axis],)]
        return values


def lazy_months(
    read: Read,
    keys: Sequence[Key],
    cells: Rectilinear,
    layer_edges: Sequence[float],
    calendar: str,
    attributes: Mapping[str, str],
) -> xr.Dataset:
    """A dataset on (time, layer, lat, lon), latitude ascending, longitude from -180 to 180.

    ``read`` gives a month in the order of its file. Times are the middles of the months in their
    own calendar (cftime). Raises ``InputError`` when values that are read are out of range.
    """
    lat = 0.5 * (cells.lat_edges[:-1] + cells.lat_edges[1:])
    lon = (0.5 * (cells.lon_edges[:-1] + cells.lon_edges[1:]) + 180.0) % 360.0 - 180.0
    rows = np.arange(lat.size)[::-1] if cells.descending else np.arange(lat.size)
    columns = np.argsort(lon)
    edges = np.asarray(layer_edges)
    variables = {}
    for name in MonthFields._fields:
        layered = name != "evapotranspiration"
        dims = ("time", *(("layer",) if layered else ()), "lat", "lon")
        array = _Months(name, read, keys, (rows, columns), edges.size - 1 if layered else None)
        registered = REGISTRY[name]
        about = {"units": registered.unit, "long_name": registered.long_name}
        variables[name] = xr.Variable(dims, indexing.LazilyIndexedArray(array), about)
    coords = {
        "time": [_middle(key, calendar) for key in keys],
        "layer_top": ("layer", edges[:-1], {"units": "m"}),
        "layer_bottom": ("layer", edges[1:], {"units": "m"}),
        "lat": ("lat", lat, {"units": "degrees_north"}),
        "lon": ("lon", lon[columns], {"units": "degrees_east"}),
    }
    return xr.Dataset(variables, coords, dict(attributes))


def _middle(key: Key, calendar: str) -> cftime.datetime:
    hours = 12 * month_days(calendar, *key)
    return cftime.datetime(*key, 1 + hours // 24, hours % 24, calendar=calendar)
