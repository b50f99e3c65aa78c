"""Trends of every cell and of every area, by the choices of ``[analysis]``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from saprolite.analysis.annual import AnnualFields
from saprolite.analysis.areas import Area
from saprolite.analysis.layer_groups import LayerGroup, summed
from saprolite.compiled.trend import linear_trends
from saprolite.equations import (
    linear_trend_of_known_years,
    mann_kendall,
    mann_kendall_of_autocorrelated,
    theil_sen_slope,
)
from saprolite.equations.trend import intercept_of
from saprolite.study_analysis import AnalysisChoices
from saprolite.threads import cores

Array = npt.NDArray[np.float64]
T_PER_TG = 1.0e6
KG_PER_T = 1.0e3
# Cells fitted at a time: the pairs of 49 years of so many take 20 MB.
_CELLS = 2048


class CellTrends(NamedTuple):
    """Of a series (year, cell): slope (unit per year), intercept (value at year 0 of 1..n), the
    statistic of the test (F, or Z of Mann-Kendall) and its p, (cell,). NaN where a year is NaN."""

    slope: Array
    intercept: Array
    statistic: Array
    p: Array


def cell_trends(series: npt.NDArray[np.floating], choices: AnalysisChoices) -> CellTrends:
    """Fit every cell of a series (year, cell); three years or more.

    The intercept of a Theil-Sen line is median(y) - slope median(year). With
    ``false_discovery = "benjamini_hochberg"`` p is adjusted for all cells that have one.

    >>> found = cell_trends(np.array([[1.0, 5.0], [2.0, 5.0], [4.0, 5.0]]), AnalysisChoices())
    >>> found.slope.tolist(), found.statistic.round(9).tolist()
    ([1.5, 0.0], [27.0, 0.0])
    """
    cells = series.shape[1]
    if choices.trend == "least_squares" and choices.fewest_years is None:
        found = CellTrends(*linear_trends(np.ascontiguousarray(series), cores()))
        return found._replace(p=_judged(found.p, choices))
    found = CellTrends(*(np.empty(cells) for _ in CellTrends._fields))
    for first in range(0, cells, _CELLS):
        part = slice(first, min(first + _CELLS, cells))
        values = np.ascontiguousarray(series[:, part].T, np.float64)
        for into, fitted in zip(found, _fitted(values, choices), strict=True):
            into[part] = fitted
    return found._replace(p=_judged(found.p, choices))


def area_totals(flux: npt.NDArray[np.floating], cells: Array, areas: Sequence[Area]) -> Array:
    """Total of each area, year and layer, (area, year, layer), Tg C yr-1.

    ``flux`` is (year, layer, cell), ``cells`` the areas of the cells, km2. A layer without a value
    counts as 0, as in every total of a run.
    """
    totals = np.empty((len(areas), *flux.shape[:2]))
    for year, layers in enumerate(flux):
        amount = np.where(np.isfinite(layers), layers, 0.0) * cells
        for number, area in enumerate(areas):
            totals[number, year] = amount[:, area.cells].sum(axis=-1)
    return totals / T_PER_TG


class AreaTrends(NamedTuple):
    """Mean totals (Tg C yr-1) of areas and groups of layers, (area, group), and their trends."""

    mean: Array
    trends: CellTrends


def area_trends(
    totals: Array, groups: Sequence[LayerGroup], choices: AnalysisChoices
) -> AreaTrends:
    """Trends of totals, (area, year, layer), by group of layers: added first, then fitted.

    They are few and chosen beforehand: never adjusted for false discovery.
    """
    alone = choices.model_copy(update={"false_discovery": "none"})
    added = np.stack([totals[..., group.layers].sum(axis=-1) for group in groups], axis=1)
    areas, count, years = added.shape
    found = cell_trends(added.reshape(areas * count, years).T, alone)
    shaped = CellTrends(*(values.reshape(areas, count) for values in found))
    return AreaTrends(added.mean(axis=-1), shaped)


def critical_statistic(choices: AnalysisChoices, years: int) -> float:
    """What the statistic of a total's trend must exceed at alpha: F(1, n - 2), or |Z|.

    Source: quantiles of the F and the normal distribution; F of 49 years at 0.05:

    >>> round(critical_statistic(AnalysisChoices(), 49), 3)
    4.047
    """
    from scipy import stats

    if choices.trend == "least_squares":
        return float(stats.f.isf(choices.alpha, 1, years - 2))
    return float(stats.norm.isf(choices.alpha / 2.0))


def trend_table(
    fields: AnnualFields,
    series: str,
    found: AreaTrends,
    maps: dict[str, CellTrends],
    areas: Sequence[Area],
    choices: AnalysisChoices,
) -> pd.DataFrame:
    """Trends of a series by area and group of layers: of the total, and what the map says.

    The slopes of the totals add up over layers and over zones. Means and shares are over the cells
    of the area that have a trend in every layer of the group.
    """
    rows = []
    years = len(fields.years)
    critical = critical_statistic(choices, years)
    for number, area in enumerate(areas):
        for position, group in enumerate(fields.groups):
            at = number, position
            rows.append(
                {
                    "series": series, "kind": area.kind, "area": area.name, "layers": group.name,
                    "mean_total_Tg_C_yr-1": found.mean[at],
                    "slope_of_total_Tg_C_yr-2": found.trends.slope[at],
                    "intercept_of_total_Tg_C_yr-1": found.trends.intercept[at],
                    "statistic": found.trends.statistic[at], "critical_statistic": critical,
                    "p": found.trends.p[at], "years_count": years,
                    "significant_sign_1": significant_sign(
                        found.trends.slope[at], found.trends.p[at], choices.alpha
                    ),
                    **_map_numbers(maps[group.name], fields.area, area.cells, choices.alpha),
                }
            )  # fmt: skip
    return pd.DataFrame(rows)


def group_trends(
    fields: AnnualFields, flux: npt.NDArray[np.floating], choices: AnalysisChoices
) -> dict[str, CellTrends]:
    """Trends of every cell by group of layers: fluxes are added first, then fitted."""
    return {group.name: cell_trends(summed(flux, group), choices) for group in fields.groups}


def significant(trends: CellTrends, alpha: float) -> npt.NDArray[np.bool_]:
    """Where a trend is significant; nowhere without one."""
    return np.asarray(trends.p < alpha)


def significant_sign(slope: float, p: float, alpha: float) -> int:
    """1 for a total that rises significantly, -1 for one that falls so, else 0.

    >>> significant_sign(0.2, 0.01, 0.05), significant_sign(-0.2, 0.2, 0.05)
    (1, 0)
    """
    return int(np.sign(slope)) if p < alpha else 0


def _map_numbers(
    trends: CellTrends, cell_area: Array, inside: npt.NDArray[np.bool_], alpha: float
) -> dict[str, Any]:
    known = inside & np.isfinite(trends.slope)
    slope, area = trends.slope[known], cell_area[known]
    sure = significant(trends, alpha)[known]
    row: dict[str, Any] = {
        "cells_count": int(known.sum()),
        "area_km2": float(area.sum()),
        "mean_slope_area_weighted_kg_C_km-2_yr-2": KG_PER_T
        * ratio(float(slope @ area), area.sum()),
        "mean_slope_unweighted_kg_C_km-2_yr-2": KG_PER_T * ratio(slope.sum(), slope.size),
    }
    for word, moves in (("rising", slope > 0.0), ("falling", slope < 0.0)):
        for kind, which in ((word, moves), (f"{word}_significantly", moves & sure)):
            row[f"{kind}_area_percent"] = 100.0 * ratio(area[which].sum(), area.sum())
            row[f"{kind}_cells_percent"] = 100.0 * ratio(which.sum(), slope.size)
    return row


def ratio(part: float, whole: float) -> float:
    """A share; NaN of nothing."""
    return float(part / whole) if whole else float("nan")


def _fitted(values: Array, choices: AnalysisChoices) -> CellTrends:
    """Values as (cell, year)."""
    if choices.fewest_years is not None:
        known = linear_trend_of_known_years(values, choices.fewest_years)
        return CellTrends(*(np.asarray(value) for value in known))
    corrected = choices.autocorrelation == "hamed_rao"
    test = (mann_kendall_of_autocorrelated if corrected else mann_kendall)(values)
    slope = np.asarray(theil_sen_slope(values))
    middle = np.asarray(intercept_of(np.median(values, axis=-1), slope, values.shape[-1]))
    return CellTrends(slope, middle, np.asarray(test.Z), np.asarray(test.p))


def _judged(p: Array, choices: AnalysisChoices) -> Array:
    """p as it is, or adjusted for false discovery among all cells that have one."""
    if choices.false_discovery == "none":
        return p
    from scipy.stats import false_discovery_control

    known = np.isfinite(p)
    found = np.full_like(p, np.nan)
    if known.any():
        found[known] = false_discovery_control(p[known], method="bh")
    return found
