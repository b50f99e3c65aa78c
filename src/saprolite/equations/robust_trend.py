"""Trends that outliers do not move: the slope of Theil and Sen, the test of Mann and Kendall."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite.equations._typing import Number
from saprolite.equations.trend import require_years

Array = npt.NDArray[np.float64]
# Autocorrelation of ranks counts where it lies outside this quantile of a normal distribution.
_SIGNIFICANT_LAG = 0.975


class MannKendall(NamedTuple):
    """S (sum of signs of all later less earlier values), its normal score Z, two-sided p."""

    S: Number
    Z: Number
    p: Number


def theil_sen_slope(y: npt.ArrayLike) -> Number:
    """Median of the slopes between all pairs of years.

    Parameters
    ----------
    y
        Annual values, any unit, time on the last axis, three years or more.

    Returns
    -------
    Slope, unit of y per year, without the last axis. NaN where a year is NaN.

    Raises
    ------
    InputError
        If there are fewer than three years.

    Source: Theil 1950; Sen 1968, doi:10.1080/01621459.1968.10480934. An outlier does not move it:

    >>> float(theil_sen_slope([1.0, 2.0, 3.0, 4.0, 50.0]))
    1.0
    """
    values = np.asarray(y, dtype=np.float64)
    years = values.shape[-1] if values.ndim else 0
    require_years(years)
    earlier, later = np.triu_indices(years, 1)
    slopes = (values[..., later] - values[..., earlier]) / (later - earlier)
    return np.median(slopes, axis=-1)


def mann_kendall(y: npt.ArrayLike) -> MannKendall:
    """Rank test of a monotonic trend, ties allowed for, with the continuity correction.

    Var S = [n (n - 1)(2n + 5) - sum over ties of t (t - 1)(2t + 5)]/18, Z = (S - sign S)/sqrt Var.

    Parameters
    ----------
    y
        Annual values, any unit, time on the last axis, three years or more.

    Returns
    -------
    Named tuple S, Z, p, without the last axis; p = 1 for a constant series. NaN where a year is
    NaN.

    Raises
    ------
    InputError
        If there are fewer than three years.

    Source: Mann 1945, Kendall 1975. Five rising years have S = 10 and Var S = 50/3:

    >>> test = mann_kendall([1.0, 2.0, 3.0, 4.0, 5.0])
    >>> f"{test.S:.0f} {test.Z:.4f} {test.p:.4f}"
    '10 2.2045 0.0275'
    """
    values = np.asarray(y, dtype=np.float64)
    score, variance = _score(values)
    return _tested(score, variance)


def mann_kendall_of_autocorrelated(y: npt.ArrayLike) -> MannKendall:
    """Mann-Kendall with the variance of S widened for years that resemble their neighbours.

    Var S is multiplied by 1 + 2/[n (n - 1)(n - 2)] sum over lags k of (n - k)(n - k - 1)
    (n - k - 2) r_k, r the autocorrelation of the ranks of the series without its Theil-Sen trend,
    of those lags alone where it is significant at 5 %.

    Parameters, returns, raises: as :func:`mann_kendall`. NaN also where the factor is not above 0:
    the correction then has no meaning.

    Source: Hamed & Rao 1998, doi:10.1016/S0022-1694(97)00125-X. No lag is significant here:

    >>> mann_kendall_of_autocorrelated([3.0, 1.0, 2.0]) == mann_kendall([3.0, 1.0, 2.0])
    True
    """
    from scipy.special import ndtri
    from scipy.stats import rankdata

    values = np.asarray(y, dtype=np.float64)
    score, variance = _score(values)
    n = values.shape[-1]
    slope = np.asarray(theil_sen_slope(values))
    known = np.asarray(np.isfinite(values).all(axis=-1))
    left = np.where(known[..., None], values - slope[..., None] * np.arange(1.0, n + 1.0), 0.0)
    ranks = rankdata(left, axis=-1)
    departure = ranks - ranks.mean(axis=-1, keepdims=True)
    whole = (departure * departure).sum(axis=-1)
    factor = np.ones(values.shape[:-1])
    bound = ndtri(_SIGNIFICANT_LAG) / np.sqrt(n)
    for lag in range(1, n - 2):
        product = (departure[..., lag:] * departure[..., :-lag]).sum(axis=-1)
        # A series that is a straight line has no ranks left to correlate.
        correlation = product / np.where(whole > 0.0, whole, 1.0)
        weight = 2.0 * (n - lag) * (n - lag - 1.0) * (n - lag - 2.0) / (n * (n - 1.0) * (n - 2.0))
        factor += np.where(np.abs(correlation) > bound, weight * correlation, 0.0)
    return _tested(score, np.where(factor > 0.0, variance * factor, np.nan))


def _score(values: Array) -> tuple[Array, Array]:
    """S and its variance."""
    n = values.shape[-1] if values.ndim else 0
    require_years(n)
    score = np.zeros(values.shape[:-1])
    ties = np.zeros(values.shape[:-1])
    for year in range(n):
        score += np.sign(values[..., year + 1 :] - values[..., year, None]).sum(axis=-1)
        # Each of t tied years adds (t - 1)(2t + 5): together t (t - 1)(2t + 5).
        alike = (values == values[..., year, None]).sum(axis=-1)
        ties += (alike - 1.0) * (2.0 * alike + 5.0)
    known = np.isfinite(values).all(axis=-1)
    variance = (n * (n - 1.0) * (2.0 * n + 5.0) - ties) / 18.0
    return np.where(known, score, np.nan), np.where(known, variance, np.nan)


def _tested(score: Array, variance: Array) -> MannKendall:
    from scipy.special import ndtr

    deviation = np.sqrt(variance)
    z = np.where(score == 0.0, 0.0 * deviation, (score - np.sign(score)) /
                 np.where(deviation == 0.0, 1.0, deviation))  # fmt: skip
    return MannKendall(score[()], z[()], (2.0 * ndtr(-np.abs(z)))[()])
