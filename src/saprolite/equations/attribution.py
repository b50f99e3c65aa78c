"""Exact attribution of a change to what has changed: Shapley values of any set of drivers."""

from __future__ import annotations

from collections.abc import Sequence
from math import factorial
from typing import NamedTuple

from saprolite.equations._typing import Number


class FourContributions(NamedTuple):
    """What each of four factors contributes; the four add up to the change of the product."""

    first: Number
    second: Number
    third: Number
    fourth: Number


class PairChange(NamedTuple):
    """Two factors c, d that change from c0, d0, as one: the product with neither of them changed,
    with c, with d, with both; what c adds before d has changed and after it; what d adds likewise.
    """

    base: Number
    one: Number
    other: Number
    both: Number
    one_before: Number
    one_after: Number
    other_before: Number
    other_after: Number


def shapley_of_product(
    first: Number,
    second: Number,
    third: Number,
    fourth: Number,
    base_first: Number,
    base_second: Number,
    base_third: Number,
    base_fourth: Number,
) -> FourContributions:
    """Contributions of a, b, c, d to a b c d - a0 b0 c0 d0: the mean over all orders of change.

    Each factor is changed from its base value to its value in every one of the 24 orders; what the
    product gains when it is its turn, averaged, is its contribution. No order is preferred and no
    residual is left.

    Parameters
    ----------
    first, second, third, fourth
        a, b, c, d, any unit.
    base_first, base_second, base_third, base_fourth
        a0, b0, c0, d0, the unit of each.

    Returns
    -------
    Named tuple of four contributions in the unit of the product. NaN where an argument is NaN.

    Source: Shapley 1953, "A value for n-person games". Two equal changes share the gain:

    >>> shapley_of_product(2.0, 2.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0)
    FourContributions(first=1.5, second=1.5, third=0.0, fourth=0.0)
    >>> f"{sum(shapley_of_product(1.1, 0.9, 1.3, 0.7, 1.0, 1.2, 0.8, 0.5)):.5f}"
    '0.42090'
    """
    pair = pair_change(third, fourth, base_third, base_fourth)
    return shapley_of_pair(first, second, base_first, base_second, pair)


def shapley_of_pair(
    first: Number, second: Number, base_first: Number, base_second: Number, pair: PairChange
) -> FourContributions:
    """Contributions of a, b, c, d to the change of a b sum(c d), a sum over any number of pairs.

    They are linear in the pairs: c and d contribute what those of all pairs together do.

    Parameters
    ----------
    first, second, base_first, base_second
        a, b, a0, b0, any unit.
    pair
        :func:`pair_change` of c and d, or several of them added with :func:`pairs_added`.

    Returns
    -------
    Named tuple of four contributions in the unit of a b c d; see :func:`shapley_of_product`. NaN
    where an argument is NaN.

    Source: Shapley 1953, "A value for n-person games", whose values of a sum of games are the sums
    of their values. Of a b (c d + e f), a 1 to 2, c 1 to 2, e 1 to 3, the others 1:

    >>> pair = pairs_added(pair_change(2.0, 1.0, 1.0, 1.0), pair_change(3.0, 1.0, 1.0, 1.0))
    >>> shapley_of_pair(2.0, 1.0, 1.0, 1.0, pair)
    FourContributions(first=3.5, second=0.0, third=4.5, fourth=0.0)
    """
    at_base, at_end = _mean_gain_per_step(pair)
    one = (first - base_first) * (base_second * at_base + second * at_end)
    two = (second - base_second) * (base_first * at_base + first * at_end)
    at_base, at_end = _mean_gain_per_step(pair_change(first, second, base_first, base_second))
    three = pair.one_before * at_base + pair.one_after * at_end
    four = pair.other_before * at_base + pair.other_after * at_end
    return FourContributions(one, two, three, four)


def pair_change(one: Number, other: Number, base_one: Number, base_other: Number) -> PairChange:
    """How the product of two factors changes with each of them and with both.

    Parameters
    ----------
    one, other, base_one, base_other
        c, d, c0, d0, any unit.

    Returns
    -------
    Named tuple of products in the unit of c d. NaN where an argument of theirs is NaN.

    Source: c d - c0 d0 = (c - c0) d0 + c (d - d0), and with c and d in the other order.

    >>> pair_change(3.0, 5.0, 1.0, 2.0)[:4]
    (2.0, 6.0, 5.0, 15.0)
    >>> pair_change(3.0, 5.0, 1.0, 2.0)[4:]
    (4.0, 10.0, 3.0, 9.0)
    """
    gain_of_one, gain_of_other = one - base_one, other - base_other
    return PairChange(
        base_one * base_other, one * base_other, base_one * other, one * other,
        gain_of_one * base_other, gain_of_one * other,
        base_one * gain_of_other, one * gain_of_other,
    )  # fmt: skip


def pairs_added(pair: PairChange, further: PairChange) -> PairChange:
    """Two pairs whose products are added up.

    Parameters
    ----------
    pair, further
        Each of :func:`pair_change` or of this function, in one unit.

    Returns
    -------
    Their sum, in that unit. NaN where either is NaN.

    Source: the change of a sum is the sum of the changes.

    >>> pairs_added(pair_change(3.0, 5.0, 1.0, 2.0), pair_change(1.0, 1.0, 1.0, 1.0)).both
    16.0
    """
    return PairChange(
        pair.base + further.base, pair.one + further.one,
        pair.other + further.other, pair.both + further.both,
        pair.one_before + further.one_before, pair.one_after + further.one_after,
        pair.other_before + further.other_before, pair.other_after + further.other_after,
    )  # fmt: skip


def _mean_gain_per_step(pair: PairChange) -> tuple[Number, Number]:
    """Weighted products of a pair, for a partner at its base value and at its new one.

    A factor comes first or last in a quarter of the orders each, and in a twelfth of them after a
    given one or two of the three others.
    """
    twelfth = 1.0 / 12.0
    all_four = pair.base + (pair.one + pair.other) + pair.both
    at_base = twelfth * (all_four + 2.0 * pair.base)
    at_new = twelfth * (all_four + 2.0 * pair.both)
    return at_base, at_new


def shapley_of_game(values: Sequence[Number]) -> list[Number]:
    """Contribution of each of n drivers, from the outcome with every set of them changed.

    Parameters
    ----------
    values
        2^n outcomes, any unit; in that at position s the driver i is changed where bit i of s is
        set, so that the first has none changed and the last all of them.

    Returns
    -------
    n contributions in the same unit, the mean gain over all orders of change; they add up to
    values[-1] - values[0]. NaN where an outcome is NaN. The number of values must be a power of 2.

    Source: Shapley 1953, "A value for n-person games". Of a b - a0 b0, a 1 to 2 and b 1 to 3:

    >>> shapley_of_game([1.0, 2.0, 3.0, 6.0])
    [2.0, 3.0]
    """
    number = (len(values) - 1).bit_length()
    contributions: list[Number] = []
    for driver in range(number):
        total: Number = 0.0
        for others in range(len(values)):
            if not others >> driver & 1:
                size = others.bit_count()
                weight = factorial(size) * factorial(number - size - 1) / factorial(number)
                total = total + weight * (values[others | 1 << driver] - values[others])
        contributions.append(total)
    return contributions
