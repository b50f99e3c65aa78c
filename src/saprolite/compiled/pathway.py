"""The fused kernel of the CO2 pathway for a reading, and the arrays that it takes and gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite import equations as eq
from saprolite.compiled import pathway_stages as stages
from saprolite.compiled import pathway_template as template
from saprolite.compiled.binding import announced, is_cached, readable, specialised
from saprolite.compiled.bundling import Bundles, bundles_of, groups_alone, places
from saprolite.compiled.elementary import REAL
from saprolite.compiled.pathway_choices import Wanted, stages_of
from saprolite.compiled.recycled import Recycled
from saprolite.models import CO2Pathway, month_seconds

Array = npt.NDArray[Any]


class ForcingArrays(NamedTuple):
    """A year of forcing: moisture, temperature (month, layer, cell), evapotranspiration (month,
    cell) and that of the year before, on the cells of a block."""

    soil_moisture: Array
    soil_temperature: Array
    evapotranspiration: Array
    previous: Array | None = None


class BaseCycle(NamedTuple):
    """Factors of the base year on the cells of a block, by tile of cells and lane: seconds times
    PCO2^n (tile, order, month, lane), g by bundle of groups (tile, layer, bundle, months of lanes),
    phi and u (tile, layer, months of lanes of the one, then of the other)."""

    co2: Array
    warmth: Array
    soil: Array


class YearOfFluxes(NamedTuple):
    """Flux (group, layer, cell), float64; with one driver alone and contributions (driver, layer,
    cell), by month (month, layer, cell), in the kernel's precision; drivers as in ``DRIVERS``;
    t C km-2 per year or month. ``counts``: ET below its floor (cell-months), saturation clipped,
    near freezing (layer-cell-months), no result (layer-cell-years), where static inputs are
    complete."""

    flux: Array
    alone: Array
    contributions: Array
    months: Array
    counts: tuple[int, int, int, int]


DRIVERS = ("soil_moisture", "soil_temperature", "soil_co2", "frozen_soil")


@dataclass(frozen=True)
class FusedPathway:
    """The compiled CO2 pathway of a model; thread-safe, the GIL is released while it computes."""

    model: CO2Pathway
    precision: str
    wanted: Wanted

    @property
    def real(self) -> Any:
        """The type of the arithmetic."""
        return REAL[self.precision]

    @cached_property
    def orders(self) -> tuple[float, ...]:
        """The orders of reaction, each once."""
        return tuple(dict.fromkeys(group.order for group in self.model.groups))

    @cached_property
    def coefficients(self) -> tuple[float, ...]:
        """The temperature coefficients (base e, K), each once."""
        return tuple(dict.fromkeys(group.coefficient for group in self.model.groups))

    def intercept(self, atmospheric_co2: float | None) -> float:
        """Intercept of Eq 2 for a year with this CO2 of the air (ppm)."""
        if self.model.reading.atmosphere == "series":
            return float(eq.ambient_intercept(atmospheric_co2))
        return self.model.reading.pco2_intercept

    def base_cycle(
        self,
        forcing: ForcingArrays,
        year: int,
        air: float | None,
        density: Array,
        cells: slice,
        static_factors: Array,
    ) -> BaseCycle:
        """The factors of a base year on some cells; ``density``: bulk density (layer, cell),
        ``static_factors`` as of :meth:`year`."""
        count, layers = cells.stop - cells.start, density.shape[0]
        base = self._no_base(count, layers)
        self._base_kernel(
            *self._common(forcing, year, air, density, cells),
            *base,
            np.ascontiguousarray(static_factors, np.float64),
            self._groups,
        )
        return base

    def year(
        self,
        forcing: ForcingArrays,
        year: int,
        air: float | None,
        density: Array,
        cells: slice,
        static_factors: Array,
        complete: Array,
        base: BaseCycle | None,
    ) -> YearOfFluxes:
        """One year on some cells.

        ``static_factors`` (of :meth:`scaled`) and ``complete`` (layer + 1, cell: static inputs
        complete; the last row, in any layer) are those of all cells; ``base`` is that of the
        cells of the block.
        """
        count, layers = cells.stop - cells.start, density.shape[0]
        empty = self._memory.empty
        flux = empty((len(self.model.groups), layers, count), np.float64)
        alone = empty((4 * self.wanted.alone, layers, count), self.real)
        contributions = empty((4 * self.wanted.contributions, layers, count), self.real)
        months = empty((12, layers, count) if self.wanted.months else (12, 0, 0), self.real)
        counts = np.zeros(4, np.int64)
        self._year_kernel(
            *self._common(forcing, year, air, density, cells),
            *(base or self._no_base(0, 0)),
            np.ascontiguousarray(static_factors, np.float64),
            self._groups,
            np.ascontiguousarray(complete, np.bool_),
            flux, alone, contributions, months, counts,
        )  # fmt: skip
        found = tuple(int(count) for count in counts)
        return YearOfFluxes(
            flux, alone, contributions, months, (found[0], found[1], found[2], found[3])
        )

    def scaled(self, static_factors: Array) -> Array:
        """Static factors (group, layer, cell), float64, with what T_lab rounded to the precision
        takes from Eq 5, the same at every temperature: exp[A (1/T_lab - 1/T_rounded)]; 1 in
        float64."""
        reference = self.model.reading.reference_temperature
        rounded = float(self.real(reference))
        factors = [
            eq.temperature_factor(rounded, group.coefficient, reference)
            for group in self.model.groups
        ]
        return np.asarray(static_factors * np.array(factors).reshape(-1, 1, 1))

    @cached_property
    def _exponents(self) -> tuple[Array, Array]:
        """The orders and the coefficients."""
        return np.array(self.orders, self.real), np.array(self.coefficients, self.real)

    @cached_property
    def _memory(self) -> Recycled:
        """Memory of results, which the next ones take when the store has them."""
        return Recycled()

    @cached_property
    def _members(self) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """The order and the coefficient of every group, by their places."""
        groups = self.model.groups
        return (places([group.order for group in groups]),
                places([group.coefficient for group in groups]))  # fmt: skip

    @cached_property
    def bundles(self) -> Bundles:
        """Which groups have their experiments together; none without experiments, so that one
        kernel serves all groups."""
        orders, coefficients = self._members
        if not self.wanted.needs_base:
            return groups_alone(coefficients)
        return bundles_of(orders, coefficients)

    @cached_property
    def _groups(self) -> Array:
        """Order, coefficient and bundle of the groups, by their places."""
        columns = (*self._members, self.bundles.of_group)
        return np.ascontiguousarray(np.array(columns, np.int64).T)

    def compile(self, report: Callable[[str, int, int], None]) -> None:
        """Compile now, or take the code of an earlier run from the disk."""
        kernels = [self._year_kernel, *([self._base_kernel] if self.wanted.needs_base else [])]
        empty = np.empty((12, 1, 0), np.float32)
        forcing = ForcingArrays(empty, empty, empty[:, 0])
        density, nothing = np.empty((1, 0)), slice(0, 0)
        factors = np.empty((len(self.model.groups), 1, 0))
        complete = np.empty((2, 0), np.bool_)
        with announced(all(is_cached(kernel) for kernel in kernels), report):
            base = None
            if self.wanted.needs_base:
                base = self.base_cycle(forcing, 2001, 400.0, density, nothing, factors)
            self.year(forcing, 2001, 400.0, density, nothing, factors, complete, base)

    def _common(
        self, forcing: ForcingArrays, year: int, air: float | None, density: Array, cells: slice
    ) -> tuple[Any, ...]:
        calendar = self.model.reading.calendar
        previous = forcing.previous
        if previous is None:
            previous = np.full((12, 0), np.nan, np.float32)
            if self.model.reading.et_mode == "trailing12":
                previous = np.full_like(forcing.evapotranspiration, np.nan)
        arrays = (forcing.soil_moisture, forcing.soil_temperature, forcing.evapotranspiration)
        return (
            *(readable(array) for array in arrays),
            readable(previous),
            _month_seconds(calendar, year),
            _month_seconds(calendar, year - 1),
            self.real(self.intercept(air)),
            np.ascontiguousarray(density, self.real),
            *self._exponents,
            cells.start,
            cells.stop - cells.start,
        )

    def _no_base(self, count: int, layers: int) -> BaseCycle:
        tiles = -(-count // stages.TILE)
        rows, lanes = (stages.MONTHS, stages.ROW), stages.LANES
        return BaseCycle(
            np.empty((tiles, len(self.orders), *rows), self.real),
            np.empty((tiles, layers, self.bundles.number, lanes), self.real),
            np.empty((tiles, layers, 2 * lanes), self.real),
        )

    @cached_property
    def _names(self) -> Mapping[str, Any]:
        shares_warmth = len(self.coefficients) < len(self.model.groups)
        return stages_of(
            self.model.reading, self.precision, self.wanted, shares_warmth, self.bundles
        )

    @cached_property
    def _year_kernel(self) -> Any:
        return specialised(template.year_of_fluxes, self._names, self.precision)

    @cached_property
    def _base_kernel(self) -> Any:
        return specialised(template.base_cycle, self._names, self.precision)


@cache
def _month_seconds(calendar: str, year: int) -> Array:
    """Length of the months, s."""
    return np.array(month_seconds(calendar, year))
