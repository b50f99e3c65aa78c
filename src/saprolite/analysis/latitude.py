"""The flux by latitude: one value per row of the grid."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite.analysis.maps import KM2_T_PER_TG, RunMaps

Array = npt.NDArray[np.float64]


class LatitudeProfile(NamedTuple):
    """Rows of the grid from south to north: latitude (degrees north), mean flux over valid area
    (t C km-2 yr-1; NaN without), total (Tg C yr-1), share of the land that has a value (1)."""

    latitude: Array
    mean_flux: Array
    total: Array
    coverage: Array


def latitude_profile(maps: RunMaps) -> LatitudeProfile:
    """Profile of the whole column."""
    amount = np.where(maps.valid, maps.column * maps.area, 0.0).sum(axis=1)
    valid_area = np.where(maps.valid, maps.area, 0.0).sum(axis=1)
    land_area = np.where(maps.land, maps.area, 0.0).sum(axis=1)
    everything = np.nansum(maps.layers * maps.area, axis=(0, 2))
    return LatitudeProfile(
        maps.lat,
        _ratio(amount, valid_area),
        everything / KM2_T_PER_TG,
        _ratio(valid_area, land_area),
    )


def _ratio(numerator: Array, denominator: Array) -> Array:
    return np.where(denominator > 0.0, numerator / np.where(denominator > 0.0, denominator, 1.0),
                    np.nan)  # fmt: skip
