"""GLDAS Noah monthly (2.0 or 2.1; 0.25 and 1.0 degree): one-month files, or months in one file.

Quirks of the product: soil moisture is a mass per layer (kg m-2); a month is stamped with its first
day; land ice holds a constant water content of 1.0 in all layers; evapotranspiration is a mean rate
and negative in about 4 % of the cell-months (dew, frost).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from saprolite.equations import volumetric_water_content
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid import Grid
from saprolite.sources.files import decode, netcdf, spread_problem
from saprolite.sources.forcing import ForcingYear
from saprolite.sources.gldas_files import (
    EVAPOTRANSPIRATION,
    MOISTURE,
    TEMPERATURE,
    UNITS,
    WHAT,
    Key,
    Month,
    checked_months,
)

if TYPE_CHECKING:
    from saprolite.sources.netcdf_chunks import Wanted
    from saprolite.sources.netcdf_layout import Head

LAYER_EDGES = (0.0, 0.1, 0.4, 1.0, 2.0)
LAYER_DEPTHS = (0.1, 0.3, 0.6, 1.0)
LAND_ICE_MOISTURE = 0.9999
LATITUDES_OF_A_MEAN = 60.0
Fields = npt.NDArray[np.float32]
Cells = npt.NDArray[np.int64]
_WATER_CONTENT = {
    name: partial(volumetric_water_content, layer_thickness=depth)
    for name, depth in zip(MOISTURE, LAYER_DEPTHS, strict=True)
}
_VARIABLES = {
    "soil_moisture": MOISTURE,
    "soil_temperature": TEMPERATURE,
    "evapotranspiration": (EVAPOTRANSPIRATION,),
}
_ADVICE = {
    "soil_moisture": "moisture must be in kg m-2 per layer; check units and layer",
    "soil_temperature": "temperature must be in K, not degC",
    "evapotranspiration": "evapotranspiration must be a rate in kg m-2 s-1, not an amount",
}


@dataclass(frozen=True)
class GldasMonthly:
    """A checked set of GLDAS months on one grid."""

    grid: Grid
    months: dict[Key, Month]
    heads: dict[Path, Head]
    flip: tuple[bool, bool]
    version: str | None = None
    early: tuple[Path, ...] = ()
    layer_edges: tuple[float, ...] = LAYER_EDGES
    product: str = "gldas_noah_monthly"

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are read."""
        return tuple(self.heads)

    @property
    def notes(self) -> tuple[str, ...]:
        """The early product; which files netCDF4 must read, which is slower, and why."""
        found = []
        if self.early:
            found.append(
                f"forcing: the early product, made without GPCP precipitation, in "
                f"{len(self.early)} months from {self.early[0].name} to {self.early[-1].name}"
            )
        by_reason: dict[str, list[Path]] = {}
        for path, head in self.heads.items():
            if head.reason:
                by_reason.setdefault(head.reason, []).append(path)
        return (
            *found,
            *(
                f"read with netCDF4: {reason} ({paths[0].name}"
                + (f" and {len(paths) - 1} more)" if len(paths) > 1 else ")")
                for reason, paths in by_reason.items()
            ),
        )

    def read_year(self, year: int, cells: Cells) -> ForcingYear:
        """The twelve months of a year, float32, at flat (row-major) indices of the grid."""
        return self.read_months(_months_of(year), cells)

    def read_months(self, keys: Sequence[Key], cells: Cells) -> ForcingYear:
        """Some months, each (year, month), as the first axis; float32, at flat indices of the grid.

        Several threads may read at once.

        Raises ``InputError`` for a file that is damaged or has changed since it was checked, and
        for values out of range.
        """
        layers = len(LAYER_DEPTHS)
        moisture = np.empty((len(keys), layers, cells.size), np.float32)
        temperature = np.empty((len(keys), layers, cells.size), np.float32)
        water = np.empty((len(keys), cells.size), np.float32)
        fields = {name: moisture[:, layer] for layer, name in enumerate(MOISTURE)}
        fields |= {name: temperature[:, layer] for layer, name in enumerate(TEMPERATURE)}
        fields[EVAPOTRANSPIRATION] = water
        self._fill(keys, fields, cells)
        result = ForcingYear(moisture, temperature, water)
        self._check_ranges(keys, result, self._spans(cells))
        return result

    def _spans(self, cells: Cells) -> bool:
        """Whether cells span so many latitudes that the mean of a field tells its unit."""
        if not cells.size:
            return False
        first, last = (self.grid.lat[at // self.grid.lon.size] for at in (cells.min(), cells.max()))
        return abs(float(last - first)) >= LATITUDES_OF_A_MEAN

    def land(self) -> npt.NDArray[np.bool_]:
        """Where the first month has a value in any field: the product's land, ice included."""
        return np.asarray(self._land_and_ice[0])

    def land_ice(self) -> npt.NDArray[np.bool_]:
        """Where the first month holds a water content of 1 in all four layers: land ice."""
        return np.asarray(self._land_and_ice[1])

    @cached_property
    def _land_and_ice(self) -> npt.NDArray[np.bool_]:
        values = self._first_month()
        land = np.isfinite(values).any(axis=0)
        ice = (values[: len(MOISTURE)] >= LAND_ICE_MOISTURE).all(axis=0)
        return np.stack([land, ice])

    def _first_month(self) -> Fields:
        """All fields of the first month, (field, lat, lon), moisture first and as water content."""
        values = np.empty((len(UNITS), 1, self.grid.lat.size * self.grid.lon.size), np.float32)
        fields = dict(zip(UNITS, values, strict=True))
        self._fill([min(self.months)], fields, np.arange(values.shape[-1]))
        return values.reshape(len(UNITS), *self.grid.shape)

    def _fill(self, keys: Sequence[Key], fields: Mapping[str, Fields], cells: Cells) -> None:
        """Read months into the rows of (month, cell) arrays, moisture as water content."""
        from saprolite.sources.netcdf_chunks import Gatherer, Wanted, run_jobs

        stored = self._stored(cells)
        gatherer = Gatherer(stored, self.grid.shape)
        jobs: list[Callable[[], None]] = [
            partial(self._fetch_ahead, keys[-1][0] + 1, tuple(fields))
        ]
        for path, positions in self._by_file(keys).items():
            wanted = [
                Wanted(
                    name,
                    {position: rows[index] for index, position in positions.items()},
                    _WATER_CONTENT.get(name),
                )
                for name, rows in fields.items()
            ]
            head = self.heads[path]
            if head.reason:
                _read_with_netcdf4(path, wanted, stored)
            else:
                jobs += [job for item in wanted for job in gatherer.jobs(path, head, item, WHAT)]
        run_jobs(jobs)

    def _fetch_ahead(self, year: int, names: tuple[str, ...]) -> None:
        from saprolite.sources.netcdf_chunks import fetch_ahead

        if all(key in self.months for key in _months_of(year)):
            for path, positions in self._by_file(_months_of(year)).items():
                fetch_ahead(path, self.heads[path], names, positions.values())

    def _by_file(self, keys: Sequence[Key]) -> dict[Path, dict[int, int]]:
        """Files of some months, each with the numbers of its months and their positions."""
        files: dict[Path, dict[int, int]] = {}
        for index, key in enumerate(keys):
            path, position = self.months[key]
            files.setdefault(path, {})[index] = position
        return files

    def _stored(self, cells: Cells) -> Cells:
        """Flat indices of cells in the order of the files."""
        row, column = np.divmod(cells, self.grid.lon.size)
        flip_lat, flip_lon = self.flip
        if flip_lat:
            row = self.grid.lat.size - 1 - row
        if flip_lon:
            column = (column - self.grid.lon.size // 2) % self.grid.lon.size
        return np.asarray(row * self.grid.lon.size + column)

    def _check_ranges(self, keys: Sequence[Key], values: ForcingYear, with_means: bool) -> None:
        """Each layer and month of its own: one field in another unit hides in a common mean.

        Of a few rows the mean may be that of a polar night: what fails must not hang on the band.
        """
        from saprolite.sources.netcdf_chunks import spreads

        soil = ~(values.soil_moisture[0] >= LAND_ICE_MOISTURE).all(axis=0)
        problems: dict[Problem, None] = {}
        for name, array in values._asdict().items():
            fields = array.reshape(len(keys), -1, soil.size)
            found = spreads(list(fields.reshape(-1, soil.size)), soil)
            for index, spread in enumerate(found):
                position, layer = divmod(index, fields.shape[1])
                year, month = keys[position]
                variable = _VARIABLES[name][layer]
                where = f"{self.months[(year, month)].path} ({year}-{month:02d}), {variable}"
                problem = None
                if spread.number:
                    if not with_means:
                        spread = spread._replace(mean=None)
                    problem = spread_problem(where, name, spread, _ADVICE[name])
                if problem:
                    problems[problem] = None
        raise_if_any(InputError, "GLDAS values are out of range", problems)


def _months_of(year: int) -> list[Key]:
    return [(year, month) for month in range(1, 13)]


def _read_with_netcdf4(path: Path, wanted: Sequence[Wanted], stored: Cells) -> None:
    """One read per variable: files of many months may be compressed across months."""
    with netcdf(path, WHAT) as dataset:
        for name, rows, convert in wanted:
            span = slice(min(rows), max(rows) + 1)
            months = decode(dataset[name], span)
            for position, row in rows.items():
                values = months[position - span.start].ravel()[stored]
                row[:] = convert(values) if convert is not None else values


def open_gldas(
    path: Path,
    years: Iterable[int],
    optional_year: int | None = None,
    version: str | None = None,
    accept_early: bool = False,
) -> GldasMonthly:
    """Check a folder or file for all months of ``years``; nothing but metadata is read.

    The months of ``optional_year`` are kept where all twelve are there. Of a folder, the files of
    one ``version`` ("2.0", "2.1") are taken; without it there may be but one. The early product is
    refused unless it is accepted.

    Raises ``InputError`` that lists every file which is truncated, misnamed, on another grid, of
    another version or in another unit, and every month that is missing.
    """
    return GldasMonthly(*checked_months(path, years, optional_year, version, accept_early))
