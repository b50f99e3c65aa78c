"""Arrays that cost much to make from input files, kept on the disk by a digest of what made them.

They lie in ``kept`` of the folder of caches (see ``remote``), under a digest of the package's code,
the choices that went into them, and the SHA-256 of the files. A run gives those that it uses to the
workers of its cluster through its own folder, where they lie under their names: a worker need not
read the files again to know their digests.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.places import Place, make_folder, write_bytes
from saprolite.sources.digests import digests, package_digest
from saprolite.sources.remote import cache_folder

Arrays = dict[str, npt.NDArray[Any]]
Make = Callable[[], Arrays]
Keep = Callable[[Make], Arrays]
FOLDER = "kept"
_PARTS = "made_from"
# Of each kind; others, of earlier files or versions, are removed.
_NEWEST = 6
_UNREADABLE = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile)


def anew(make: Make) -> Arrays:
    """Arrays that are kept nowhere."""
    return make()


class Keeper:
    """What a set of prepared inputs keeps; ``folder``: of a run that gives it."""

    def __init__(self, folder: Place | None = None) -> None:
        self._folder = folder
        self._held: dict[str, Arrays] = {}

    @property
    def nbytes(self) -> int:
        """Bytes of all arrays that were asked for."""
        return sum(array.nbytes for arrays in self._held.values() for array in arrays.values())

    def keep(self, name: str, parts: Mapping[str, Any], files: Iterable[Path]) -> Keep:
        """A function that finds arrays under a name, or makes and keeps them.

        ``parts``: all choices that they depend on, as JSON takes them; ``files``: what they are
        made from, in order.
        """
        return partial(self._found, name, json.dumps(parts, sort_keys=True), tuple(files))

    def give(self, folder: Place) -> None:
        """Write everything into a folder, for others who say where it is."""
        if self._held:
            make_folder(folder)
        for name, arrays in self._held.items():
            write_bytes(folder / f"{name}.npz", _packed(arrays), durable=False)

    def _found(self, name: str, parts: str, files: tuple[Path, ...], make: Make) -> Arrays:
        arrays = None
        if self._folder is not None:
            arrays = _read(self._folder / f"{name}.npz", parts)
        if arrays is None:
            arrays = _cached(name, parts, files, make)
        self._held[name] = arrays
        return arrays


def _cached(name: str, parts: str, files: tuple[Path, ...], make: Make) -> Arrays:
    made_from = json.dumps([package_digest(), parts, digests(files)])
    mark = hashlib.sha256(made_from.encode()).hexdigest()
    path = cache_folder() / FOLDER / name / f"{mark}.npz"
    found = _read(path, parts)
    with suppress(OSError):  # a folder that cannot be written: made anew next time
        if found is None:
            found = {_PARTS: np.array(parts), **make()}
            make_folder(path.parent)
            write_bytes(path, _packed(found), durable=False)
            _remove_old(path.parent)
        else:
            os.utime(path)
    assert found is not None
    return found


def _read(path: Place, parts: str) -> Arrays | None:
    """The arrays of a file that is whole (it has checksums) and of the same parts."""
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as content:
            arrays = {name: content[name] for name in content.files}
        return arrays if str(arrays[_PARTS]) == parts else None
    except _UNREADABLE:
        return None


def _packed(arrays: Arrays) -> memoryview:
    stream = io.BytesIO()
    np.savez(stream, allow_pickle=False, **arrays)
    return stream.getbuffer()


def _remove_old(folder: Path) -> None:
    files = sorted(folder.glob("*.npz"), key=lambda file: file.stat().st_mtime_ns)
    for file in files[:-_NEWEST]:
        file.unlink(missing_ok=True)
