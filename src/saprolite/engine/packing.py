"""Packing: the forcing of a study from its files into a store of its own, a year at a time.

The store is land-packed and month-major, as a run reads it. Its manifest has a line for each year
that is whole, written when the bytes of the year are: a call that was killed is gone on with at the
first year without one, and a study with a later last year adds its years behind those that are
there, which stay as they are.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from saprolite.chunks import chunk_checksum, write_chunk
from saprolite.engine.folder import Stamps, refuse_changed_inputs, stamps_of
from saprolite.engine.lock import RunLock
from saprolite.engine.state import input_digests
from saprolite.errors import EngineError, InputError, Problem, StoreError, raise_if_any
from saprolite.inputs.direct import without_ice
from saprolite.inputs.missing import gaps
from saprolite.inputs.opening import land_of, open_forcing
from saprolite.inputs.packed import COMPLETE
from saprolite.inputs.packed_frame import make_frame
from saprolite.inputs.packed_manifest import (
    ARRAYS,
    MANIFEST,
    Manifest,
    as_stored,
    checksum_of_places,
    choices_of,
    read_manifest,
    write_manifest,
)
from saprolite.inputs.seasons import require_seasons
from saprolite.inputs.statics import Collected
from saprolite.inputs.year_chunks import write_year, year_bytes, year_index
from saprolite.places import (
    Place,
    files_below,
    free_bytes,
    make_folder,
    remove,
    sweep,
    write_bytes,
    writing,
)
from saprolite.sources.digests import package_digest
from saprolite.sources.forcing import Forcing
from saprolite.stages import Report
from saprolite.study import Study
from saprolite.version import __version__

Said = Callable[[float, int], None]


@dataclass(frozen=True, eq=False)
class Packing:
    """A forcing that is open, the store it goes into, and what is to be done.

    ``asked``: the years of the study; ``wanted``: the manifest that the store is to have; ``done``:
    the one that it has, None where there is none or it is to be packed anew; ``seen``: stamps of
    the files when they were opened.
    """

    title: str
    store: Place
    forcing: Forcing
    cells: npt.NDArray[np.int64]
    ice: npt.NDArray[np.bool_]
    asked: range
    wanted: Manifest
    done: Manifest | None
    files: tuple[Path, ...]
    seen: Stamps
    restart: bool

    @property
    def lacking(self) -> list[int]:
        """Years that are to be packed, by what the store says of itself."""
        return (self.done or self.wanted).lacking(self.asked)

    @property
    def year_bytes(self) -> int:
        """Bytes of a packed year."""
        layers = len(self.wanted.layer_edges) - 1
        return year_bytes(layers, self.cells.size) + self.cells.size

    @property
    def source_bytes(self) -> int:
        """Bytes of all files of the forcing."""
        return sum(file.stat().st_size for file in self.files)

    def require_space(self) -> None:
        """Raise ``EngineError`` if the years do not fit on the disk."""
        free, needed = free_bytes(self.store), len(self.lacking) * self.year_bytes
        if free is not None and needed > free:
            raise EngineError(
                "The packed forcing does not fit (1 problem)",
                [Problem(str(self.store), f"{free / 1e9:.2g} GB free", f"{needed / 1e9:.2g} GB",
                         "free space, or give another --to")],
            )  # fmt: skip

    def pack(self, report: Report, first_year_took: Said = lambda *_: None) -> list[int]:
        """Pack the years that are not whole; returns them.

        ``report``: called with (stage, done, total); ``first_year_took``: once, with the seconds of
        the first year and how many are left.

        Raises
        ------
        InputError
            For a year that cannot be read; those before it are whole.
        StoreError
            If the store is being written, was begun otherwise meanwhile or cannot be written, or
            if a file changes.
        """
        with RunLock(self.store) as lock:
            lock.take()
            if not self.restart and read_manifest(self.store) != self.done:
                raise _begun_meanwhile(self.store)
            sweep(self.store)
            with writing(self.store):
                if self.restart:
                    remove(self.store / ARRAYS)
                    remove(self.store / MANIFEST)
                manifest = self._whole(report)
                write_manifest(self.store, manifest)
                self._write_frame(manifest)
            again = f"pack anew: saprolite prepare STUDY.toml --to {self.store} --restart"
            todo, total = manifest.lacking(self.asked), len(self.asked)
            for number, year in enumerate(todo):
                began = time.monotonic()
                written, holes = self._pack_year(year, manifest)
                lock.check()
                refuse_changed_inputs(self.seen, stamps_of(self.files), again)
                manifest = manifest.with_year(year, written, holes)
                write_manifest(self.store, manifest)
                if not number and todo[1:]:
                    first_year_took(time.monotonic() - began, len(todo) - 1)
                report("packing", total - len(todo) + number + 1, total)
        return todo

    def _whole(self, report: Report) -> Manifest:
        """The manifest with the years of the store that are as it says there."""
        found, done = self.wanted, self.done or self.wanted
        for number, (year, sums) in enumerate(done.years.items(), 1):
            if all(chunk_checksum(self.store / ARRAYS / name, self._index(name, int(year))) == one
                   for name, one in sums.items()):  # fmt: skip
                found = found.with_year(int(year), sums, done.holes.get(year, ()))
            report("checking years", number, len(done.years))
        return found

    def _pack_year(self, year: int, manifest: Manifest) -> tuple[dict[str, str], list[str]]:
        """Read a year and write it; checksums of its chunks, and holes in single fields."""
        try:
            values = self.forcing.read_year(year, self.cells)
            require_seasons(values, self.forcing.grid, self.cells, year)
        except InputError as error:
            whole = f"{len(manifest.years)} years are packed and can be run from"
            raise InputError(f"Packing stopped at {year}; {whole}: {error.headline}",
                             error.problems) from error  # fmt: skip
        complete, holes = gaps(values)
        # Land ice is taken out as a run takes it out.
        values = without_ice(values, self.ice)
        arrays = self.store / ARRAYS
        with writing(arrays):
            number = manifest.all_years.index(year)
            written = write_year(arrays, number, values)
            checksum = write_chunk(arrays / COMPLETE, (number, 0), complete.astype(np.uint8)[None])
        return {**written, COMPLETE: checksum}, holes

    def _index(self, name: str, year: int) -> tuple[int, ...]:
        number = self.wanted.all_years.index(year)
        return (number, 0) if name == COMPLETE else year_index(name, number)

    def _write_frame(self, manifest: Manifest) -> None:
        """Everything but years, made beside the store and copied where it differs: so it is the
        same whenever the years were added, and no year is touched."""
        with tempfile.TemporaryDirectory() as folder:
            made = Path(folder) / ARRAYS
            make_frame(made, manifest, self.forcing.grid, self.cells, self.ice)
            for name, file in files_below(made).items():
                target, content = self.store / ARRAYS / name, file.read_bytes()
                if not target.is_file() or target.read_bytes() != content:
                    make_folder(target.parent)
                    write_bytes(target, content)


def packing_of(study: Study, store: Place, restart: bool = False) -> Packing:
    """Open the forcing of a study from its files, to pack it into a store.

    Nothing is written, and of the files no more is read than what they are.

    Raises
    ------
    InputError
        For files that are wrong or missing: what the store holds stays as it is.
    StoreError
        If the store was packed from another study, other files or by another version (unless
        ``restart``), or if the folder is not one.
    """
    found = read_manifest(store)
    if found is None and (store / ARRAYS).exists():
        raise StoreError(
            "The folder is in use (1 problem)",
            [Problem(str(store), f"{ARRAYS} but no {MANIFEST}", "an empty folder, or one that "
                     "saprolite prepare wrote", "give another --to")],
        )  # fmt: skip
    study = _from_files(study)
    collected = Collected()
    forcing, year_before = open_forcing(study, collected)
    raise_if_any(InputError, "The forcing cannot be packed", collected.problems)
    assert forcing is not None
    cells = np.flatnonzero(land_of(study, forcing))
    if not cells.size:
        raise InputError(
            "The forcing cannot be packed (1 problem)",
            [Problem("grid.region", f"no land cell in {study.grid.region}",
                     f"a box with land of {forcing.grid.describe()}", "give a larger region")],
        )  # fmt: skip
    ice = forcing.land_ice().ravel()[cells]
    files = tuple(file for paths in collected.files.values() for file in paths)
    seen = stamps_of(files)
    trailing = study.chosen_reading.et_mode == "trailing12"
    wanted = as_stored(
        Manifest(
            saprolite=__version__,
            package=package_digest(),
            choices=choices_of(study),
            year_before=trailing,
            first_year=study.first_year - (trailing and year_before),
            last_year=study.last_year,
            step=forcing.grid.step,
            layer_edges=forcing.layer_edges,
            places=checksum_of_places(forcing.grid, cells, ice),
            products=collected.products,
            notes=tuple(dict.fromkeys(collected.notes)),
            inputs_sha256=input_digests(collected.files),
            rests_on=collected.rests_on,
        )
    )
    asked, done = wanted.all_years, None if restart else found
    if done is not None:
        _refuse_another(store, done, wanted)
        if any(int(year) not in asked for year in done.years):
            wanted = done  # of a longer study, which it stays
    return Packing(
        study.title, store, forcing, cells, ice, asked, wanted, done, files, seen, restart
    )


def _from_files(study: Study) -> Study:
    """The study as it reads its forcing from files."""
    content = study.model_dump(exclude_none=True)
    content["inputs"].pop("packed", None)
    return Study.model_validate(content)


def _refuse_another(store: Place, done: Manifest, wanted: Manifest) -> None:
    """A store that was packed from something else than this study and its files."""
    problems = [Problem(str(store), *difference) for difference in done.differences(wanted)]
    raise_if_any(StoreError, "The store was packed from something else", problems)


def _begun_meanwhile(store: Place) -> StoreError:
    return StoreError(
        "Another packing was begun in the folder (1 problem)",
        [Problem(str(store), f"a {MANIFEST} that changed while the files were opened",
                 "one packing at a time in a folder", "the same command goes on with it")],
    )  # fmt: skip
