"""The p of an F-test with one degree of freedom against n, for millions of ratios at once.

p is the incomplete beta function I_x(n/2, 1/2) at x = n/(n + F). Two forms of it that vectorise:
up to a small F, p = 1 - A with the power series of A in 1 - x; beyond it, x^(n/2) times a
hypergeometric function that is a Stieltjes integral, so that a Gauss-Jacobi rule is its continued
fraction (DLMF 8.17.8, 15.8.1, 15.6.1). Both keep the relative accuracy of a p as small as 1e-300.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite.compiled.binding import specialised
from saprolite.compiled.elementary import ELEMENTARY
from saprolite.equations.elementary import exp, log, sqrt

Array = npt.NDArray[np.float64]
_LANES = 512
# So many that either form is exact to 1e-12 up to a thousand degrees of freedom.
_TERMS, _NODES = 34, 20


class FTail(NamedTuple):
    """What the p of n degrees of freedom is computed from."""

    freedom: float
    small: float  # below this ratio the series is used
    series: Array
    scale: float
    nodes: Array
    weights: Array

    @classmethod
    def of(cls, freedom: int) -> FTail:
        """The series and the rule for n, 1 to 1000 degrees of freedom."""
        from scipy.special import beta, roots_jacobi

        half = freedom / 2.0
        whole = float(beta(half, 0.5))
        terms = np.empty(_TERMS)
        falling = 2.0 / whole
        for index in range(_TERMS):
            terms[index] = falling / (2 * index + 1)
            falling *= (1.0 - half + index) / (index + 1)
        abscissae, weights = roots_jacobi(_NODES, half - 0.5, -0.5)
        return cls(
            float(freedom),
            min(6.0, half),  # 1 - x stays below a third, its n/2-fold below three
            terms,
            1.0 / (half * whole),
            (1.0 + abscissae) / 2.0,
            weights / weights.sum(),
        )

    def fill(self, ratio: Array, p: Array) -> None:
        """Write the p of every ratio; 1 for 0, 0 for infinity, NaN for NaN."""
        _kernel()(ratio, p, *self)


@cache
def _kernel() -> Callable[..., None]:
    names = {name: ELEMENTARY["float64"][name] for name in ("exp", "log", "sqrt")}
    return specialised(_tails, {**names, "LANES": _LANES}, "float64")


# Bound to its value when the kernel is made, as exp, log and sqrt are to compiled ones.
LANES = _LANES


def _tails(ratio, p, freedom, small, series, scale, nodes, weights):  # type: ignore[no-untyped-def]
    head, tail = np.empty(LANES), np.empty(LANES)
    slant, square = np.empty(LANES), np.empty(LANES)
    for start in range(0, ratio.shape[0], LANES):
        lanes = min(LANES, ratio.shape[0] - start)
        values, results = ratio[start : start + lanes], p[start : start + lanes]
        for lane in range(lanes):
            slant[lane] = freedom / values[lane]
            square[lane] = 1.0 / (1.0 + slant[lane])
            head[lane] = 0.0
            tail[lane] = 0.0
        for term in range(series.shape[0] - 1, -1, -1):
            coefficient = series[term]
            for lane in range(lanes):
                head[lane] = head[lane] * square[lane] + coefficient
        for node in range(nodes.shape[0]):
            weight, place = weights[node], nodes[node]
            for lane in range(lanes):
                tail[lane] += weight / (1.0 + place * slant[lane])
        for lane in range(lanes):
            value = values[lane]
            sine = sqrt(square[lane])
            power = exp(-0.5 * freedom * log(1.0 + value / freedom))
            near = 1.0 - sine * head[lane]
            far = scale * power / sine * tail[lane]
            results[lane] = near if value < small else far
