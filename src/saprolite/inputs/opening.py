"""The forcing of a study, opened and on the study's cells: from its files, or as it was packed."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from saprolite.errors import SaproliteError
from saprolite.grid import Grid
from saprolite.inputs.demo import DemoPlanet
from saprolite.inputs.gldas_forcing import gldas_forcing
from saprolite.inputs.packed import open_packed
from saprolite.inputs.regridded import Regridded
from saprolite.inputs.statics import Collected
from saprolite.sources.forcing import Forcing
from saprolite.sources.on_grid import OnGrid
from saprolite.study import Study
from saprolite.study_parts import ChangeFactorForcing, CmipForcing, DemoForcing, Era5LandForcing


def open_forcing(study: Study, collected: Collected) -> tuple[Forcing | None, bool]:
    """The forcing, and whether it holds the year before the first (for ``trailing12``).

    What is wrong with it is added to the problems that were collected, and None returned.
    """
    try:
        if study.inputs.packed is not None:
            packed = open_packed(study)
            collected.products.update(packed.products)
            source: Forcing = packed
            trailing = packed.years.start < study.first_year
        else:
            source, trailing = _from_files(study, collected)
    except SaproliteError as error:
        collected.problems += error.problems
        return None, False
    collected.products["forcing"] = source.product
    collected.notes += source.notes
    collected.files["forcing"] = source.files
    return source, trailing


def land_of(study: Study, forcing: Forcing) -> npt.NDArray[np.bool_]:
    """Land cells of the forcing in the region of a study."""
    return np.asarray(forcing.land() & _inside(study, forcing.grid))


def _from_files(study: Study, collected: Collected) -> tuple[Forcing, bool]:
    spec = study.inputs.forcing
    trailing = study.chosen_reading.et_mode == "trailing12"
    before = study.first_year - 1
    source: Forcing
    if isinstance(spec, Era5LandForcing | CmipForcing | ChangeFactorForcing):
        from saprolite.inputs.other_forcing import other_forcing

        source, trailing = other_forcing(study, spec, before if trailing else None, collected)
    elif isinstance(spec, DemoForcing):
        source = DemoPlanet(spec.resolution_deg)
    else:
        opened = gldas_forcing(spec, study.years, before if trailing else None, collected.keeper)
        source, trailing = opened.forcing, opened.previous_year
        collected.notes += opened.notes
        collected.rests_on["overlap"] = opened.overlap
    if study.grid.resolution_deg is not None and not isinstance(source, OnGrid):
        source = Regridded(source, study.grid.resolution_deg, study.grid.valid_share)
    if study.inputs.evapotranspiration is not None:
        from saprolite.inputs.other_forcing import with_own_evapotranspiration

        source, trailing = with_own_evapotranspiration(study, source, trailing, collected)
    return source, trailing


def _inside(study: Study, grid: Grid) -> npt.NDArray[np.bool_]:
    inside = np.ones(grid.shape, bool)
    if study.grid.region is not None:
        rows, columns = grid.box(*study.grid.region)
        inside[:] = False
        inside[rows, columns] = True
    return inside
