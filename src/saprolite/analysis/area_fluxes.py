"""The mean flux of parts of the land: totals, shares, coverage and the four means."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from saprolite.analysis.annual import AnnualFields
from saprolite.analysis.areas import Area
from saprolite.analysis.layer_groups import summed
from saprolite.analysis.means import mean_flux
from saprolite.analysis.trend_maps import area_totals, ratio


def area_fluxes(
    fields: AnnualFields, control: npt.NDArray[np.floating], areas: Sequence[Area]
) -> pd.DataFrame:
    """Mean total, share, coverage and the four means of every area and group of layers.

    ``control`` is (year, layer, cell), t C km-2 yr-1; without a year, means are NaN. The first area
    is the whole that shares are of.
    """
    mean = control.mean(axis=0, dtype=np.float64) if len(control) else np.full(
        control.shape[1:], np.nan)  # fmt: skip
    totals = area_totals(mean[None], fields.area, areas)[:, 0]
    rows = []
    for number, area in enumerate(areas):
        for group in fields.groups:
            flux = np.where(area.cells, summed(mean, group), np.nan)
            land = float(fields.area[area.cells].sum())
            valid = float(fields.area[np.isfinite(flux)].sum())
            whole = float(totals[0, group.layers].sum())
            total = float(totals[number, group.layers].sum())
            means = mean_flux(flux, fields.area, area.cells)._asdict()
            rows.append(
                {"kind": area.kind, "area": area.name, "layers": group.name,
                 "total_Tg_C_yr-1": total, "share_percent": 100.0 * ratio(total, whole),
                 "total_per_cm_Tg_C_yr-1_cm-1": total / (100.0 * (group.bottom - group.top)),
                 "land_area_km2": land, "valid_area_km2": valid,
                 "coverage_percent": 100.0 * ratio(valid, land),
                 **{f"mean_flux_{kind}_t_C_km-2_yr-1": value for kind, value in means.items()}}
            )  # fmt: skip
    return pd.DataFrame(rows)
