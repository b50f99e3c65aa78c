"""All benchmarks one after the other, their results in one file, the page written from it.

    python benchmarks/run_all.py [--quick] [--only NAME ...] [--netcdf MONTHS] [--folder FOLDER]
                                 [--out FILE] [--page FILE]

Each is a process of its own. A benchmark that fails is named at the end; the others go on, and what
the file holds of it is kept. With --only, the other results of the file are kept as well.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from harness import FOLDER, add_size, machine, say
from page import PAGE, RESULTS, page

BENCHMARKS = (
    "naive", "accuracy", "kernel", "readings", "start", "column", "trends", "reading", "earth",
    "studies",
)  # fmt: skip


def main() -> None:
    """Run them."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_size(parser)
    parser.add_argument("--only", nargs="+", choices=BENCHMARKS, default=BENCHMARKS)
    parser.add_argument("--netcdf", type=int, metavar="MONTHS",
                        help="months of NetCDF files of the Earth (full size: 588)")  # fmt: skip
    parser.add_argument("--folder", type=Path, help="where stores and files go, and stay")
    parser.add_argument("--out", type=Path, default=RESULTS, help="results (JSON)")
    parser.add_argument("--page", type=Path, default=PAGE, help="page (Markdown)")
    options = parser.parse_args()
    months = options.netcdf
    if months is None:
        months = {"full": 588, "quick": 36, "tiny": 36}[options.size]
    results = _before(options.out, options.size)
    failed = []
    for name in options.only:
        arguments = ["--size", options.size]
        if name == "earth":
            arguments += ["--netcdf", str(months)]
        if name in ("earth", "studies") and options.folder:
            arguments += ["--folder", str(options.folder / name)]
        began = time.perf_counter()
        found = _results_of(name, arguments)
        say(f"{name}: {time.perf_counter() - began:.0f} s")
        if found is None:
            failed.append(name)
            continue
        results[name] = {key: value for key, value in found.items()
                         if key not in ("machine", "size")}  # fmt: skip
        text = json.dumps(results, indent=2, allow_nan=False) + "\n"
        options.out.write_text(text, encoding="utf-8")
        options.page.write_text(page(results), encoding="utf-8")
    if failed:
        sys.exit(f"failed: {', '.join(failed)}")


def _before(path: Path, size: str) -> dict[str, Any]:
    """The results that are there, if they are of the same size and machine."""
    about = {"size": size, "machine": machine()}
    if path.is_file():
        before: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if before.get("size") == size and before.get("machine") == about["machine"]:
            return before
    return about


def _results_of(name: str, arguments: list[str]) -> dict[str, Any] | None:
    """Run one; None if it failed."""
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "results.json"
        command = [sys.executable, str(FOLDER / f"{name}.py"), *arguments, "--out", str(out)]
        if subprocess.run(command, check=False).returncode != 0:
            return None
        found: dict[str, Any] = json.loads(out.read_text(encoding="utf-8"))
        return found


if __name__ == "__main__":
    main()
