"""Numbers by latitude: the mean of every row of the grid; where a profile peaks and turns sign."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from saprolite.analysis.annual import AnnualFields

Array = npt.NDArray[np.float64]


def row_means(fields: AnnualFields, values: Array) -> Array:
    """Mean by area of the land cells of each row that have a value; NaN in rows without."""
    rows = np.nonzero(fields.land)[0]
    known = np.isfinite(values)
    size = fields.land.shape[0]
    area = np.bincount(rows[known], fields.area[known], size)
    amount = np.bincount(rows[known], (values * fields.area)[known], size)
    return np.where(area > 0.0, amount / np.where(area > 0.0, area, 1.0), np.nan)


def row_sums(fields: AnnualFields, values: Array) -> Array:
    """Sum of values times area of the land cells of each row; 0 in rows without land."""
    rows, size = np.nonzero(fields.land)[0], fields.land.shape[0]
    return np.asarray(np.bincount(rows, values * fields.area, size), np.float64)


def row_coverage(fields: AnnualFields, values: Array) -> Array:
    """Share of the land area of each row that has a value, 0 to 1; NaN in rows without land."""
    rows, size = np.nonzero(fields.land)[0], fields.land.shape[0]
    land = np.bincount(rows, fields.area, size)
    known = np.bincount(rows, np.where(np.isfinite(values), fields.area, 0.0), size)
    return np.where(land > 0.0, known / np.where(land > 0.0, land, 1.0), np.nan)


def features_of(latitude: Array, profile: Array, least_prominence: float = 0.1) -> pd.DataFrame:
    """Where a profile has maxima and minima, and where it changes sign.

    Parameters
    ----------
    latitude, profile
        Rows from south to north, degrees; rows without a value are left out, so that the profile
        goes on across them.
    least_prominence
        A maximum or minimum counts if it stands out of the profile around it by this share of the
        profile's range, 0 to 1.

    Returns
    -------
    One row a feature: ``feature`` (maximum, minimum, zero_crossing), ``latitude_degrees_north``,
    ``value`` and ``prominence`` (the unit of the profile). Ends of the profile are no maxima. A
    crossing lies where the line between its two rows is 0.

    Source: definitions; prominence as in ``scipy.signal``. A wave with its peak at 10 degrees:

    >>> latitude = np.arange(-40.0, 41.0, 10.0)
    >>> wave = np.cos(np.deg2rad(6.0 * (latitude - 10.0)))
    >>> found = features_of(latitude, wave)[["feature", "latitude_degrees_north"]]
    >>> [f"{name} {at:g}" for name, at in found.values]
    ['zero_crossing -35', 'minimum -20', 'zero_crossing -5', 'maximum 10', 'zero_crossing 25']
    """
    from scipy.signal import find_peaks

    known = np.isfinite(profile)
    at, value = latitude[known], profile[known]
    rows: list[dict[str, Any]] = []
    spread = float(np.ptp(value)) if value.size else 0.0
    for name, sign in (("maximum", 1.0), ("minimum", -1.0)):
        if value.size < 3 or spread == 0.0:
            break
        peaks, about = find_peaks(sign * value, prominence=least_prominence * spread)
        rows += [
            {"feature": name, "latitude_degrees_north": float(at[peak]),
             "value": float(value[peak]), "prominence": float(prominence)}
            for peak, prominence in zip(peaks, about["prominences"], strict=True)
        ]  # fmt: skip
    for row in range(value.size - 1):
        low, high = value[row], value[row + 1]
        if low * high < 0.0:
            crossing = at[row] - low * (at[row + 1] - at[row]) / (high - low)
            rows.append({"feature": "zero_crossing", "latitude_degrees_north": float(crossing),
                         "value": 0.0, "prominence": np.nan})  # fmt: skip
    found = pd.DataFrame(rows, columns=["feature", "latitude_degrees_north", "value", "prominence"])
    return found.sort_values("latitude_degrees_north", ignore_index=True)
