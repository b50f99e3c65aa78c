"""The four kinds of mean flux, which studies mix up: by area or by cell, of valid cells or of land.

A total divided by a mean gives the area that the mean stands for; with the wrong kind it is the
area of another planet. The headline is the area-weighted mean over cells with a value.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


class MeanFlux(NamedTuple):
    """Mean flux in t C km-2 yr-1, by the four definitions; NaN where the denominator is 0."""

    area_weighted_valid: float
    area_weighted_land: float
    unweighted_valid: float
    unweighted_land: float


def mean_flux(flux: Array, area: Array, land: npt.NDArray[np.bool_]) -> MeanFlux:
    """The four means of a flux map; ``..._land`` counts land without a value as 0.

    >>> flux = np.array([[2.0, np.nan], [1.0, 1.0]])
    >>> area = np.array([[1.0, 1.0], [3.0, 3.0]])
    >>> mean_flux(flux, area, np.ones((2, 2), bool))
    MeanFlux(area_weighted_valid=1.1428571428571428, area_weighted_land=1.0,
             unweighted_valid=1.3333333333333333, unweighted_land=1.0)
    """
    valid = np.isfinite(flux)
    amount = float((flux * area)[valid].sum())
    plain = float(flux[valid].sum())
    return MeanFlux(
        _ratio(amount, float(area[valid].sum())),
        _ratio(amount, float(area[land].sum())),
        _ratio(plain, float(valid.sum())),
        _ratio(plain, float(land.sum())),
    )


def _ratio(numerator: float, denominator: float) -> float:
    return numerator / denominator if denominator else float("nan")
