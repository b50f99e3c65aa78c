"""The WITCH-type model: transition-state rate laws times the affinity of dissolution.

Not WITCH itself: its table of constants is unpublished. The default are Hermanska constants.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite import equations as eq
from saprolite.constants import LN10
from saprolite.errors import MineralError, Problem, SaproliteError, raise_if_any
from saprolite.minerals.solubility import WitchPhase, witch_phase
from saprolite.minerals.transition_state import RateLaw, TransitionStateTable
from saprolite.models.column_reading import ColumnReading
from saprolite.models.rate_law import ELEMENTS, LEAST_LIGAND, Solution

Array = npt.NDArray[np.float64]
PATHWAYS = ("H", "H2O", "OH", "CO2")
_SOLUTES = ("Ca", "Mg", "K", "Na", "Al", "Si")
_MOL_PER_KMOL = 1e3
_MOST_SUPERSATURATED = 60.0


@dataclass(frozen=True)
class WitchLaw:
    """Rate laws, phases and sigma of some minerals; arrays are (mineral, lane), kmol m-2 s-1."""

    reading: ColumnReading
    minerals: tuple[str, ...]
    laws: tuple[RateLaw, ...]
    phases: tuple[WitchPhase, ...]
    names: tuple[str, ...]
    orders: Mapping[str, tuple[Array, Array, Array]]
    release: Array
    notes: tuple[str, ...]

    @classmethod
    def of(cls, reading: ColumnReading, minerals: tuple[str, ...]) -> WitchLaw:
        """Look up every number; one ``MineralError`` names all that is missing.

        >>> WitchLaw.of(ColumnReading(model="witch-type"), ("illite", "smectite")).names
        ('H', 'H2O', 'OH')
        """
        table = TransitionStateTable.load(reading.transition_state)
        laws: list[RateLaw] = []
        phases: list[WitchPhase] = []
        problems: list[Problem] = []
        for mineral in minerals:
            try:
                chosen = witch_phase(mineral)
                row = reading.kinetic_rows.get(mineral)
                if row is None and table.name == chosen.law.table:
                    laws.append(chosen.law)
                else:
                    laws.append(table.law(mineral, row))
                phases.append(chosen)
                problems += _without_solutes(chosen, reading)
            except SaproliteError as error:
                problems += error.problems
        raise_if_any(MineralError, "The WITCH-type model cannot be computed", problems)
        names = tuple(name for name in PATHWAYS if any(name in law.pathways for law in laws))
        release = np.array(
            [
                [
                    item.released.get(name, 0.0) * law.terms[0].formula_units
                    for item, law in zip(phases, laws, strict=True)
                ]
                for name in ELEMENTS
            ]
        ).reshape(len(ELEMENTS), len(minerals))
        notes = tuple(
            f"{item.mineral}: {flag}"
            for item, law in zip(phases, laws, strict=True)
            for flag in dict.fromkeys((*law.flags, item.flag))
            if flag
        )
        orders = {name: _orders(name, laws) for name in names}
        return cls(reading, minerals, tuple(laws), tuple(phases), names, orders, release, notes)

    def constants(self, temperature: Any) -> list[Array]:
        """k of every pathway, (mineral, lane)."""
        one = np.ones_like(np.asarray(temperature, dtype=np.float64))
        found = []
        for name in self.names:
            rows = [np.zeros_like(one)] * len(self.laws)
            for index, law in enumerate(self.laws):
                for term in law.terms:
                    if term.pathway == name:
                        rows[index] = one * term.constant(temperature) / _MOL_PER_KMOL
            found.append(np.stack(rows))
        return found

    @property
    def sigma(self) -> Array:
        """sigma of 1 - Omega^(1/sigma), (mineral, 1)."""
        return np.array([[item.sigma] for item in self.phases])

    def far_rates(self, constants: list[Array], at: Solution) -> list[Array]:
        """r of every pathway far from equilibrium, (mineral, lane), unit of ``constants``."""
        rates = []
        for name, constant in zip(self.names, constants, strict=True):
            on_proton, on_hydroxide, on_pressure = self.orders[name]
            log_product = on_proton * at.log_proton + on_hydroxide * at.log_hydroxide
            if on_pressure.any():
                log_product = log_product + on_pressure * np.log(at.pressure)
            rates.append(np.asarray(eq.braked_rate(constant, 1.0, log_product)))
        return rates

    def rates(self, constants: list[Array], at: Solution) -> list[Array]:
        """r of every pathway with its affinity, (mineral, lane), in the unit of ``constants``."""
        rates = self.far_rates(constants, at)
        if self.reading.affinity == "off":
            return rates
        affinity = self.affinity(at)
        return [rate * affinity for rate in rates]

    def affinity(self, at: Solution) -> Array:
        """max(0, 1 - Omega^(1/sigma)) of every mineral, (mineral, lane)."""
        ratios = np.exp(np.minimum(self.log_saturation_ratios(at), _MOST_SUPERSATURATED) * LN10)
        return np.asarray(eq.dissolution_affinity(ratios, self.sigma))

    def log_saturation_ratios(self, at: Solution) -> Array:
        """log10 of Omega, ion activity product over solubility constant, (mineral, lane)."""
        logs = {name: _log10(at.activities[name]) for name in ("Ca", "Mg", "K", "Na")}
        logs["Al"] = _log10(at.aluminium)
        logs["Si"] = _log10(at.silica)
        found = []
        for item in self.phases:
            product = -item.phase.protons * at.log_proton / LN10
            for ion, moles in item.phase.ions.items():
                product = product + moles * logs[ion]
            found.append(np.asarray(product - item.phase.log_solubility(at.temperature)))
        return np.stack(found)


def _log10(activity: Any) -> Array:
    return np.asarray(np.log10(np.maximum(activity, LEAST_LIGAND)))


def _orders(name: str, laws: list[RateLaw]) -> tuple[Array, Array, Array]:
    """Exponents on h, on {OH-} and on PCO2 of one pathway, (mineral, 1) each."""
    orders = {activity: np.zeros((len(laws), 1)) for activity in ("H", "OH", "CO2", "")}
    for index, law in enumerate(laws):
        for term in law.terms:
            if term.pathway == name:
                orders[term.activity][index] = term.order
    return orders["H"], orders["OH"], orders["CO2"]


def _without_solutes(chosen: WitchPhase, reading: ColumnReading) -> list[Problem]:
    """A phase that dissolves into ions that the soil solution does not carry has no Omega."""
    strange = [ion for ion in chosen.phase.ions if ion not in _SOLUTES]
    if reading.affinity == "off" or not strange:
        return []
    return [
        Problem(
            f"{chosen.mineral}, phase {chosen.phase.name}",
            "dissolves into " + ", ".join(strange),
            "phases of " + ", ".join(_SOLUTES),
            'affinity = "off", or leave the mineral out',
        )
    ]
