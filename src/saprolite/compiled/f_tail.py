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
        half = freedom / 2.0
        whole = _beta_with_half(half)
        terms = np.empty(_TERMS)
        falling = 2.0 / whole
        for index in range(_TERMS):
            terms[index] = falling / (2 * index + 1)
            falling *= (1.0 - half + index) / (index + 1)
        abscissae, weights = _jacobi_rule(half - 0.5, -0.5)
        return cls(
            float(freedom),
            min(6.0, half),  # 1 - x stays below a third, its n/2-fold below three
            terms,
            1.0 / (half * whole),
            (1.0 + abscissae) / 2.0,
            weights,
        )

    def fill(self, ratio: Array, p: Array) -> None:
        """Write the p of every ratio; 1 for 0, 0 for infinity, NaN for NaN."""
        _kernel()(ratio, p, *self)


# scipy.special has both, but its import takes a quarter of a second, of a run that may take three.
def _beta_with_half(number: float) -> float:
    """B(a, 1/2) for a = 1/2, 1, 3/2, ... by the recurrence of DLMF 5.12.1 and 5.5.1.

    >>> _beta_with_half(1.0), round(_beta_with_half(1.5) / np.pi, 15), _beta_with_half(3.0)
    (2.0, 0.5, 1.0666666666666667)
    """
    known = 1.0 if number == int(number) else 0.5
    result = 2.0 if known == 1.0 else float(np.pi)
    while known < number:
        result *= known / (known + 0.5)
        known += 1.0
    return result


def _jacobi_rule(alpha: float, beta: float) -> tuple[Array, Array]:
    """Nodes and weights, of the sum 1, of the Gauss rule for (1 - x)^alpha (1 + x)^beta on [-1, 1]:
    eigenvalues and -vectors of the matrix of the recurrence (DLMF 18.9.2; 3.5(vi))
    of Jacobi's polynomials (Golub and Welsch).

    >>> nodes, weights = _jacobi_rule(0.0, 0.0)  # Legendre's
    >>> expected = np.polynomial.legendre.leggauss(nodes.size)
    >>> bool(np.allclose(nodes, expected[0]) and np.allclose(2.0 * weights, expected[1]))
    True
    """
    order = np.arange(1.0, _NODES)
    both = alpha + beta
    twice = 2.0 * order + both
    centres = (beta**2 - alpha**2) / (twice * (twice + 2.0))
    # (n + alpha + beta) / (2n + alpha + beta - 1) of the first is 1, also where it is 0/0.
    ratio = np.append(1.0, (order[1:] + both) / (twice[1:] - 1.0))
    squares = 4.0 * order * (order + alpha) * (order + beta) * ratio / (twice**2 * (twice + 1.0))
    matrix = np.diag(np.append((beta - alpha) / (both + 2.0), centres))
    matrix += np.diag(np.sqrt(squares), -1)  # eigh reads the lower triangle alone
    nodes, vectors = np.linalg.eigh(matrix)
    return nodes, vectors[0] ** 2


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
