"""SHA-256 of input files, remembered as long as a file is the same: large ones are read once.

A digest is kept in the folder of caches (see ``remote``) under the path of its file, with all that
the system says of that file: size, times of change of its content and of itself, place on the disk.
Whatever writes a file changes one of them, and programs cannot set the last time. Where two
writings may have had the same time, nothing is remembered.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from functools import cache
from pathlib import Path

from saprolite.places import make_folder, write_bytes
from saprolite.sources.remote import cache_folder
from saprolite.threads import in_order

# A smaller file is read as fast as what is remembered of it is looked up.
_WORTH_BYTES = 1_000_000
# Coarser than the clock of any file system.
_SETTLED_NS = 3 * 10**9
Stamp = list[int]


def digests(files: Iterable[Path]) -> list[str]:
    """The SHA-256 of files, in their order; those that must be read are read by threads."""
    return list(in_order(digest, files))


def digest(file: Path) -> str:
    """SHA-256 of a file: read now, or remembered."""
    path = file.resolve()
    before = _stamp(path)
    if before[0] < _WORTH_BYTES:
        return _read(path)
    note = cache_folder() / "digests" / f"{hashlib.sha256(os.fsencode(path)).hexdigest()}.json"
    found = _remembered(note, before)
    if found is not None:
        return found
    began = time.time_ns()
    found = _read(path)
    if _stamp(path) == before and began - max(before[1:3]) > _SETTLED_NS:
        with suppress(OSError):  # a folder that cannot be written: read again next time
            make_folder(note.parent)
            kept = {"file": str(path), "stamp": before, "sha256": found}
            write_bytes(note, json.dumps(kept).encode(), durable=False)
    return found


@cache
def package_digest() -> str:
    """Digest of the package's own code and tables."""
    package = Path(__file__).parents[1]
    total = hashlib.sha256()
    for file in sorted(package.rglob("*")):
        if file.suffix in (".py", ".csv", ".toml", ".npz"):
            total.update(str(file.relative_to(package)).encode() + file.read_bytes())
    return total.hexdigest()


def _remembered(note: Path, stamp: Stamp) -> str | None:
    try:
        kept = json.loads(note.read_bytes())
        return str(kept["sha256"]) if kept["stamp"] == stamp else None
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _read(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _stamp(path: Path) -> Stamp:
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev]
