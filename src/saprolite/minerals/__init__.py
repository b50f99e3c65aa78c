"""Minerals and their numbers, each with its source and confidence."""

from saprolite.minerals.kinetics import PACKAGED, PATHWAYS, KineticRow, KineticTable
from saprolite.minerals.mineral import CLAY_MINERALS, Mineral, share_of_map_class
from saprolite.minerals.stoichiometry import (
    FORMULA_TABLES,
    CO2PerMol,
    Composition,
    co2_per_mol,
    composition,
)

__all__ = [
    "CLAY_MINERALS",
    "FORMULA_TABLES",
    "PACKAGED",
    "PATHWAYS",
    "CO2PerMol",
    "Composition",
    "KineticRow",
    "KineticTable",
    "Mineral",
    "co2_per_mol",
    "composition",
    "share_of_map_class",
]
