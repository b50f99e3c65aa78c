"""The demo planet on the points of any product: values of the nearest cell of the planet."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.inputs.demo import DemoPlanet
from saprolite.sources.forcing import ForcingYear

Array = npt.NDArray[np.floating[Any]]


class PlanetPoints:
    """The planet at latitudes and longitudes (degrees, any order), cell of ``resolution`` degrees.

    Points outside 60 S to 90 N, or in a cell of water, are no land.
    """

    def __init__(self, lat: Array, lon: Array, resolution: float = 2.0) -> None:
        self.lat, self.lon = np.asarray(lat, float), np.asarray(lon, float)
        self.planet = DemoPlanet(resolution)
        self._resolution = resolution

    @property
    def shape(self) -> tuple[int, int]:
        """Number of latitudes and longitudes."""
        return (self.lat.size, self.lon.size)

    @cached_property
    def _cells(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        grid = self.planet.grid
        rows = np.floor((self.lat - grid.lat_edges[0]) / self._resolution).astype(np.int64)
        columns = np.floor(((self.lon + 180.0) % 360.0) / self._resolution).astype(np.int64)
        inside = (rows >= 0) & (rows <= grid.lat.size)
        rows = np.clip(rows, 0, grid.lat.size - 1)
        cells = rows[:, None] * grid.lon.size + columns[None, :] % grid.lon.size
        return cells, np.broadcast_to(inside[:, None], cells.shape)

    @cached_property
    def land(self) -> npt.NDArray[np.bool_]:
        """Points on land, ice included."""
        cells, inside = self._cells
        return np.asarray(self.planet.land().ravel()[cells] & inside)

    @cached_property
    def ice(self) -> npt.NDArray[np.bool_]:
        """Points on land ice."""
        cells, inside = self._cells
        return np.asarray(self.planet.land_ice().ravel()[cells] & inside)

    @cached_property
    def climate(self) -> npt.NDArray[np.int64]:
        """Climate class of each point, 0 off the land."""
        cells, inside = self._cells
        return np.where(inside, self.planet.classes.ravel()[cells], 0)

    def year(self, year: int) -> ForcingYear:
        """Drivers of a year, (month, layer, lat, lon) and (month, lat, lon); NaN off the land."""
        cells, _ = self._cells
        values = self.planet.read_year(year, cells.ravel())
        return ForcingYear(*(
            np.where(self.land, np.asarray(item, float).reshape(*item.shape[:-1], *self.shape),
                     np.nan)
            for item in values
        ))  # fmt: skip
