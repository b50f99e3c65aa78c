"""``fluxes.zarr``: annual flux maps, block by block; means by mineral at the end.

A block, a year of a band of latitude rows, is one chunk of each map: blocks share no file, so any
thread or process may write them in any order. Checksums are of stored bytes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.chunks import file_checksum
from saprolite.engine.banded_maps import Band, BandedMaps, Index, dims_of, rows_of_bands
from saprolite.engine.kernels import Block, Extra, Result
from saprolite.engine.ledger import DONE, Entry
from saprolite.engine.parts import parts_of
from saprolite.engine.store_frame import (
    FRAME,
    attributes_of,
    flux_attributes,
    write_coordinates,
    write_maps,
)
from saprolite.errors import Problem, StoreError
from saprolite.inputs import Prepared
from saprolite.inputs.packed_manifest import Digests
from saprolite.stores import (
    Group,
    Place,
    create_group,
    files_below,
    open_group,
    writing,
)
from saprolite.threads import in_order

Array = npt.NDArray[np.float64]
FLUX = "carbon_sink_flux"
BY_MINERAL = "carbon_sink_flux_by_mineral"


class FluxStore:
    """The store of a run: created once, filled block by block in any order.

    ``blocks`` are all blocks of the run, by number; ``bands`` is how many bands have land.
    """

    def __init__(self, path: Place, group: Group, prepared: Prepared, rows: int) -> None:
        self._group = group
        self._path = path
        self._prepared = prepared
        self._parts = parts_of(prepared)
        self.maps = BandedMaps(path, group, prepared, rows)
        self.bands = len(self.maps.bands)
        self.blocks = tuple(
            Block(number, year, band.rows, band.cells)
            for number, (year, band) in enumerate(product(prepared.study.years, self.maps.bands))
        )
        self._used: list[int] | None = None
        # Arrays of all years, in the order of the checksum of a block: the labels of each.
        self._series: dict[str, tuple[Index, ...]] = {}

    @classmethod
    def create(
        cls,
        path: Place,
        prepared: Prepared,
        extras: Sequence[Extra],
        digests: Digests,
        fingerprint: str,
        bands: int = 1,
    ) -> FluxStore:
        """A new store with its coordinates and static maps, in the place of what was there.

        ``digests``: of the input files, by role; ``fingerprint``: of the run that it belongs to;
        ``bands``: bands of equal height that the rows of the grid are cut into at most.
        """
        group = create_group(path, attributes_of(prepared, digests, fingerprint))
        rows = rows_of_bands(prepared.grid.shape[0], bands)
        with writing(path):
            write_coordinates(group, prepared)
            write_maps(group, prepared)
            store = cls(path, group, prepared, rows)
            store._create_series(extras)
            store._find_series()
            # A store without this mark was never made to the end.
            group.say(frame_sha256=store._frame_checksum())
        return store

    @classmethod
    def open(cls, path: Place, prepared: Prepared, fingerprint: str) -> FluxStore:
        """The store of the run with this fingerprint, to read or to go on with.

        Raises ``StoreError`` where it is not there, another run's, or not whole, apart from its
        blocks.
        """
        group = open_group(path)
        try:
            attributes = group.attributes
            if attributes["fingerprint"] != fingerprint:
                raise _not_whole(path, "a store of another run")
            rows = group.array(FLUX).chunks[-2]
            store = cls(path, group, prepared, rows)
            store._find_series()
            whole = attributes["frame_sha256"] == store._frame_checksum()
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise _not_whole(path, str(error)) from error
        if not whole:
            raise _not_whole(path, "coordinates or static maps that are not as they were written")
        return store

    def write_block(self, block: Block, result: Result) -> str:
        """Write the chunks of a block; returns one checksum over all of them.

        Raises ``StoreError`` where they cannot be written.
        """
        year, band = self._prepared.study.years.index(block.year), self._band(block)
        with writing(self._path):
            sums = [
                self.maps.write(name, self._index(name, label, year), band, values)
                for name, label, values in self._values(result)
            ]
        return _joined(sums)

    def checksum(self, block: Block) -> str | None:
        """The checksum of a block from the stored bytes; None if it is not all there."""
        year, band = self._prepared.study.years.index(block.year), self._band(block)
        sums = []
        for name, labels in self._series.items():
            for label in labels:
                found = self.maps.checksum(name, self._index(name, label, year), band)
                if found is None:
                    return None
                sums.append(found)
        return _joined(sums)

    def whole_blocks(self, lines: Mapping[int, Entry]) -> set[int]:
        """Numbers of the blocks that are done and stored as their ledger lines say.

        Nothing is written: a run that another one is mending may be looked at, too.
        """
        done = [line for line in lines.values()
                if line.status == DONE and line.block < len(self.blocks)]  # fmt: skip
        found = in_order(lambda line: self.checksum(self.blocks[line.block]), done)
        return {line.block for line, stored in zip(done, found, strict=True)
                if stored == line.checksum}  # fmt: skip

    def static_checksum(self) -> str:
        """Checksum of everything in the store but the blocks: coordinates, means, trends."""
        blocks = tuple(f"{name}/c/" for name in self._series)
        return self._checksum_of(
            name for name in files_below(self._path) if not name.startswith(blocks)
        )

    def packed(self, name: str, index: Index, band: Band | None = None) -> Array:
        """A map on packed cells, (layer, cell) or (cell,), of all bands or of one.

        ``index``: position in each dimension before (layer, lat, lon), such as (label, year).
        """
        if band is not None:
            return self.maps.read(name, index, band)
        pieces = [self.maps.read(name, index, each) for each in self.maps.bands]
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces, axis=-1)

    def used_years(self) -> list[int]:
        """The years with a value anywhere (``trailing12`` has none before its record starts)."""
        if self._used is None:
            years = self._prepared.study.years

            def known(index: int) -> bool:
                return any(np.isfinite(self.packed(FLUX, (index,), band)).any()
                           for band in self.maps.bands)  # fmt: skip

            found = in_order(known, range(len(years)))
            self._used = [year for year, has in zip(years, found, strict=True) if has]
        return list(self._used)

    def write_means_by_mineral(self, shares: Array) -> Array:
        """Mean over the used years by mineral, from the stored annual fields, in order.

        Returns the mean by part, (part, layer, cell). A year of a band is in memory at a time for
        each thread, besides the means.
        """
        prepared, members = self._prepared, self._parts.members
        years = self.used_years()
        attributes = {
            **flux_attributes(BY_MINERAL, prepared),
            "comment": "mean over years_used",
            "years_used": years,
        }
        with writing(self._path):
            self.maps.create(BY_MINERAL, {"mineral": shares.shape[0]}, attributes)
            mean: Array = np.full((len(members), *shares.shape[1:]), np.nan)
            for band in self.maps.bands:
                for index, part in enumerate(members):
                    own = self._mean_of(index, band, years)
                    mean[index][:, band.cells] = own
                    for member in part:
                        by_mineral = own * shares[member][:, band.cells]
                        self.maps.write(BY_MINERAL, (member,), band, by_mineral)
            self._group.say(years_used=years)
        return mean

    def say_why_no_trends(self, why: str | None) -> None:
        """Keep beside the fluxes why their years have no trends, for those who analyse them."""
        with writing(self._path):
            self._group.say(why_no_trends=why)

    def write_missing(self, missing: npt.NDArray[np.uint8]) -> None:
        """The causes of missing values, once all years have been seen: the store is complete."""
        shape = self._prepared.grid.shape
        full = np.zeros(shape[0] * shape[1], np.uint8)
        full[self._prepared.cells] = missing
        with writing(self._path):
            self._group.fill("missing_inputs", full.reshape(shape))
            self._group.consolidate()

    def add_labels(self, dim: str, labels: Sequence[str], long_name: str) -> None:
        """Add a coordinate of names, or of numbers where all of them are."""
        numbers = all(label.isdigit() for label in labels)
        values = np.array(labels, dtype=int) if numbers else np.array(labels, dtype="U")
        self._group.add(dim, [dim], values, {"long_name": long_name})

    def add_values(
        self, name: str, dims: Sequence[str], values: Array, attributes: Mapping[str, Any]
    ) -> None:
        """Add a small array that is complete, in the place of one of the same name."""
        self._group.add(name, dims, values, attributes)

    @property
    def path(self) -> Place:
        """Where the store lies."""
        return self._path

    def _create_series(self, extras: Sequence[Extra]) -> None:
        prepared, parts = self._prepared, self._parts
        years = {"year": len(prepared.study.years)}
        attributes = flux_attributes(FLUX, prepared)
        self.maps.create(FLUX, years, attributes)
        if parts.stored:
            for name, (values, about) in parts.coordinates.items():
                self._group.add(name, [parts.dim], values, about)
            about = {**attributes, "long_name": parts.long_name}
            self.maps.create(parts.array, {**years, parts.dim: len(parts.members)}, about)
        for extra in extras:
            if not extra.labels:
                self.maps.create(extra.name, years, extra.attributes, dtype="f4")
                continue
            self.add_labels(extra.dim, extra.labels, extra.dim.replace("_", " "))
            leading = {extra.dim: len(extra.labels), **years}
            about = {**attributes, **extra.attributes}
            kind = prepared.study.engine.precision
            self.maps.create(extra.name, leading, about, dtype=kind)

    def _find_series(self) -> None:
        """The arrays of all years that the store holds, and the labels of each."""
        dims = dims_of(self._group)
        for name, axes in dims.items():
            leading = [axis for axis in axes if axis not in ("year", "layer", "lat", "lon")]
            if {"year", "lat"} <= set(axes):
                sizes = [self._group.array(name).shape[axes.index(axis)] for axis in leading]
                self._series[name] = tuple(product(*map(range, sizes)))
        self._coordinates = {axis for name in self._series for axis in dims[name]} & dims.keys()
        self._year_first = {name: dims[name][0] == "year" for name in self._series}

    def _index(self, name: str, label: Index, year: int) -> Index:
        """Position before (layer, lat, lon): parts lie within a year, extras over the years."""
        return (year, *label) if self._year_first[name] else (*label, year)

    def _values(self, result: Result) -> Iterator[tuple[str, Index, Array]]:
        """What a block writes, in the order of its checksum."""
        for name, labels in self._series.items():
            for label in labels:
                if name == FLUX:
                    values = _total(result)
                elif name == self._parts.array:
                    values = result.parts[label[0]]
                else:
                    values = result.extras[name][label[0]] if label else result.extras[name]
                yield name, label, values

    def _band(self, block: Block) -> Band:
        return self.maps.bands[block.number % self.bands]

    def _mean_of(self, part: int, band: Band, years: Sequence[int]) -> Array:
        """Mean of a part over years, (layer, cell) of a band."""
        name = self._parts.array if self._parts.stored else FLUX
        label = (part,) if self._parts.stored else ()
        first = self._prepared.study.years.start
        fields = in_order(lambda year: self.packed(name, (year - first, *label), band), years)
        if not years:
            return np.full(1, np.nan)
        total: Array = next(fields)
        for field in fields:
            total += field
        return total / len(years)

    def _frame_checksum(self) -> str:
        """Checksum of what a store has from its creation on and keeps as it is to its end."""
        arrays = {*FRAME, *self._parts.coordinates, *self._coordinates, *self._series}
        chunks = tuple(f"{name}/c/" for name in ("missing_inputs", *self._series))
        return self._checksum_of(
            name for name in files_below(self._path)
            if name.partition("/")[0] in arrays and not name.startswith(chunks)
        )  # fmt: skip

    def _checksum_of(self, files: Iterator[str]) -> str:
        names = list(files)
        sums = in_order(lambda name: file_checksum(self._path / name), names)
        lines = [f"{name} {found}" for name, found in zip(names, sums, strict=True)]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _total(result: Result) -> Array:
    """The total of a block: given, or the sum of its parts in order."""
    if result.total is not None:
        return result.total
    total: Array = result.parts[0]
    for part in result.parts[1:]:
        total = total + part
    return total


def _joined(sums: Sequence[str]) -> str:
    return hashlib.sha256(" ".join(sums).encode()).hexdigest()[:32]


def _not_whole(path: Place, found: str) -> StoreError:
    return StoreError(
        "A store of the run cannot be opened (1 problem)",
        [Problem(str(path), found, "a store as saprolite wrote it",
                 "the same command again: it makes the store anew")],
    )  # fmt: skip
