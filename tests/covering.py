"""Readings that together have every option of every choice: each kernel is compiled for as few as
can be, once for all tests."""

from __future__ import annotations

from typing import Any

from saprolite.models import Reading

COVERING: dict[str, dict[str, Any]] = {
    "canonical": {},
    "physical": {"preset": "profile_physical"},
    "original": {"preset": "profile_original"},
    "literal": {"preset": "manuscript_literal"},
    "trailing": {"et_mode": "trailing12", "frozen_form": "logistic", "frozen_action": "both",
                 "mineral_basis": "clay"},
    "annual mean": {"drivers": "annual_mean", "moisture_density": "theta_only",
                    "frozen_form": "linear", "pco2_limit": "cap", "pco2_limit_value": 0.01,
                    "coarse_sand": "excluded", "coarse_sand_share": 0.4},
    "degree days": {"frozen_form": "degree_days", "frozen_action": "annual_factor",
                    "calendar": "actual", "pco2_limit": "saturating", "pco2_limit_value": 0.02,
                    "coarse_sand": "reduced", "coarse_sand_share": 0.3},
    "no frost": {"frozen_form": "none", "frozen_action": "none", "pco2_limit": "scaled",
                 "pco2_limit_value": 0.02, "thickness": "none", "stoichiometry": "mineral_formula",
                 "stoichiometry_table": "trioctahedral"},
    "surface": {"preset": "raw_surface_base10"},
}  # fmt: skip


def reading_of(choices: dict[str, Any]) -> Reading:
    """A reading as a study says it."""
    changes = {name: value for name, value in choices.items() if name != "preset"}
    return Reading.preset(choices.get("preset", "canonical"), **changes)
