"""A scenario by change factors: what a climate model says of the change, put onto an observed past.

A model's own moisture and temperature are biased, its changes less so. Month by month of the
scenario, on the model's grid, the model's value is compared with the mean of the same calendar
month over the base years; this factor is brought onto the grid of the base and changes the mean of
the base for that calendar month.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path
from types import MappingProxyType
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import xarray as xr
from scipy.ndimage import distance_transform_edt

from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid import conservative
from saprolite.sources.files import Array
from saprolite.sources.forcing import Array as AnyArray
from saprolite.sources.forcing import Forcing, ForcingYear

Method = Literal["ratio", "difference"]
_ANY = 1e-6
_ALL_METHODS: Mapping[str, tuple[Method, ...]] = MappingProxyType(
    {
        "soil_moisture": ("ratio", "difference"),
        "soil_temperature": ("difference",),
        "evapotranspiration": ("ratio", "difference"),
    }
)


class Methods(NamedTuple):
    """How each variable of the base is changed; ``ratio_limits``: a ratio of small numbers says
    little, so that further changes are cut off; ``coast_cells``: how many cells of the model from
    its land its sea takes the change of the nearest land, for the coasts of the base."""

    soil_moisture: Method = "ratio"
    soil_temperature: Method = "difference"
    evapotranspiration: Method = "ratio"
    ratio_limits: tuple[float, float] = (0.2, 5.0)
    coast_cells: float = 2.0


class Changes(NamedTuple):
    """What a model says of a month against its base: a factor where ``is_ratio``, else a term."""

    value: Array
    is_ratio: npt.NDArray[np.bool_]


def change(month: Array, mean: AnyArray, method: Method, limits: tuple[float, float]) -> Changes:
    """Change of a variable since the base, value by value.

    ``ratio``: month/mean within ``limits`` where both are positive; the difference where one is
    not (dew), so that a sign never turns the base around. ``difference``: month - mean.

    >>> change(np.array([3.0, 3.0, -1.0]), np.array([2.0, 0.1, 2.0]), "ratio", (0.2, 5.0))
    Changes(value=array([ 1.5,  5. , -3. ]), is_ratio=array([ True,  True, False]))
    """
    positive = (month > 0.0) & (mean > 0.0) & (method == "ratio")
    ratio = np.clip(month / np.where(positive, mean, 1.0), *limits)
    return Changes(np.where(positive, ratio, month - mean), positive)


class ChangedForcing:
    """The base's mean year, changed for each year by what a model says of it.

    ``base`` and ``model`` are forcings on grids of their own with the same layers; ``base_years``
    are in the record of both.
    """

    product = "change_factors"

    def __init__(
        self, base: Forcing, model: Forcing, base_years: Sequence[int], methods: Methods
    ) -> None:
        _require(base, model, base_years, methods)
        self._base, self._model = base, model
        self._years, self._methods = tuple(base_years), methods
        self.grid = base.grid
        self.layer_edges = base.layer_edges
        self.files: tuple[Path, ...] = tuple(dict.fromkeys((*base.files, *model.files)))
        self.land, self.land_ice = base.land, base.land_ice
        self._lock = threading.Lock()

    @property
    def notes(self) -> tuple[str, ...]:
        """Of base and model, and how the one changes the other."""
        chosen = self._methods
        how = ", ".join(f"{name} {getattr(chosen, name)}" for name in ForcingYear._fields)
        low, high = chosen.ratio_limits
        return (
            *self._base.notes,
            *self._model.notes,
            f"change factors by calendar month of {self._model.product} against its mean of "
            f"{self._years[0]}-{self._years[-1]}, on the mean of {self._base.product} of the same "
            f"years: {how}; ratios within {low:g} to {high:g}; over sea of the model, the nearest "
            f"land within {chosen.coast_cells:g} cells",
        )

    def read_year(self, year: int, cells: npt.NDArray[np.int64]) -> ForcingYear:
        """The twelve months of a year of the scenario at flat indices of the base's grid."""
        with self._lock:
            base, model = self._base_mean, self._model_mean
        place = np.searchsorted(self._land_cells, cells)
        of_year = self._model.read_year(year, self._model_cells)
        changed = []
        for name, mean, now, before in zip(ForcingYear._fields, base, of_year, model, strict=True):
            found = change(
                np.asarray(now, np.float64), before, getattr(self._methods, name),
                self._methods.ratio_limits,
            )  # fmt: skip
            known = np.asarray(mean[..., place], np.float64)
            changed.append(self._applied(known, found, cells))
        moisture, temperature, water = changed
        return ForcingYear(np.minimum(moisture, 1.0), temperature, water)

    def _applied(self, mean: Array, found: Changes, cells: npt.NDArray[np.int64]) -> Array:
        """The mean changed; the model's cells that give a term and those that give a factor are
        brought over apart, each with its share of the cell."""
        result = np.empty_like(mean)
        for index in np.ndindex(mean.shape[:-1]):
            value, is_ratio = found.value[index], found.is_ratio[index]
            ratio = self._onto_base(np.where(is_ratio, value, 1.0), cells)
            term = self._onto_base(np.where(is_ratio, 0.0, value), cells)
            result[index] = mean[index] * ratio + term
        return result

    def _onto_base(self, packed: Array, cells: npt.NDArray[np.int64]) -> Array:
        """Values on the model's land as means over the cells of the base."""
        grid = self._model.grid
        filled = np.full(grid.lat.size * grid.lon.size, np.nan)
        filled[self._coast.ravel()] = packed[self._nearest]
        field = xr.DataArray(filled.reshape(grid.shape), dims=("lat", "lon"),
                             coords={"lat": grid.lat, "lon": grid.lon})  # fmt: skip
        return np.asarray(conservative(field, self.grid, _ANY).values).ravel()[cells]

    @cached_property
    def _land_cells(self) -> npt.NDArray[np.int64]:
        return np.flatnonzero(self._base.land())

    @cached_property
    def _model_cells(self) -> npt.NDArray[np.int64]:
        return np.flatnonzero(self._model.land() & ~self._model.land_ice())

    @cached_property
    def _coast(self) -> npt.NDArray[np.bool_]:
        """Cells of the model that have a change: its land, and the sea beside it."""
        return self._distance[0] <= self._methods.coast_cells

    @cached_property
    def _nearest(self) -> npt.NDArray[np.int64]:
        """For each of these cells, the nearest land, by its number among the land."""
        flat = self._distance[1][self._coast]
        return np.searchsorted(self._model_cells, flat)

    @cached_property
    def _distance(self) -> tuple[Array, npt.NDArray[np.int64]]:
        """Distance to the nearest land of the model in cells, around the globe, and its cell."""
        rows, columns = self._model.grid.shape
        land = np.zeros(rows * columns, bool)
        land[self._model_cells] = True
        three = np.tile(land.reshape(rows, columns), 3)
        far, (row, column) = distance_transform_edt(~three, return_indices=True)
        middle = slice(columns, 2 * columns)
        return far[:, middle], row[:, middle] * columns + column[:, middle] % columns

    @cached_property
    def _base_mean(self) -> ForcingYear:
        return _mean_year(self._base, self._years, self._land_cells, np.float32)

    @cached_property
    def _model_mean(self) -> ForcingYear:
        return _mean_year(self._model, self._years, self._model_cells, np.float64)


def _mean_year(
    source: Forcing, years: Sequence[int], cells: npt.NDArray[np.int64], kind: npt.DTypeLike
) -> ForcingYear:
    """Mean of each calendar month over some years; every year counts alike."""
    total = [np.asarray(values, np.float64) for values in source.read_year(years[0], cells)]
    for year in years[1:]:
        for sums, values in zip(total, source.read_year(year, cells), strict=True):
            sums += values
    return ForcingYear(*((sums / len(years)).astype(kind) for sums in total))


def _require(base: Forcing, model: Forcing, years: Sequence[int], methods: Methods) -> None:
    problems = []
    if base.layer_edges != model.layer_edges:
        found, accepted = f"{model.layer_edges} m", f"{base.layer_edges} m"
        advice = "remap the model onto the layers of the base"
        problems.append(Problem("layers of the model", found, accepted, advice))
    if not years:
        advice = "base_years = [1970, 2005]"
        problems.append(Problem("base_years", "none", "a first and a last year", advice))
    for name, accepted_methods in _ALL_METHODS.items():
        method = getattr(methods, name)
        if method not in accepted_methods:
            accepted = " or ".join(accepted_methods)
            problems.append(Problem(name, repr(method), accepted, f'{name} = "difference"'))
    raise_if_any(InputError, "The change factors cannot be made", problems)
