"""Which groups of minerals have their experiments computed together.

Groups of one order of reaction differ in the temperature factor alone. What an experiment or a
contribution gives is linear in a factor and its base value together, so that the sum over such
groups, sum_k s_k (w u g_k p), is that of one product, w u (sum_k s_k g_k) p: a bundle of groups
costs what one group does. Groups of one temperature coefficient are bundled alike, by their CO2
factors.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Bundles(NamedTuple):
    """Which groups go together: those of one ``"order"``, of one ``"coefficient"``, or each
    ``"group"`` alone; how many bundles there are, and that of each group."""

    by: str
    number: int
    of_group: tuple[int, ...]


def places(values: Sequence[float]) -> tuple[int, ...]:
    """The place of each value among those that differ.

    >>> places([0.5, 0.6, 0.5])
    (0, 1, 0)
    """
    different = list(dict.fromkeys(values))
    return tuple(different.index(value) for value in values)


def bundles_of(orders: Sequence[float], coefficients: Sequence[float]) -> Bundles:
    """The fewest bundles of groups, each given by its order and its coefficient.

    >>> bundles_of([0, 0, 1], [0, 1, 1])
    Bundles(by='coefficient', number=2, of_group=(0, 1, 1))
    >>> bundles_of([0, 1, 0], [0, 1, 2])
    Bundles(by='order', number=2, of_group=(0, 1, 0))
    >>> bundles_of([0], [0])
    Bundles(by='group', number=1, of_group=(0,))
    """
    number = len(set(coefficients))
    if len(set(orders)) < number:
        return Bundles("order", len(set(orders)), places(orders))
    if number < len(coefficients):
        return Bundles("coefficient", number, places(coefficients))
    return groups_alone(coefficients)


def groups_alone(coefficients: Sequence[float]) -> Bundles:
    """No bundles: counted by coefficient, as the base year keeps temperature factors.

    >>> groups_alone([0, 1, 0])
    Bundles(by='group', number=2, of_group=(0, 1, 0))
    """
    return Bundles("group", len(set(coefficients)), places(coefficients))
