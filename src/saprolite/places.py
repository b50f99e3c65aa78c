"""Places: a local path, or any URL that fsspec knows (``s3://``, ``gs://``, ``memory://``).

Small files are written whole or not at all: beside the old one and renamed on a local disk, by a
single put into an object store.
"""

from __future__ import annotations

import errno
import os
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from urllib.parse import unquote, urlsplit

from saprolite.errors import Problem, SaproliteError, StoreError

if TYPE_CHECKING:
    from upath import UPath

Place: TypeAlias = "Path | UPath"
PART = ".part"
# The environment variable that names the folder of the inputs, in the place of the study.
DATA_VARIABLE = "SAPROLITE_DATA"
_URL = re.compile(r"^[A-Za-z][A-Za-z0-9+.-]+://")
# Ours, and those of Zarr's own writer.
_HALF_WRITTEN = re.compile(rf"\.(\d+-\d+{re.escape(PART)}|[0-9a-f]{{32}}\.partial)$")
_FULL = (errno.ENOSPC, errno.EDQUOT)


def is_url(text: str) -> bool:
    """Whether a text names a URL and not a local path.

    >>> is_url("s3://bucket/run"), is_url("C:/runs/one"), is_url("runs/one")
    (True, False, False)
    """
    return bool(_URL.match(text))


def place(where: str | Place) -> Place:
    """The place that a text, a path or a URL names; ``~`` is the home folder.

    Raises ``StoreError`` for a URL of a kind that is unknown, or whose driver is not installed.
    """
    if not isinstance(where, str):
        return where
    if not is_url(where):
        return Path(where).expanduser()
    if where.startswith("file://"):
        return Path(unquote(urlsplit(where).path))
    import fsspec
    from upath import UPath

    try:
        fsspec.get_filesystem_class(where.partition("://")[0])
    except (ImportError, ValueError) as error:
        raise StoreError(
            "A URL cannot be used (1 problem)",
            [Problem(where, str(error), "a local path, or a URL such as s3://bucket/folder",
                     "install what the message names (s3fs, gcsfs, ...), or correct the URL")],
        ) from error  # fmt: skip
    return UPath(where)


def located(root: str, path: str) -> str:
    """A path made absolute: relative to ``root``, a folder or a URL; a URL stays as it is.

    >>> located("s3://bucket/data/", "soil/clay.nc"), located("/data", "s3://bucket/clay.nc")
    ('s3://bucket/data/soil/clay.nc', 's3://bucket/clay.nc')
    """
    if is_url(path):
        return path
    local = Path(path).expanduser()
    if is_url(root) and not local.is_absolute():
        return f"{root.rstrip('/')}/{path}"
    return str((Path.cwd() if is_url(root) else Path(root)).joinpath(local).resolve())


def is_local(where: Place) -> bool:
    """Whether a place lies on a disk of this machine."""
    return isinstance(where, Path)


def filesystem(where: Place) -> tuple[Any, str]:
    """The fsspec file system of a remote place, and its path there."""
    assert not isinstance(where, Path)
    return where.fs, where.path


def write_bytes(where: Place, data: Any, *, durable: bool = True) -> None:
    """Write a file whole or not at all.

    ``durable``: bring it to the disk before it takes the place of the old one; without, a loss of
    power (not a crash of the program) can leave a file that its checksum gives away.
    ``OSError`` where it cannot be written; a local folder must be there (:func:`make_folder`).
    """
    if isinstance(where, Path):
        _write_local(where, data, durable)
        return
    with _as_os_error():
        where.fs.pipe_file(where.path, bytes(data))


def write_text(where: Place, text: str) -> None:
    """Write a small file whole or not at all, and the folder that it lies in."""
    with writing(where):
        make_folder(where.parent)
        write_bytes(where, text.encode("utf-8"))


def make_folder(where: Place) -> None:
    """Make a local folder with its parents; an object store has none to make."""
    if isinstance(where, Path):
        where.mkdir(parents=True, exist_ok=True)


def remove(where: Place) -> None:
    """Remove a file, a link, or a folder of ours; a local folder disappears at once or not at all.

    Nothing happens where there is nothing.
    """
    if not isinstance(where, Path):
        with _as_os_error():
            if where.fs.exists(where.path):
                where.fs.rm(where.path, recursive=True)
        return
    if where.is_symlink() or where.is_file():
        where.unlink(missing_ok=True)
        return
    doomed = where.with_name(where.name + ".removed")
    if doomed.exists():  # what a killed process had begun to remove
        shutil.rmtree(doomed)
    if where.exists():
        where.replace(doomed)
        shutil.rmtree(doomed)


def inside(folder: Place, file: Place) -> str:
    """The path of a file in a folder, with ``/`` on every system.

    >>> inside(Path("runs/one"), Path("runs/one/tables/totals.csv"))
    'tables/totals.csv'
    """
    return file.as_posix().removeprefix(folder.as_posix().rstrip("/") + "/")


def files_below(where: Place) -> dict[str, Place]:
    """Every file below a folder, by its path inside (with ``/``), sorted."""
    if isinstance(where, Path):
        found: dict[str, Place] = {
            (Path(folder) / name).relative_to(where).as_posix(): Path(folder) / name
            for folder, _, names in os.walk(where)
            for name in names
        }
        return dict(sorted(found.items()))
    with _as_os_error():
        where.fs.invalidate_cache()
        paths = where.fs.find(where.path)
    root = where.path.rstrip("/") + "/"
    inside = sorted(path.removeprefix(root) for path in map(str, paths))
    return {name: where / name for name in inside if name}


def free_bytes(where: Place) -> int | None:
    """Free bytes of the disk of a local folder, which need not be there yet; else None."""
    if not isinstance(where, Path):
        return None
    whole = where.absolute()
    there = next(folder for folder in (whole, *whole.parents) if folder.exists())
    return shutil.disk_usage(there).free


def sweep(where: Place) -> None:
    """Remove the files that a killed writer left half-written below a local folder."""
    if isinstance(where, Path):
        for name, file in files_below(where).items():
            if _HALF_WRITTEN.search(name):
                remove(file)


def unwritable(where: Place, error: OSError) -> StoreError:
    """The error for a place that cannot be written."""
    if isinstance(error, FileExistsError | NotADirectoryError):
        return StoreError(
            "The results cannot be written (1 problem)",
            [Problem(str(where), "a file where a folder should be", "a folder, or a new name",
                     "give another --out")],
        )  # fmt: skip
    return StoreError(
        "The results cannot be written (1 problem)",
        [Problem(str(where), error.strerror or str(error),
                 "a folder on a disk with space, writable",
                 f"{'free space' if error.errno in _FULL else 'make it writable'}, or give another "
                 "folder; the same command then goes on")],
    )  # fmt: skip


@contextmanager
def writing(where: Place) -> Iterator[None]:
    """Turn what the system says about a place that cannot be written into a clear error."""
    try:
        yield
    except OSError as error:
        raise unwritable(where, error) from error


def _write_local(where: Path, data: Any, durable: bool) -> None:
    # The name is the writer's own: two processes may be writing the same file.
    writer = f".{os.getpid()}-{threading.get_ident()}{PART}"
    temporary = where.with_name(where.name + writer)
    try:
        with temporary.open("wb", buffering=0) as stream:
            _write_all(stream, data)
            if durable:
                os.fsync(stream.fileno())
        temporary.replace(where)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def _write_all(stream: Any, data: Any) -> None:
    """Every byte: a raw stream may take fewer than it is given (a full disk, large data)."""
    rest = memoryview(data).cast("B")
    while rest:
        rest = rest[stream.write(rest) :]


@contextmanager
def _as_os_error() -> Iterator[None]:
    """Drivers of object stores have errors of their own for a network or rights that fail."""
    try:
        yield
    except (OSError, SaproliteError):
        raise
    except Exception as error:
        raise OSError(f"{type(error).__name__}: {error}") from error
