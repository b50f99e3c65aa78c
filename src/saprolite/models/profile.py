"""The CO2 pathway of PROFILE under a Reading (Eqs 1 to 7): static factor times four drivers.

The flux of a cell, layer and month is a product of a static number and factors that vary in time,

    flux = C(cell, layer) * seconds(month) * p(PCO2) * g(T) * phi(theta) * u(frozen),

with C the sum of K_i x_i A_w Z_eff over the minerals that share a reaction order and a temperature
coefficient (a group), as carbon. Months lie on the first axis of the drivers and are added in
order, so that a scalar, an array and a block of a global run give the same bits.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from saprolite import equations as eq
from saprolite.errors import MineralError, Problem
from saprolite.minerals import (
    CLAY_MINERALS,
    KineticRow,
    KineticTable,
    Mineral,
    co2_per_mol,
    composition,
)
from saprolite.models.reading import Reading
from saprolite.models.soil import reactive_area, saturation

Number = Any

_LIMITS: Mapping[str, Callable[[Number, Number], Number]] = {
    "none": eq.co2_unlimited,
    "saturating": eq.co2_saturating,
    "cap": eq.co2_cap,
    "scaled": eq.co2_scaled,
}


class Soil(NamedTuple):
    """What does not vary in time, per layer and cell: texture and mineral shares (mass fractions),
    dry bulk density (kg m-3), soil present in the layer (m)."""

    clay: Number
    silt: Number
    sand: Number
    bulk_density: Number
    mineral_share: Mapping[str, Number]
    thickness: Number


class Drivers(NamedTuple):
    """One year of drivers, January to December on the first axis: soil moisture (m3 m-3), soil
    temperature (K), evapotranspiration (mm month-1) of this and of the previous year (only for
    ``trailing12``), length of the months (s), and the air's CO2 (ppm, only for ``series``)."""

    soil_moisture: Number
    soil_temperature: Number
    evapotranspiration: Number
    seconds: tuple[float, ...]
    previous_evapotranspiration: Number = None
    atmospheric_co2: float | None = None


class MonthFactors(NamedTuple):
    """The factors of a month: its length (s), p and g of each group, phi (clipped), u."""

    seconds: float
    co2: list[Number]
    warmth: list[Number]
    wetness: Number
    unfrozen: Number


class Group(NamedTuple):
    """The minerals (by position) that share order and temperature coefficient (base e)."""

    order: float
    coefficient: float
    members: tuple[int, ...]


@dataclass(frozen=True)
class CO2Pathway:
    """The model: a reading, its minerals, their kinetic rows and the CO2 that each binds."""

    reading: Reading
    minerals: tuple[str, ...]
    rows: tuple[KineticRow, ...]
    constants: tuple[float, ...]
    co2_yield: tuple[float, ...]
    groups: tuple[Group, ...]

    @classmethod
    def of(cls, reading: Reading, minerals: tuple[str, ...] = CLAY_MINERALS) -> CO2Pathway:
        """Look up the numbers of a reading; ``MineralError`` for a mineral without data.

        >>> model = CO2Pathway.of(Reading())
        >>> model.groups
        (Group(order=0.5, coefficient=3600.0, members=(0, 1, 2, 3, 4)),)
        """
        doubled = sorted({name for name in minerals if minerals.count(name) > 1})
        if doubled or not minerals:
            raise MineralError(
                "The list of minerals cannot be used (1 problem)",
                [
                    Problem(
                        "minerals",
                        f"named twice: {', '.join(doubled)}" if doubled else "none",
                        "each mineral once, at least one",
                        "correct the list",
                    )
                ],
            )
        table = KineticTable.load(reading.kinetics)
        rows = table.rows_for(minerals, "CO2")
        constants = tuple(float(eq.rate_constant(row.pk_at_281)) for row in rows)
        co2_yield = tuple(
            _co2_yield(reading, name, row) for name, row in zip(minerals, rows, strict=True)
        )
        return cls(reading, minerals, rows, constants, co2_yield, _groups(reading, rows))

    @property
    def notes(self) -> tuple[str, ...]:
        """What a flux does not show: carbonates that count in full, minerals that bind nothing.

        >>> CO2Pathway.of(Reading(), ("illite", "kaolinite")).notes
        ('kaolinite: no base cations, so that it binds no CO2: its flux is 0',)
        """
        bare = [name for name, co2 in zip(self.minerals, self.co2_yield, strict=True) if co2 == 0.0]
        carbonates = [name for name in self.minerals if Mineral.named(name).group == "carbonate"]
        notes = []
        if carbonates:
            notes.append(
                f"{', '.join(carbonates)}: the CO2 of carbonates is counted in full, one per "
                "charge; half of it is the mineral's own carbon (soil columns count half), and "
                "what the air gave returns when carbonate precipitates"
            )
        if bare:
            notes.append(
                f"{', '.join(bare)}: no base cations, so that it binds no CO2: its flux is 0"
            )
        return tuple(notes)

    def reactive_area(self, soil: Soil) -> Number:
        """A_w in m2 m-3 (Eq 6 with the reading's density factor, sand cut and basis)."""
        if self.reading.mineral_basis == "clay_surface":
            area = eq.clay_surface_area(soil.clay)
            if self.reading.density_factor == "bulk":
                area = area * eq.density_factor(soil.bulk_density)
            return area
        return reactive_area(self.reading, soil.clay, soil.silt, soil.sand, soil.bulk_density)

    def content(self, share: Number, clay: Number) -> Number:
        """x_i on the reading's basis, from the mineral's share of the clay-size fraction."""
        return share * clay if self.reading.mineral_basis == "soil" else share

    def static_factors(self, soil: Soil) -> list[Number]:
        """Carbon flux of each mineral for unit drivers, t C km-2 s-1 (Eqs 3, 4, 6 at p=g=phi=u=1).

        A NaN in any input of ``soil`` gives NaN; a layer without soil gives 0.
        """
        area = self.reactive_area(soil)
        # Eq 7 reads the bulk density in every month; a missing one is a missing input here too.
        known = 1.0 + 0.0 * (soil.bulk_density + soil.silt + soil.sand)
        factors = []
        for name, constant, co2 in zip(self.minerals, self.constants, self.co2_yield, strict=True):
            content = self.content(soil.mineral_share[name], soil.clay)
            rate = eq.weathering_rate(constant * co2, area, content, known, soil.thickness)
            factors.append(eq.carbon_mass(rate))
        return factors

    def group_factors(self, factors: list[Number]) -> list[Number]:
        """Static factors summed over the members of each group, in the order of the minerals.

        A missing mineral makes every group of the cell NaN: the sum over minerals is not known.
        """
        missing = 0.0
        for factor in factors:
            missing = missing + 0.0 * factor
        sums = []
        for group in self.groups:
            total: Number = missing
            for member in group.members:
                total = total + factors[member]
            sums.append(total)
        return sums

    def co2_argument(self, drivers: Drivers, month: int) -> tuple[Number, Number]:
        """ET that enters Eq 2 (mm yr-1; raw: mm month-1), before and after the floor."""
        amounts = drivers.evapotranspiration
        mode, floor = self.reading.et_mode, self.reading.et_floor
        if mode == "monthly_raw":
            raw = eq.raw_month(amounts[month])
            return raw, eq.floored(raw, floor)
        if mode == "monthly_x12":
            raw = eq.annualised_month(amounts[month])
        elif mode == "annual":
            raw = eq.twelve_month_sum(_months_last(amounts))
        else:
            raw = eq.twelve_month_sum(_trailing(drivers, month))
        return raw, eq.floored(raw, eq.annualised_month(floor))

    def soil_co2(self, drivers: Drivers, month: int) -> Number:
        """PCO2 of a month, atm (Eq 2 under the reading), after the PCO2limit of Eq 4."""
        intercept: Number = self.reading.pco2_intercept
        if self.reading.atmosphere == "series":
            intercept = eq.ambient_intercept(drivers.atmospheric_co2)
        pressure = eq.soil_co2(self.co2_argument(drivers, month)[1], intercept)
        return _LIMITS[self.reading.pco2_limit](pressure, self.reading.pco2_limit_value)

    def saturation(self, soil_moisture: Number, bulk_density: Number) -> Number:
        """phi before it is clipped (Eq 7 under the reading)."""
        return saturation(self.reading, soil_moisture, bulk_density)

    def unfrozen(self, soil_temperature: Number) -> Callable[[int], Number]:
        """u of a month, 0 to 1 (Eq 1 under the reading), for one year of temperatures."""
        form, action = self.reading.frozen_form, self.reading.frozen_action
        factor: Number = 1.0
        if action in ("annual_factor", "both"):
            frozen = eq.FROZEN_FORMS[form](_months_last(soil_temperature))
            factor = eq.unfrozen_factor(frozen)
        if action in ("monthly_mask", "both"):
            weight = eq.UNFROZEN_WEIGHTS[form]
            return lambda month: weight(soil_temperature[month]) * factor
        return lambda month: factor + 0.0 * soil_temperature[month]

    def annual_flux(
        self, group_factors: list[Number], drivers: Drivers, bulk_density: Number
    ) -> list[Number]:
        """Carbon sink flux of a year by group, t C km-2 yr-1, the months added in order."""
        totals: list[Number] = [0.0] * len(self.groups)
        for month in self.month_factors(drivers, bulk_density):
            wet_and_unfrozen = month.wetness * month.unfrozen
            for index, (co2, warmth) in enumerate(zip(month.co2, month.warmth, strict=True)):
                flux = group_factors[index] * month.seconds * co2 * warmth * wet_and_unfrozen
                totals[index] = totals[index] + flux
        return totals

    def month_factors(self, drivers: Drivers, bulk_density: Number) -> Iterator[MonthFactors]:
        """The factors that vary in time, January to December of a year of drivers."""
        unfrozen = self.unfrozen(drivers.soil_temperature)
        if self.reading.drivers == "annual_mean":
            drivers = _annual_mean(drivers)
        reference = self.reading.reference_temperature
        for month, seconds in enumerate(drivers.seconds):
            pressure = self.soil_co2(drivers, month)
            wetness = self.saturation(drivers.soil_moisture[month], bulk_density)
            warm = drivers.soil_temperature[month]
            yield MonthFactors(
                seconds,
                [eq.rate_at_reference(1.0, pressure, group.order) for group in self.groups],
                [eq.temperature_factor(warm, group.coefficient, reference)
                 for group in self.groups],
                eq.clipped_saturation(wetness),
                unfrozen(month),
            )  # fmt: skip


def _co2_yield(reading: Reading, mineral: str, row: KineticRow) -> float:
    if reading.stoichiometry == "mineral_formula":
        return co2_per_mol(mineral, reading.stoichiometry_table).value
    equivalents = composition(row.row, row.mineral).equivalents_per_mol
    if row.basis == "kmol":
        return equivalents
    # kmol_c of a mineral without base cations is no alkalinity: it binds no CO2.
    return 1.0 if equivalents > 0.0 else 0.0


def _groups(reading: Reading, rows: tuple[KineticRow, ...]) -> tuple[Group, ...]:
    members: dict[tuple[float, float], list[int]] = {}
    for index, row in enumerate(rows):
        key = (row.order, _coefficient(reading, row))
        members.setdefault(key, []).append(index)
    return tuple(Group(order, a, tuple(group)) for (order, a), group in members.items())


def _coefficient(reading: Reading, row: KineticRow) -> float:
    coefficient = reading.arrhenius_coefficient
    if coefficient == "table":
        if row.coefficient is None:
            raise MineralError(
                "No temperature coefficient (1 problem)",
                [
                    Problem(
                        f"{row.row}, pathway CO2",
                        "the row has none",
                        "a number in K",
                        "set arrhenius_coefficient to a number",
                    )
                ],
            )
        coefficient = row.coefficient
    if reading.arrhenius_base == "10":
        return float(eq.base_e_coefficient(float(coefficient)))
    return float(coefficient)


def _months_last(values: Number) -> Number:
    return np.moveaxis(np.asarray(values), 0, -1)


def _trailing(drivers: Drivers, month: int) -> Number:
    current = np.asarray(drivers.evapotranspiration)
    before = drivers.previous_evapotranspiration
    if before is None:
        before = np.full_like(current, np.nan)
    return _months_last(np.concatenate([np.asarray(before)[month + 1 :], current[: month + 1]]))


def _annual_mean(drivers: Drivers) -> Drivers:
    """Moisture and temperature by their mean over the year, ET by its mean rate, in every month."""
    year = sum(drivers.seconds)
    moisture, temperature, water = 0.0, 0.0, 0.0
    for month, seconds in enumerate(drivers.seconds):
        moisture = moisture + drivers.soil_moisture[month] * (seconds / year)
        temperature = temperature + drivers.soil_temperature[month] * (seconds / year)
        water = water + drivers.evapotranspiration[month]
    months = range(eq.MONTHS)
    return drivers._replace(
        soil_moisture=[moisture for _ in months],
        soil_temperature=[temperature for _ in months],
        evapotranspiration=np.stack([np.asarray(water / eq.MONTHS) for _ in months]),
    )
