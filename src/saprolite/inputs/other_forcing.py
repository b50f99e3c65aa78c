"""Forcing products besides GLDAS and the demo planet, on the cells of a study."""

from __future__ import annotations

from saprolite.sources.cmip import open_cmip_forcing
from saprolite.sources.era5_land import open_era5_land
from saprolite.sources.forcing import Forcing
from saprolite.sources.on_grid import MonthlyProduct, OnGrid
from saprolite.sources.remote import local_copy
from saprolite.study import Study
from saprolite.study_parts import CmipForcing, Era5LandForcing


def other_forcing(
    study: Study, spec: Era5LandForcing | CmipForcing, year_before: int | None
) -> tuple[Forcing, bool]:
    """The forcing on the study's grid, and whether it holds ``year_before`` (None: not wanted)."""
    folder = local_copy(spec.path, lambda name: name.endswith((".nc", ".nc4")))
    product: MonthlyProduct
    if isinstance(spec, Era5LandForcing):
        product = era5 = open_era5_land(folder, study.years, year_before)
        has_before = year_before is not None and era5.has_year(year_before)
    else:
        product = cmip = open_cmip_forcing(folder, study.years, year_before)
        has_before = year_before is not None and cmip.has_year(year_before)
    grid = study.grid
    return OnGrid(product, grid.resolution_deg, grid.valid_share), has_before
