"""What the soil of a run is made of: means of its static inputs over the land, by layer."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from saprolite.analysis.annual import AnnualFields
from saprolite.analysis.layer_groups import layer_groups
from saprolite.analysis.trend_maps import ratio
from saprolite.variables import REGISTRY

_INPUTS = ("bulk_density", "clay", "silt", "sand", "effective_thickness", "mineral_share")


def static_inputs(fields: AnnualFields) -> dict[str, pd.DataFrame]:
    """The table ``static_inputs``: each input by layer (and mineral), mean by area of the land.

    No table where the run keeps no inputs.
    """
    inputs = fields.inputs
    if inputs is None:
        return {}
    names = [group.name for group in layer_groups(fields.layer_bounds)[: len(fields.layer_bounds)]]
    rows: list[dict[str, Any]] = []
    for name in _INPUTS:
        if name not in inputs:
            continue
        values = inputs[name].values
        minerals = inputs["mineral"].values if "mineral" in inputs[name].dims else [""]
        for mineral, layers in zip(minerals, values.reshape(-1, *values.shape[-2:]), strict=True):
            for layer, value in zip(names, layers, strict=True):
                known = np.isfinite(value)
                area = fields.area[known]
                rows.append(
                    {"input": name, "mineral": mineral, "layers": layer,
                     "unit": REGISTRY[name].unit,
                     "mean_area_weighted_unit": ratio(float(value[known] @ area), area.sum()),
                     "area_km2": float(area.sum())}
                )  # fmt: skip
    return {"static_inputs": pd.DataFrame(rows)} if rows else {}
