"""One source brought to the level of another over the years that both have, cell by cell.

Two products of one quantity, or two versions of one product, differ by more than a trend moves
either; where a record goes from one to the other, the difference is a step. Here the mean of a
``base`` is brought to that of a ``target``, for each cell and calendar month (or whatever the axes
after the first are), by a ratio or a difference.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.floating[Any]]
Mask = npt.NDArray[np.bool_]
RATIO_LIMITS = (0.2, 5.0)


class Adjustment(NamedTuple):
    """How values of the base become values at the level of the target.

    ``size`` is a factor, or where ``added`` a summand in the unit of the values; NaN where the
    overlap has no year with a value of both.
    """

    size: Values
    added: Mask

    def at(self, index: Any) -> Adjustment:
        """The part at an index of the arrays."""
        return Adjustment(self.size[index], self.added[index])


class Means(NamedTuple):
    """Means over the years in which both sources have a value, and the number of these years."""

    base: Values
    target: Values
    years: npt.NDArray[np.int64]


class Tally(NamedTuple):
    """How many adjustments are what: all with a value of both; differences because the mean of the
    base is near zero or negative; differences because the ratio is out of limits; none at all."""

    known: int
    small_base: int
    out_of_limits: int
    unknown: int


def common_means(base: Values, target: Values) -> Means:
    """Means of two sources over the first axis (years), of the years that both have.

    Parameters
    ----------
    base, target
        (year, ...), one unit, the same years in the same order; NaN where missing.

    Returns
    -------
    Named tuple base, target (float64; NaN without a common year), years.

    >>> common_means(np.array([[1.0], [3.0], [np.nan]]), np.array([[2.0], [4.0], [9.0]])).target
    array([3.])
    """
    both = np.isfinite(base) & np.isfinite(target)
    years = both.sum(axis=0)
    with np.errstate(invalid="ignore"):  # 0/0 is the NaN that is wanted
        means = [
            np.where(both, values, 0.0).sum(axis=0, dtype=np.float64) / years
            for values in (base, target)
        ]
    return Means(means[0], means[1], years)


def ratio_adjustment(
    means: Means, least: float, limits: tuple[float, float] = RATIO_LIMITS
) -> Adjustment:
    """Ratio of the means, target to base; their difference where a ratio would mislead.

    A ratio is taken where the mean of the base is ``least`` or more and the ratio within
    ``limits``. Elsewhere (a base near zero, means of two signs) the difference is added, so that
    the mean of the adjusted base is that of the target in every case.

    Parameters
    ----------
    means
        Of :func:`common_means`.
    least
        Smallest mean of the base that is divided by, > 0, in the unit of the values.
    limits
        Smallest and largest ratio, 1.

    Returns
    -------
    :class:`Adjustment` of the shape of the means, float64.

    >>> base, target = np.array([[2.0, 0.0], [4.0, 0.0]]), np.array([[3.0, 1.0], [6.0, 1.0]])
    >>> ratio_adjustment(common_means(base, target), least=0.1)
    Adjustment(size=array([1.5, 1. ]), added=array([False,  True]))
    """
    known = means.years > 0
    large = known & (means.base >= least)
    ratio = means.target / np.where(large, means.base, 1.0)
    added = known & ~(large & (ratio >= limits[0]) & (ratio <= limits[1]))
    return Adjustment(np.where(added, means.target - means.base, ratio), added)


def difference_adjustment(means: Means) -> Adjustment:
    """Difference of the means, target less base: for a temperature, or any scale without a zero.

    Parameters and returned value as of :func:`ratio_adjustment`.

    >>> difference_adjustment(common_means(np.array([[280.0]]), np.array([[280.5]])))
    Adjustment(size=array([0.5]), added=array([ True]))
    """
    return Adjustment(means.target - means.base, np.ones(means.years.shape, bool))


def adjusted(values: Values, adjustment: Adjustment) -> Values:
    """Values of the base at the level of the target: times the ratio, or plus the difference.

    >>> adjusted(np.array([2.0, 0.5]), Adjustment(np.array([1.5, 1.0]), np.array([False, True])))
    array([3. , 1.5])
    """
    size, added = adjustment
    return np.asarray(np.where(added, values + size, values * size))


def tally(adjustment: Adjustment, means: Means, least: float) -> Tally:
    """Counts of a :func:`ratio_adjustment` of the same means and ``least``."""
    known = means.years > 0
    small = known & adjustment.added & (means.base < least)
    return Tally(
        int(known.sum()),
        int(small.sum()),
        int((adjustment.added & known & ~small).sum()),
        int((~known).sum()),
    )
