"""Evapotranspiration of its own in a study file: one closed model per product."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from saprolite.study_ratios import LeastRate, RatioLimits
from saprolite.study_section import Closed

OtherYears = Annotated[
    Literal["splice", "scale"] | None,
    Field(
        description="years without the product: the forcing's evapotranspiration as it is, or "
        "brought to the level of the product by cell and calendar month over the years that both "
        "have; there is no default"
    ),
]


class Mod16Evapotranspiration(Closed):
    """MOD16 monthly of NTSG at 0.05 degree: a folder of MOD16A2_ET_0.05deg_GEO_YYYYMmm.tif."""

    product: Literal["mod16"]
    path: str
    other_years: OtherYears = None
    ratio_limits: RatioLimits | None = None
    least_evapotranspiration: LeastRate | None = None


class Mod16CompositesEvapotranspiration(Closed):
    """MOD16A2 or MOD16A2GF v061 of LP DAAC: a folder of eight-day composites (HDF-EOS tiles)."""

    product: Literal["mod16_8day"]
    path: str
    other_years: OtherYears = None
    ratio_limits: RatioLimits | None = None
    least_evapotranspiration: LeastRate | None = None


class Era5LandEvapotranspiration(Closed):
    """Evaporation of ERA5-Land, monthly means: a folder of NetCDF files, or one file."""

    product: Literal["era5_land"]
    path: str
    other_years: OtherYears = None
    ratio_limits: RatioLimits | None = None
    least_evapotranspiration: LeastRate | None = None


Evapotranspiration = Annotated[
    Mod16Evapotranspiration | Mod16CompositesEvapotranspiration | Era5LandEvapotranspiration,
    Field(discriminator="product"),
]
