"""The forcing of a study as ``saprolite prepare`` packed it, in the place of its files.

A store of a study says what the study chose, and is read by studies of the same choices alone. Only
years that are whole are read, and each is checked against its checksum when it is first read.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt

from saprolite.chunks import checksum_of, map_chunk
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid import Grid
from saprolite.inputs.packed_manifest import (
    ARRAYS,
    Digests,
    Manifest,
    checksum_of_places,
    choices_of,
    differing,
    read_manifest,
)
from saprolite.inputs.year_chunks import map_year, year_files
from saprolite.places import Place, place
from saprolite.sources.forcing import ForcingYear, part_of
from saprolite.stores import DAMAGED, open_group
from saprolite.study import Study

COMPLETE = "complete_year"
Cells = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class PackedForcing:
    """A forcing that was packed for a run: float32, no value on land ice.

    ``years`` are those that the run takes of it.
    """

    store: Place
    manifest: Manifest
    grid: Grid
    cells: Cells
    ice: Mask
    years: range
    _checked: set[int] = field(default_factory=set)

    @property
    def layer_edges(self) -> tuple[float, ...]:
        """Depths of the layers' borders, m."""
        return self.manifest.layer_edges

    @property
    def product(self) -> str:
        """Key in the catalogue, of the product that was packed."""
        return self.manifest.products["forcing"]

    @property
    def products(self) -> dict[str, str]:
        """Keys of all products that were packed, by role."""
        return dict(self.manifest.products)

    @property
    def notes(self) -> tuple[str, ...]:
        """What a user must know about the product, as of when it was packed."""
        return self.manifest.notes

    @property
    def files(self) -> tuple[Path, ...]:
        """The files of the years, where they are local."""
        arrays = self.store / ARRAYS
        if not isinstance(arrays, Path):
            return ()
        files = (file for year in self.years for file in year_files(arrays, self._number(year)))
        return tuple(file for file in files if isinstance(file, Path))

    def packed_from(self, study: Study) -> Digests:
        """SHA-256 of the files that were packed, by role and name, and of the years of a study."""
        assert study.inputs.packed is not None
        own = {study.inputs.packed.path: self.manifest.digest(self.years)}
        return {**self.manifest.inputs_sha256, "packed": own}

    def land(self) -> Mask:
        """Land cells that were packed, land ice included."""
        return self._map(np.ones(self.cells.size, bool))

    def land_ice(self) -> Mask:
        """Cells of land ice."""
        return self._map(self.ice)

    def complete(self, year: int) -> Mask:
        """Packed cells with every value of a year, on land ice those of the product."""
        index = (self._number(year), 0)
        try:
            found = map_chunk(self.store / ARRAYS / COMPLETE, index, np.uint8, (1, self.cells.size))
        except DAMAGED as error:
            raise self._damaged(year, f"{type(error).__name__}: {error}") from error
        self._require(year, {COMPLETE: found})
        return np.asarray(found[0] > 0)

    def holes(self, year: int) -> list[str]:
        """Where one field of a year lacks what another one has, as of when it was packed."""
        return list(self.manifest.holes.get(str(year), ()))

    def read_year(self, year: int, cells: Cells) -> ForcingYear:
        """The twelve months of a year: views of a local store, read-only.

        ``cells`` must be packed cells that follow one another. Raises ``InputError`` for a year
        that is not as it was packed.
        """
        part = part_of(self.cells, cells)
        layers = len(self.layer_edges) - 1
        try:
            values = map_year(self.store / ARRAYS, self._number(year), layers, self.cells.size)
        except DAMAGED as error:
            raise self._damaged(year, f"{type(error).__name__}: {error}") from error
        if year not in self._checked:
            self._require(year, values._asdict())
            self._checked.add(year)
        return ForcingYear(*(array[..., part] for array in values))

    def _require(self, year: int, arrays: dict[str, npt.NDArray[np.generic]]) -> None:
        for name, array in arrays.items():
            if checksum_of(array) != self.manifest.years[str(year)][name]:
                raise self._damaged(year, f"another checksum of {name} than when it was packed")

    def _damaged(self, year: int, found: str) -> InputError:
        return InputError(
            "A packed year cannot be read (1 problem)",
            [Problem(f"{self.store} ({year})", found, "the year as it was packed",
                     f"saprolite prepare STUDY.toml --to {self.store} packs it again")],
        )  # fmt: skip

    def _number(self, year: int) -> int:
        return self.manifest.all_years.index(year)

    def _map(self, packed: Mask) -> Mask:
        full = np.zeros(self.grid.shape, bool)
        full.ravel()[self.cells] = packed
        return full


def open_packed(study: Study) -> PackedForcing:
    """The packed forcing of a study.

    Raises ``InputError`` that lists everything in which the store is not that of the study, and the
    years that it lacks.
    """
    assert study.inputs.packed is not None
    where = study.inputs.packed.path
    store = place(where)
    command = f"saprolite prepare STUDY.toml --to {where}"
    manifest = read_manifest(store)
    if manifest is None:
        raise InputError(
            "The packed forcing cannot be used (1 problem)",
            [Problem(f"inputs.packed.path: {where}", "no packed.json", "a store that saprolite "
                     "prepare wrote", f"{command}, or remove [inputs.packed]")],
        )  # fmt: skip
    problems = [
        Problem(f"{where}: {name}", f"packed with {packed}", f"{wanted}, as in the study",
                f"{command} --restart, or remove [inputs.packed]")
        for name, packed, wanted in differing(manifest.choices, choices_of(study))
    ]  # fmt: skip
    lacking = manifest.lacking(study.years)
    if lacking:
        problems.append(
            Problem(f"{where}: years", f"{len(lacking)} years that are not packed, from "
                    f"{lacking[0]} to {lacking[-1]}", f"{study.first_year} to {study.last_year}",
                    f"{command}, or other years")
        )  # fmt: skip
    trailing = study.chosen_reading.et_mode == "trailing12"
    if trailing and study.first_year == manifest.first_year and not manifest.year_before:
        problems.append(
            Problem(f"{where}: reading.et_mode", '"trailing12", and packed without the year before '
                    f"{study.first_year}", "a store that was packed with this et_mode",
                    f"{command} --restart")
        )  # fmt: skip
    raise_if_any(InputError, "The packed forcing cannot be used", problems)
    grid, cells, ice = _places(store, manifest)
    first = study.first_year
    if trailing and not manifest.lacking(range(first - 1, first)):
        first -= 1
    return PackedForcing(store, manifest, grid, cells, ice, range(first, study.last_year + 1))


def _places(store: Place, manifest: Manifest) -> tuple[Grid, Cells, Mask]:
    """Grid, packed cells and land ice, checked."""
    try:
        group = open_group(store / ARRAYS)
        names = ("grid_lat", "grid_lon", "cell", "land_ice")
        lat, lon, cells, ice = (group.numbers(name) for name in names)
        grid = Grid(lat, lon, manifest.step)
        places = checksum_of_places(grid, cells, ice > 0)
        found = "" if places == manifest.places else "another checksum of its cells"
    except DAMAGED as error:
        found = f"{type(error).__name__}: {error}"
    if found:
        raise InputError(
            "The packed forcing cannot be used (1 problem)",
            [Problem(str(store / ARRAYS), found, "the store as it was packed",
                     f"saprolite prepare STUDY.toml --to {store} mends it")],
        )  # fmt: skip
    return grid, cells, ice > 0
