"""``run.json``: what a run is, how far it is, and what it cost."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Sequence
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from saprolite.chunks import file_checksum
from saprolite.errors import Problem, StoreError
from saprolite.places import Place
from saprolite.sources.digests import digests
from saprolite.sources.remote import origin
from saprolite.stores import write_json
from saprolite.study import Study
from saprolite.version import __version__

RUN_FILE, STUDY_FILE = "run.json", "study.toml"
UNFINISHED, INCOMPLETE, FINISHED = "unfinished", "incomplete", "finished"
_LIBRARIES = ("numpy", "xarray", "zarr", "netCDF4", "rasterio", "scipy", "numba")


def read_state(out: Place) -> dict[str, Any] | None:
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
                     "give another --out, or remove the folder")],
        ) from error  # fmt: skip
    return dict(state)


def finished_state(folder: Place) -> dict[str, Any]:
    """The state of a finished run; ``StoreError`` where there is none, or it is not finished."""
    state = read_state(folder)
    if state is None or state["status"] != FINISHED:
        found = "no run.json" if state is None else f"a run that is {state['status']}"
        raise StoreError(
            "No finished run (1 problem)",
            [Problem(str(folder), found, "a folder that saprolite run has finished",
                     f"saprolite run STUDY.toml --out {folder}")],
        )  # fmt: skip
    return state


def write_state(out: Place, state: dict[str, Any]) -> None:
    """Write the state whole or not at all."""
    write_json(out / RUN_FILE, state)


def checksums_of(out: Place, outputs: Sequence[str]) -> dict[str, str | None]:
    """CRC-32C of the outputs of a run and of its study, by name; None where one is missing."""
    return {name: file_checksum(out / name) for name in (STUDY_FILE, *outputs)}


def fingerprint(study: Study, digests: dict[str, dict[str, str]]) -> str:
    """What the results depend on: version and tables of the package, study, input files by role.

    Where the files lie, how the run is cut into blocks, how many compute them and how
    the results are analysed do not count.
    """
    content = study.model_dump(exclude_none=True, exclude={"analysis", "engine", "data_root"})
    content["precision"] = study.engine.precision
    for role, item in content["inputs"].items():
        _drop_paths(item)
        item["files"] = sorted(digests.get(role, {}).values())
    if content["reading"]["kinetics"].endswith(".csv"):
        content["reading"]["kinetics"] = sorted(digests.get("kinetics", {}).values())
    column = content.get("column", {})
    _digest_paths(column, "column", digests)
    for key in ("kinetics", "transition_state"):
        if str(column.get("reading", {}).get(key, "")).endswith(".csv"):
            column["reading"][key] = sorted(digests.get(f"column.reading.{key}", {}).values())
    text = json.dumps([__version__, package_digest(), content], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def _drop_paths(section: dict[str, Any]) -> None:
    """Take away every path: the digests of the files stand for them."""
    for key, value in list(section.items()):
        if isinstance(value, dict):
            _drop_paths(value)
        elif key == "path" or key.startswith("path_"):
            del section[key]


def _digest_paths(section: dict[str, Any], place: str, digests: dict[str, dict[str, str]]) -> None:
    """The digest of its file in the place of every path of a section."""
    for key, value in section.items():
        if isinstance(value, dict):
            if isinstance(value.get("path"), str):
                value["path"] = sorted(digests.get(f"{place}.{key}", {}).values())
            else:
                _digest_paths(value, f"{place}.{key}", digests)


@cache
def package_digest() -> str:
    """Digest of the package's own code and tables."""
    package = Path(__file__).parents[1]
    total = hashlib.sha256()
    for file in sorted(package.rglob("*")):
        if file.suffix in (".py", ".csv", ".toml", ".npz"):
            total.update(str(file.relative_to(package)).encode() + file.read_bytes())
    return total.hexdigest()


def input_digests(files: dict[str, tuple[Path, ...]]) -> dict[str, dict[str, str]]:
    """SHA-256 of every input file, by role and by the path or URL that it comes from."""
    return {role: dict(zip(map(origin, paths), digests(paths), strict=True))
            for role, paths in files.items() if paths}  # fmt: skip


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
