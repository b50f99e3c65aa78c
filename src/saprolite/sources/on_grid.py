"""A monthly product on the cells of a study: area means of its drivers, land ice left out."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cached_property
from itertools import chain
from pathlib import Path
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid import Grid, Rectilinear, Weights
from saprolite.sources.files import Array, Spread, spread_problem
from saprolite.sources.forcing import ForcingYear

LAYER_EDGES = (0.0, 0.1, 0.4, 1.0, 2.0)
LATITUDES_OF_A_MEAN = 60.0
_ADVICE = {
    "soil_moisture": "moisture must be in the unit of the product, per layer; check the file",
    "soil_temperature": "temperature must be in K, not degC",
    "evapotranspiration": "check unit and sign of the evapotranspiration in the file",
}
Mask = npt.NDArray[np.bool_]


class MonthFields(NamedTuple):
    """A month in the order of the file: (layer, row, column), ET (row, column)."""

    soil_moisture: Array
    soil_temperature: Array
    evapotranspiration: Array


class Surface(NamedTuple):
    """Land and land ice of a product, (row, column) in the order of the file; ``share``: the part
    of each cell that is land, where the product says it, by which its values are weighted."""

    land: Mask
    ice: Mask
    share: Array | None = None

    def shares(self, rows: slice) -> Array:
        """The weight of each cell of some rows."""
        land = self.land[rows]
        return np.ones(land.shape) if self.share is None else np.where(land, self.share[rows], 0.0)


class MonthlyProduct(Protocol):
    """A product in its own files: moisture in m3 m-3 and temperature in K in the layers
    ``LAYER_EDGES``, evapotranspiration in kg m-2 s-1, upward positive."""

    @property
    def cells(self) -> Rectilinear:
        """Cells of the files."""
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

    def surface(self) -> Surface:
        """Land and land ice."""
        ...

    def read_months(self, year: int, rows: slice) -> Iterator[tuple[int, MonthFields]]:
        """The months of a year with their numbers, some rows of the files, one after the other."""
        ...


class OnGrid:
    """A forcing on the cells of a study's grid, whatever the grid of the product.

    ``resolution`` (degrees): cells from 60 S to 90 N where it divides 150, else of the whole globe;
    None: the product's own cells, which must be regular. A cell is land where land of the product
    covers ``valid_share`` of it or more, and land ice where more than half of that land is ice. Its
    drivers are the area means over the land without ice, the product's cells weighted by their land
    where it says how much they have; months are read one after the other.
    """

    layer_edges = LAYER_EDGES

    def __init__(
        self, source: MonthlyProduct, resolution: float | None, valid_share: float
    ) -> None:
        self._source = source
        self._valid_share = valid_share
        self.grid = own_grid(source) if resolution is None else study_grid(resolution)
        self.product = source.product
        self.files = source.files
        note = "the product's own cells"
        if resolution is not None:
            note = f"area means on cells of {resolution:g} degrees, land ice left out"
        south = float(self.grid.lat_edges[0])
        note += f"; nothing south of {-south:g} S" if -90.0 < south == -60.0 else ""
        self.notes = (*source.notes, f"forcing: {note}")

    @cached_property
    def _surface(self) -> Surface:
        return self._source.surface()

    @cached_property
    def _weights(self) -> Weights:
        return self._source.cells.onto(self.grid)

    @cached_property
    def _covers(self) -> tuple[Array, Array]:
        """Shares of the target cells that are land, and land without ice."""
        surface, rows = self._surface, self._weights.source_rows
        share = surface.shares(rows)
        land, soil = surface.land[rows], (surface.land & ~surface.ice)[rows]
        return self._weights.cover(land * share), self._weights.cover(soil * share)

    def land(self) -> Mask:
        """Cells with enough land of the product."""
        return np.asarray(self._covers[0] >= self._valid_share)

    def land_ice(self) -> Mask:
        """Land cells whose land is mostly ice."""
        return np.asarray(self.land() & (self._covers[1] < 0.5 * self._covers[0]))

    def read_year(self, year: int, cells: npt.NDArray[np.int64]) -> ForcingYear:
        """The twelve months of a year, averaged onto the cells.

        Raises ``InputError`` for a file that is damaged and for values out of range.
        """
        layers = len(LAYER_EDGES) - 1
        result = ForcingYear(
            np.full((12, layers, cells.size), np.nan),
            np.full((12, layers, cells.size), np.nan),
            np.full((12, cells.size), np.nan),
        )
        if not cells.size:
            return result
        row, column = np.divmod(cells, self.grid.lon.size)
        first, last = int(row.min()), int(row.max()) + 1
        weights = self._source.cells.onto(self.grid, slice(first, last))
        rows, land = weights.source_rows, self._surface
        soil, share = (land.land & ~land.ice)[rows], land.shares(rows)
        problems: dict[Problem, None] = {}
        for month, fields in self._source.read_months(year, rows):
            for problem in self._range_problems(f"{year}-{month:02d}", fields, soil, rows):
                problems[problem] = None
            layered = [field.reshape(-1, *soil.shape) for field in fields]
            targets = [array[month - 1].reshape(-1, cells.size) for array in result]
            on_soil = (np.where(soil, values, np.nan) for layers in layered for values in layers)
            means = weights.means(on_soil, share)
            for target, mean in zip(chain(*targets), means, strict=True):
                target[:] = mean[row - first, column]
        raise_if_any(InputError, f"{self.product}: values are out of range", problems)
        self._check_sign(year, result)
        return result

    def _range_problems(
        self, month: str, fields: MonthFields, soil: Mask, rows: slice
    ) -> list[Problem]:
        """Each layer and month of its own; of a few rows the mean may be that of a polar night."""
        edges = self._source.cells.lat_edges
        if self._source.cells.descending:
            edges = edges[::-1]
        span = abs(edges[rows.stop] - edges[rows.start]) if soil.size else 0.0
        problems = []
        for name, field in fields._asdict().items():
            for layer, values in enumerate(field.reshape(-1, *soil.shape)):
                spread = Spread.of(values[soil])
                if np.isinf(values[soil]).any():
                    spread = Spread(1, float(np.nanmin(values[soil])), np.inf, None)
                if span < LATITUDES_OF_A_MEAN:
                    if not spread.number:
                        continue
                    spread = spread._replace(mean=None)
                where = f"{self._source.files[0].parent} ({month})"
                if field.ndim > 2:
                    top, bottom = LAYER_EDGES[layer], LAYER_EDGES[layer + 1]
                    where += f", {100 * top:g}-{100 * bottom:g} cm"
                problem = spread_problem(where, name, spread, _ADVICE[name])
                if problem:
                    problems.append(problem)
        return problems

    def _check_sign(self, year: int, values: ForcingYear) -> None:
        """More dew than evaporation over a year is a flipped sign, however few the cells."""
        known = values.evapotranspiration[:, np.isfinite(values.evapotranspiration).all(axis=0)]
        mean = float(known.mean()) if known.size else 0.0
        if mean < _NET_DEW:
            raise InputError(
                "The evapotranspiration cannot be used (1 problem)",
                [Problem(f"{self._source.files[0].parent} ({year}): evapotranspiration",
                         f"a mean of {mean:.3g} kg m-2 s-1 over the year",
                         "water that leaves the soil, on the mean of a year",
                         _ADVICE["evapotranspiration"])],
            )  # fmt: skip


_NET_DEW = -1.0e-6  # kg m-2 s-1, 32 mm of net dew a year: no land outside ice has it


def study_grid(resolution: float) -> Grid:
    """Cells from 60 S to 90 N, as GLDAS has them, where the resolution fits; else of the globe.

    >>> study_grid(2.5).shape, study_grid(4.0).shape
    ((60, 144), (45, 90))
    """
    rows, columns = 150.0 / resolution, 360.0 / resolution
    if abs(columns - round(columns)) > 1e-6 or abs(columns / 2 - round(columns / 2)) > 1e-6:
        raise InputError(
            "The grid of the study cannot be made (1 problem)",
            [Problem("grid.resolution_deg", f"{resolution:g} degrees", "a divisor of 180",
                     "choose one such as 0.25, 0.5, 1, 2 or 2.5")],
        )  # fmt: skip
    whole = abs(rows - round(rows)) < 1e-6
    return Grid.globe(resolution, -60.0 if whole else -90.0, 90.0)


def own_grid(source: MonthlyProduct) -> Grid:
    """The product's own cells as a grid; ``InputError`` that asks for a resolution if they are
    no regular grid between -180 and 180 degrees."""
    try:
        return source.cells.grid(source.product)
    except InputError as error:
        raise InputError(
            "The grid of the study cannot be made (1 problem)",
            [Problem(f"{source.product}: lat, lon", source.cells.describe(),
                     "regular cells between -180 and 180 degrees, or a grid for the study",
                     "give the cells of the study: [grid] resolution_deg = 0.5")],
        ) from error  # fmt: skip
