"""Relative contributions where soil dries or warms: the statistics behind Fig 9."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite.analysis.areas import Area
from saprolite.analysis.attribution import statistics
from saprolite.analysis.trend_maps import CellTrends, ratio, significant
from saprolite.equations import RelativeContribution
from saprolite.study_analysis import AnalysisChoices

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Mask(NamedTuple):
    """Cells where something holds, and what is looked at there."""

    name: str
    driver: str
    cells: Flags


def masks(
    moisture: CellTrends,
    temperature: CellTrends,
    found: RelativeContribution,
    choices: AnalysisChoices,
) -> tuple[Mask, ...]:
    """The masks of Fig 9 (a to d), and their counterparts where soil gets wetter or cooler.

    ``moisture`` and ``temperature`` are the trends of the two states, ``found`` the relative
    contributions, of the same layers. By ``[analysis] masks`` a trend counts by its sign, or only
    where it is significant too.
    """
    drying, wetting = _moving(moisture, choices, -1.0), _moving(moisture, choices, 1.0)
    cooling, warming = _moving(temperature, choices, -1.0), _moving(temperature, choices, 1.0)
    less, more = np.asarray(found.moisture) < 0.0, np.asarray(found.temperature) > 0.0
    return (
        Mask("drying", "soil_moisture", drying),
        Mask("drying_and_moisture_contribution_negative", "soil_temperature", drying & less),
        Mask("warming", "soil_temperature", warming),
        Mask("warming_and_temperature_contribution_positive", "soil_moisture", warming & more),
        Mask("wetting", "soil_moisture", wetting),
        Mask("cooling", "soil_temperature", cooling),
        Mask("drying_and_warming", "soil_moisture", drying & warming),
        Mask("drying_and_warming", "soil_temperature", drying & warming),
    )


def mask_rows(
    chosen: tuple[Mask, ...],
    found: RelativeContribution,
    cell_area: Array,
    areas: Sequence[Area],
    layers: str,
) -> list[dict[str, Any]]:
    """One row an area and mask: its share of the area, mean RC of its driver, shares of signs."""
    parts: Mapping[str, Array] = {
        "soil_moisture": np.asarray(found.moisture),
        "soil_temperature": np.asarray(found.temperature),
    }
    rows = []
    for area in areas:
        whole = float(cell_area[area.cells].sum())
        for mask in chosen:
            cells = mask.cells & area.cells
            rows.append(
                {"kind": area.kind, "area": area.name, "mask": mask.name, "layers": layers,
                 "driver": mask.driver,
                 "mask_area_percent": 100.0 * ratio(float(cell_area[cells].sum()), whole),
                 **statistics(parts[mask.driver], cell_area, cells)}
            )  # fmt: skip
    return rows


def _moving(trends: CellTrends, choices: AnalysisChoices, sign: float) -> Flags:
    moves = sign * trends.slope > 0.0
    return moves & significant(trends, choices.alpha) if choices.masks == "significant" else moves
