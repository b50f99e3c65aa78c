"""The ``[analysis]`` section of a study file: what trends, drivers and zones are judged by.

No flux depends on it: a finished run can be analysed again with other choices.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, model_validator

from saprolite.study_section import Closed

# Latitudes that the manuscript speaks of, degrees north.
_BANDS = (
    (17.0, 24.0), (7.0, 11.0), (-5.0, 0.0), (30.0, 60.0),
    (-30.0, 30.0), (30.0, 90.0), (20.0, 60.0), (5.0, 15.0), (60.0, 90.0), (-25.0, 30.0),
)  # fmt: skip
Band = Annotated[list[float], Field(min_length=2, max_length=2)]
BAND_RULE = "[south, north], south < north, degrees from -90 to 90"


def is_band(band: Sequence[float]) -> bool:
    """Whether these are the south and the north of a band.

    >>> is_band([30.0, 60.0]), is_band([60.0, 30.0])
    (True, False)
    """
    return len(band) == 2 and -90.0 <= band[0] < band[1] <= 90.0


class AnalysisChoices(Closed):
    """How the annual fields of a run are judged."""

    alpha: float = Field(0.05, gt=0.0, lt=1.0, description="a trend with p below it is significant")
    trend: Literal["least_squares", "theil_sen"] = Field(
        "least_squares",
        description="slope and test: least squares with F, or Theil-Sen with Mann-Kendall",
    )
    autocorrelation: Literal["none", "hamed_rao"] = Field(
        "none", description="correction of the variance of Mann-Kendall (theil_sen)"
    )
    fewest_years: int | None = Field(
        None,
        ge=3,
        description="years with a value that a cell needs for its trend (least_squares); all by "
        "default",
    )
    false_discovery: Literal["none", "benjamini_hochberg"] = Field(
        "none", description="p of all cells of a map adjusted together"
    )
    relative_to: Literal["summed_trends", "total"] = Field(
        "summed_trends",
        description="denominator of relative contributions: |SM| + |STMP| + |residual|, or |total|",
    )
    masks: Literal["sign", "significant"] = Field(
        "sign", description="soil dries or warms where the trend has the sign, or p < alpha too"
    )
    latitude_bands: list[Band] = Field(
        default_factory=lambda: [list(band) for band in _BANDS],
        description="[south, north] of bands with totals of their own, degrees",
    )
    regions: str | None = Field(
        None, description="GeoJSON file of polygons with totals of their own (property name)"
    )

    @model_validator(mode="after")
    def _fits(self) -> AnalysisChoices:
        if not all(is_band(band) for band in self.latitude_bands):
            raise ValueError(f"each of latitude_bands is {BAND_RULE}")
        if self.autocorrelation != "none" and self.trend != "theil_sen":
            raise ValueError('autocorrelation is of trend = "theil_sen" only')
        if self.fewest_years is not None and self.trend != "least_squares":
            raise ValueError('fewest_years is of trend = "least_squares" only')
        return self
