"""Packings that are killed (SIGKILL) within a write, every one of their years, then finished.

    python killed_packing.py STUDY.json FOLDER

Used by test_packing. Prints a line of JSON for each: the years that the store then said were whole.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import zarr  # noqa: F401

from killed import Moment, dying
from saprolite.engine.packing import packing_of
from saprolite.inputs.packed_manifest import read_manifest
from saprolite.study import Study


def pack(study: Study, store: Path, fatal: int) -> int:
    """The end of a child that packs, and dies within its ``fatal``-th write (never for 0)."""
    child = os.fork()
    if not child:
        moment = Moment("half", fatal) if fatal else None
        dying(moment, lambda: packing_of(study, store).pack(lambda *_: None))
    return os.waitpid(child, 0)[1]


def main(study: Study, folder: Path) -> None:
    os.environ["SAPROLITE_CACHE"] = os.devnull  # no write but those of the store
    packing_of(study, folder / "whole")  # so that no child imports or computes it anew
    assert pack(study, folder / "whole", 0) == 0
    files = sum(file.is_file() for file in (folder / "whole" / "forcing.zarr").rglob("*"))
    # Who writes, the manifest; the frame, made beside the store (its group twice, without the arrays
    # and with them) and copied; then four chunks a year and the manifest again.
    years = len(study.years)
    frame = files - 4 * years
    begin = 2 + frame + 1 + frame
    end = begin + 5 * years
    for fatal in (1, 2, 3, begin // 3, 2 * begin // 3, *range(begin, end + 1)):
        store = folder / str(fatal)
        assert os.WIFSIGNALED(pack(study, store, fatal))
        found = read_manifest(store)
        line = {"store": str(store), "whole": sorted(found.years) if found else None}
        sys.stdout.write(json.dumps(line) + "\n")
        assert pack(study, store, 0) == 0
    assert pack(study, folder / "alive", end + 1) == 0


if __name__ == "__main__":
    main(Study.of(json.loads(Path(sys.argv[1]).read_text()), Path()), Path(sys.argv[2]))
