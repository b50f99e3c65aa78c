"""A forcing on a coarser grid than its product: area means of its drivers, land ice left out."""

from __future__ import annotations

from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.errors import InputError, Problem
from saprolite.grid import Grid, conservative
from saprolite.grid.fields import field_of
from saprolite.sources.files import Array
from saprolite.sources.forcing import Forcing, ForcingYear

_ANY = 1e-6  # share of a cell with a value that is enough: the land mask has decided already


class Regridded:
    """The same product on the cells of another grid.

    A cell is land where land of the product covers ``valid_share`` of it or more, and land ice
    where more than half of that land is ice. Its drivers are the area means over the land without
    ice; the flux of a mean is not the mean of the fluxes.
    """

    def __init__(self, source: Forcing, resolution: float, valid_share: float) -> None:
        self._source = source
        self._valid_share = valid_share
        self.grid = _coarser(source.grid, resolution)
        self.layer_edges = source.layer_edges
        self.product = source.product
        self.files: tuple[Path, ...] = source.files
        note = f"forcing: area means on cells of {resolution:g} degrees, land ice left out"
        self.notes = (*source.notes, note)

    @cached_property
    def _soil(self) -> npt.NDArray[np.bool_]:
        return self._source.land() & ~self._source.land_ice()

    def land(self) -> npt.NDArray[np.bool_]:
        """Cells with enough land of the product."""
        return self._cover(self._source.land()) >= self._valid_share

    def land_ice(self) -> npt.NDArray[np.bool_]:
        """Land cells whose land is mostly ice."""
        return self.land() & (self._cover(self._soil) < 0.5 * self._cover(self._source.land()))

    def read_year(self, year: int, cells: npt.NDArray[np.int64]) -> ForcingYear:
        """The twelve months of a year, averaged onto the cells."""
        soil = np.flatnonzero(self._soil)
        values = self._source.read_year(year, soil)
        return ForcingYear(*(self._mean(array, soil, cells) for array in values))

    def _mean(
        self,
        packed: npt.NDArray[np.floating[Any]],
        soil: npt.NDArray[np.int64],
        cells: npt.NDArray[np.int64],
    ) -> Array:
        grid = self._source.grid
        means = np.empty((*packed.shape[:-1], cells.size))
        for index in np.ndindex(packed.shape[:-1]):
            full = np.full(grid.lat.size * grid.lon.size, np.nan)
            full[soil] = packed[index]
            means[index] = self._onto_target(full.reshape(grid.shape), _ANY).ravel()[cells]
        return means

    def _cover(self, mask: npt.NDArray[np.bool_]) -> Array:
        return np.round(self._onto_target(mask.astype(np.float64), _ANY), 9)

    def _onto_target(self, values: Array, valid_share: float) -> Array:
        field = field_of(values, self._source.grid)
        return np.asarray(conservative(field, self.grid, valid_share).values)


def _coarser(grid: Grid, resolution: float) -> Grid:
    south, north = float(grid.lat_edges[0]), float(grid.lat_edges[-1])
    rows, columns = (north - south) / resolution, 360.0 / resolution
    whole = abs(rows - round(rows)) < 1e-6 and abs(columns - round(columns)) < 1e-6
    if not whole or resolution < max(grid.step) or abs(grid.lon_edges[0] + 180.0) > 1e-6:
        raise InputError(
            "The grid of the study cannot be made (1 problem)",
            [
                Problem(
                    "grid.resolution_deg",
                    f"{resolution:g} degrees for a forcing of {grid.describe()}",
                    f"{max(grid.step):g} degrees or coarser, dividing 360 and "
                    f"{north - south:g}, for a forcing around the globe",
                    "choose such a resolution, or leave it out to keep the forcing's grid",
                )
            ],
        )
    return Grid.globe(resolution, south, north)
