"""One source brought to the level of another over the years that both have, cell by cell.

Two products of one quantity, or two versions of one product, differ by more than a trend moves
either; where a record goes from one to the other, the difference is a step. Here the mean of a
``base`` is brought to that of a ``target``, for each cell and calendar month (or whatever the axes
after the first are), by a ratio or a difference.
"""

from __future__ import annotations

from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt

Values = npt.NDArray[np.floating[Any]]
Mask = npt.NDArray[np.bool_]
RATIO_LIMITS = (0.2, 5.0)
# Means that are divided by, at least: about 0.26 mm a month; 0.1 % of the volume.
LEAST_RATE, LEAST_MOISTURE = 1.0e-7, 1.0e-3  # kg m-2 s-1, m3 m-3
FEWEST_COMMON_YEARS = 5


class RatioRule(NamedTuple):
    """When a quantity is brought to another by a ratio, and what is done where that would mislead.

    ``least``: smallest base that is divided by, in the unit of the values; one of 0 or less never
    is. ``limits``: smallest and largest ratio. ``beyond``: what a ratio outside them gives way to,
    the "difference", which brings the base to the target whatever they are, or the "limit" next to
    it, which never turns the sign of anything that is changed.
    """

    least: float = 0.0
    limits: tuple[float, float] = RATIO_LIMITS
    beyond: Literal["difference", "limit"] = "difference"

    def text(self, unit: str) -> str:
        """The rule in words.

        >>> RatioRule(0.001).text("m3 m-3")
        'a ratio where 0.001 m3 m-3 or more is divided by and it is within 0.2 to 5, else a
        difference'
        """
        low, high = self.limits
        by = f"{self.least:g} {unit} or more" if self.least > 0.0 else "more than 0"
        if self.beyond == "limit":
            return (f"a ratio, cut off at {low:g} and {high:g}, where {by} is divided by and both "
                    "are positive, else a difference")  # fmt: skip
        return (f"a ratio where {by} is divided by and it is within {low:g} to {high:g}, else a "
                "difference")  # fmt: skip


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


class Sums:
    """Sums of sources, year by year, each year counted where all of them have a value."""

    def __init__(self, sources: int, shape: tuple[int, ...]) -> None:
        self._totals = np.zeros((sources, *shape))
        self._years = np.zeros(shape, np.int64)

    def add(self, *sources: Values) -> Mask:
        """Take in a year of each source; returns where all have a value."""
        known = np.isfinite(sources[0])
        for values in sources[1:]:
            known &= np.isfinite(values)
        for number, values in enumerate(sources):
            total = self._totals[number, ...]
            np.add(total, values, out=total, where=known)
        self._years += known
        return known

    @property
    def years(self) -> npt.NDArray[np.int64]:
        """How many years were counted."""
        return self._years

    @property
    def totals(self) -> Values:
        """The sums, (source, ...)."""
        return self._totals

    def means(self, fewest: int = 1) -> Values:
        """The means, (source, ...), float64; NaN where fewer than ``fewest`` years were counted.

        >>> sums = Sums(1, (2,))
        >>> _ = sums.add(np.array([1.0, 1.0])), sums.add(np.array([2.0, np.nan]))
        >>> sums.means(), sums.means(fewest=2)
        (array([[1.5, 1. ]]), array([[1.5, nan]]))
        """
        enough = self._years >= max(fewest, 1)
        return np.where(enough, self._totals / np.maximum(self._years, 1), np.nan)

    def pair(self) -> Means:
        """The means of the first two sources, base and target."""
        base, target = self.means()
        return Means(base, target, self._years)


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
    sums = Sums(2, base.shape[1:])
    for pair in zip(base, target, strict=True):
        sums.add(*pair)
    return sums.pair()


def ratio_or_difference(base: Values, target: Values, rule: RatioRule) -> Adjustment:
    """What brings a base to a target: their ratio, or their difference where it would mislead.

    Both are positive and the base is ``rule.least`` or more: the ratio target/base, if it is within
    ``rule.limits``. Elsewhere (a base near zero, two signs) the difference target - base; for a
    ratio out of limits what ``rule.beyond`` says.

    Parameters
    ----------
    base, target
        Values of one shape and unit, such as those of :func:`common_means`; NaN where missing.
    rule
        A :class:`RatioRule`.

    Returns
    -------
    :class:`Adjustment` of that shape; a size of NaN, and not ``added``, where either is missing.

    >>> base, target = np.array([2.0, 0.0, 1.0]), np.array([3.0, 1.0, 9.0])
    >>> ratio_or_difference(base, target, RatioRule(0.1))
    Adjustment(size=array([1.5, 1. , 8. ]), added=array([False,  True,  True]))
    >>> ratio_or_difference(base, target, RatioRule(0.1, beyond="limit"))
    Adjustment(size=array([1.5, 1. , 5. ]), added=array([False,  True, False]))
    """
    low, high = rule.limits
    divided = (base > 0.0) & (base >= rule.least) & (target > 0.0)
    ratio = target / np.where(divided, base, 1.0)
    if rule.beyond == "limit":
        ratio = np.clip(ratio, low, high)
    taken = divided & (ratio >= low) & (ratio <= high)
    known = np.isfinite(base) & np.isfinite(target)
    return Adjustment(np.where(taken, ratio, target - base), known & ~taken)


def difference(base: Values, target: Values) -> Adjustment:
    """Target less base: for a temperature, or any scale without a zero.

    Parameters and returned value as of :func:`ratio_or_difference`.

    >>> difference(np.array([280.0]), np.array([280.5]))
    Adjustment(size=array([0.5]), added=array([ True]))
    """
    size = target - base
    return Adjustment(size, np.isfinite(size))


def adjusted(values: Values, adjustment: Adjustment) -> Values:
    """Values of the base at the level of the target: times the ratio, or plus the difference.

    >>> adjusted(np.array([2.0, 0.5]), Adjustment(np.array([1.5, 1.0]), np.array([False, True])))
    array([3. , 1.5])
    """
    size, added = adjustment
    return np.asarray(np.where(added, values + size, values * size))


def tally(adjustment: Adjustment, base: Values, rule: RatioRule) -> Tally:
    """Counts of a :func:`ratio_or_difference` of the same ``base`` and ``rule``."""
    known = np.isfinite(adjustment.size)
    small = known & adjustment.added & ~((base > 0.0) & (base >= rule.least))
    return Tally(
        int(known.sum()),
        int(small.sum()),
        int((adjustment.added & known & ~small).sum()),
        int((~known).sum()),
    )


def tally_text(what: str, counts: Tally, rule: RatioRule, unit: str) -> list[str]:
    """How often the rule took a difference, in a sentence; none where it never did."""
    low, high = rule.limits
    if not counts.small_base and not counts.out_of_limits:
        return []
    return [
        f"{what} scaled by a difference in place of a ratio in "
        f"{counts.small_base + counts.out_of_limits} of {counts.known} monthly means: "
        f"{counts.small_base} with a mean below {rule.least:g} {unit} to divide by, "
        f"{counts.out_of_limits} with a ratio outside {low:g} to {high:g}"
    ]
