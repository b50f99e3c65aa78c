"""The ledger of a run: one line per block that is done, with what was counted and written."""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from saprolite.stores import writing


@dataclass(frozen=True)
class Entry:
    """A finished block: its year, seconds of work, counts, and checksum of what was written."""

    year: int
    seconds: float
    counts: dict[str, int]
    checksum: str


@dataclass(frozen=True)
class Ledger:
    """A text file to which lines are only added."""

    path: Path

    def entries(self) -> dict[int, Entry]:
        """The finished blocks by year; a last line cut off by a crash does not count."""
        if not self.path.exists():
            return {}
        found = {}
        for line in self.path.read_text(encoding="utf-8").splitlines():
            try:
                entry = Entry(**json.loads(line))
            except (json.JSONDecodeError, TypeError):
                continue
            found[entry.year] = entry
        return found

    def add(self, entry: Entry) -> None:
        """Add a line and bring it to the disk."""
        with writing(self.path), self.path.open("a+b") as stream:
            # A line that a crash cut off ends here; the new one starts on a line of its own.
            if stream.tell() and not self.path.read_bytes().endswith(b"\n"):
                stream.write(b"\n")
            stream.write(json.dumps(asdict(entry)).encode() + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
