"""Random factors on a flux: their values from a uniform number, their first two moments.

All of them are positive or 0 by construction, so that no draw of a flux is negative.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr, ndtri

from saprolite.analysis.uncertainty_settings import Error

Array = npt.NDArray[np.float64]
_SMALLEST = float(np.finfo(np.float64).tiny)
_LARGEST = 1.0 - 2.0**-53


class Moments(NamedTuple):
    """Mean of a factor, and mean of its square."""

    mean: float
    square: float


def factor(error: Error, uniform: Any) -> Array:
    """The factor at quantiles of its distribution (0 to 1); 1 everywhere for a width of 0.

    >>> constant = Error(name="pk", shared="common", distribution="log10_uniform",
    ...                  half_width_dex=0.3, source="assumed")
    >>> factor(constant, [0.0, 0.5, 1.0]).round(4)
    array([0.5012, 1.    , 1.9953])
    """
    u = np.clip(np.asarray(uniform, np.float64), _SMALLEST, _LARGEST)
    width = error.width
    if width == 0.0:
        return np.ones_like(u)
    if error.distribution == "uniform":
        return np.asarray(1.0 + width * (2.0 * u - 1.0))
    if error.distribution == "log10_uniform":
        return np.asarray(10.0 ** (width * (2.0 * u - 1.0)))
    if error.distribution == "truncated_normal":
        low, high = ndtr(-1.0 / width), ndtr(1.0 / width)
        return np.clip(1.0 + width * ndtri(low + u * (high - low)), 0.0, 2.0)
    variance = np.log1p(width**2)
    return np.asarray(np.exp(np.sqrt(variance) * ndtri(u) - variance / 2.0))


def moments(error: Error) -> Moments:
    """Mean and mean square of a factor, in closed form.

    Source: lognormal and uniform distributions; a normal one of mean 1 cut at 0 and 2 has the
    variance s^2 [1 - 2 a f(a) / (2 F(a) - 1)], a = 1/s; of 10^U(-h, h) the k-th moment is
    sinh(k b) / (k b), b = h ln 10. Plus or minus 0.3 in pk is 39 % of the rate constant:

    >>> constant = Error(name="pk", shared="common", distribution="log10_uniform",
    ...                  half_width_dex=0.3, source="assumed")
    >>> mean, square = moments(constant)
    >>> round(mean, 4), round((square / mean**2 - 1.0) ** 0.5, 3)
    (1.0814, 0.393)
    """
    width = error.width
    if width == 0.0:
        return Moments(1.0, 1.0)
    if error.distribution == "uniform":
        return Moments(1.0, 1.0 + width**2 / 3.0)
    if error.distribution == "log10_uniform":
        b = width * np.log(10.0)
        return Moments(float(np.sinh(b) / b), float(np.sinh(2.0 * b) / (2.0 * b)))
    if error.distribution == "truncated_normal":
        a = 1.0 / width
        density = np.exp(-(a**2) / 2.0) / np.sqrt(2.0 * np.pi)
        kept = 1.0 - 2.0 * a * density / (2.0 * ndtr(a) - 1.0)
        return Moments(1.0, float(1.0 + width**2 * kept))
    return Moments(1.0, 1.0 + width**2)
