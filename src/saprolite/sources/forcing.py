"""What every forcing product offers: its grid and layers, its land, and its years."""

from __future__ import annotations

from pathlib import Path
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from saprolite.grid import Grid

Array = npt.NDArray[np.floating[Any]]


class ForcingYear(NamedTuple):
    """One year on packed cells: moisture (m3 m-3) and temperature (K) as (month, layer, cell),
    evapotranspiration (kg m-2 s-1) as (month, cell); NaN where the product has no value."""

    soil_moisture: Array
    soil_temperature: Array
    evapotranspiration: Array


class Forcing(Protocol):
    """A forcing product, checked and ready to be read year by year."""

    @property
    def grid(self) -> Grid:
        """Grid of the product."""
        ...

    @property
    def layer_edges(self) -> tuple[float, ...]:
        """Depths of the layers' borders, m."""
        ...

    @property
    def product(self) -> str:
        """Key in the catalogue."""
        ...

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are read."""
        ...

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user must know about the product."""
        ...

    def land(self) -> npt.NDArray[np.bool_]:
        """Land cells of the product, land ice included."""
        ...

    def land_ice(self) -> npt.NDArray[np.bool_]:
        """Cells of land ice."""
        ...

    def read_year(self, year: int, cells: npt.NDArray[np.int64]) -> ForcingYear:
        """The twelve months of a year at flat indices of the grid."""
        ...


class HeldForcing:
    """What a forcing whose values are held elsewhere says of the product that they came from, and
    where its cells are: ``cells`` of the product, in order."""

    def __init__(self, source: Forcing, cells: npt.NDArray[np.int64]) -> None:
        self._cells = cells
        self.grid = source.grid
        self.layer_edges = source.layer_edges
        self.product = source.product
        self.files = source.files
        self.notes = source.notes
        self.land = source.land
        self.land_ice = source.land_ice

    def part(self, cells: npt.NDArray[np.int64]) -> slice:
        """Where cells that follow one another are held; ``ValueError`` for any others."""
        return part_of(self._cells, cells)


def part_of(held: npt.NDArray[np.int64], cells: npt.NDArray[np.int64]) -> slice:
    """Where cells that follow one another are among those held; ``ValueError`` for any others.

    >>> part_of(np.array([2, 3, 7, 9]), np.array([3, 7]))
    slice(1, 3, None)
    """
    start = int(np.searchsorted(held, cells[0])) if cells.size else 0
    part = slice(start, start + cells.size)
    if not np.array_equal(held[part], cells):
        raise ValueError("a forcing that is held is read at cells that follow one another")
    return part
