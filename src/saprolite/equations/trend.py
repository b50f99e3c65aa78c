"""Equations 8 to 10: the trend of an annual series with its F-test, without a break or with one;
relative contributions."""

from __future__ import annotations

from collections.abc import Sequence
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


class BrokenTrend(NamedTuple):
    """Slope (unit of y per year), step (unit of y), intercept (value at year 0 of 1..n before the
    break), F(1, n - 3) of the slope given the step, and its p."""

    slope: Number
    step: Number
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


def linear_trend_with_break(y: npt.ArrayLike, break_index: int) -> BrokenTrend:
    """A trend with a level shift: y = a + b i + c [year is break or later], i = 1..n.

    For a series whose source changes at a known year: the step c takes up what the change did, the
    slope b what goes on in both parts alike. F = b^2 S (n - 3)/Q tests the slope given the step; S
    is the sum of squared years, each less the mean year of its part, Q the residual sum of
    squares. The slope is thus that of the departures from the means of the two parts. As in
    :func:`linear_trend`, a slope of 0 has F = 0 and p = 1, an exact fit F = infinity and p = 0.

    Parameters
    ----------
    y
        Annual values, any unit, time on the last axis, four years or more.
    break_index
        Position of the first year after the break, 1 to n - 1.

    Returns
    -------
    Named tuple slope, step, intercept, F, p, without the last axis. NaN where a year is NaN.

    Raises
    ------
    InputError
        For fewer than four years, or a break that leaves no year on one side.

    Source: ordinary least squares with a dummy variable (e.g. Draper & Smith 1998, Applied
    Regression Analysis, ch. 14). Golden value:

    >>> trend = linear_trend_with_break([1.0, 2.0, 3.5, 7.0, 8.0, 9.5], 3)
    >>> f"{trend.slope:.2f} {trend.step:.2f} {trend.intercept:.4f} {trend.F:.0f} {trend.p:.5f}"
    '1.25 2.25 -0.3333 225 0.00064'
    """
    from scipy.special import fdtrc

    values = np.asarray(y, dtype=np.float64)
    years = values.shape[-1] if values.ndim else 0
    require_years(years, FEWEST_YEARS + 1)
    if not 0 < break_index < years:
        raise InputError(
            "A trend with a break cannot be computed (1 problem)",
            [
                Problem(
                    "break_index",
                    f"{break_index} in a series of {years} years",
                    f"1 to {years - 1}: a year or more on each side",
                    "give the position of the first year after the break",
                )
            ],
        )
    parts = (slice(0, break_index), slice(break_index, years))
    position = np.arange(1.0, years + 1.0)
    means = [_in_order(values[..., part]) / (part.stop - part.start) for part in parts]
    middles = [(part.start + 1.0 + part.stop) / 2.0 for part in parts]
    departure, centred = np.empty_like(values), np.empty(years)
    for part, mean, middle in zip(parts, means, middles, strict=True):
        departure[..., part] = values[..., part] - mean[..., None]
        centred[part] = position[part] - middle
    spread = _in_order(centred * centred)
    slope = _in_order(departure * centred) / spread
    residual = _in_order(squared_residual(departure, slope[..., None], centred))
    largest = np.abs(values).max(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = f_ratio(slope, spread, residual, largest, years - 1.0)  # n - 3 degrees of freedom
    intercept = means[0] - slope * middles[0]
    step = means[1] - means[0] - slope * (middles[1] - middles[0])
    return BrokenTrend(slope, step, intercept, ratio, fdtrc(1.0, years - 3.0, ratio))


def linear_trend_of_known_years(y: npt.ArrayLike, fewest: int = FEWEST_YEARS) -> LinearTrend:
    """As :func:`linear_trend`, over the years of each series that have a value.

    Parameters
    ----------
    y
        Annual values, any unit, time on the last axis; NaN in years without.
    fewest
        Years with a value that a series needs, three or more.

    Returns
    -------
    Named tuple slope, intercept, F, p, without the last axis; intercept at year 0 of 1..n, F(1,
    k - 2) of the k years with a value. NaN where there are fewer than ``fewest``.

    Raises
    ------
    InputError
        If the axis, or ``fewest``, is shorter than three years.

    Source: ordinary least squares. A gap in a straight line changes nothing:

    >>> trend = linear_trend_of_known_years([1.0, float("nan"), 3.0, 4.0])
    >>> float(trend.slope), float(trend.p)
    (1.0, 0.0)
    """
    from scipy.special import fdtrc

    values = np.asarray(y, dtype=np.float64)
    years = values.shape[-1] if values.ndim else 0
    require_years(years)
    require_years(fewest)
    known = np.isfinite(values)
    count = known.sum(axis=-1).astype(np.float64)
    enough = count >= fewest
    divisor = np.where(enough, count, 1.0)
    year = np.arange(1.0, years + 1.0)
    middle = _in_order(np.where(known, year, 0.0)) / divisor
    position = np.where(known, year - middle[..., None], 0.0)
    mean = _in_order(np.where(known, values, 0.0)) / divisor
    departure = np.where(known, values - mean[..., None], 0.0)
    spread = _in_order(position * position)
    slope = _in_order(departure * position) / np.where(enough, spread, np.nan)
    residual = _in_order(squared_residual(departure, slope[..., None], position))
    largest = np.where(known, np.abs(values), 0.0).max(axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = f_ratio(slope, spread, residual, largest, count)
        p = fdtrc(1.0, count - 2.0, ratio)
    return LinearTrend(slope, mean - slope * middle, ratio, p)


def require_years(years: int, fewest: int = FEWEST_YEARS) -> None:
    """Raise ``InputError`` for fewer than three years, or than another number."""
    if years < fewest:
        raise InputError(
            "A trend cannot be computed (1 problem)",
            [
                Problem(
                    "y",
                    f"{years} years on the last axis",
                    f"{fewest} years or more",
                    "put time on the last axis",
                )
            ],
        )


def why_years_have_no_trend(years: Sequence[int]) -> str | None:
    """Why these years give no trend, in words for a note; None if they do.

    >>> why_years_have_no_trend([2000, 2001]), why_years_have_no_trend(range(1970, 2019))
    ('no trends: 2 of the 3 years that a trend needs', None)
    """
    if len(years) < FEWEST_YEARS:
        return f"no trends: {len(years)} of the {FEWEST_YEARS} years that a trend needs"
    if list(years) != list(range(years[0], years[-1] + 1)):
        return "no trends: the years with a value do not follow one another"
    return None


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


def relative_contribution_to_total(
    total: Number, moisture: Number, temperature: Number
) -> RelativeContribution:
    """The other reading of Eq 10: dCS(k)/|dCS| * 100 %, which has no bound.

    Parameters, returns: as :func:`relative_contribution`; the three add up to the sign of the
    total times 100. NaN where the trend of the control is 0.

    Source: the alternative of the manuscript's Eq 10. Golden value:

    >>> "%.0f %.0f %.0f" % relative_contribution_to_total(1.0, -0.4, 0.2)
    '-40 20 120'
    """
    residual = total - moisture - temperature
    size = np.where(np.asarray(total) == 0.0, np.nan, np.abs(total))
    return RelativeContribution(
        *(100.0 * np.divide(part, size)[()] for part in (moisture, temperature, residual))
    )


def _in_order(values: Any) -> Any:
    """Sum over the last axis in order of time, whatever the memory layout."""
    total = np.zeros(values.shape[:-1])
    for index in range(values.shape[-1]):
        total = total + values[..., index]
    return total
