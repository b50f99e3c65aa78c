"""Equations 8 and 9 for millions of series at once: slope, intercept, F and p of each.

The formulas are those of ``equations.trend``, compiled; nothing is reordered, so a series has the
bits that ``equations.linear_trend`` gives it, whatever stands beside it.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.compiled.binding import bound, specialised
from saprolite.compiled.f_tail import FTail
from saprolite.equations import trend
from saprolite.equations.trend import LinearTrend

Array = npt.NDArray[np.float64]
# Series of one step: what is added up for each stays in the processor's first cache.
_TILE = 1024
# Series of one task of a thread.
_TASK = 32_768


def linear_trends(values: npt.NDArray[Any], workers: int = 1) -> LinearTrend:
    """Trends of many annual series, as ``equations.linear_trend`` defines them.

    Parameters
    ----------
    values
        (year, series), float32 or float64, any unit, consecutive years, three or more; in C order.
    workers
        Threads; no result depends on their number.

    Returns
    -------
    Named tuple slope (unit of the values per year), intercept, F, p: float64, one for each series.
    NaN where a year is NaN.

    Raises
    ------
    InputError
        If there are fewer than three years.
    """
    years, series = values.shape
    trend.require_years(years)
    found = LinearTrend(*(np.empty(series) for _ in LinearTrend._fields))
    tail = FTail.of(years - 2)

    def task(start: int) -> None:
        stop = min(start + _TASK, series)
        part = LinearTrend(*(array[start:stop] for array in found))
        fit(values, start, tail, part)

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(task, range(0, series, _TASK)))
    return found


def fit(values: npt.NDArray[Any], first: int, tail: FTail, found: LinearTrend) -> None:
    """Fill the trends of as many series as they have room for, from ``first`` on.

    ``values`` as those of :func:`linear_trends`; ``tail`` for two degrees of freedom less than
    there are years.
    """
    last = first + found.p.size
    trend_kernel()(values, first, last, found.slope, found.intercept, found.F)
    tail.fill(found.F, found.p)


@cache
def trend_kernel() -> Callable[..., None]:
    """The compiled loop over series ``first`` to ``last``: (values, first, last, slope, intercept,
    F), the last three filled."""
    functions = (
        trend.centred_year,
        trend.squared_residual,
        trend.intercept_of,
        trend.f_ratio,
    )
    names = {function.__name__: bound(function) for function in functions}
    return specialised(_trends, {**names, "TILE": _TILE}, "float64")


# Bound to their compiled forms when the kernel is made.
centred_year, squared_residual = trend.centred_year, trend.squared_residual
intercept_of, f_ratio, TILE = trend.intercept_of, trend.f_ratio, _TILE


def _trends(values, first, last, slopes, intercepts, ratios):  # type: ignore[no-untyped-def]
    """Three passes over the years of a tile of series: mean, slope, residual."""
    count = values.shape[0]
    years = np.float64(count)
    spread = 0.0
    for year in range(count):
        position = centred_year(np.float64(year), years)
        spread += position * position
    means, moments = np.empty(TILE), np.empty(TILE)
    residuals, largest = np.empty(TILE), np.empty(TILE)
    for start in range(first, last, TILE):
        lanes = min(TILE, last - start)
        for lane in range(lanes):
            means[lane] = 0.0
            moments[lane] = 0.0
            residuals[lane] = 0.0
            largest[lane] = 0.0
        for year in range(count):
            row = values[year, start : start + lanes]
            for lane in range(lanes):
                value = np.float64(row[lane])
                means[lane] += value
                size, most = abs(value), largest[lane]
                largest[lane] = size if size > most else most
        for lane in range(lanes):
            means[lane] = means[lane] / years
        for year in range(count):
            row = values[year, start : start + lanes]
            position = centred_year(np.float64(year), years)
            for lane in range(lanes):
                departure = np.float64(row[lane]) - means[lane]
                moments[lane] += departure * position
        for lane in range(lanes):
            moments[lane] = moments[lane] / spread
        for year in range(count):
            row = values[year, start : start + lanes]
            position = centred_year(np.float64(year), years)
            for lane in range(lanes):
                departure = np.float64(row[lane]) - means[lane]
                residuals[lane] += squared_residual(departure, moments[lane], position)
        # Rows of their own: an index that might be negative would be looked up lane by lane.
        tile = slice(start - first, start - first + lanes)
        own_slopes, own_intercepts, own_ratios = slopes[tile], intercepts[tile], ratios[tile]
        for lane in range(lanes):
            slope = moments[lane]
            own_slopes[lane] = slope
            own_intercepts[lane] = intercept_of(means[lane], slope, years)
            own_ratios[lane] = f_ratio(slope, spread, residuals[lane], largest[lane], years)
