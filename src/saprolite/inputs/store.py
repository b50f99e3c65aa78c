"""``inputs.zarr``: the prepared inputs of a run, land cells packed, month-major, SI units.

The store is whole when its mark is: the run that it belongs to, and the checksums of everything in
it.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.chunks import chunk_checksum, file_checksum
from saprolite.errors import Problem, StoreError
from saprolite.inputs.prepare import Prepared
from saprolite.inputs.static_arrays import write_coordinates, write_statics
from saprolite.inputs.year_chunks import (
    FORCING,
    add_forcing,
    map_year,
    write_year,
    year_bytes,
    year_index,
)
from saprolite.places import Place, files_below, writing
from saprolite.sources.forcing import Forcing, ForcingYear, HeldForcing
from saprolite.stages import Report
from saprolite.stores import DAMAGED, Group, create_group, open_group
from saprolite.threads import in_order

STORE_LIMIT_BYTES = 2 * 1024**3
Cells = npt.NDArray[np.int64]


class StoredForcing(HeldForcing):
    """The forcing of a finished ``inputs.zarr``, in the place of the product it came from."""

    def __init__(self, path: Place, source: Forcing, years: range, cells: Cells) -> None:
        super().__init__(source, cells)
        self._path = path
        self._years = years

    def read_year(self, year: int, cells: Cells) -> ForcingYear:
        """The twelve months of a year: views of the local store, read-only.

        ``cells`` must be cells of the store that follow one another.
        """
        part = self.part(cells)
        layers = len(self.layer_edges) - 1
        try:
            values = map_year(self._path, self._years.index(year), layers, self._cells.size)
        except DAMAGED as error:
            raise StoreError(
                "The prepared inputs of the run cannot be read (1 problem)",
                [Problem(f"{self._path} ({year})", f"{type(error).__name__}: {error}",
                         "the store as it was written",
                         "the same command again: it prepares the inputs anew")],
            ) from error  # fmt: skip
        return ForcingYear(*(array[..., part] for array in values))


def write_inputs(path: Place, prepared: Prepared, fingerprint: str, report: Report) -> Prepared:
    """Write the static fields and, if it is to be stored, the forcing, checked as it is read.

    Returns the prepared inputs, reading from the store where the forcing is in it. A store that is
    whole for the same ``fingerprint`` is kept as it is. Raises ``InputError`` for a wrong value of
    the forcing, ``StoreError`` where the store cannot be written.
    """
    if not inputs_are_written(path, fingerprint):
        with writing(path):
            group = create_group(path, _attributes(prepared))
            write_coordinates(group, prepared)
            write_statics(group, prepared)
            forcing = _write_forcing(path, group, prepared, report) if keeps(prepared) else {}
            mark = {"run": fingerprint, "files": _statics(path), **forcing}
            # Last of all: a store with the mark is never written again.
            group.consolidate()
            group.say(complete=json.dumps(mark))  # text alone goes into NetCDF
    return stored_inputs(path, prepared)


def stored_inputs(path: Place, prepared: Prepared) -> Prepared:
    """The prepared inputs, reading the forcing from a whole store where it is in it."""
    if not keeps(prepared):
        return prepared
    years = _stored_years(prepared)
    forcing = StoredForcing(path, prepared.forcing, years, prepared.source_cells)
    return replace(prepared, forcing=forcing)


def keeps(prepared: Prepared) -> bool:
    """Whether the forcing of a study is to be stored."""
    keep = prepared.study.output.store_forcing
    # A regridded forcing costs much to read, and is small; a packed one is stored already.
    regridded = prepared.study.grid.resolution_deg is not None
    small = forcing_bytes(prepared) < STORE_LIMIT_BYTES
    packed = prepared.study.inputs.packed is not None
    return keep == "always" or (keep == "auto" and (small or regridded) and not packed)


def inputs_are_written(path: Place, fingerprint: str) -> bool:
    """Whether the store of these inputs is whole: written to the end, and as it was written.

    Then all inputs have been read and checked. Reads every byte once, a piece at a time.
    """
    if not path.is_dir():
        return False
    try:
        mark = json.loads(str(open_group(path).attributes["complete"]))
        return bool(mark == {"run": fingerprint, "files": _statics(path), **_checksums(path, mark)})
    except DAMAGED:
        return False


def check_all_years(prepared: Prepared, report: Report) -> None:
    """Read every year of the forcing, so that a wrong value is found before anything is done."""
    years = _stored_years(prepared)
    done = in_order(prepared.read_year, years, prepared.study.engine.workers)
    for number, _ in enumerate(done, 1):
        report("checking inputs", number, len(years))


def forcing_bytes(prepared: Prepared) -> int:
    """Size of the forcing as it is stored: float32, uncompressed."""
    layers = len(prepared.layer_edges) - 1
    return len(_stored_years(prepared)) * year_bytes(layers, prepared.cells.size)


def _stored_years(prepared: Prepared) -> range:
    years = prepared.study.years
    return range(years.start - 1, years.stop) if prepared.previous_year else years


def _statics(path: Place) -> str:
    """Checksum of the files that are no chunks of the forcing; of the group itself, the mark."""
    chunks = tuple(f"{name}/c/" for name in FORCING)
    names = [name for name in files_below(path) if not name.startswith((*chunks, "zarr.json"))]
    sums = in_order(lambda name: file_checksum(path / name), names, None)
    lines = [f"{name} {checksum}" for name, checksum in zip(names, sums, strict=True)]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


def _checksums(path: Place, mark: Any) -> dict[str, list[str | None]]:
    """Checksums of the chunks of the forcing that a mark speaks of."""
    chunks = [(name, number) for name in FORCING for number in range(len(mark.get(name, ())))]
    sums = in_order(lambda item: chunk_checksum(path / item[0], year_index(*item)), chunks, None)
    found: dict[str, list[str | None]] = {name: [] for name in FORCING if name in mark}
    for (name, _), checksum in zip(chunks, sums, strict=True):
        found[name].append(checksum)
    return found


def _attributes(prepared: Prepared) -> dict[str, Any]:
    return {
        "Conventions": "CF-1.11",
        "title": f"Prepared inputs: {prepared.study.title}",
        "comment": "; ".join(prepared.notes),
        "reading": json.dumps(prepared.study.chosen_reading.as_dict()),
        "products": json.dumps(prepared.products),
    }


def _write_forcing(
    path: Place, group: Group, prepared: Prepared, report: Report
) -> dict[str, list[str]]:
    """Write the forcing, year by year on threads; returns the checksums of its chunks."""
    years = _stored_years(prepared)
    add_forcing(group, years, len(prepared.layer_edges) - 1, prepared.cells.size)

    def write(number: int) -> dict[str, str]:
        return write_year(path, number, prepared.read_year(years[number]))

    sums: dict[str, list[str]] = {name: [] for name in FORCING}
    for year in in_order(write, range(len(years)), prepared.study.engine.workers):
        for name, checksum in year.items():
            sums[name].append(checksum)
        report("inputs", len(sums[name]), len(years))
    return sums
