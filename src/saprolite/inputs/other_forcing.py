"""Forcing products besides GLDAS and the demo planet, and evapotranspiration of its own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from saprolite.errors import InputError, Problem, SaproliteError, raise_if_any
from saprolite.inputs.change_factors import ChangedForcing, Methods
from saprolite.inputs.demo import DemoPlanet
from saprolite.inputs.evapotranspiration import OwnEvapotranspiration
from saprolite.inputs.gldas_forcing import gldas_forcing, rule_of
from saprolite.inputs.statics import Collected
from saprolite.sources.cmip import open_cmip_forcing
from saprolite.sources.era5_land import open_era5_land
from saprolite.sources.era5_land_evaporation import open_era5_land_evaporation
from saprolite.sources.evapotranspiration import EvapotranspirationProduct, whole_years
from saprolite.sources.forcing import Forcing
from saprolite.sources.kept import Keeper
from saprolite.sources.mod16 import open_mod16
from saprolite.sources.mod16_composites import open_mod16_composites
from saprolite.sources.on_grid import MonthlyProduct, OnGrid
from saprolite.sources.overlap import LEAST_RATE, RatioRule
from saprolite.sources.remote import local_copy
from saprolite.study import Study
from saprolite.study_evapotranspiration import (
    Mod16CompositesEvapotranspiration,
    Mod16Evapotranspiration,
)
from saprolite.study_parts import ChangeFactorForcing, CmipForcing, DemoForcing, Era5LandForcing


def other_forcing(
    study: Study,
    spec: Era5LandForcing | CmipForcing | ChangeFactorForcing,
    before: int | None,
    collected: Collected,
) -> tuple[Forcing, bool]:
    """The forcing on the study's grid, and whether it holds the year ``before`` its first one
    (None: not wanted)."""
    if isinstance(spec, ChangeFactorForcing):
        return _changed(study, spec, before, collected)
    return _opened(spec, study.years, before, study.grid.resolution_deg, study.grid.valid_share)


def _opened(
    spec: Era5LandForcing | CmipForcing,
    years: Iterable[int],
    before: int | None,
    resolution_deg: float | None,
    valid_share: float,
) -> tuple[Forcing, bool]:
    folder = local_copy(spec.path, lambda name: name.endswith((".nc", ".nc4")))
    product: MonthlyProduct
    if isinstance(spec, Era5LandForcing):
        product = era5 = open_era5_land(folder, years, before)
        has_before = before is not None and era5.has_year(before)
    else:
        sftlf = local_copy(spec.path_sftlf) if spec.path_sftlf else None
        product = cmip = open_cmip_forcing(folder, years, before, sftlf)
        has_before = before is not None and cmip.has_year(before)
    return OnGrid(product, resolution_deg, valid_share), has_before


def _changed(
    study: Study, spec: ChangeFactorForcing, before: int | None, collected: Collected
) -> tuple[Forcing, bool]:
    """The base's mean year with the changes of a model; both are checked before either is used."""
    problems: list[Problem] = []
    base_years = range(spec.base_years[0], spec.base_years[1] + 1)
    base = model = None
    has_before = False
    try:
        base = _base(spec, base_years, study.grid.valid_share, collected.keeper)
    except SaproliteError as error:
        problems += error.problems
    try:
        years = sorted({*base_years, *study.years})
        model, has_before = _opened(
            spec.model, years, before, spec.model_resolution_deg, study.grid.valid_share
        )
    except SaproliteError as error:
        problems += error.problems
    raise_if_any(InputError, "The scenario cannot be made", problems)
    assert base is not None
    assert model is not None
    low, high = spec.ratio_limits
    limits, beyond = (low, high), spec.beyond_limits
    methods = Methods(
        spec.soil_moisture,
        spec.soil_temperature,
        spec.evapotranspiration,
        RatioRule(spec.least_soil_moisture, limits, beyond),
        RatioRule(spec.least_evapotranspiration, limits, beyond),
        spec.coast_cells,
    )
    changed = ChangedForcing(base, model, base_years, methods)
    collected.held_bytes += changed.held_bytes
    return changed, has_before


def _base(spec: ChangeFactorForcing, years: range, valid_share: float, keeper: Keeper) -> Forcing:
    if isinstance(spec.base, DemoForcing):
        return DemoPlanet(spec.base.resolution_deg)
    if isinstance(spec.base, Era5LandForcing):
        return _opened(spec.base, years, None, None, valid_share)[0]
    return gldas_forcing(spec.base, years, keeper=keeper).forcing


def with_own_evapotranspiration(
    study: Study, forcing: Forcing, previous_year: bool, collected: Collected
) -> tuple[Forcing, bool]:
    """The forcing with the evapotranspiration of ``[inputs.evapotranspiration]``.

    The year before the first is given up where the product lacks it and nothing is chosen for such
    years.
    """
    spec = study.inputs.evapotranspiration
    assert spec is not None
    before = study.first_year - 1
    years = [*([before] if previous_year else []), *study.years]
    folder = local_copy(spec.path, lambda name: name.endswith((".tif", ".hdf", ".nc", ".nc4")))
    product: EvapotranspirationProduct
    if isinstance(spec, Mod16Evapotranspiration):
        product = open_mod16(folder, years)
    elif isinstance(spec, Mod16CompositesEvapotranspiration):
        product = open_mod16_composites(folder, years)
    else:
        product = open_era5_land_evaporation(folder, years)
    if previous_year and spec.other_years is None and before not in whole_years(product.months):
        years, previous_year = list(study.years), False
    region = None
    if study.grid.region is not None:
        cells = np.arange(forcing.grid.lat.size * forcing.grid.lon.size)
        region = cells.reshape(forcing.grid.shape)[forcing.grid.box(*study.grid.region)].ravel()
    rule = rule_of(spec.least_evapotranspiration, LEAST_RATE, spec.ratio_limits)
    parts = {
        "forcing": _without_paths(study.inputs.forcing.model_dump()),
        "evapotranspiration": _without_paths(spec.model_dump()),
        "grid": study.grid.model_dump(),
        "years": years,
    }
    keep = collected.keeper.keep("evapotranspiration", parts, (*forcing.files, *product.files))
    own = OwnEvapotranspiration(
        forcing, product, years, spec.other_years, study.grid.valid_share, region, rule, keep
    )
    collected.rests_on |= {"covered": own.covered, "scaled_over": own.scaled_over}
    collected.products["evapotranspiration"] = product.product
    collected.files["evapotranspiration"] = product.files
    return own, previous_year


def _without_paths(section: dict[str, Any]) -> dict[str, Any]:
    """A section of the study without its paths: the digests of the files stand for them."""
    return {
        key: _without_paths(value) if isinstance(value, dict) else value
        for key, value in section.items()
        if key != "path" and not key.startswith("path_")
    }
