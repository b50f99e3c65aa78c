"""What every product of evapotranspiration alone offers, and its months on the cells of a study."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np

from saprolite.constants import SECONDS_PER_DAY
from saprolite.grid import Grid
from saprolite.sources.calendars import month_days
from saprolite.sources.files import Array

Key = tuple[int, int]


class Gridded(NamedTuple):
    """A month on rows of a grid: mean rate where there is a value (kg m-2 s-1, NaN where none), and
    the share of each cell that has one."""

    rate: Array
    cover: Array


class EvapotranspirationProduct(Protocol):
    """A product of evapotranspiration, checked and ready to be read month by month."""

    @property
    def product(self) -> str:
        """Key in the catalogue."""
        ...

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are read."""
        ...

    @property
    def months(self) -> Collection[Key]:
        """The months that are there, (year, month)."""
        ...

    def on_grid(self, key: Key, grid: Grid, rows: slice) -> Gridded:
        """A month on some rows of a grid."""
        ...


def rate_of_amount(amount: Array, key: Key) -> Array:
    """Mean rate (kg m-2 s-1) of an amount in a month (mm or kg m-2), by the true length of it.

    >>> rate_of_amount(np.array([2505.6]), (2004, 2)).round(12)
    array([0.001])
    """
    return np.asarray(amount / (month_days("standard", *key) * SECONDS_PER_DAY))


def whole_years(months: Collection[Key]) -> tuple[int, ...]:
    """Years of which all twelve months are there, in order.

    >>> whole_years([(2000, month) for month in range(2, 13)])
    ()
    """
    return tuple(
        year
        for year in sorted({year for year, _ in months})
        if all((year, month) in months for month in range(1, 13))
    )
