"""All files that the studies of the manuscript need, in one folder, made from the demo planet."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from saprolite.testing.cmip import Model, write_cmip, write_fixed
from saprolite.testing.gldas import write_gldas_months
from saprolite.testing.gsde import write_gsde
from saprolite.testing.ito_wagai import write_ito_wagai
from saprolite.testing.koeppen import write_koeppen
from saprolite.testing.mod16 import write_mod16
from saprolite.testing.thickness import write_pelletier

LAST_HISTORICAL = (2005, 12)


def write_study_inputs(
    folder: Path, older: Iterable[int], newer: Iterable[int], resolution_deg: float
) -> None:
    """The inputs of ``studies/global-1970-2018.toml``: GLDAS 2.0 of the years ``older`` and 2.1 of
    the years ``newer``, and what does not change; MOD16 of those years from 2001 to 2014.

    ``resolution_deg`` is that of GLDAS; maps of soil and climate are made twice as fine, or as
    fine as they are published, whichever is coarser.
    """
    newer = tuple(newer)
    write_gldas_months(folder / "gldas" / "noah025_v20", older, resolution_deg, "2.0")
    write_gldas_months(folder / "gldas" / "noah025_v21", newer, resolution_deg, "2.1")
    fine = resolution_deg / 2.0
    write_mod16(folder / "mod16", [year for year in newer if 2001 <= year <= 2014], max(fine, 0.05))
    write_koeppen(folder / "koeppen", max(fine, 1.0 / 12.0))
    write_gsde(folder / "gsde", max(fine, 1.0 / 12.0))
    made = write_ito_wagai(folder / "ito_wagai", max(fine, 0.5))
    made.rename(folder / "ito_wagai" / "clay_fraction_hd_v1r1.nc4")
    write_pelletier(folder / "pelletier", max(fine, 1.0 / 120.0))


def write_scenario(folder: Path, base: tuple[int, int], scenario: tuple[int, int]) -> None:
    """What ``studies/rcp45-2051-2100.toml`` needs besides: a model of 10 degrees with the years
    ``base`` to ``scenario`` (first and last each), historical to 2005, then rcp45."""
    model = Model()
    where = folder / "cmip" / "rcp45"
    write_cmip(where, model, "historical", [((base[0], 1), min((base[1], 12), LAST_HISTORICAL))])
    write_cmip(where, model, "rcp45", [((scenario[0], 1), (scenario[1], 12))])
    write_fixed(where, model)
