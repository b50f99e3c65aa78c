"""Equilibrium constants of the soil solution, each with its source."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from saprolite import equations as eq
from saprolite.constants import LN10
from saprolite.equations._typing import Number
from saprolite.equations.elementary import exp
from saprolite.minerals.tables import csv_rows, packaged_text


@dataclass(frozen=True)
class Equilibrium:
    """One reaction: a + b/T + c T, or log10 K at 25 degC with its enthalpy (kJ mol-1)."""

    name: str
    reaction: str
    coefficients: tuple[float, float, float] | None
    log_k_25: float
    enthalpy: float
    source: str
    confidence: str

    def constant(self, temperature: Number) -> Number:
        """K at a temperature (K), in kmol m-3 and atm.

        >>> import math
        >>> f"{math.log10(equilibrium('carbonic_1').constant(298.15)):.3f}"
        '-6.351'
        """
        if self.coefficients is not None:
            return eq.equilibrium_constant(temperature, *self.coefficients)
        return exp(LN10 * eq.vant_hoff(self.log_k_25, self.enthalpy, temperature))


def equilibrium(name: str) -> Equilibrium:
    """The reaction of that name in the packaged table.

    >>> equilibrium("al_oh_1").reaction
    'Al+3 + H2O = AlOH+2 + H+'
    """
    return equilibria()[name]


@cache
def equilibria() -> dict[str, Equilibrium]:
    """All reactions of the packaged table by name."""
    found = {}
    for row in csv_rows(packaged_text("equilibria.csv")):
        coefficients = (
            (float(row["a"]), float(row["b_K"]), float(row["c_per_K"])) if row["a"] else None
        )
        found[row["name"]] = Equilibrium(
            row["name"], row["reaction"], coefficients,
            float(row["log_k_25"] or "nan"), float(row["enthalpy_kJ_mol"] or 0.0),
            row["source"], row["confidence"],
        )  # fmt: skip
    return found
