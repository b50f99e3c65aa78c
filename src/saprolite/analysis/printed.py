"""Numbers as they are printed: what their last digit leaves open."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import NamedTuple

_RANGE = re.compile(r"(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)")
_NUMBER = re.compile(r"([<>]?)\s*(-?\d+(?:\.\d+)?)")


class Printed(NamedTuple):
    """A printed number, and the least and greatest number that it can stand for; of a range of
    numbers (``span``) the value is the middle."""

    value: float
    low: float
    high: float
    span: bool = False


def printed(text: str) -> Printed:
    """A number from its printed form: half a unit of its last digit to either side.

    ``34-42`` is a range, its value the middle; ``>2.0`` and ``<1`` are bounds. Raises
    ``ValueError`` for anything else.

    >>> printed("0.50"), printed("-2.4").low, printed("34-42")[:3], printed(">2.0").high
    (Printed(value=0.5, low=0.495, high=0.505, span=False), -2.4499999999999997,
     (38.0, 34.0, 42.0), inf)
    """
    span = _RANGE.fullmatch(text.strip())
    if span:
        low, high = float(span[1]), float(span[2])
        return Printed((low + high) / 2.0, low, high, True)
    found = _NUMBER.fullmatch(text.strip())
    if not found:
        raise ValueError(f"{text!r} is no printed number: 110.86, -2.4, 34-42, >2.0 or <1")
    bound, digits = found.groups()
    value = float(digits)
    if bound:
        ends = (value, float("inf")) if bound == ">" else (float("-inf"), value)
        return Printed(value, *ends)
    half = 0.5 * 10.0 ** -len(digits.partition(".")[2])
    return Printed(value, value - half, value + half)


def combined(function: Callable[..., float], *numbers: Printed) -> Printed:
    """A function of printed numbers, at their values, their low ends and their high ends.

    >>> combined(lambda a, b: a + b, printed("1.0"), printed("2.0"))[:3]
    (3.0, 2.9, 3.0999999999999996)
    """
    return Printed(
        function(*(number.value for number in numbers)),
        function(*(number.low for number in numbers)),
        function(*(number.high for number in numbers)),
    )
