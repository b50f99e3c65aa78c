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
    first_pair = _mean_gain_per_step(first, second, base_first, base_second)
    second_pair = _mean_gain_per_step(third, fourth, base_third, base_fourth)
    at_base, at_end = second_pair
    one = (first - base_first) * (base_second * at_base + second * at_end)
    two = (second - base_second) * (base_first * at_base + first * at_end)
    at_base, at_end = first_pair
    three = (third - base_third) * (base_fourth * at_base + fourth * at_end)
    four = (fourth - base_fourth) * (base_third * at_base + third * at_end)
    return FourContributions(one, two, three, four)


def _mean_gain_per_step(
    one: Number, other: Number, base_one: Number, base_other: Number
) -> tuple[Number, Number]:
    """Weighted products of a pair, for a partner at its base value and at its new one.

    A factor comes first or last in a quarter of the orders each, and in a twelfth of them after a
    given one or two of the three others.
    """
    twelfth = 1.0 / 12.0
    both_base, both_new = base_one * base_other, one * other
    mixed = one * base_other + base_one * other
    all_four = both_base + mixed + both_new
    at_base = twelfth * (all_four + 2.0 * both_base)
    at_new = twelfth * (all_four + 2.0 * both_new)
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
