"""The soil solution of one layer: carbonates, aluminium, organic acid, and the pH they balance at.

Everything is per lane (site or cell). The unknown is x = ln h, h the activity of H+.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite import equations as eq
from saprolite.column.newton import Flags, bracketed_newton, changes_sign
from saprolite.constants import DAVIES_LINEAR, LN10
from saprolite.minerals import equilibrium
from saprolite.models import ColumnReading

Array = npt.NDArray[np.float64]
LEAST_PH, GREATEST_PH = 1.0, 13.0
GREATEST_IONIC_STRENGTH = 0.5
HYDROLYSIS = ("al_oh_1", "al_oh_2", "al_oh_3", "al_oh_4")
_AL_CHARGES = (2, 1, 0, -1)


class Alkalinity(NamedTuple):
    """ANC (kmol_c m-3) and what the minerals feel, with derivatives to ln h."""

    value: Array
    slope: Array
    scale: Array
    aluminium: Array
    aluminium_slope: Array
    ligand: Array
    ligand_slope: Array


@dataclass(frozen=True)
class Chemistry:
    """Equilibria of a layer at its temperature, per lane; gamma by charge 1, 2, 3."""

    reading: ColumnReading
    water: Array
    henry: Array
    first: Array
    second: Array
    pressure: Array
    organic_charge: Array
    organic: tuple[Array, Array, Array]
    log_gibbsite: Array
    exponent: Array
    hydrolysis: tuple[Array, ...]
    gamma: tuple[Array, Array, Array]

    @classmethod
    def of(
        cls,
        reading: ColumnReading,
        temperature: Array,
        pressure: Array,
        doc: Array,
        log_gibbsite: Array,
        exponent: Array,
    ) -> Chemistry:
        """Constants at soil temperature (K) for PCO2 (atm), DOC (kg C m-3) and gibbsite."""
        one = np.ones_like(temperature)
        if reading.gibbsite_temperature == "vant_hoff":
            enthalpy = equilibrium("gibbsite").enthalpy
            # The exponent of the layer scales the reaction, and its enthalpy with it.
            log_gibbsite = eq.vant_hoff(log_gibbsite, enthalpy * exponent / 3.0, temperature)
        hydrolysis: tuple[Array, ...] = ()
        if reading.aluminium_species == "hydrolysed":
            hydrolysis = tuple(equilibrium(name).constant(temperature) for name in HYDROLYSIS)
        k1, k2, k3 = (
            one * equilibrium(f"organic_{step}").constant(temperature) for step in (1, 2, 3)
        )
        charge = 0.0 if reading.organic_acid == "none" else reading.organic_charge_density
        return cls(
            reading,
            equilibrium("water").constant(temperature),
            equilibrium("henry_co2").constant(temperature),
            equilibrium("carbonic_1").constant(temperature),
            equilibrium("carbonic_2").constant(temperature),
            pressure,
            charge * doc,
            (k1, k2, k3),
            log_gibbsite * one,
            exponent * one,
            hydrolysis,
            (one, one, one),
        )

    def with_ionic_strength(self, ionic_strength: Array) -> Chemistry:
        """The same layer with the activity coefficients of an ionic strength (kmol m-3)."""
        if self.reading.activity == "off":
            return self
        # Beyond its range the formula would grow without bound.
        ionic_strength = np.minimum(ionic_strength, GREATEST_IONIC_STRENGTH)
        linear = DAVIES_LINEAR if self.reading.activity == "davies" else 0.0
        one, two, three = (
            np.asarray(eq.activity_coefficient(ionic_strength, charge, linear))
            for charge in (1, 2, 3)
        )
        return replace(self, gamma=(one, two, three))

    def updated(self, other: Chemistry, lanes: Flags) -> Chemistry:
        """The same layer with the activity coefficients of ``other`` on some lanes."""
        one, two, three = (
            np.where(lanes, new, old) for old, new in zip(self.gamma, other.gamma, strict=True)
        )
        return replace(self, gamma=(one, two, three))

    def change_of_activity(self, other: Chemistry) -> Array:
        """Largest difference of the activity coefficients of ``other``, per lane."""
        change: Array = np.zeros((1,))
        for new, old in zip(other.gamma, self.gamma, strict=True):
            change = np.maximum(change, np.abs(new - old))
        return change

    def aluminium(self, x: Array) -> Array:
        """Activity of Al3+, kmol m-3."""
        return np.asarray(eq.aluminium_activity(x, self.log_gibbsite, self.exponent))

    def log_hydroxide(self, x: Array) -> Array:
        """ln of the activity of OH-."""
        return np.asarray(np.log(self.water) - x)

    def concentrations(self, x: Array) -> dict[str, Array]:
        """Concentrations, kmol m-3, of the ions that equilibria fix; ``R`` as charge."""
        one, two, three = self.gamma
        h = np.exp(x)
        found = {
            "H": h / one,
            "OH": eq.hydroxide(h, self.water) / one,
            "HCO3": eq.bicarbonate(h, self.pressure, self.henry, self.first) / one,
            "CO3": eq.carbonate(h, self.pressure, self.henry, self.first, self.second) / two,
            "R": self._organic(x)[0],
        }
        aluminium = self.aluminium(x)
        found["Al"] = aluminium / three
        by_charge = {2: two, 1: one, 0: np.ones_like(one), -1: one}
        for index, beta in enumerate(self.hydrolysis):
            activity = eq.hydrolysed_aluminium(aluminium, x, beta, index + 1)
            found[f"AlOH{index + 1}"] = activity / by_charge[_AL_CHARGES[index]]
        return {name: np.asarray(value) for name, value in found.items()}

    def alkalinity(self, x: Array) -> Alkalinity:
        """ANC of the equilibria at ln h, and its derivative (falling with h)."""
        ions = self.concentrations(x)
        al_charge, al_slope, al_size = eq.aluminium_charge(
            ions["Al"], *_charged_aluminium(ions), self.exponent
        )
        oh, hco3, co3, h = ions["OH"], ions["HCO3"], ions["CO3"], ions["H"]
        ligand, ligand_slope, _ = self._organic(x)
        aluminium = self.aluminium(x)
        return Alkalinity(
            np.asarray(eq.alkalinity(oh, hco3, co3, ligand, h, al_charge)),
            np.asarray(eq.alkalinity_slope(oh, hco3, co3, ligand_slope, h, al_slope)),
            np.asarray(eq.alkalinity_scale(oh, hco3, co3, ligand, h, al_size)),
            aluminium, self.exponent * aluminium, ligand, ligand_slope,
        )  # fmt: skip

    def ionic_strength(self, x: Array, strong: Mapping[str, Array]) -> Array:
        """I (kmol m-3) with the strong ions (kmol_c m-3: Ca, Mg, K, Na, NH4, SO4, NO3, Cl)."""
        ions = self.concentrations(x)
        total = eq.strong_ionic_strength(
            *(strong[name] for name in ("Ca", "Mg", "K", "Na", "NH4", "NO3", "SO4", "Cl"))
        )
        strength = eq.ionic_strength(
            total, ions["H"], ions["OH"], ions["HCO3"], ions["CO3"], self._organic(x)[2],
            ions["Al"], *_charged_aluminium(ions),
        )  # fmt: skip
        return np.asarray(strength)

    def solve_ph(self, strong_charge: Array, start: Array) -> tuple[Array, Flags]:
        """ln h at which the ANC equals the charge of the strong ions (kmol_c m-3)."""

        def imbalance(x: Array) -> tuple[Array, Array, Array]:
            anc = self.alkalinity(x)
            return strong_charge - anc.value, -anc.slope, anc.scale + np.abs(strong_charge)

        low, high = log_proton_bracket(strong_charge)
        lanes = changes_sign(imbalance, low, high)
        x, found = bracketed_newton(imbalance, low, high, start, lanes)
        return np.where(found, x, np.nan), found

    def _organic(self, x: Array) -> tuple[Array, Array, Array]:
        """Charge of the organic acid, its derivative to ln h, and the sum of c z^2, kmol m-3."""
        if self.reading.organic_acid == "triprotic":
            one, two, three = self.gamma
            k1, k2, k3 = self.organic
            constants = (k1 / one, k2 * one / two, k3 * two / three)
            acid = self.organic_charge / 3.0
            return (
                np.asarray(eq.triprotic_charge(x, acid, *constants)),
                np.asarray(eq.triprotic_charge_slope(x, acid, *constants)),
                np.asarray(eq.triprotic_square_charge(x, acid, *constants)),
            )
        anion = np.asarray(eq.oliver_anion(x, self.organic_charge))
        return anion, np.asarray(eq.oliver_anion_slope(x, self.organic_charge)), anion


def _charged_aluminium(ions: Mapping[str, Array]) -> tuple[Any, Any, Any]:
    """AlOH++, Al(OH)2+ and Al(OH)4-; 0 where aluminium is Al3+ alone."""
    return ions.get("AlOH1", 0.0), ions.get("AlOH2", 0.0), ions.get("AlOH4", 0.0)


def log_proton_bracket(like: Array) -> tuple[Array, Array]:
    """ln h at pH 13 and at pH 1, the limits of every search."""
    one = np.ones_like(like)
    return -LN10 * GREATEST_PH * one, -LN10 * LEAST_PH * one
