"""Maps of classes: what controls the trend of a cell, and whether two drivers push it one way."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.analysis.trend_maps import ratio
from saprolite.equations import RelativeContribution

Array = npt.NDArray[np.float64]
Classes = npt.NDArray[np.uint8]
# Codes of the main control: of the three parts the one of the greatest size.
CONTROLS: Mapping[int, str] = MappingProxyType(
    {0: "no_trend_or_no_data", 1: "soil_moisture", 2: "soil_temperature", 3: "undetermined"}
)
# Codes of the synergy of soil moisture and soil temperature.
SYNERGIES: Mapping[int, str] = MappingProxyType(
    {0: "no_trend_or_no_data", 1: "both_positive", 2: "both_negative", 3: "opposite",
     4: "one_is_zero"}
)  # fmt: skip


def main_control(found: RelativeContribution) -> Classes:
    """Code of the part with the greatest |RC| (Fig 8b); ``undetermined`` where the residual has it.

    0 without any trend. Of equal sizes soil moisture goes before soil temperature, that before the
    residual.

    >>> parts = RelativeContribution(*np.array([[60.0, -10.0, np.nan], [-30.0, 20.0, np.nan],
    ...                                         [10.0, 70.0, np.nan]]))
    >>> main_control(parts).tolist()
    [1, 3, 0]
    """
    sizes = np.abs(np.stack([np.asarray(part) for part in found]))
    known = np.isfinite(sizes).all(axis=0)
    return np.where(known, np.argmax(np.where(known, sizes, 0.0), axis=0) + 1, 0).astype(np.uint8)


def synergy(found: RelativeContribution) -> Classes:
    """Code of the signs of RC(SM) and RC(STMP) together (Fig 8a).

    >>> parts = RelativeContribution(np.array([5.0, -5.0, 5.0, 0.0, np.nan]),
    ...     np.array([5.0, -5.0, -5.0, 5.0, 1.0]), np.zeros(5))
    >>> [SYNERGIES[code] for code in synergy(parts).tolist()]
    ['both_positive', 'both_negative', 'opposite', 'one_is_zero', 'no_trend_or_no_data']
    """
    moisture, temperature = np.asarray(found.moisture), np.asarray(found.temperature)
    known = np.isfinite(moisture) & np.isfinite(temperature)
    conditions = [
        ~known,
        (moisture > 0.0) & (temperature > 0.0),
        (moisture < 0.0) & (temperature < 0.0),
        (moisture == 0.0) | (temperature == 0.0),
    ]
    return np.select(conditions, [0, 1, 2, 4], 3).astype(np.uint8)


def class_rows(
    classes: Classes,
    names: Mapping[int, str],
    found: RelativeContribution,
    cell_area: Array,
    inside: npt.NDArray[np.bool_],
) -> list[dict[str, Any]]:
    """Area and shares of every class among some cells; shares add up to 100.

    With the mean over the class of RC(SM) + RC(STMP), by area, %: what the two drivers add to its
    trends together.
    """
    together = np.asarray(found.moisture) + np.asarray(found.temperature)
    whole, count = float(cell_area[inside].sum()), int(inside.sum())
    rows = []
    for code, name in names.items():
        here = inside & (classes == code)
        area = float(cell_area[here].sum())
        known = here & np.isfinite(together)
        rows.append(
            {
                "class": name,
                "cells_count": int(here.sum()),
                "area_km2": area,
                "area_percent": 100.0 * ratio(area, whole),
                "cells_percent": 100.0 * ratio(int(here.sum()), count),
                "mean_of_both_area_weighted_percent": ratio(
                    float(together[known] @ cell_area[known]), float(cell_area[known].sum())
                ),
            }
        )
    return rows
