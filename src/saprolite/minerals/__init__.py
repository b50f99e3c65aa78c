"""Minerals and their numbers, each with its source and confidence."""

from saprolite.minerals.equilibria import Equilibrium, equilibria, equilibrium
from saprolite.minerals.kinetics import PACKAGED, PATHWAYS, KineticRow, KineticTable
from saprolite.minerals.mineral import CLAY_MINERALS, Mineral, share_of_map_class
from saprolite.minerals.solubility import Phase, WitchPhase, phase, witch_minerals, witch_phase
from saprolite.minerals.stoichiometry import (
    FORMULA_TABLES,
    CO2PerMol,
    Composition,
    co2_per_mol,
    composition,
)
from saprolite.minerals.transition_state import (
    TRANSITION_STATE_TABLES,
    RateLaw,
    RateTerm,
    TransitionStateTable,
)

__all__ = [
    "CLAY_MINERALS",
    "FORMULA_TABLES",
    "PACKAGED",
    "PATHWAYS",
    "TRANSITION_STATE_TABLES",
    "CO2PerMol",
    "Composition",
    "Equilibrium",
    "KineticRow",
    "KineticTable",
    "Mineral",
    "Phase",
    "RateLaw",
    "RateTerm",
    "TransitionStateTable",
    "WitchPhase",
    "co2_per_mol",
    "composition",
    "equilibria",
    "equilibrium",
    "phase",
    "share_of_map_class",
    "witch_minerals",
    "witch_phase",
]
