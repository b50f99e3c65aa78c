"""What the stored trends of a run say of the globe: by series, the total and the shares of area."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr

from saprolite.equations import linear_trend, linear_trend_with_break

SIGNIFICANT = 0.05


def trend_rows(fluxes: xr.Dataset) -> list[dict[str, Any]]:
    """One row for each annual series of a run that has trends, the control first.

    The trend of the global total (Tg C yr-2) with its F and p, and how much of the area and of the
    cells with a value in every layer and year has a column that rises or falls at p < 0.05, %. With
    a break the same given a level shift, its year and its size (Tg C yr-1).
    """
    if "column_trend_slope" not in fluxes:
        return []
    used = [int(year) for year in fluxes.attrs["years_used"]]
    return [_row(fluxes.sel(series=name), used) for name in fluxes["series"].values]


def _row(series: xr.Dataset, used: list[int]) -> dict[str, Any]:
    totals = series["carbon_sink_total"].sel(year=used).values
    plain = linear_trend(totals)
    row = {
        "series": str(series["series"].values),
        "trend_Tg_C_yr-2": float(plain.slope),
        "F": float(plain.F),
        "p": float(plain.p),
        "alpha": SIGNIFICANT,
        **_shares(series, "column_trend"),
    }
    broken = "column_trend_with_break"
    if f"{broken}_slope" not in series:
        return row
    year = int(series[f"{broken}_slope"].attrs["break_year"])
    given = linear_trend_with_break(totals, used.index(year))
    with_break = {
        "trend_Tg_C_yr-2": float(given.slope),
        "step_Tg_C_yr-1": float(given.step),
        "F": float(given.F),
        "p": float(given.p),
        **_shares(series, broken),
    }
    return row | {"break_year": year} | {f"with_break_{key}": v for key, v in with_break.items()}


def _shares(series: xr.Dataset, name: str) -> dict[str, float]:
    """How much of the area and of the cells rises or falls with p below alpha, %."""
    slope, p = series[f"{name}_slope"].values, series[f"{name}_p"].values
    area = np.where(np.isfinite(slope), series["cell_area"].values, 0.0)
    shares = {}
    for word, moves in (("rising", slope > 0.0), ("falling", slope < 0.0)):
        here = moves & (p < SIGNIFICANT)
        shares[f"{word}_significantly_area_percent"] = _percent(area[here].sum(), area.sum())
        shares[f"{word}_significantly_cells_percent"] = _percent(
            here.sum(), np.isfinite(slope).sum()
        )
    return shares


def _percent(part: float, whole: float) -> float:
    return float(100.0 * part / whole) if whole else float("nan")
