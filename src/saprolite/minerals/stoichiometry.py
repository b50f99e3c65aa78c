"""How much CO2 a mineral's weathering binds: base-cation charge, by row or by formula."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from saprolite.errors import MineralError, Problem, did_you_mean
from saprolite.minerals.tables import csv_rows, packaged_text

FORMULA_TABLES = ("soil_clay", "trioctahedral")


@dataclass(frozen=True)
class CO2PerMol:
    """CO2 bound per mol of mineral, by its formula."""

    mineral: str
    formula: str
    value: float
    source: str
    confidence: str
    flag: str


@dataclass(frozen=True)
class Composition:
    """Moles of element per mol of mineral, and the equivalents of its base cations."""

    row: str
    mineral: str
    elements: tuple[tuple[str, float], ...]
    equivalents_per_mol: float
    source: str
    confidence: str


@cache
def _formulas() -> dict[tuple[str, str], CO2PerMol]:
    return {
        (row["table"], row["mineral"]): CO2PerMol(
            row["mineral"], row["formula"], float(row["co2_per_mol"]),
            row["source"], row["confidence"], row["flag"],
        )
        for row in csv_rows(packaged_text("co2_per_mol.csv"))
    }  # fmt: skip


def co2_per_mol(mineral: str, table: str = "soil_clay") -> CO2PerMol:
    """CO2 bound per mol of mineral (stoichiometry ``mineral_formula``), mol mol-1.

    Raises ``MineralError`` for a table that does not exist or a mineral without a formula.

    >>> co2_per_mol("chlorite").value, co2_per_mol("smectite").value
    (10.0, 1.22)
    >>> co2_per_mol("vermiculite").confidence, co2_per_mol("vermiculite", "trioctahedral").value
    ('U', 6.86)
    """
    if table not in FORMULA_TABLES:
        raise MineralError(
            "Unknown table of CO2 per mol (1 problem)",
            [
                Problem(
                    "stoichiometry_table",
                    repr(table),
                    ", ".join(FORMULA_TABLES),
                    did_you_mean(table, FORMULA_TABLES),
                )
            ],
        )
    formulas = _formulas()
    found = formulas.get((table, mineral)) or formulas.get(("any", mineral))
    if found is None:
        raise MineralError(
            "No formula (1 problem)",
            [
                Problem(
                    f"{mineral}, stoichiometry mineral_formula",
                    "no formula in the table",
                    ", ".join(sorted({name for _, name in formulas})),
                    'use stoichiometry = "per_equivalent" or leave the mineral out',
                )
            ],
        )
    return found


@cache
def _compositions() -> dict[str, Composition]:
    elements = ("Ca", "Mg", "K", "Na", "Al", "Si", "P")
    return {
        row["row"]: Composition(
            row["row"], row["mineral"],
            tuple((element, float(row[element])) for element in elements),
            float(row["equivalents_per_mol"]), row["source"], row["confidence"],
        )
        for row in csv_rows(packaged_text("stoichiometry.csv"))
    }  # fmt: skip


def composition(row: str, mineral: str) -> Composition:
    """Composition of a kinetic row, or else of the first row of its mineral.

    >>> composition("Kaolinite", "kaolinite").equivalents_per_mol
    0.0
    """
    table = _compositions()
    if row in table:
        return table[row]
    for candidate in table.values():
        if candidate.mineral == mineral:
            return candidate
    raise MineralError(
        "No composition (1 problem)",
        [
            Problem(
                f"{mineral} (row {row})",
                "no stoichiometry",
                ", ".join(table),
                "leave the mineral out",
            )
        ],
    )
