"""What was found of an input file, remembered as long as the file is the same.

A note is kept in the folder of caches (see ``remote``) under the path of its file, with all that
the system says of that file: size, times of change of its content and of itself, place on the disk.
Whatever writes a file changes one of them, and programs cannot set the last time. Where two
writings may have had the same time, nothing is remembered.
"""

from __future__ import annotations

import hashlib
import json
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

from saprolite.places import make_folder, write_bytes
from saprolite.sources.remote import cache_folder

# Coarser than the clock of any file system.
_SETTLED_NS = 3 * 10**9
Stamp = list[int]


def remembered(kind: str, file: Path, find: Callable[[], Any], version: str = "") -> Any:
    """What ``find`` finds of a file, as JSON has it: found now, or remembered.

    ``kind``: of what is found, a folder of notes; ``version``: of the way it is found. What is
    None is not remembered.
    """
    path = file.resolve()
    before = _stamp(path)
    note = cache_folder() / kind / f"{hashlib.sha256(os.fsencode(path)).hexdigest()}.json"
    head = {"file": str(path), "version": version, "stamp": before}
    kept = _kept(note, head)
    if kept is not None:
        return kept
    began = time.time_ns()
    found = find()
    settled = began - max(before[1:3]) > _SETTLED_NS
    if found is not None and settled and _stamp(path) == before:
        with suppress(OSError):  # a folder that cannot be written: found again next time
            make_folder(note.parent)
            write_bytes(note, json.dumps({**head, "found": found}).encode(), durable=False)
    return found


def _stamp(path: Path) -> Stamp:
    """What changes with a file: its size first, then its times."""
    status = path.stat()
    return [status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino, status.st_dev]


def _kept(note: Path, head: dict[str, Any]) -> Any:
    try:
        kept = json.loads(note.read_bytes())
        return kept["found"] if {**kept, **head} == kept else None
    except (OSError, ValueError, KeyError, TypeError):
        return None
