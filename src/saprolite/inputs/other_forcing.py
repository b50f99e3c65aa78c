"""Forcing products besides GLDAS and the demo planet, and evapotranspiration of its own."""

from __future__ import annotations

import numpy as np

from saprolite.inputs.evapotranspiration import OwnEvapotranspiration
from saprolite.inputs.statics import Collected
from saprolite.sources.cmip import open_cmip_forcing
from saprolite.sources.era5_land import open_era5_land
from saprolite.sources.evapotranspiration import EvapotranspirationProduct, whole_years
from saprolite.sources.forcing import Forcing
from saprolite.sources.mod16 import open_mod16
from saprolite.sources.mod16_composites import open_mod16_composites
from saprolite.sources.on_grid import MonthlyProduct, OnGrid
from saprolite.sources.remote import local_copy
from saprolite.study import Study
from saprolite.study_evapotranspiration import Mod16Evapotranspiration
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


def with_own_evapotranspiration(
    study: Study, forcing: Forcing, previous_year: bool, collected: Collected
) -> tuple[Forcing, bool]:
    """The forcing with the evapotranspiration of ``[inputs.evapotranspiration]`` if there is any.

    The year before the first is given up where the product lacks it and nothing is chosen for such
    years.
    """
    spec = study.inputs.evapotranspiration
    if spec is None:
        return forcing, previous_year
    before = study.first_year - 1
    years = [*([before] if previous_year else []), *study.years]
    folder = local_copy(spec.path, lambda name: name.endswith((".tif", ".hdf")))
    product: EvapotranspirationProduct
    if isinstance(spec, Mod16Evapotranspiration):
        product = open_mod16(folder, years)
    else:
        product = open_mod16_composites(folder, years)
    if previous_year and spec.other_years is None and before not in whole_years(product.months):
        years, previous_year = list(study.years), False
    region = None
    if study.grid.region is not None:
        cells = np.arange(forcing.grid.lat.size * forcing.grid.lon.size)
        region = cells.reshape(forcing.grid.shape)[forcing.grid.box(*study.grid.region)].ravel()
    own = OwnEvapotranspiration(
        forcing, product, years, spec.other_years, study.grid.valid_share, region
    )
    collected.products["evapotranspiration"] = product.product
    collected.files["evapotranspiration"] = product.files
    return own, previous_year
