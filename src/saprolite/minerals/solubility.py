"""Solubility of minerals, and the law, phase and sigma that go together in the WITCH-type model."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from types import MappingProxyType

from saprolite.equations._typing import Number
from saprolite.equations.transition_state import log_solubility, vant_hoff
from saprolite.errors import MineralError, Problem, did_you_mean
from saprolite.minerals.mineral import Mineral
from saprolite.minerals.tables import csv_rows, packaged_text
from saprolite.minerals.transition_state import (
    RateLaw,
    TransitionStateTable,
    no_rate_law,
    refuse_unlikely_temperature,
)

IONS = ("Ca", "Mg", "K", "Na", "Al", "Si", "Fe2", "Fe3", "HCO3", "CO3")
ELEMENTS = ("Ca", "Mg", "K", "Na", "Al", "Si", "Fe")
_COEFFICIENTS = ("a0", "a1", "a2", "a3", "a4", "a5")


@dataclass(frozen=True)
class Phase:
    """A mineral of a thermodynamic database and its dissolution reaction.

    ``coefficients``: a0 to a5 of log10 K(T), or None; ``ions``: mol of each ion released per mol
    (Si as H4SiO4 or SiO2(aq), Fe2 as Fe+2, Fe3 as Fe+3, besides Ca, Mg, K, Na, Al, HCO3, CO3);
    ``protons``: mol of H+ consumed; ``elements``: mol of element released, Fe in all its states;
    ``enthalpy`` of the reaction, kJ mol-1; ``equivalents_per_mol``: 2 Ca + 2 Mg + K + Na.
    """

    database: str
    name: str
    mineral: str
    reaction: str
    log_k_25: float
    enthalpy: float | None
    coefficients: tuple[float, ...] | None
    ions: Mapping[str, float]
    elements: Mapping[str, float]
    protons: float
    equivalents_per_mol: float
    source: str
    confidence: str
    flag: str

    def log_solubility(self, temperature: Number) -> Number:
        """log10 K at ``temperature`` (K): the analytic expression, or else van 't Hoff.

        Like PHREEQC, the expression is used wherever there is one, also at 25 degC, where some of
        llnl's differ from ``log_k_25`` by up to 0.19 (see ``flag``).

        >>> f"{phase('thermoddem', 'Kaolinite').log_solubility(298.15):.3f}"
        '6.483'
        """
        refuse_unlikely_temperature(f"solubility of {self.name}", temperature)
        if self.coefficients is not None:
            return log_solubility(temperature, *self.coefficients)
        return vant_hoff(self.log_k_25, self.enthalpy, temperature)


@dataclass(frozen=True)
class WitchPhase:
    """What the WITCH-type model takes for a mineral: rate law, phase, sigma of 1 - Omega^(1/sigma),
    and the mol of each element released per mol (those of the phase, unless another mineral's
    phase stands for its solubility)."""

    mineral: str
    law: RateLaw
    phase: Phase
    released: Mapping[str, float]
    sigma: float
    sigma_source: str
    confidence: str
    flag: str


@cache
def _phases() -> dict[tuple[str, str], Phase]:
    return {
        (row["database"], row["phase"]): _phase(row)
        for row in csv_rows(packaged_text("solubility.csv"))
    }


def _phase(row: dict[str, str]) -> Phase:
    return Phase(
        database=row["database"],
        name=row["phase"],
        mineral=row["mineral"],
        reaction=row["reaction"],
        log_k_25=float(row["log_k_25"]),
        enthalpy=float(row["enthalpy_kJ_mol"]) if row["enthalpy_kJ_mol"] else None,
        coefficients=tuple(float(row[key] or 0.0) for key in _COEFFICIENTS) if row["a0"] else None,
        ions=MappingProxyType({ion: float(row[ion]) for ion in IONS if row[ion]}),
        elements=MappingProxyType({key: float(row[key]) for key in ELEMENTS if row[key]}),
        protons=float(row["H"] or 0.0),
        equivalents_per_mol=float(row["equivalents_per_mol"]),
        source=row["source"],
        confidence=row["confidence"],
        flag=row["flag"],
    )


def phases() -> tuple[Phase, ...]:
    """All phases, in the order of the table."""
    return tuple(_phases().values())


def phase(database: str, name: str) -> Phase:
    """A phase by its database ("llnl", "phreeqc", "thermoddem") and its name there.

    >>> illite = phase("llnl", "Illite")
    >>> illite.log_k_25, dict(illite.ions), illite.protons, illite.equivalents_per_mol
    (9.026, {'Mg': 0.25, 'K': 0.6, 'Al': 2.3, 'Si': 3.5}, 8.0, 1.1)
    """
    table = _phases()
    if (database, name) in table:
        return table[database, name]
    databases = tuple(dict.fromkeys(key[0] for key in table))
    if database not in databases:
        problem = Problem(
            "database", repr(database), ", ".join(databases), did_you_mean(database, databases)
        )
    else:
        names = [key[1] for key in table if key[0] == database]
        problem = Problem(
            f"phase of {database}", repr(name), ", ".join(names), did_you_mean(name, names)
        )
    raise MineralError("Unknown phase (1 problem)", [problem])


def witch_minerals() -> tuple[str, ...]:
    """Minerals that the WITCH-type model has numbers for."""
    return tuple(_witch_rows())


@cache
def _witch_rows() -> dict[str, dict[str, str]]:
    return {row["mineral"]: row for row in csv_rows(packaged_text("witch_phases.csv"))}


def witch_phase(mineral: str) -> WitchPhase:
    """Rate law, phase and sigma that the WITCH-type model takes for a mineral by default.

    Raises ``MineralError`` for a mineral without them; for vermiculite, which has no rate law of
    this type, the error names the laws that bound it.

    >>> chosen = witch_phase("smectite")
    >>> chosen.law.row, chosen.phase.name, chosen.sigma
    ('Montmorillonite', 'Montmor-Ca', 4.0)
    """
    Mineral.named(mineral)
    row = _witch_rows().get(mineral)
    if row is None:
        if mineral == "vermiculite":
            raise no_rate_law(mineral, None, TransitionStateTable.named("hermanska"))
        raise MineralError(
            "No choice of rate law and phase (1 problem)",
            [
                Problem(
                    f"{mineral}, WITCH-type model",
                    "no rate law with a phase and a sigma",
                    ", ".join(witch_minerals()),
                    "leave the mineral out, or use another model",
                )
            ],
        )
    chosen = phase(row["solubility_database"], row["phase"])
    own = dict(item.split("=") for item in row["released"].split())
    return WitchPhase(
        mineral=mineral,
        law=TransitionStateTable.named(row["kinetics_table"]).law(mineral, row["kinetics_row"]),
        phase=chosen,
        released={name: float(moles) for name, moles in own.items()} or chosen.elements,
        sigma=float(row["sigma"]),
        sigma_source=row["sigma_source"],
        confidence=row["confidence"],
        flag=row["flag"],
    )
