"""Eight-day composites of MOD16 in months, and their sinusoidal pixels on a grid.

A composite is an amount over its days: eight, and five or six at the end of a year, where the next
begins anew. A month takes of each the share of days that it has of it.
"""

from __future__ import annotations

from calendar import isleap
from datetime import date, timedelta
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite.constants import SECONDS_PER_DAY
from saprolite.grid import Grid
from saprolite.sources.files import Array

DAYS = 8
SCALE = 0.1  # kg m-2 per unit
VALID = (-32767, 32700)  # 32761 to 32767 are classes without a value
# The sphere and the tiles of the MODIS sinusoidal grid, m.
SPHERE_RADIUS = 6371007.181
TILE_SIZE = 1111950.5197665554
TILES = (36, 18)
LEAST_SHARE = 0.5  # of the days of a month that a pixel must have a value on
Stored = npt.NDArray[np.integer[Any]]


class Share(NamedTuple):
    """Days that a month has of a composite, and all days of the composite."""

    days: int
    of: int


def composite_days(year: int, day: int) -> int:
    """Days of the composite that starts on a day of the year (1, 9, ... 361).

    >>> composite_days(2001, 353), composite_days(2001, 361), composite_days(2004, 361)
    (8, 5, 6)
    """
    if day % DAYS != 1 or not 1 <= day <= 361:
        raise ValueError(f"no composite starts on day {day}")
    return min(DAYS, 365 + isleap(year) - day + 1)


def composites_of_month(year: int, month: int) -> dict[int, Share]:
    """Composites (first day of the year) that a month has days of.

    >>> composites_of_month(2001, 1)[25], composites_of_month(2001, 12)[361]
    (Share(days=7, of=8), Share(days=5, of=5))
    """
    shares: dict[int, Share] = {}
    for day in range(1, 362, DAYS):
        length = composite_days(year, day)
        first = date(year, 1, 1) + timedelta(days=day - 1)
        inside = sum((first + timedelta(days=step)).month == month for step in range(length))
        if inside:
            shares[day] = Share(inside, length)
    return shares


def amounts(stored: Stored) -> Array:
    """Amounts in kg m-2 per composite, NaN out of the valid range and for the classes of fill.

    >>> amounts(np.array([0, 254, 32700, 32761, 32767], np.int16)).round(6).tolist()
    [0.0, 25.4, 3270.0, nan, nan]
    """
    low, high = VALID
    return np.where((stored >= low) & (stored <= high), SCALE * stored.astype(np.float64), np.nan)


class MonthlyRate:
    """The mean rate of a month (kg m-2 s-1), from composites that are added one by one.

    Of a pixel that lacks composites the mean is that of the days with a value, if these are half of
    the month or more.
    """

    def __init__(self, shape: tuple[int, ...]) -> None:
        self._amount, self._known = np.zeros(shape), np.zeros(shape)
        self._days = 0

    def add(self, composite: Array, share: Share) -> None:
        """Add amounts (kg m-2 per composite, NaN where none) by the days of the month."""
        known = np.isfinite(composite)
        self._amount += np.where(known, composite, 0.0) * (share.days / share.of)
        self._known += known * share.days
        self._days += share.days

    def rate(self) -> Array:
        """The mean rate, NaN where less than half of the days have a value."""
        enough = (self._known > 0) & (self._known >= LEAST_SHARE * self._days)
        seconds = np.where(enough, self._known, 1.0) * SECONDS_PER_DAY
        return np.where(enough, self._amount / seconds, np.nan)


def pixel_rows(tile: tuple[int, int], pixels: int, south: float, north: float) -> slice:
    """Rows of a tile (h, v) of ``pixels`` rows whose centres lie between two parallels."""
    latitude = _latitudes(tile, pixels)
    inside = np.flatnonzero((latitude >= south) & (latitude < north))
    return slice(int(inside[0]), int(inside[-1]) + 1) if inside.size else slice(0, 0)


def cells_of_pixels(tile: tuple[int, int], pixels: int, rows: slice, grid: Grid) -> Any:
    """Flat index of the grid cell that each pixel's centre lies in, -1 off the grid or the Earth.

    Pixels of the sinusoidal grid have one area: a mean over pixels is an area mean.
    """
    latitude = _latitudes(tile, pixels)[rows]
    size = TILE_SIZE / pixels
    x = (tile[0] - TILES[0] / 2) * TILE_SIZE + (np.arange(pixels) + 0.5) * size
    circle = SPHERE_RADIUS * np.cos(np.deg2rad(latitude))
    longitude = np.rad2deg(x[None, :] / circle[:, None])
    row = np.floor((latitude - grid.lat_edges[0]) / grid.step[0]).astype(np.int64)
    column = np.floor((longitude - grid.lon_edges[0]) / grid.step[1]).astype(np.int64)
    there = (np.abs(longitude) <= 180.0) & (column >= 0) & (column < grid.lon.size)
    there &= ((row >= 0) & (row < grid.lat.size))[:, None]
    return np.where(there, row[:, None] * grid.lon.size + column, -1)


def pixel_area(pixels: int) -> float:
    """Area of a pixel of a tile with so many rows and columns, km2.

    >>> round(pixel_area(2400), 6)
    0.214659
    """
    return (TILE_SIZE / pixels) ** 2 / 1.0e6


def _latitudes(tile: tuple[int, int], pixels: int) -> Array:
    size = TILE_SIZE / pixels
    y = (TILES[1] / 2 - tile[1]) * TILE_SIZE - (np.arange(pixels) + 0.5) * size
    return np.asarray(np.rad2deg(y / SPHERE_RADIUS))
