"""The comparisons between models that the manuscript makes (its Fig 7c to e), and variants.

Neither the simple mineral model nor WITCH is published with the numbers that it was run with: what
stands for them here is named in the title of each comparison.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from saprolite.analysis.ratios import ratio_statistics
from saprolite.comparison.compare import (
    FROM_BICARBONATE,
    AssumedSolution,
    Model,
    compare_models,
)
from saprolite.models import ColumnReading, Reading

# The table of the kinetic rows prints a pkH of smectite that cannot be right; this row reads it.
_SMECTITE_ROW = {"smectite": "Smectite_pkH_14.9"}
_SIMPLE_MINERALS = ("chlorite", "mica", "vermiculite")


@dataclass(frozen=True)
class Pairs:
    """A comparison done: one row per horizon and mineral, and its statistics by quantity."""

    table: pd.DataFrame
    statistics: Mapping[str, pd.DataFrame]


@dataclass(frozen=True)
class Comparison:
    """Two models, the minerals, and what is assumed of the soil solution.

    ``name`` is that of files; ``figure`` and ``claims`` say what of the manuscript it belongs to;
    ``label_a`` and ``label_b`` name the models on axes.
    """

    name: str
    figure: str
    claims: tuple[str, ...]
    title: str
    minerals: tuple[str, ...]
    label_a: str
    label_b: str
    model_a: Model
    model_b: Model
    assumed: AssumedSolution = field(default_factory=AssumedSolution)

    def run(self, sites: pd.DataFrame) -> Pairs:
        """Compute both models at the sites."""
        table = compare_models(sites, self.minerals, self.model_a, self.model_b, self.assumed)
        return Pairs(
            table,
            {name: ratio_statistics(table, name) for name in ("rate", "weathering")},
        )

    @property
    def caption(self) -> str:
        """What a figure or table says of the models, one sentence each."""
        named = {
            "doc": "{} kg m-3 of dissolved organic carbon",
            "log_gibbsite": "log K of gibbsite {}",
            "base_cations": "{} kmol m-3 of base cations",
        }
        assumed = [
            text.format(value)
            for name, text in named.items()
            if isinstance(value := getattr(self.assumed, name), float | int)
        ]
        if self.assumed.base_cations == FROM_BICARBONATE:
            assumed.append("base cations that balance bicarbonate (the least there can be)")
        return (
            f"a: {_reading_text(self.model_a)}. b: {_reading_text(self.model_b)}. "
            f"Assumed of the solution: {', '.join(assumed) if assumed else 'nothing'}."
        )


def _reading_text(model: Model) -> str:
    if isinstance(model, ColumnReading):
        return model.summary()
    changes = ", ".join(f"{key}={value!r}" for key, value in model.differences().items())
    return f"PROFILE, CO2 pathway, {model.kinetics} constants" + (f"; {changes}" if changes else "")


def _simple(**changes: Any) -> ColumnReading:
    return ColumnReading(model="simple", **changes)


def _witch_type() -> ColumnReading:
    return ColumnReading(model="witch-type", chemistry="prescribed", affinity="off")


_CO2 = "PROFILE, CO2 pathway"
_ALL = "PROFILE, all pathways"
_WITCH = "WITCH-type, Hermanska constants"
_FAR = "far from equilibrium"
# Recalled default of PROFILE for B horizons; the profiles hold no aluminium.
_GIBBSITE = 8.5
_NO_ACID = {"organic_acid": "none"}

MANUSCRIPT: tuple[Comparison, ...] = (
    Comparison(
        "simple_brakes_off", "7c", ("C109", "C110"),
        "PROFILE's CO2 pathway and the simple mineral model, brakes off",
        _SIMPLE_MINERALS, _CO2, "simple mineral model, brakes off",
        Reading(), _simple(brakes="off", **_NO_ACID),
    ),
    Comparison(
        "simple_brakes_on", "7c", ("C109", "C110"),
        "PROFILE's CO2 pathway and the simple mineral model, brakes on",
        _SIMPLE_MINERALS, _CO2, "simple mineral model, brakes on",
        Reading(), _simple(brakes="on", **_NO_ACID),
        AssumedSolution(log_gibbsite=_GIBBSITE, base_cations=FROM_BICARBONATE),
    ),
    Comparison(
        "simple_co2_pathway", "7c", ("C109", "C110"),
        "PROFILE's CO2 pathway and that of the simple mineral model: temperature and area alone",
        _SIMPLE_MINERALS, _CO2, "simple mineral model, CO2 pathway",
        Reading(), _simple(pathways="CO2"),
    ),
    Comparison(
        "witch_type_smectite", "7d", ("C111", "C113"),
        f"PROFILE's CO2 pathway and the WITCH-type model, smectite, {_FAR}",
        ("smectite",), _CO2, _WITCH, Reading(), _witch_type(),
    ),
    Comparison(
        "witch_type_illite", "7e", ("C112", "C113"),
        f"PROFILE's CO2 pathway and the WITCH-type model, illite, {_FAR}",
        ("illite",), _CO2, _WITCH, Reading(), _witch_type(),
    ),
    Comparison(
        "witch_type_all_pathways", "7d, 7e", ("C111", "C112", "C113"),
        f"PROFILE with all pathways and the WITCH-type model, {_FAR}",
        ("smectite", "illite"), _ALL, _WITCH,
        ColumnReading(
            chemistry="prescribed", brakes="off", kinetic_rows=_SMECTITE_ROW, organic_acid="none"
        ),
        _witch_type(),
    ),
)  # fmt: skip
