"""The fused kernel of the CO2 pathway for a reading: stages chosen, equations bound, compiled.

What the kernel computes is composed of the functions of ``equations``; what differs between
readings is which of them, never a second formula.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite import equations as eq
from saprolite.compiled import pathway_stages as stages
from saprolite.compiled import pathway_template as template
from saprolite.compiled.binding import (
    announced,
    bound,
    called,
    inlined,
    is_cached,
    specialised,
)
from saprolite.compiled.elementary import ELEMENTARY, REAL
from saprolite.constants import FREEZING_POINT
from saprolite.models import CO2Pathway, Reading, month_seconds

Array = npt.NDArray[Any]
NEAR_FREEZING_K = 0.2
_LIMITS = MappingProxyType(
    {"saturating": eq.co2_saturating, "cap": eq.co2_cap, "scaled": eq.co2_scaled}
)
# By what is wanted: drivers alone, contributions.
_EXPERIMENTS = MappingProxyType(
    {
        (True, True): stages.alone_and_contributions,
        (True, False): stages.drivers_alone,
        (False, True): stages.contributions_of_drivers,
        (False, False): stages.drivers_alone,
    }
)
_SATURATION = MappingProxyType(
    {
        "dry": stages.dry_saturation,
        "moist": stages.moist_saturation,
        "theta_only": stages.content_as_saturation,
    }
)


class Wanted(NamedTuple):
    """What a kernel gives besides the flux: each driver alone, the contributions of the drivers,
    every month; ``frozen_follows``: frozen soil follows a temperature that varies alone."""

    alone: bool = False
    contributions: bool = False
    months: bool = False
    frozen_follows: bool = True

    @property
    def needs_base(self) -> bool:
        """Whether the factors of a base year are needed."""
        return self.alone or self.contributions


class ForcingArrays(NamedTuple):
    """A year of forcing: moisture, temperature (month, layer, cell), evapotranspiration (month,
    cell) and that of the year before, on the cells of a block."""

    soil_moisture: Array
    soil_temperature: Array
    evapotranspiration: Array
    previous: Array | None = None


class BaseCycle(NamedTuple):
    """Factors of the base year on the cells of a block, by tile of cells and lane: seconds times
    PCO2^n (tile, order, month, lane), g (tile, layer, coefficient, month, lane), phi and u (tile,
    layer, month, lane)."""

    co2: Array
    warmth: Array
    wet: Array
    unfrozen: Array


class YearOfFluxes(NamedTuple):
    """Flux (group, layer, cell), float64; with one driver alone and contributions (driver, layer,
    cell), by month (month, layer, cell), float32; drivers as in ``DRIVERS``; t C km-2 per year or
    month. ``counts``: ET below its floor (cell-months), saturation clipped, near freezing
    (layer-cell-months), no result (layer-cell-years), where static inputs are complete."""

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
        self, forcing: ForcingArrays, year: int, air: float | None, density: Array, cells: slice
    ) -> BaseCycle:
        """The factors of a base year on some cells; ``density``: bulk density (layer, cell)."""
        count, layers = cells.stop - cells.start, density.shape[0]
        base = self._no_base(count, layers)
        self._base_kernel(*self._common(forcing, year, air, density, cells), *base)
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

        ``static_factors`` (group, layer, cell), float64, and ``complete`` (layer + 1, cell: static
        inputs complete; the last row, in any layer) are those of all cells; ``base`` is that of
        the cells of the block.
        """
        count, layers = cells.stop - cells.start, density.shape[0]
        flux = np.empty((len(self.model.groups), layers, count))
        alone = np.empty((4 * self.wanted.alone, layers, count), np.float32)
        contributions = np.empty((4 * self.wanted.contributions, layers, count), np.float32)
        months = np.empty((12, layers, count) if self.wanted.months else (12, 0, 0), np.float32)
        counts = np.zeros(4, np.int64)
        self._year_kernel(
            *self._common(forcing, year, air, density, cells),
            *(base or self._no_base(0, 0)),
            np.ascontiguousarray(static_factors[..., cells] * self._rounded_reference, np.float64),
            np.ascontiguousarray(complete, np.uint8),
            np.array([self.orders.index(group.order) for group in self.model.groups], np.int64),
            np.array(
                [self.coefficients.index(group.coefficient) for group in self.model.groups],
                np.int64,
            ),
            flux, alone, contributions, months, counts,
        )  # fmt: skip
        found = tuple(int(count) for count in counts)
        return YearOfFluxes(
            flux, alone, contributions, months, (found[0], found[1], found[2], found[3])
        )

    @cached_property
    def _rounded_reference(self) -> Array:
        """What T_lab rounded to the precision takes from Eq 5, the same at every temperature, by
        group: exp[A (1/T_lab - 1/T_rounded)]; 1 in float64."""
        reference = self.model.reading.reference_temperature
        rounded = float(self.real(reference))
        factors = [
            eq.temperature_factor(rounded, group.coefficient, reference)
            for group in self.model.groups
        ]
        return np.array(factors).reshape(-1, 1, 1)

    def compile(self, report: Callable[[str, int, int], None]) -> None:
        """Compile now, or take the code of an earlier run from the disk."""
        kernels = [self._year_kernel, *([self._base_kernel] if self.wanted.needs_base else [])]
        empty = np.empty((12, 1, 0), np.float32)
        forcing = ForcingArrays(empty, empty, empty[:, 0])
        density, nothing = np.empty((1, 0)), slice(0, 0)
        factors = np.empty((len(self.model.groups), 1, 0))
        complete = np.empty((2, 0), np.uint8)
        with announced(all(is_cached(kernel) for kernel in kernels), report):
            base = None
            if self.wanted.needs_base:
                base = self.base_cycle(forcing, 2001, 400.0, density, nothing)
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
            *(_readable(array) for array in arrays),
            _readable(previous),
            np.array(month_seconds(calendar, year)),
            np.array(month_seconds(calendar, year - 1)),
            self.real(self.intercept(air)),
            np.ascontiguousarray(density, self.real),
            np.array(self.orders, self.real),
            np.array(self.coefficients, self.real),
            cells.start,
            cells.stop - cells.start,
        )

    def _no_base(self, count: int, layers: int) -> BaseCycle:
        tiles = -(-count // stages.TILE)
        rows = (stages.MONTHS, stages.TILE)
        return BaseCycle(
            np.empty((tiles, len(self.orders), *rows), self.real),
            np.empty((tiles, layers, len(self.coefficients), *rows), self.real),
            np.empty((tiles, layers, *rows), self.real),
            np.empty((tiles, layers, *rows), self.real),
        )

    @cached_property
    def _names(self) -> Mapping[str, Any]:
        return _stages_of(self.model.reading, self.precision, self.wanted)

    @cached_property
    def _year_kernel(self) -> Any:
        return specialised(template.year_of_fluxes, self._names, self.precision)

    @cached_property
    def _base_kernel(self) -> Any:
        return specialised(template.base_cycle, self._names, self.precision)


def _readable(array: Array) -> Array:
    """An array of the one type that the kernels are compiled for: what is mapped from a file."""
    view = np.ascontiguousarray(array, np.float32).view(np.ndarray)
    view.flags.writeable = False
    return view


def _stages_of(reading: Reading, precision: str, wanted: Wanted) -> dict[str, Any]:
    """The placeholders of the templates for a reading."""
    real, elementary = REAL[precision], ELEMENTARY[precision]

    def equation(function: Callable[..., Any]) -> Any:
        return bound(function, precision)

    def lane(function: Callable[..., Any], **names: Any) -> Any:
        return inlined(function, {"real": real, **names}, precision)

    def stage(function: Callable[..., Any], **names: Any) -> Any:
        return called(function, {"real": real, **names}, precision)

    annual_mean = reading.drivers == "annual_mean"
    form = _monthly_form(reading)
    at_freezing = ("FREEZING_POINT",) if form == "months" else ()
    weight = bound(eq.UNFROZEN_WEIGHTS[form], precision, at_freezing)
    floor = reading.et_floor
    if reading.et_mode != "monthly_raw":
        floor = float(eq.annualised_month(floor))
    limited = lane(stages.unlimited_pressure)
    if reading.pco2_limit != "none":
        limited = lane(
            stages.limited_pressure,
            log=elementary["log"],
            exp=elementary["exp"],
            limited=equation(_LIMITS[reading.pco2_limit]),
            limit=real(reading.pco2_limit_value),
        )
    names: dict[str, Any] = {
        "real": real,
        "near_width": real(NEAR_FREEZING_K),
        "freezing_point": real(FREEZING_POINT),
        "reference": real(reading.reference_temperature),
        "argument_stage": _argument_stage(reading, equation, stage),
        "co2_factors": stage(
            stages.co2_factors,
            floor=real(floor),
            floored=equation(eq.floored),
            log_soil_co2=equation(eq.log_soil_co2),
            limited_log=limited,
            pathway_rate_of_log=equation(eq.pathway_rate_of_log),
        ),
        "load_months": stage(stages.load_months),
        "load_drivers": stage(stages.load_mean_of_year if annual_mean else stages.load_months),
        "load_warmth": stage(stages.load_mean_of_year if annual_mean else stages.keep_rows),
        "saturation": lane(
            _SATURATION[reading.moisture_density],
            moisture_saturation=equation(eq.moisture_saturation),
            moist_bulk_density=equation(eq.moist_bulk_density),
        ),
        "clipped_saturation": equation(eq.clipped_saturation),
        "annual_frost": _annual_frost(reading, weight, equation, stage),
        "unfrozen_at": lane(
            stages.masked_month
            if reading.frozen_action in ("monthly_mask", "both")
            else stages.unmasked_month,
            unfrozen_weight=weight,
        ),
        "arrhenius_argument": equation(eq.arrhenius_argument),
        "warmth_of_argument": equation(eq.warmth_of_argument),
        "products": stage(stages.products),
        "sum_of_months": stage(stages.sum_of_months),
        "counted": stage(template.counted_template),
        "shares_of_year": stage(template.shares_of_year_template),
    }
    names["layer_factors"] = called(template.layer_factors_template, names, precision)
    names["month_products"] = stage(
        _EXPERIMENTS[wanted.alone, wanted.contributions],
        one_alone=lane(
            stages.one_alone,
            frozen_with_temperature=lane(
                stages.frozen_follows if wanted.frozen_follows else stages.frozen_stays
            ),
        ),
        shapley_of_product=equation(eq.shapley_of_product),
    )
    names["experiments_of_group"] = called(template.experiments_template, names, precision)
    return {**names, "wants_months": wanted.months, "wants_experiments": wanted.needs_base}


def _monthly_form(reading: Reading) -> str:
    """The form of the monthly weight; ``degree_days`` has none and goes without a mask."""
    return "none" if reading.frozen_form == "degree_days" else reading.frozen_form


def _argument_stage(reading: Reading, equation: Any, stage: Any) -> Any:
    amount = equation(eq.monthly_amount)
    per_month = equation(eq.raw_month if reading.et_mode == "monthly_raw" else eq.annualised_month)
    year = stage(stages.argument_of_year, monthly_amount=amount)
    if reading.drivers == "annual_mean":
        return stage(stages.argument_of_mean_month, per_month=per_month, argument_of_year=year)
    if reading.et_mode == "annual":
        return year
    if reading.et_mode == "trailing12":
        return stage(stages.argument_of_trailing_year, monthly_amount=amount)
    return stage(stages.argument_of_month, per_month=per_month, monthly_amount=amount)


def _annual_frost(reading: Reading, weight: Any, equation: Any, stage: Any) -> Any:
    if reading.frozen_action not in ("annual_factor", "both"):
        return stage(stages.no_annual_frost)
    factor = equation(eq.unfrozen_factor)
    if reading.frozen_form == "degree_days":
        return stage(
            stages.annual_frost_of_degrees,
            unfrozen_factor=factor,
            degrees_below_freezing=equation(eq.degrees_below_freezing),
            degrees_above_freezing=equation(eq.degrees_above_freezing),
            percentage_of_degrees=equation(eq.percentage_of_degrees),
        )
    return stage(
        stages.annual_frost_of_months,
        unfrozen_weight=weight,
        frozen_part=equation(eq.frozen_part),
        percentage_of_months=equation(eq.percentage_of_months),
        unfrozen_factor=factor,
    )
