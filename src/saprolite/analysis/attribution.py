"""What drives the trends: relative contributions of cells and of areas (Eqs 9, 10)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.analysis.areas import Area
from saprolite.analysis.trend_maps import ratio
from saprolite.equations import (
    RelativeContribution,
    relative_contribution,
    relative_contribution_to_total,
)
from saprolite.study_analysis import AnalysisChoices

Array = npt.NDArray[np.float64]
# The three parts of Eq 10 by what they are called in the tables.
PARTS = {
    "soil_moisture": "moisture", "soil_temperature": "temperature", "residual": "residual",
}  # fmt: skip


def contributions(
    total: Array, moisture: Array, temperature: Array, choices: AnalysisChoices
) -> RelativeContribution:
    """Eq 10 on slopes of the control and of the two experiments, in %, as the choices say.

    >>> found = contributions(np.array([1.0]), np.array([-0.4]), np.array([0.2]), AnalysisChoices())
    >>> [f"{part[0]:.3f}" for part in found]
    ['-22.222', '11.111', '66.667']
    """
    if choices.relative_to == "total":
        return relative_contribution_to_total(total, moisture, temperature)
    return relative_contribution(total, moisture, temperature)


def contribution_rows(
    found: RelativeContribution, cell_area: Array, areas: Sequence[Area], layers: str
) -> list[dict[str, Any]]:
    """Relative contributions by area: means over the cells that have one, and shares of signs.

    Cells without any trend have none (0/0); their area is ``undefined_area_percent``. Shares are of
    the area of the cells that have a contribution; the three signs add up to 100.
    """
    rows = []
    for area in areas:
        for name, part in PARTS.items():
            values = np.asarray(getattr(found, part))
            rows.append(
                {"kind": area.kind, "area": area.name, "layers": layers, "driver": name,
                 **statistics(values, cell_area, area.cells)}
            )  # fmt: skip
    return rows


def statistics(
    values: Array, cell_area: Array, inside: npt.NDArray[np.bool_]
) -> dict[str, float | int]:
    """Means of a relative contribution over some cells, %, and the shares of its signs."""
    known = inside & np.isfinite(values)
    value, area = values[known], cell_area[known]
    whole = float(area.sum())
    row: dict[str, float | int] = {
        "cells_count": int(known.sum()),
        "area_km2": whole,
        "mean_area_weighted_percent": ratio(float(value @ area), whole),
        "mean_unweighted_percent": ratio(float(value.sum()), value.size),
        "mean_size_area_weighted_percent": ratio(float(np.abs(value) @ area), whole),
    }
    for word, which in (("positive", value > 0.0), ("negative", value < 0.0), ("zero", value == 0)):
        row[f"{word}_area_percent"] = 100.0 * ratio(float(area[which].sum()), whole)
        row[f"{word}_cells_percent"] = 100.0 * ratio(float(which.sum()), value.size)
    all_cells = float(cell_area[inside].sum())
    row["undefined_area_percent"] = 100.0 * ratio(all_cells - whole, all_cells)
    return row


def driver_rows(
    slopes: Mapping[str, float], area: Area, layers: str, choices: AnalysisChoices
) -> dict[str, Any]:
    """What the trend of an area's total is made of.

    ``slopes``: of the total of each series, Tg C yr-2. Gives each series, the residual of Eq 10,
    the relative contributions (where both experiments are there), and what the four exact
    contributions leave of the control (0 but for rounding).
    """
    row: dict[str, Any] = {"kind": area.kind, "area": area.name, "layers": layers}
    row |= {f"{name}_Tg_C_yr-2": slope for name, slope in slopes.items()}
    names = ("control", "soil_moisture_only", "soil_temperature_only")
    if all(name in slopes for name in names):
        control, moisture, temperature = (np.float64(slopes[name]) for name in names)
        row["residual_Tg_C_yr-2"] = control - moisture - temperature
        found = contributions(control, moisture, temperature, choices)  # type: ignore[arg-type]
        row |= {
            f"relative_contribution_of_{name}_percent": float(getattr(found, part))
            for name, part in PARTS.items()
        }
    exact = [slope for name, slope in slopes.items() if name.startswith("contribution_of_")]
    if exact:
        row["control_less_contributions_Tg_C_yr-2"] = slopes["control"] - sum(exact)
    return row
