"""``run.json``: what a run is, how far it is, and what it cost."""

from __future__ import annotations

import hashlib
import json
import platform
import sys
from collections.abc import Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from saprolite.chunks import file_checksum
from saprolite.errors import Problem, StoreError
from saprolite.inputs import Prepared
from saprolite.inputs.packed_manifest import Digests, without_paths
from saprolite.places import Place
from saprolite.sources.catalog import entry
from saprolite.sources.digests import digests, package_digest
from saprolite.sources.remote import origin
from saprolite.stores import write_json
from saprolite.study import Study
from saprolite.version import __version__

RUN_FILE, STUDY_FILE = "run.json", "study.toml"
UNFINISHED, INCOMPLETE, FINISHED = "unfinished", "incomplete", "finished"
# Sections of a study that its results do not depend on.
_NOT_COUNTING = ("analysis", "engine", "data_root")
PACKED_ROLES = ("forcing", "evapotranspiration")
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


def state_of(folder: Place) -> dict[str, Any]:
    """The state of a run, finished or not; ``StoreError`` where there is no run."""
    state = read_state(folder)
    if state is None:
        raise StoreError(
            "No run (1 problem)",
            [Problem(str(folder), "no run.json", "a folder that saprolite run wrote",
                     "saprolite run STUDY.toml --out OUT")],
        )  # fmt: skip
    return state


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


def fingerprint(study: Study, digests: Digests) -> str:
    """What the results depend on: version and tables of the package, study, input files by role.

    Where the files lie, how the run is cut into blocks, how many compute them and how
    the results are analysed do not count.
    """
    content = counting(study.model_dump(exclude_none=True))
    # Of a packed forcing, its years stand for the files that it was made from.
    read = {role: files for role, files in digests.items()
            if study.inputs.packed is None or role not in PACKED_ROLES}  # fmt: skip
    for role, item in content["inputs"].items():
        files = sorted(read.get(role, {}).values())
        content["inputs"][role] = {**without_paths(item), "files": files}
    if content["reading"]["kinetics"].endswith(".csv"):
        content["reading"]["kinetics"] = sorted(digests.get("kinetics", {}).values())
    column = content.get("column", {})
    _digest_paths(column, "column", digests)
    for key in ("kinetics", "transition_state"):
        if str(column.get("reading", {}).get(key, "")).endswith(".csv"):
            column["reading"][key] = sorted(digests.get(f"column.reading.{key}", {}).values())
    text = json.dumps([__version__, package_digest(), content], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def counting(content: Mapping[str, Any]) -> dict[str, Any]:
    """What of a study its results depend on: not how they are computed and analysed."""
    kept = {key: value for key, value in content.items() if key not in _NOT_COUNTING}
    return {**kept, "precision": content["engine"]["precision"]}


def _digest_paths(section: dict[str, Any], place: str, digests: Digests) -> None:
    """The digest of its file in the place of every path of a section."""
    for key, value in section.items():
        if isinstance(value, dict):
            if isinstance(value.get("path"), str):
                value["path"] = sorted(digests.get(f"{place}.{key}", {}).values())
            else:
                _digest_paths(value, f"{place}.{key}", digests)


def digests_of(prepared: Prepared) -> Digests:
    """SHA-256 of every input file of a run; of a packed forcing, of those that it was made from."""
    packed = prepared.packed_from
    read = {role: paths for role, paths in prepared.files.items() if role not in packed}
    if packed:
        read.pop("forcing", None)
    return {**input_digests(read), **packed}


def described_inputs(products: Mapping[str, str], digests: Digests) -> dict[str, dict[str, str]]:
    """What outputs say of the products of a run, by role; the names of files tell the edition."""
    return {
        role: entry(product, map(Path, digests.get(role, ()))) for role, product in products.items()
    }


def input_digests(files: Mapping[str, tuple[Path, ...]]) -> dict[str, dict[str, str]]:
    """SHA-256 of input files, by role and by the path or URL that they come from."""
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
