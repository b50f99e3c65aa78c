"""One layer at steady state: what comes in, what weathers, what is taken up, what leaves.

Fluxes are kmol_c m-2 yr-1 (silica and phosphorus: kmol m-2 yr-1), per lane. With the base cations
explicit in pH, BC = ANC(h) - NH4 + SO4 + Cl + NO3, one equation in ln h is left: what the mass
balances deliver minus what the charge balance asks for.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from saprolite import equations as eq
from saprolite.column.chemistry import Alkalinity, Chemistry, log_proton_bracket
from saprolite.column.newton import TOLERANCE, Flags, bracketed_newton, changes_sign
from saprolite.constants import DAYS_PER_YEAR, SECONDS_PER_DAY
from saprolite.models import ColumnReading
from saprolite.models.rate_law import CHARGES, ELEMENTS, ProfileLaw, Slopes, Solution

Array = npt.NDArray[np.float64]
BASE_CATIONS = ("Ca", "Mg", "K", "Na")
IONS = (*BASE_CATIONS, "NH4", "NO3", "SO4", "Cl")
SOLUTES = (*IONS, "Si", "P")
SECONDS_PER_YEAR = DAYS_PER_YEAR * SECONDS_PER_DAY
COMPOSITION_TOLERANCE = 1e-12
# First guess in the first layer; the layers below start from the one above.
START_PH = 5.0
_MOST_COMPOSITIONS = 60


class Law(Protocol):
    """What a steady state asks of a rate law."""

    @property
    def reading(self) -> ColumnReading:
        """The choices."""

    @property
    def minerals(self) -> tuple[str, ...]:
        """The minerals, in the order of the arrays."""

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the pathways."""

    @property
    def release(self) -> Array:
        """kmol of element per unit of rate, (element, mineral)."""

    def constants(self, temperature: Array) -> list[Array]:
        """k of each pathway, (mineral, lane), per m2 of mineral and second."""

    def rates(self, constants: list[Array], at: Solution) -> list[Array]:
        """Rates of each pathway, (mineral, lane), in the unit of ``constants``."""


@dataclass(frozen=True)
class LayerInput:
    """One layer of all lanes. ``surface``: wetted mineral surface per ground, (mineral, lane), m2
    m-2; ``percolation``: water that leaves the layer, m yr-1; ``inflow``: solutes from above and
    from deposition; ``uptake``: wanted by plants (``N`` is nitrogen)."""

    temperature: Array
    pressure: Array
    doc: Array
    log_gibbsite: Array
    gibbsite_exponent: Array
    surface: Array
    percolation: Array
    nitrification: Array
    inflow: Mapping[str, Array]
    uptake: Mapping[str, Array]


@dataclass(frozen=True)
class LayerSolution:
    """One layer solved. ``rates``: weathering by pathway and mineral in the kinetic row's basis,
    (pathway, mineral, lane), kmol_c or kmol m-2 yr-1; ``released``: by element, kmol m-2 yr-1;
    ``outflow`` and ``taken_up``; ``residual``: charge balance left over its scale."""

    log_proton: Array
    chemistry: Chemistry
    rates: Array
    released: Mapping[str, Array]
    outflow: Mapping[str, Array]
    taken_up: Mapping[str, Array]
    residual: Array
    found: Flags


@dataclass(frozen=True)
class Ions:
    """Ions that no mineral releases, after nitrification and nitrogen uptake, kmol_c m-2 yr-1."""

    flux: Mapping[str, Array]
    nitrogen_taken_up: tuple[Array, Array]

    @classmethod
    def of(cls, layer: LayerInput) -> Ions:
        """Nitrification first, then uptake from NH4 and NO3 in proportion to what is there."""
        ammonium, nitrate, *taken_up = eq.nitrogen_after_uptake(
            layer.inflow["NH4"], layer.inflow["NO3"], layer.nitrification, layer.uptake["N"]
        )
        flux = {
            "NH4": ammonium,
            "NO3": nitrate,
            "SO4": layer.inflow["SO4"],
            "Cl": layer.inflow["Cl"],
        }
        return cls(flux, (taken_up[0], taken_up[1]))

    @property
    def anions_less_ammonium(self) -> Array:
        """SO4 + Cl + NO3 - NH4, kmol_c m-2 yr-1."""
        flux = self.flux
        return np.asarray(flux["SO4"] + flux["Cl"] + flux["NO3"] - flux["NH4"])


def uptake_floor(reading: ColumnReading, layer: LayerInput, name: str) -> Array:
    """Flux of a base cation below which plants take up no more (Na: they take up none)."""
    share = reading.uptake_residual / 3.0 if name != "Na" else 0.0
    return np.asarray(share * layer.percolation)


def layer_chemistry(reading: ColumnReading, layer: LayerInput) -> Chemistry:
    """The equilibria of a layer."""
    return Chemistry.of(
        reading, layer.temperature, layer.pressure, layer.doc, layer.log_gibbsite,
        layer.gibbsite_exponent,
    )  # fmt: skip


def surface_constants(law: Law, layer: LayerInput) -> list[Array]:
    """k of each pathway times the mineral surface: kmol m-2 of ground and year."""
    amount = layer.surface * SECONDS_PER_YEAR
    return [constant * amount for constant in law.constants(layer.temperature)]


def explicit_layer(law: ProfileLaw, layer: LayerInput, start: Array) -> LayerSolution:
    """Solve a layer whose rates depend on h, Al3+, base cations (molar sum), ligand and PCO2.

    The ratio of moles to charge of the base cations and the activity coefficients change little
    with pH: they are brought up to date between the solutions until they stand still.
    """
    ions = Ions.of(layer)
    balance = _Balance(law, layer, ions, surface_constants(law, layer))
    chemistry = layer_chemistry(law.reading, layer)
    moles_per_charge = np.full_like(start, eq.MIXED_CATIONS)
    x = start
    found = balance.is_possible(chemistry, moles_per_charge)
    still = np.zeros(start.shape, bool)
    for _ in range(_MOST_COMPOSITIONS):
        x, found = balance.solve(chemistry, moles_per_charge, x, found)
        new_ratio, new_chemistry = balance.composition(chemistry, moles_per_charge, x)
        change = np.maximum(
            np.abs(new_ratio - moles_per_charge), chemistry.change_of_activity(new_chemistry)
        )
        still = ~found | (change <= COMPOSITION_TOLERANCE)
        if still.all():
            break
        # A lane that stands still keeps its values, so that no lane depends on its neighbours.
        moles_per_charge = np.where(still, moles_per_charge, new_ratio)
        chemistry = chemistry.updated(new_chemistry, ~still)
    found &= still
    rates, residual = balance.rates_and_residual(chemistry, moles_per_charge, x)
    return finish_layer(law, layer, chemistry, ions, x, rates, residual, found)


@dataclass(frozen=True)
class _Balance:
    law: ProfileLaw
    layer: LayerInput
    ions: Ions
    constants: list[Array]

    def is_possible(self, chemistry: Chemistry, moles_per_charge: Array) -> Flags:
        """Whether the charges can balance between pH 1 and 13."""
        low, high = log_proton_bracket(moles_per_charge)
        return changes_sign(lambda x: self.imbalance(chemistry, moles_per_charge, x), low, high)

    def solve(
        self, chemistry: Chemistry, moles_per_charge: Array, start: Array, lanes: Flags
    ) -> tuple[Array, Flags]:
        """ln h for a given composition of the base cations and given activity coefficients."""
        low, high = log_proton_bracket(start)
        return bracketed_newton(
            lambda x: self.imbalance(chemistry, moles_per_charge, x), low, high, start, lanes
        )

    def imbalance(
        self, chemistry: Chemistry, moles_per_charge: Array, x: Array
    ) -> tuple[Array, Array, Array]:
        """Base cations delivered minus base cations of the charge balance, kmol_c m-3."""
        water = self.layer.percolation
        anions = self.ions.anions_less_ammonium / water
        anc = chemistry.alkalinity(x)
        at, slopes = self._solution(chemistry, anc, anions, moles_per_charge, x)
        rate, slope = self.law.rates_and_slopes(self.constants, at, slopes)
        delivered: Array = np.zeros_like(x)
        steepness: Array = np.zeros_like(x)
        for name in BASE_CATIONS:
            charge = CHARGES[name]
            available = self.layer.inflow[name] + charge * element_sum(self.law.release, name, rate)
            out, follows = eq.after_uptake(
                available, self.layer.uptake[name], uptake_floor(self.law.reading, self.layer, name)
            )
            gain = charge * element_sum(self.law.release, name, slope)
            delivered = delivered + out
            steepness = steepness + np.where(follows, gain, 0.0)
        value, scale = eq.charge_imbalance(delivered, water, anions, anc.value, anc.scale)
        return value, steepness / water - anc.slope, scale

    def composition(
        self, chemistry: Chemistry, moles_per_charge: Array, x: Array
    ) -> tuple[Array, Chemistry]:
        """Moles per charge of the base cations, and the equilibria at the new ionic strength."""
        at, _ = self._at(chemistry, moles_per_charge, x)
        total: Array = np.zeros((1,))
        for rate in self.law.rates(self.constants, at):
            total = total + rate
        out = {}
        for name in BASE_CATIONS:
            available = self.layer.inflow[name] + CHARGES[name] * element_sum(
                self.law.release, name, total
            )
            floor = uptake_floor(self.law.reading, self.layer, name)
            out[name], _ = eq.after_uptake(available, self.layer.uptake[name], floor)
        water = self.layer.percolation
        strong = {name: flux / water for name, flux in {**out, **self.ions.flux}.items()}
        strength = chemistry.ionic_strength(x, strong)
        ratio = np.asarray(eq.moles_per_charge(*(out[name] for name in BASE_CATIONS)))
        return ratio, chemistry.with_ionic_strength(strength)

    def rates_and_residual(
        self, chemistry: Chemistry, moles_per_charge: Array, x: Array
    ) -> tuple[Array, Array]:
        """Weathering by pathway and mineral, and the charge balance left over its scale."""
        at, _ = self._at(chemistry, moles_per_charge, x)
        value, _, scale = self.imbalance(chemistry, moles_per_charge, x)
        return np.stack(self.law.rates(self.constants, at)), value / scale

    def _at(
        self, chemistry: Chemistry, moles_per_charge: Array, x: Array
    ) -> tuple[Solution, Slopes]:
        anions = self.ions.anions_less_ammonium / self.layer.percolation
        return self._solution(chemistry, chemistry.alkalinity(x), anions, moles_per_charge, x)

    def _solution(
        self,
        chemistry: Chemistry,
        anc: Alkalinity,
        anions: Array,
        moles_per_charge: Array,
        x: Array,
    ) -> tuple[Solution, Slopes]:
        base_cations, slope = eq.explicit_base_cations(
            anions + anc.value, anc.slope, moles_per_charge
        )
        at = Solution(
            self.layer.temperature, x, chemistry.log_hydroxide(x), self.layer.pressure,
            base_cations, anc.aluminium, 0.0, anc.ligand,
        )  # fmt: skip
        return at, Slopes(slope, anc.aluminium_slope, anc.ligand_slope)


def element_sum(release: Array, name: str, amounts: Array) -> Array:
    """kmol of an element that (mineral, lane) amounts release, the minerals added in order."""
    total: Array = np.zeros(amounts.shape[-1])
    for index, share in enumerate(release[ELEMENTS.index(name)]):
        if share != 0.0:
            total = total + share * amounts[index]
    return total


def finish_layer(
    law: Law,
    layer: LayerInput,
    chemistry: Chemistry,
    ions: Ions,
    x: Array,
    rates: Array,
    residual: Array,
    found: Flags,
) -> LayerSolution:
    """The bookkeeping of a solved layer; NaN where it was not found."""
    by_mineral = np.zeros(rates.shape[1:])
    for pathway in rates:
        by_mineral = by_mineral + pathway
    released = {name: element_sum(law.release, name, by_mineral) for name in ELEMENTS}
    outflow: dict[str, Array] = dict(ions.flux)
    ammonium, nitrate = ions.nitrogen_taken_up
    taken_up = {"NH4": ammonium, "NO3": nitrate}
    for name in BASE_CATIONS:
        available = layer.inflow[name] + CHARGES[name] * released[name]
        floor = uptake_floor(law.reading, layer, name)
        outflow[name], _ = eq.after_uptake(available, layer.uptake[name], floor)
        taken_up[name] = available - outflow[name]
    for name in ("Si", "P"):
        outflow[name] = layer.inflow[name] + released[name]
    found = found & (np.abs(residual) <= TOLERANCE)

    def masked(values: Array) -> Array:
        return np.where(found, values, np.nan)

    return LayerSolution(
        masked(x),
        chemistry,
        masked(rates),
        {name: masked(values) for name, values in released.items()},
        {name: masked(values) for name, values in outflow.items()},
        {name: masked(values) for name, values in taken_up.items()},
        masked(residual),
        found,
    )
