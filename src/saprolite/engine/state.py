"""``run.json``: what a run is, how far it is, and what it cost."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Any

from saprolite.errors import Problem, StoreError
from saprolite.sources.files import digest
from saprolite.stores import write_json
from saprolite.study import Study
from saprolite.version import __version__

RUN_FILE = "run.json"
UNFINISHED, FINISHED = "unfinished", "finished"
_LIBRARIES = ("numpy", "xarray", "zarr", "netCDF4", "rasterio", "scipy")


def read_state(out: Path) -> dict[str, Any] | None:
    """The state of a run folder, or None where there is none."""
    file = out / RUN_FILE
    if not file.is_file():
        return None
    try:
        state = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, json.JSONDecodeError) as error:
        raise StoreError(
            "The state of the run cannot be read (1 problem)",
            [Problem(str(file), str(error), "the run.json that saprolite wrote",
                     "start over: saprolite run STUDY.toml --out OUT --restart")],
        ) from error  # fmt: skip
    return dict(state)


def write_state(out: Path, state: dict[str, Any]) -> None:
    """Write the state whole or not at all."""
    write_json(out / RUN_FILE, state)


def fingerprint(study: Study, digests: dict[str, str]) -> str:
    """What the results depend on: version, study (without how it is computed), input files."""
    content = study.model_dump(exclude_none=True, exclude={"engine", "data_root"})
    for item in content["inputs"].values():
        item.pop("path", None)  # the files count by their digests, wherever they lie
    if content["reading"]["kinetics"].endswith(".csv"):
        content["reading"]["kinetics"] = "a table among the input files"
    text = json.dumps([__version__, content, sorted(digests.values())], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def input_digests(files: tuple[Path, ...]) -> dict[str, str]:
    """SHA-256 of every input file."""
    return {str(file): digest(file) for file in files}


def versions() -> dict[str, str]:
    """Versions of saprolite, Python and the libraries that results depend on."""
    return {
        "saprolite": __version__,
        "python": platform.python_version(),
        "platform": f"{platform.system()} {platform.machine()}",
        **{name: version(name) for name in _LIBRARIES},
    }


def peak_memory_bytes() -> int | None:
    """Largest resident memory of this process so far; None where the system does not tell."""
    if sys.platform == "win32":
        return None
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(peak) if sys.platform == "darwin" else int(peak) * 1024
