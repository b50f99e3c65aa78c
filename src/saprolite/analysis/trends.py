"""What the stored trends of a run say of the globe: by series, the total and the shares of area."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from saprolite.equations import linear_trend

SIGNIFICANT = 0.05


def trend_rows(fluxes: xr.Dataset) -> list[dict[str, Any]]:
    """One row for each annual series of a run that has trends, the control first.

    The trend of the global total (Tg C yr-2) with its F and p, and how much of the area and of the
    cells with a value in every layer and year has a column that rises or falls at p < 0.05, %.
    """
    if "column_trend_slope" not in fluxes:
        return []
    used = [int(year) for year in fluxes.attrs["years_used"]]
    return [_row(fluxes.sel(series=name), used) for name in fluxes["series"].values]


def _row(series: xr.Dataset, used: list[int]) -> dict[str, Any]:
    total = linear_trend(series["carbon_sink_total"].sel(year=used).values)
    slope, p = series["column_trend_slope"].values, series["column_trend_p"].values
    area = np.where(np.isfinite(slope), series["cell_area"].values, 0.0)
    row = {
        "series": str(series["series"].values),
        "trend_Tg_C_yr-2": float(total.slope),
        "F": float(total.F),
        "p": float(total.p),
    }
    for word, moves in (("rising", slope > 0.0), ("falling", slope < 0.0)):
        here = moves & (p < SIGNIFICANT)
        row[f"{word}_area_percent"] = _percent(area[here].sum(), area.sum())
        row[f"{word}_cells_percent"] = _percent(here.sum(), np.isfinite(slope).sum())
    return row


def _percent(part: float, whole: float) -> float:
    return float(100.0 * part / whole) if whole else float("nan")
