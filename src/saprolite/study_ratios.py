"""When one source is brought to another by a ratio: the thresholds as fields of a study.

They are those of ``saprolite.sources.overlap.RatioRule``.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field


def _in_order(limits: list[float]) -> list[float]:
    low, high = limits
    if not 0.0 < low <= 1.0 <= high:
        raise ValueError("ratio_limits = [low, high] with 0 < low <= 1 <= high")
    return limits


RatioLimits = Annotated[
    list[float],
    Field(min_length=2, max_length=2, description="[smallest, largest] ratio; 0.2 to 5 by default"),
    AfterValidator(_in_order),
]
LeastMoisture = Annotated[
    float, Field(ge=0.0, lt=1.0, description="smallest mean soil moisture divided by, m3 m-3")
]
LeastRate = Annotated[
    float,
    Field(ge=0.0, lt=1e-3, description="smallest mean evapotranspiration divided by, kg m-2 s-1"),
]
