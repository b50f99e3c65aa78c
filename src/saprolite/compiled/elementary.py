"""The elementary functions of compiled equations: vectorised, the same bits on every machine.

Numba's own ``exp`` and ``log`` call the C library lane by lane. These are polynomials (Taylor's, so
that there is no table of magic numbers), exact to about one unit in the last place; a NaN gives
NaN. Results below the smallest normal number are 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from numba import njit

from saprolite.compiled.intrinsics import fma, from_bits, to_bits
from saprolite.compiled.reachable import digest_of

Function = Callable[..., Any]
OPTIONS: Mapping[str, Any] = MappingProxyType(
    {"forceinline": True, "error_model": "numpy", "fastmath": False}
)
# ln 2 to twice the precision of a float64: what float64(ln 2) leaves over.
_LN2, _LN2_REST = math.log(2.0), 2.3190468138462996e-17


def _compiled(function: Any) -> Function:
    # One name for each content: see the names of bound equations.
    function.__name__ = f"{function.__name__}_{digest_of(function)[:16]}"
    function.__qualname__ = function.__name__
    result: Function = njit(**OPTIONS)(function)
    return result


def _exp_of(real: Any, integer: Any, taylor_terms: int) -> Function:
    info = np.finfo(real)
    digits = info.nmant
    bias = integer(info.maxexp - 1)
    shift = integer(digits)
    # Adding it rounds a number to an integer, which then stands in the last bits.
    rounder = real(1.5 * 2.0**digits)
    per_ln2 = real(1.0 / _LN2)
    ln2_high = real(_LN2)
    ln2_low = real((_LN2 - float(ln2_high)) + _LN2_REST)
    highest = real(math.log(float(info.max)))
    lowest = real(math.log(float(info.tiny)))
    zero, infinite = real(0.0), real(np.inf)
    coefficients = tuple(real(1.0 / math.factorial(n)) for n in range(taylor_terms, -1, -1))
    first, rest = coefficients[0], coefficients[1:]
    polynomial = _horner(first, rest)

    def exp(x):  # type: ignore[no-untyped-def]
        shifted = fma(real(x), per_ln2, rounder)
        k = shifted - rounder
        r = fma(-k, ln2_low, fma(-k, ln2_high, real(x)))
        power = from_bits(integer((to_bits(shifted) + bias) << shift))
        value = polynomial(r) * power
        value = zero if x < lowest else value
        return infinite if x > highest else value

    return _compiled(exp)


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


def _minimum(a, b):  # type: ignore[no-untyped-def]
    return a if a < b or a != a else b


def _maximum(a, b):  # type: ignore[no-untyped-def]
    return a if a > b or a != a else b


def _sqrt(x):  # type: ignore[no-untyped-def]
    return math.sqrt(x)


def _where(condition, a, b):  # type: ignore[no-untyped-def]
    return a if condition else b


def _functions(real: Any, integer: Any, taylor_terms: int, series_terms: int) -> dict[str, Any]:
    return {
        "exp": _exp_of(real, integer, taylor_terms),
        "log": _log_of(real, integer, series_terms),
        "minimum": _compiled(_minimum),
        "maximum": _compiled(_maximum),
        "sqrt": _compiled(_sqrt),
        "where": _compiled(_where),
    }


# Terms so that the rest of the series is below half a unit in the last place.
ELEMENTARY: Mapping[str, Mapping[str, Function]] = MappingProxyType(
    {
        "float64": MappingProxyType(_functions(np.float64, np.int64, 13, 10)),
        "float32": MappingProxyType(_functions(np.float32, np.int32, 7, 4)),
    }
)
REAL: Mapping[str, Any] = MappingProxyType({"float64": np.float64, "float32": np.float32})
