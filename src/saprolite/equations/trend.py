"""Equations 8 to 10: the trend of an annual series with its F-test, and relative contributions."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite.equations._typing import Number
from saprolite.equations.elementary import where
from saprolite.errors import InputError, Problem

FEWEST_YEARS = 3
_EPSILON = float(np.finfo(float).eps)
_INFINITE = float("inf")


class LinearTrend(NamedTuple):
    """Slope (unit of y per year), intercept (value at year 0 of 1..n), F(1, n - 2) and its p."""

    slope: Number
    intercept: Number
    F: Number
    p: Number


class RelativeContribution(NamedTuple):
    """Shares of moisture, temperature and residual in the summed trends, %, with their signs."""

    moisture: Number
    temperature: Number
    residual: Number


def linear_trend(y: npt.ArrayLike) -> LinearTrend:
    """Eqs 8 and 9: y = a0 + a1 i over the years i = 1..n, and F = U (n - 2)/Q.

    U is the sum of (yhat - ybar)^2, Q of (y - yhat)^2. A constant series has F = 0 and p = 1, a
    perfect line F = infinity and p = 0.

    Parameters
    ----------
    y
        Annual values, any unit, time on the last axis, three years or more.

    Returns
    -------
    Named tuple slope, intercept, F, p, without the last axis. NaN where a year is NaN.

    Raises
    ------
    InputError
        If there are fewer than three years.

    Source: manuscript Eqs 8, 9 (ordinary least squares). Golden value:

    >>> trend = linear_trend([1.0, 2.0, 4.0])
    >>> f"{trend.slope:.1f} {trend.intercept:.4f} {trend.F:.0f} {trend.p:.4f}"
    '1.5 -0.6667 27 0.1210'
    """
    from scipy.special import fdtrc

    values = np.asarray(y, dtype=np.float64)
    years = values.shape[-1] if values.ndim else 0
    require_years(years)
    position = centred_year(np.arange(float(years)), years)
    mean = _in_order(values) / years
    departure = values - mean[..., None]
    spread = _in_order(position * position)
    slope = _in_order(departure * position) / spread
    residual = _in_order(squared_residual(departure, slope[..., None], position))
    largest = np.abs(values).max(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = f_ratio(slope, spread, residual, largest, years)
    return LinearTrend(
        slope, intercept_of(mean, slope, years), ratio, fdtrc(1.0, years - 2.0, ratio)
    )


def require_years(years: int) -> None:
    """Raise ``InputError`` for fewer than three years."""
    if years < FEWEST_YEARS:
        raise InputError(
            "A trend cannot be computed (1 problem)",
            [
                Problem(
                    "y",
                    f"{years} years on the last axis",
                    f"{FEWEST_YEARS} years or more",
                    "put time on the last axis",
                )
            ],
        )


def centred_year(index: Number, years: Number) -> Number:
    """Year i of 1..n less the mean year; ``index`` counts from 0."""
    return index + 1.0 - (years + 1.0) / 2.0


def squared_residual(departure: Number, slope: Number, position: Number) -> Number:
    """(y - yhat)^2 of a year, from the departure of y from its mean and the centred year."""
    residual = departure - slope * position
    return residual * residual


def intercept_of(mean: Number, slope: Number, years: Number) -> Number:
    """a0 of Eq 8: the fitted value at year 0 of 1..n."""
    return mean - slope * (years + 1.0) / 2.0


def f_ratio(
    slope: Number, spread: Number, residual: Number, largest: Number, years: Number
) -> Number:
    """F = U (n - 2)/Q of Eq 9, from Q and the sum of squared centred years.

    Rounding leaves a constant or straight series a Q of some 1e-16 of its size: up to that, judged
    by the ``largest`` absolute value of the series, a constant has F = 0 and a line F = infinity.
    """
    explained = slope * slope * spread
    ratio = where(explained == 0.0, 0.0 * residual, explained * (years - 2.0) / residual)
    unit = _EPSILON * largest
    rounding = years * (unit * unit)
    return where(residual <= rounding, where(explained <= rounding, 0.0, _INFINITE), ratio)


def relative_contribution(
    total: Number, moisture: Number, temperature: Number
) -> RelativeContribution:
    """Eq 10: RC(k) = dCS(k)/(|dCS(SM)| + |dCS(STMP)| + |dRes|) * 100 %.

    The residual is dRes = dCS - dCS(SM) - dCS(STMP).

    Parameters
    ----------
    total, moisture, temperature
        Trends of the control, of the moisture-only and of the temperature-only run, one unit.

    Returns
    -------
    Named tuple moisture, temperature, residual in %; their absolute values add up to 100. NaN
    where all three trends are 0.

    Source: manuscript Eq 10. Golden value:

    >>> "%.3f %.3f %.3f" % relative_contribution(1.0, -0.4, 0.2)
    '-22.222 11.111 66.667'
    """
    residual = total - moisture - temperature
    size = abs(moisture) + abs(temperature) + abs(residual)
    with np.errstate(invalid="ignore"):  # 0/0 is the NaN that is wanted
        return RelativeContribution(
            *(100.0 * np.divide(part, size) for part in (moisture, temperature, residual))
        )


def _in_order(values: Any) -> Any:
    """Sum over the last axis in order of time, whatever the memory layout."""
    total = np.zeros(values.shape[:-1])
    for index in range(values.shape[-1]):
        total = total + values[..., index]
    return total
