"""A made-up world for the benchmarks: an Earth with 243,216 land cells at 0.25 degree, and patches
of land of any size.

Fields are smooth in space, with seasons, trends and noise; every year can be computed alone and
always has the same values. Nothing here is data.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.grid import Grid
from saprolite.inputs import Prepared
from saprolite.inputs.demo import DemoPlanet
from saprolite.models import CO2Pathway, Soil
from saprolite.sources.class_tables import LAYER_EDGES
from saprolite.sources.forcing import ForcingYear
from saprolite.study import Study
from saprolite.study_template import demo_content

Array = npt.NDArray[np.float64]
Cells = npt.NDArray[np.int64]
LAND_CELLS = 243_216  # GLDAS Noah at 0.25 degree
FIRST_YEAR = 1970
EXPERIMENTS = ("soil_moisture", "soil_temperature", "soil_co2", "frozen_soil")
FIVE_GROUPS = Path(__file__).with_name("five_groups.csv")
FIVE_GROUPS_READING = {
    "kinetics": str(FIVE_GROUPS), "arrhenius_base": "10", "arrhenius_coefficient": "table",
}  # fmt: skip
_DAMPING = np.array([1.0, 0.8, 0.5, 0.3], np.float32)
_SHIFTS = 4096


class Weather:
    """Monthly fields of any year at given places (degrees), float32."""

    def __init__(self, lat: Array, lon: Array) -> None:
        random = np.random.default_rng(7)
        self._noise = random.standard_normal(lat.size + _SHIFTS, dtype=np.float32)
        rad, east = np.deg2rad(lat), np.deg2rad(lon)
        self._sine, self._cosine = _single(np.sin(rad)), _single(np.cos(rad))
        self._wave = _single(np.cos(3.0 * rad + 1.0) * np.cos(2.0 * east + 0.5))

    def year(self, year: int) -> ForcingYear:
        """The twelve months of a year: moisture, temperature (month, layer, cell), ET."""
        cells, layers = self._sine.size, len(_DAMPING)
        moisture = np.empty((12, layers, cells), np.float32)
        kelvin = np.empty((12, layers, cells), np.float32)
        water = np.empty((12, cells), np.float32)
        passed = np.float32(year - FIRST_YEAR)
        for month in range(12):
            summer = np.float32(np.cos(2.0 * np.pi * (month - 6.5) / 12.0))
            season = summer * self._sine
            mean = np.float32(0.27) + np.float32(0.1) * self._wave
            drift = np.float32(4e-4) * passed * self._wave
            for layer, damping in enumerate(_DAMPING):
                noise = self._shifted(year, month, layer) * damping
                wet = mean + drift - np.float32(0.05) * damping * season + np.float32(0.02) * noise
                np.clip(wet, 0.03, 0.55, out=moisture[month, layer])
                warm = np.float32(301.0) - np.float32(42.0) * self._sine**2
                warm += np.float32(18.0) * damping * season + np.float32(0.8) * noise
                kelvin[month, layer] = warm + np.float32(0.02) * passed
            rate = self._cosine * (1 + np.float32(0.5) * season) * (1 + np.float32(1e-3) * passed)
            noise = self._shifted(year, month, layers)
            water[month] = np.float32(3.5e-5) * rate + np.float32(2e-6) * noise
        return ForcingYear(moisture, kelvin, water)

    def _shifted(self, year: int, month: int, layer: int) -> npt.NDArray[np.float32]:
        start = (61 * (12 * year + month) + 997 * layer) % _SHIFTS
        return self._noise[start : start + self._sine.size]


def _single(values: Array) -> npt.NDArray[np.float32]:
    return values.astype(np.float32)


@dataclass(frozen=True)
class Planet:
    """An Earth with made-up weather, in the place of the demo planet; as many land cells at 0.25
    degree as GLDAS has."""

    resolution: float
    layer_edges: tuple[float, ...] = LAYER_EDGES
    product: str = "demo_planet"
    files: tuple[Path, ...] = ()
    notes: tuple[str, ...] = ("made-up world of the benchmarks; not data",)

    @cached_property
    def _demo(self) -> DemoPlanet:
        return DemoPlanet(self.resolution)

    @property
    def grid(self) -> Grid:
        """Cells from 60 S to 90 N."""
        return self._demo.grid

    @cached_property
    def _land(self) -> npt.NDArray[np.bool_]:
        """The land of the demo planet without the cells nearest to the north pole."""
        land = self._demo.land()
        kept = min(round(LAND_CELLS * (0.25 / self.resolution) ** 2), int(land.sum()))
        chosen = np.zeros(land.size, bool)
        chosen[np.flatnonzero(land)[:kept]] = True
        return chosen.reshape(land.shape)

    def land(self) -> npt.NDArray[np.bool_]:
        """Land cells."""
        return self._land

    def land_ice(self) -> npt.NDArray[np.bool_]:
        """Cells of land ice."""
        return self._demo.land_ice() & self._land

    def read_year(self, year: int, cells: Cells) -> ForcingYear:
        """The twelve months of a year at flat indices of the grid."""
        row, column = np.divmod(cells, self.grid.lon.size)
        return Weather(self.grid.lat[row], self.grid.lon[column]).year(year)


@contextmanager
def in_place_of_the_demo_planet() -> Iterator[None]:
    """Studies of the demo planet run on :class:`Planet` meanwhile."""
    # Here, so that the start-up of the benchmarks of start-up is the package's own.
    from unittest import mock

    with mock.patch("saprolite.inputs.opening.DemoPlanet", Planet):
        yield


class InMemory:
    """The forcing of a patch of land, all years in memory, as a store that is in memory is."""

    def __init__(self, grid: Grid, years: range) -> None:
        lat, lon = np.repeat(grid.lat, grid.lon.size), np.tile(grid.lon, grid.lat.size)
        weather = Weather(lat, lon)
        self._years = {year: weather.year(year) for year in years}
        self.grid = grid
        self.layer_edges: tuple[float, ...] = LAYER_EDGES
        self.product = "demo_planet"
        self.files: tuple[Path, ...] = ()
        self.notes: tuple[str, ...] = ()

    def land(self) -> npt.NDArray[np.bool_]:
        """Land everywhere."""
        return np.ones(self.grid.shape, bool)

    def land_ice(self) -> npt.NDArray[np.bool_]:
        """No ice."""
        return np.zeros(self.grid.shape, bool)

    def read_year(self, year: int, cells: slice | Cells) -> ForcingYear:
        """Views of the twelve months of a year."""
        if not isinstance(cells, slice):
            cells = slice(int(cells[0]), int(cells[-1]) + 1)
        return ForcingYear(*(values[..., cells] for values in self._years[year]))


def study(years: int, resolution: float = 1.0, **sections: dict[str, Any]) -> Study:
    """A study of the demo planet from 1970, with changes of its sections."""
    period = {"first_year": FIRST_YEAR, "last_year": FIRST_YEAR + years - 1}
    content = {**demo_content(resolution), "title": "Benchmark", **period, **sections}
    return Study.of(content, Path())


def patch(cells: int, chosen: Study) -> Prepared:
    """Prepared inputs of a rectangle of land with random soils, its forcing in memory."""
    rows = next(size for size in range(int(cells**0.5), 0, -1) if cells % size == 0)
    lat = -55.0 + 130.0 * (np.arange(rows) + 0.5) / rows
    columns = cells // rows
    lon = -180.0 + 360.0 * (np.arange(columns) + 0.5) / columns
    grid = Grid(lat, lon, (130.0 / rows, 360.0 / columns))
    reading = chosen.chosen_reading
    model = CO2Pathway.of(reading, tuple(chosen.minerals.names))
    years = range(chosen.first_year - 1, chosen.last_year + 1)
    index = np.arange(cells)
    return Prepared(
        study=chosen,
        model=model,
        grid=grid,
        layer_edges=LAYER_EDGES,
        cells=index,
        source_cells=index,
        area=grid.areas().ravel(),
        soil=_soil(cells, model.minerals),
        climate=np.ones(cells, np.int16),
        missing=np.zeros(cells, np.uint8),
        forcing=InMemory(grid, years),
        previous_year=reading.et_mode == "trailing12",
        atmospheric_co2={year: 320.0 + 1.8 * (year - FIRST_YEAR) for year in years},
        products={"forcing": "demo_planet"},
        files={},
        notes=(),
    )


def of_reading(prepared: Prepared, chosen: Study) -> Prepared:
    """The same land and weather under the reading, experiments and precision of another study."""
    reading = chosen.chosen_reading
    return replace(
        prepared,
        study=chosen,
        model=CO2Pathway.of(reading, tuple(chosen.minerals.names)),
        previous_year=reading.et_mode == "trailing12",
    )


def _soil(cells: int, minerals: tuple[str, ...]) -> Soil:
    random = np.random.default_rng(3)
    layers = len(LAYER_EDGES) - 1
    shape = (layers, cells)
    texture = np.moveaxis(random.dirichlet((3.0, 3.0, 4.0), size=shape), -1, 0)
    shares = np.moveaxis(random.dirichlet(np.ones(len(minerals) + 1), size=shape), -1, 0)
    depth = np.diff(LAYER_EDGES)[:, None]
    thickness = np.where(random.random(shape) < 0.05, 0.0, depth)
    return Soil(
        *texture,
        bulk_density=random.uniform(1100.0, 1600.0, shape),
        mineral_share=dict(zip(minerals, shares, strict=False)),
        thickness=thickness,
    )
