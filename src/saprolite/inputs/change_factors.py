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
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.ndimage import distance_transform_edt

from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid import overlap_shares
from saprolite.sources.files import Array
from saprolite.sources.forcing import Forcing, ForcingYear
from saprolite.sources.overlap import (
    Adjustment,
    RatioRule,
    Sums,
    Values,
    difference,
    ratio_or_difference,
)

Method = Literal["ratio", "difference"]
_ANY = 1e-6
RULE = RatioRule(beyond="limit")  # a ratio cut off never turns the base around
_ALL_METHODS: Mapping[str, tuple[Method, ...]] = MappingProxyType(
    {
        "soil_moisture": ("ratio", "difference"),
        "soil_temperature": ("difference",),
        "evapotranspiration": ("ratio", "difference"),
    }
)


class Methods(NamedTuple):
    """How each variable of the base is changed; ``moisture_rule`` and ``rate_rule``: when by a
    ratio, where that is the method; ``coast_cells``: how many cells of the model from its land its
    sea takes the change of the nearest land, for the coasts of the base."""

    soil_moisture: Method = "ratio"
    soil_temperature: Method = "difference"
    evapotranspiration: Method = "ratio"
    moisture_rule: RatioRule = RULE
    rate_rule: RatioRule = RULE
    coast_cells: float = 2.0

    def change(self, name: str, month: Values, mean: Values) -> Adjustment:
        """Change of a variable in a month since its mean in the base years, value by value."""
        if getattr(self, name) == "difference":
            return difference(mean, month)
        rule = self.moisture_rule if name == "soil_moisture" else self.rate_rule
        return ratio_or_difference(mean, month, rule)

    def texts(self) -> list[str]:
        """How each variable is changed, in words."""
        found = []
        for name, rule, unit in (
            ("soil_moisture", self.moisture_rule, "m3 m-3"),
            ("soil_temperature", None, "K"),
            ("evapotranspiration", self.rate_rule, "kg m-2 s-1"),
        ):
            by_ratio = rule is not None and getattr(self, name) == "ratio"
            found.append(f"{name} by {rule.text(unit) if by_ratio and rule else 'a difference'}")
        return found


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
        how = "; ".join(chosen.texts())
        return (
            *self._base.notes,
            *self._model.notes,
            f"change factors by calendar month of {self._model.product} against its mean of "
            f"{self._years[0]}-{self._years[-1]}, on the mean of {self._base.product} of the same "
            f"years: {how}; moisture is kept within 0 to 1 m3 m-3; over sea of the "
            "model, the nearest land within "
            f"{chosen.coast_cells:g} cells",
        )

    @property
    def held_bytes(self) -> int:
        """Size of the mean years that are held, of the base in float32 and of the model."""
        numbers = 12 * (2 * (len(self.layer_edges) - 1) + 1)
        return numbers * (4 * self._land_cells.size + 8 * self._model_cells.size)

    def read_year(self, year: int, cells: npt.NDArray[np.int64]) -> ForcingYear:
        """The twelve months of a year of the scenario at flat indices of the base's grid."""
        with self._lock:
            base, model, every = self._base_mean, self._model_mean, self._shares
        place = np.searchsorted(self._land_cells, cells)
        shares = every if place.size == every.shape[0] else every[place]
        of_year = self._model.read_year(year, self._model_cells)
        changed = []
        for name, mean, now, before in zip(ForcingYear._fields, base, of_year, model, strict=True):
            found = self._methods.change(name, np.asarray(now, np.float64), before)
            known = np.asarray(mean[..., place], np.float64)
            changed.append(self._applied(known, found, shares))
        moisture, temperature, water = changed
        return ForcingYear(np.clip(moisture, 0.0, 1.0), temperature, water)

    def _applied(self, mean: Array, found: Adjustment, shares: Any) -> Array:
        """The mean changed; the model's cells that give a term and those that give a factor are
        brought over apart, each with its share of the cell."""
        result = np.empty_like(mean)
        for index in np.ndindex(mean.shape[:-1]):
            size, added = (values[self._nearest] for values in found.at(index))
            ratio = _means(shares, np.where(added, 1.0, size))
            # What is not known has neither.
            term = _means(shares, np.where(added, size, 0.0 * size))
            result[index] = mean[index] * ratio + term
        return result

    @cached_property
    def _shares(self) -> Any:
        """Share of each land cell of the base that each cell of the model with a change covers."""
        every = overlap_shares(self._model.grid, self.grid)
        return every[self._land_cells][:, np.flatnonzero(self._coast)]

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


def _means(shares: Any, values: Array) -> Array:
    """Means over cells of the base of what is known, NaN where (almost) nothing is."""
    known = np.isfinite(values)
    covered = shares @ known.astype(np.float64)
    there = covered >= _ANY
    amount = shares @ np.where(known, values, 0.0)
    return np.where(there, amount / np.where(there, covered, 1.0), np.nan)


def _mean_year(
    source: Forcing, years: Sequence[int], cells: npt.NDArray[np.int64], kind: npt.DTypeLike
) -> ForcingYear:
    """Mean of each calendar month over some years; NaN where one of them has no value."""
    sums: list[Sums] = []
    for year in years:
        values = source.read_year(year, cells)
        sums = sums or [Sums(1, array.shape) for array in values]
        for one, array in zip(sums, values, strict=True):
            one.add(array)
    return ForcingYear(*(one.means(fewest=len(years))[0].astype(kind) for one in sums))


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
