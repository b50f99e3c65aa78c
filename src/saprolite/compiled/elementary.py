"""The elementary functions of compiled equations: vectorised, the same bits on every machine.

Numba's own ``exp`` and ``log`` call the C library lane by lane. These are polynomials, exact to
about one unit in the last place; a NaN gives NaN. Results of ``exp`` below the smallest normal
number times the root of two are 0.
Their coefficients are Taylor's, economised by Chebyshev polynomials in whole numbers: there is no
table of magic numbers, and every machine has the same.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from types import MappingProxyType
from typing import Any

import numpy as np
from numba import njit

from saprolite.compiled.intrinsics import fma, from_bits, larger, smaller, to_bits
from saprolite.compiled.reachable import digest_of

Function = Callable[..., Any]
OPTIONS: Mapping[str, Any] = MappingProxyType(
    {"forceinline": True, "error_model": "numpy", "fastmath": False}
)
# ln 2 to twice the precision of a float64: what float64(ln 2) leaves over.
_LN2, _LN2_REST = math.log(2.0), 2.3190468138462996e-17
_MORE = 2  # times as many terms of a series as the degree that it is economised to
_ONE = 1 << 160  # what stands for 1 in whole numbers


def _compiled(function: Any) -> Function:
    # One name for each content: see the names of bound equations.
    function.__name__ = f"{function.__name__}_{digest_of(function)[:16]}"
    function.__qualname__ = function.__name__
    result: Function = njit(**OPTIONS)(function)
    return result


def _power_series(bound: Fraction, degree: int, argument_bound: Fraction) -> list[float]:
    """Coefficients, lowest first, of a polynomial near exp(bound t / argument_bound) for t from
    -argument_bound to argument_bound: the Taylor series, of which the highest term is taken away
    with its Chebyshev polynomial, the smallest one there is, again and again."""
    term, found = _ONE, []
    for power in range(_MORE * degree):
        found.append(term)
        term = term * bound.numerator // (bound.denominator * (power + 1))
    while len(found) > degree + 1:
        highest = len(found) - 1
        leading = found.pop()
        for power, share in enumerate(_chebyshev(highest)[:-1]):
            found[power] -= leading * share >> (highest - 1)
    up, down = argument_bound.denominator, argument_bound.numerator
    return [value * up**power / (_ONE * down**power) for power, value in enumerate(found)]


def _chebyshev(degree: int) -> list[int]:
    """Coefficients of the Chebyshev polynomial T of a degree, lowest first; the highest is
    2^(degree - 1)."""
    before, found = [1], [0, 1]
    for _ in range(degree - 1):
        twice, less = [0, *(2 * value for value in found)], [*before, 0, 0]
        before, found = found, [a - b for a, b in zip(twice, less, strict=True)]
    return found


def _powers_of_two(real: Any, integer: Any) -> tuple[Any, Any, Any]:
    """How two to a whole power is made: a number that rounds another to an integer when it is
    added, the largest sum of both that is used, and by how much the bits of the sum are shifted.

    The integer then stands in the last bits, biased as the exponent of a float is, and half as
    large a power: so that no finite result overflows. At the largest sum it is that of infinity.
    """
    info = np.finfo(real)
    rounder = real(1.5 * 2.0**info.nmant + info.maxexp - 2)
    return rounder, real(rounder + info.maxexp + 1), integer(info.nmant)


def _exp_of(real: Any, integer: Any, degree: int) -> Function:
    rounder, highest, shift = _powers_of_two(real, integer)
    # Where the exponent is that of zero. The bounds are those of two numbers, not of one: a bound
    # on either side of the same number takes the compiler a comparison and a choice more.
    lowest = real((2 - np.finfo(real).maxexp) * _LN2)
    per_ln2 = real(1.0 / _LN2)
    ln2_high = real(_LN2)
    ln2_low = real((_LN2 - float(ln2_high)) + _LN2_REST)
    half_ln2 = Fraction(_LN2) / 2
    first, *rest = (real(2 * c) for c in reversed(_power_series(half_ln2, degree, half_ln2)))
    twice_exp = _horner(first, tuple(rest))

    def exp(x):  # type: ignore[no-untyped-def]
        x = real(x)
        x = lowest if x < lowest else x
        shifted = fma(x, per_ln2, rounder)
        shifted = highest if shifted > highest else shifted
        k = shifted - rounder
        r = fma(-k, ln2_low, fma(-k, ln2_high, x))
        return twice_exp(r) * from_bits(integer(to_bits(shifted) << shift))

    return _compiled(exp)


def _exp_product_of(real: Any, integer: Any, degree: int) -> Function:
    """e to the power a b, as 2 to the power a (b / ln 2): where b is the same for many, as little
    as can be is left to do for each."""
    rounder, highest, shift = _powers_of_two(real, integer)
    lowest = real(2 - np.finfo(real).maxexp)  # as in ``_exp_of``
    per_ln2 = real(1.0 / _LN2)
    half, half_ln2 = Fraction(1, 2), (Fraction(_LN2) + Fraction(_LN2_REST)) / 2
    first, *rest = (real(2 * c) for c in reversed(_power_series(half_ln2, degree, half)))
    twice_exp2 = _horner(first, tuple(rest))

    def exp_product(a, b):  # type: ignore[no-untyped-def]
        power = real(a) * (real(b) * per_ln2)
        power = lowest if power < lowest else power
        shifted = power + rounder
        shifted = highest if shifted > highest else shifted
        r = power - (shifted - rounder)
        return twice_exp2(r) * from_bits(integer(to_bits(shifted) << shift))

    return _compiled(exp_product)


def _log_of(real: Any, integer: Any, series_terms: int) -> Function:
    info = np.finfo(real)
    shift = integer(info.nmant)
    half_root = integer(np.asarray(real(math.sqrt(0.5))).view(integer).item())
    tiny = real(info.tiny)
    lift = real(2.0 ** (info.nmant + 2))
    lifted = real(info.nmant + 2)
    one, two, zero = real(1.0), real(2.0), real(0.0)
    infinite, undefined = real(np.inf), real(np.nan)
    ln2_high = real(_LN2)
    ln2_low = real((_LN2 - float(ln2_high)) + _LN2_REST)
    # 2 artanh(s) = 2 s + s^3 (2/3 + 2/5 s^2 + ...)
    coefficients = tuple(real(2.0 / (2 * n + 1)) for n in range(series_terms, 0, -1))
    polynomial = _horner(coefficients[0], coefficients[1:])

    def log(x):  # type: ignore[no-untyped-def]
        x = real(x)
        subnormal = x < tiny
        y = x * lift if subnormal else x
        bits = to_bits(y)
        exponent = integer((bits - half_root) >> shift)
        mantissa = from_bits(integer(bits - (exponent << shift)))
        k = real(exponent) - (lifted if subnormal else zero)
        f = mantissa - one
        s = f / (two + f)
        square = s * s
        # f - s f = 2 s without the rounding error of s.
        tail = fma(s * square, polynomial(square), k * ln2_low)
        value = fma(k, ln2_high, fma(-s, f, f) + tail)
        value = -infinite if x == zero else value
        value = undefined if x < zero else value
        return value if x < infinite else x

    return _compiled(log)


def _horner(first: Any, rest: tuple[Any, ...]) -> Function:
    """A polynomial with its highest coefficient first, unrolled."""
    names = {f"c{n}": value for n, value in enumerate(rest)} | {"first": first, "fma": fma}
    lines = [f"    p = fma(p, x, c{n})" for n in range(len(rest))]
    source = "\n".join(["def polynomial(x):", "    p = first", *lines, "    return p"])
    exec(source, names)
    return _compiled(names["polynomial"])


def _minimum_of(real: Any) -> Function:
    def minimum(a, b):  # type: ignore[no-untyped-def]
        return smaller(real(a), real(b))

    return _compiled(minimum)


def _maximum_of(real: Any) -> Function:
    def maximum(a, b):  # type: ignore[no-untyped-def]
        return larger(real(a), real(b))

    return _compiled(maximum)


def _sqrt(x):  # type: ignore[no-untyped-def]
    return math.sqrt(x)


def _where(condition, a, b):  # type: ignore[no-untyped-def]
    return a if condition else b


def _functions(real: Any, integer: Any, exp_degree: int, series_terms: int) -> dict[str, Any]:
    return {
        "exp": _exp_of(real, integer, exp_degree),
        "exp_product": _exp_product_of(real, integer, exp_degree),
        "log": _log_of(real, integer, series_terms),
        "minimum": _minimum_of(real),
        "maximum": _maximum_of(real),
        "sqrt": _compiled(_sqrt),
        "where": _compiled(_where),
    }


# Degrees so that the rest of the series is below a tenth of a unit in the last place.
ELEMENTARY: Mapping[str, Mapping[str, Function]] = MappingProxyType(
    {
        "float64": MappingProxyType(_functions(np.float64, np.int64, 11, 10)),
        "float32": MappingProxyType(_functions(np.float32, np.int32, 6, 4)),
    }
)
REAL: Mapping[str, Any] = MappingProxyType({"float64": np.float64, "float32": np.float32})
