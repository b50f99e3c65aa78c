"""The ledger of a run: one line per block that is done or has failed, with what was written."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from saprolite.stores import Place, files_below, remove, write_bytes, writing

DONE, FAILED = "done", "failed"


@dataclass(frozen=True)
class Entry:
    """A block that came to an end: its number, year and band, seconds of work, counts, checksum of
    what was written (none if it failed) and the error (none if it is done)."""

    block: int
    year: int
    band: int
    status: str
    seconds: float
    counts: dict[str, int]
    checksum: str = ""
    error: str = ""


@dataclass(frozen=True)
class Ledger:
    """A text file to which lines are only added; the last line of a block counts.

    An object store cannot append: there, ``path`` is a folder with one object per block, its line.
    """

    path: Place

    def entries(self) -> dict[int, Entry]:
        """What came to an end, by block; a line torn by a crash, of any bytes, does not count."""
        found = {}
        for line in self._lines():
            try:
                entry = Entry(**json.loads(line))
            except (ValueError, TypeError):
                continue
            found[entry.block] = entry
        return found

    def add(self, entry: Entry) -> None:
        """Add a line and bring it to the disk."""
        line = json.dumps(asdict(entry)).encode() + b"\n"
        with writing(self.path):
            if isinstance(self.path, Path):
                _append(self.path, line)
            else:
                write_bytes(self.path / f"{entry.block:08d}.json", line)

    def clear(self) -> None:
        """Forget every block."""
        with writing(self.path):
            remove(self.path)

    def _lines(self) -> list[bytes]:
        if isinstance(self.path, Path):
            return self.path.read_bytes().splitlines() if self.path.exists() else []
        return [file.read_bytes() for file in files_below(self.path).values()]


def _append(path: Path, line: bytes) -> None:
    with path.open("a+b") as stream:
        # A line that a crash cut off ends here; the new one starts on a line of its own.
        if stream.seek(0, os.SEEK_END):
            stream.seek(-1, os.SEEK_END)
            if stream.read(1) != b"\n":
                stream.write(b"\n")
        stream.write(line)
        stream.flush()
        os.fsync(stream.fileno())
