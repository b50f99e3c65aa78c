"""A finished and analysed run: the maps and tables that its figures are drawn from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import xarray as xr

from saprolite.analysis.annual import CONTROL
from saprolite.analysis.attribution import PARTS
from saprolite.analysis.maps import RunMaps, read_maps
from saprolite.analysis.masked import Mask, masks
from saprolite.analysis.trend_maps import KG_PER_T, CellTrends
from saprolite.equations import RelativeContribution
from saprolite.places import Place
from saprolite.stores import open_dataset
from saprolite.study_analysis import AnalysisChoices

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Analysed:
    """Means of a run (``maps``), what its analysis stored (``store``) and its tables.

    ``heading`` is that of the tables: title, reading, notes. Maps are (lat, lon), NaN off the land.
    """

    maps: RunMaps
    store: xr.Dataset
    tables: Mapping[str, pd.DataFrame]
    choices: AnalysisChoices
    heading: Mapping[str, Any]

    @classmethod
    def read(
        cls,
        folder: Place,
        tables: Mapping[str, pd.DataFrame],
        choices: AnalysisChoices,
        heading: Mapping[str, Any],
    ) -> Analysed:
        """From the folder of a run whose ``analysis.zarr`` is finished."""
        maps = read_maps(open_dataset(folder / "fluxes.zarr"))
        return cls(maps, open_dataset(folder / "analysis.zarr"), tables, choices, heading)

    @property
    def layers(self) -> tuple[str, ...]:
        """Names of the single layers."""
        return self.maps.layer_names

    @property
    def column(self) -> str:
        """Name of the whole column."""
        return self.maps.depth_name

    @property
    def period(self) -> str:
        """First and last year with a value."""
        years = self.maps.years
        return f"{years[0]}-{years[-1]}" if len(years) > 1 else f"{years[0] if years else 'none'}"

    def flux_trends(self, layers: str) -> CellTrends:
        """Trends of the control by cell; slopes in kg C km-2 yr-2."""
        found = self._trends("trend_", (CONTROL, layers))
        return found._replace(slope=KG_PER_T * found.slope, intercept=KG_PER_T * found.intercept)

    def has_state(self, name: str) -> bool:
        """Whether there are trends of ``soil_moisture`` or ``soil_temperature``."""
        return f"{name}_trend_slope" in self.store

    def state_trends(self, name: str, layers: str) -> CellTrends:
        """Trends of ``soil_moisture`` (m3 m-3 yr-1) or ``soil_temperature`` (K yr-1) by cell."""
        return self._trends(f"{name}_trend_", (layers,))

    def contribution(self, layers: str) -> RelativeContribution:
        """Relative contributions by cell, %."""
        return RelativeContribution(
            *(self._map("relative_contribution", (name, layers)) for name in PARTS)
        )

    def classes(self, name: str, layers: str) -> npt.NDArray[np.uint8]:
        """Codes of ``main_control`` or ``synergy`` by cell; water has code 0 as well."""
        return np.asarray(self._map(name, (layers,)), np.uint8)

    @cached_property
    def masks(self) -> tuple[Mask, ...]:
        """Where the soil of the column dries, warms and so on: the masks of Fig 9 first."""
        moisture, temperature = (
            self.state_trends(name, self.column) for name in ("soil_moisture", "soil_temperature")
        )
        return masks(moisture, temperature, self.contribution(self.column), self.choices)

    def rows(self, name: str, **where: str) -> pd.DataFrame:
        """The rows of a table with these values."""
        table = self.tables[name]
        for column, value in where.items():
            table = table[table[column] == value]
        return table

    def _trends(self, prefix: str, labels: tuple[str, ...]) -> CellTrends:
        return CellTrends(*(self._map(prefix + name, labels) for name in CellTrends._fields))

    def _map(self, name: str, labels: tuple[str, ...]) -> npt.NDArray[Any]:
        array = self.store[name]
        at = tuple(
            [str(label) for label in self.store[dim].values].index(wanted)
            for dim, wanted in zip(array.dims, labels, strict=False)
        )
        return np.asarray(array[at].values)
