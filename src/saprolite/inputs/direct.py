"""The forcing as every run takes it, stored or not: float32, no value on land ice."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from saprolite.sources.forcing import Forcing, ForcingYear


class DirectForcing:
    """A product read year by year from its own files."""

    def __init__(self, source: Forcing) -> None:
        self._source = source
        self.grid = source.grid
        self.layer_edges = source.layer_edges
        self.product = source.product
        self.files: tuple[Path, ...] = source.files

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user must know about the product, what was met in reading it included."""
        return self._source.notes

    def land(self) -> npt.NDArray[np.bool_]:
        """Land cells of the product, land ice included."""
        return self._source.land()

    def land_ice(self) -> npt.NDArray[np.bool_]:
        """Cells of land ice."""
        return self._ice

    def read_year(self, year: int, cells: npt.NDArray[np.int64]) -> ForcingYear:
        """The twelve months of a year at flat indices of the grid; the arrays are the caller's."""
        values = self._source.read_year(year, cells)
        ice = self._ice.ravel()[cells]
        single = [np.asarray(array, np.float32) for array in values]
        for array in single:
            array[..., ice] = np.nan
        return ForcingYear(*single)

    @cached_property
    def _ice(self) -> npt.NDArray[np.bool_]:
        return self._source.land_ice()
