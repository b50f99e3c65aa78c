"""Equations 8 to 10: the trend of an annual series with its F-test, and relative contributions."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite.equations._typing import Number
from saprolite.errors import InputError, Problem

_FEWEST_YEARS = 3


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
    if years < _FEWEST_YEARS:
        raise InputError(
            "A trend cannot be computed (1 problem)",
            [
                Problem(
                    "y",
                    f"{years} years on the last axis",
                    f"{_FEWEST_YEARS} years or more",
                    "put time on the last axis",
                )
            ],
        )
    position = np.arange(1.0, years + 1.0) - (years + 1.0) / 2.0
    mean = _in_order(values) / years
    departure = values - mean[..., None]
    slope = _in_order(departure * position) / _in_order(position * position)
    explained = slope * slope * _in_order(position * position)
    residual = _in_order((departure - slope[..., None] * position) ** 2)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(explained == 0.0, 0.0 * residual, explained * (years - 2.0) / residual)
    # Rounding leaves a constant or straight series a residual of some 1e-16 of its size.
    rounding = years * (np.finfo(float).eps * np.abs(values).max(axis=-1)) ** 2
    ratio = np.where(residual <= rounding, np.where(explained <= rounding, 0.0, np.inf), ratio)
    intercept = mean - slope * (years + 1.0) / 2.0
    return LinearTrend(slope, intercept, ratio, fdtrc(1.0, years - 2.0, ratio))


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
