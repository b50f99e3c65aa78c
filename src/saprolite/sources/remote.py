"""Inputs that a URL names: fetched once into a folder of this machine, and again if they change.

The libraries that read NetCDF and GeoTIFF read local files. The folder is that of the environment
variable ``SAPROLITE_CACHE``, by default ``saprolite`` in the user's folder of caches; in it a file
lies under the parts of its URL.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from saprolite.errors import InputError, Problem, StoreError
from saprolite.places import PART, filesystem, place, write_bytes
from saprolite.threads import in_order

CACHE_VARIABLE = "SAPROLITE_CACHE"
_FETCHES = 8  # at a time: one connection alone does not fill a line


def local_copy(where: str, wanted: Callable[[str], bool] = lambda _: True) -> Path:
    """A local path as it is; a copy of the file or folder that a URL names.

    Of a folder, the files whose name is ``wanted`` are fetched; folders in it are left out.
    Raises ``InputError`` where there is nothing, or where it cannot be reached.
    """
    try:
        source = place(where)
    except StoreError as error:
        raise InputError("An input cannot be reached (1 problem)", error.problems) from error
    if isinstance(source, Path):
        return source
    system, path = filesystem(source)
    target = _below("files", where)
    try:
        system.invalidate_cache()
        if not system.isdir(path):
            _fetch(system, path, where, system.info(path))
            return target
        found = {item["name"].rstrip("/").rpartition("/")[2]: item
                 for item in system.ls(path, detail=True) if item["type"] == "file"}  # fmt: skip
        target.mkdir(parents=True, exist_ok=True)
        _forget_others(target, found)
        chosen = [name for name in sorted(found) if wanted(name)]

        def fetch(name: str) -> None:
            item = found[name]
            _fetch(system, item["name"], f"{where.rstrip('/')}/{name}", item)

        for _ in in_order(fetch, chosen, _FETCHES):
            pass
    except Exception as error:  # drivers have errors of their own for a network or rights
        raise _unreachable(where, error) from error
    return target


def origin(file: Path) -> str:
    """The URL of a file that was fetched; the path of any other.

    >>> origin(Path("soil/clay.nc"))
    'soil/clay.nc'
    """
    try:
        kind, *parts = file.relative_to(cache_folder() / "files").parts
    except ValueError:
        return str(file)
    return f"{kind}://" + "/".join(map(unquote, parts))


def _fetch(system: Any, path: str, url: str, info: dict[str, Any]) -> None:
    """Fetch a file unless the copy is of what is there now."""
    copy, note = _below("files", url), _below("seen", url)
    stamp = json.dumps({key: str(value) for key, value in sorted(info.items())})
    if copy.is_file() and note.is_file() and note.read_text(encoding="utf-8") == stamp:
        return
    for file in (copy, note):
        file.parent.mkdir(parents=True, exist_ok=True)
    note.unlink(missing_ok=True)
    temporary = copy.with_name(f"{copy.name}.{os.getpid()}{PART}")
    try:
        system.get_file(path, str(temporary))
        temporary.replace(copy)
    finally:
        temporary.unlink(missing_ok=True)
    write_bytes(note, stamp.encode())


def _forget_others(folder: Path, found: dict[str, Any]) -> None:
    """Copies of what is not in the folder any more would be taken for its content."""
    for file in folder.iterdir():
        if file.is_file() and not file.name.endswith(PART) and unquote(file.name) not in found:
            file.unlink(missing_ok=True)


def _below(kind: str, url: str) -> Path:
    protocol, _, rest = url.partition("://")
    # No part of a URL may lead out of the folder.
    parts = [quote(part, safe="").replace("..", "%2E%2E") for part in rest.split("/") if part]
    return (cache_folder() / kind / protocol).joinpath(*parts)


def cache_folder() -> Path:
    """The folder of what is fetched or remembered of inputs."""
    chosen = os.environ.get(CACHE_VARIABLE)
    caches = os.environ.get("XDG_CACHE_HOME") or "~/.cache"
    return Path(chosen or f"{caches}/saprolite").expanduser().absolute()


def _unreachable(where: str, error: Exception) -> InputError:
    found = "no such file or folder" if isinstance(error, FileNotFoundError) else str(error)
    return InputError(
        "An input cannot be reached (1 problem)",
        [Problem(where, found or type(error).__name__, "a file or folder that can be read",
                 "check the URL, the network and the rights")],
    )  # fmt: skip
