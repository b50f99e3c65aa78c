"""The forcing as every run takes it, stored or not: float32, no value on land ice."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite.sources.forcing import Forcing, ForcingYear


class ReadYear(NamedTuple):
    """A year of a product at some of its cells."""

    year: int
    cells: npt.NDArray[np.int64]
    values: ForcingYear


def without_ice(values: ForcingYear, ice: npt.NDArray[np.bool_]) -> ForcingYear:
    """A year as float32, without a value where ``ice``; arrays of float32 are changed in place."""
    single = [np.asarray(array, np.float32) for array in values]
    for array in single:
        array[..., ice] = np.nan
    return ForcingYear(*single)


class DirectForcing:
    """A product read year by year from its own files.

    ``first``: a year that has been read already. It is given to all who ask for the same, such as
    the base year and the block of that year, until another one is read.
    """

    def __init__(self, source: Forcing, first: ReadYear | None = None) -> None:
        self._source = source
        self._first = None if first is None else first._replace(values=self._without_ice(first))
        self.grid = source.grid
        self.layer_edges = source.layer_edges
        self.product = source.product
        self.files: tuple[Path, ...] = source.files
        # Of the product: what takes the place of this forcing must not hold the first year with it.
        self.land, self.land_ice = source.land, source.land_ice

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user must know about the product, what was met in reading it included."""
        return self._source.notes

    def read_year(self, year: int, cells: npt.NDArray[np.int64]) -> ForcingYear:
        """The twelve months of a year at flat indices of the grid, to be read only."""
        first = self._first
        if first and first.year == year and np.array_equal(first.cells, cells):
            return first.values
        found = ReadYear(year, cells, self._source.read_year(year, cells))
        self._first = None
        return self._without_ice(found)

    def _without_ice(self, found: ReadYear) -> ForcingYear:
        ice = self._ice.ravel()[found.cells]
        return without_ice(found.values, ice)

    @cached_property
    def _ice(self) -> npt.NDArray[np.bool_]:
        return self._source.land_ice()
