"""Getting the files of a product: what it will cost, and then the files, whole and verified.

The network is touched by :func:`prepare_download` and :meth:`Download.fetch`, which only
``saprolite data get`` calls.
"""

from __future__ import annotations

import shutil
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from saprolite.errors import InputError, Problem, StoreError, raise_if_any
from saprolite.places import PART, writing
from saprolite.sources.catalog import Edition, Manual, Nothing, Pooch
from saprolite.sources.earthdata import find_granules, logged_in
from saprolite.sources.published_files import (
    AT_A_TIME,
    Remote,
    library,
    static_files,
    with_sizes,
)
from saprolite.sources.resumable import Session, fetch
from saprolite.stages import Report

_MEGABYTE = 1_000_000


@dataclass(frozen=True)
class Download:
    """What is to be fetched into a folder, and what is there already."""

    folder: Path
    session: Session
    wanted: tuple[Remote, ...]
    present: tuple[Remote, ...]
    bytes_per_file: int | None = None

    @property
    def known_bytes(self) -> int:
        """Bytes still to come of the files whose size is known."""
        return sum(
            max(0, file.size - _size(self._part(file)))
            for file in self.wanted
            if file.size is not None
        )

    @property
    def of_unknown_size(self) -> int:
        """Number of files whose size nobody says."""
        return sum(file.size is None for file in self.wanted)

    @property
    def estimated_bytes(self) -> int | None:
        """Bytes still to come, the catalogue's estimate where no size is known; None without."""
        if not self.of_unknown_size:
            return self.known_bytes
        if self.bytes_per_file is None:
            return None
        return self.known_bytes + self.of_unknown_size * self.bytes_per_file

    def require_space(self) -> None:
        """Raise ``StoreError`` where the disk has not the room."""
        folder = self.folder
        while not folder.exists():
            folder = folder.parent
        free, needed = shutil.disk_usage(folder).free, self.estimated_bytes or self.known_bytes
        if needed > free:
            raise StoreError(
                "The download does not fit (1 problem)",
                [Problem(str(self.folder), f"{free / _MEGABYTE:.0f} MB free",
                         f"{needed / _MEGABYTE:.0f} MB", "free space, or give another --out")],
            )  # fmt: skip

    def fetch(self, report: Report) -> list[Path]:
        """Fetch, verify, unpack; what is there already stays. Returns the files.

        Raises ``InputError`` or ``StoreError``; the same call then goes on.
        """
        room = self._room
        with writing(self.folder):
            room.mkdir(parents=True, exist_ok=True)
        lock = FileLock(room / "lock")
        try:
            lock.acquire(timeout=0)
        except Timeout as error:
            raise StoreError(
                "The folder is in use (1 problem)",
                [Problem(str(self.folder), "another saprolite data get", "one at a time",
                         "wait until it has finished, or give another --out")],
            ) from error  # fmt: skip
        try:
            gathered = sum(_size(self._part(file)) for file in self.wanted)
            self._fetch_all(_Meter(report, (self.estimated_bytes or 0) + gathered))
        finally:
            lock.release()
        shutil.rmtree(room)
        files = []
        for file in sorted((*self.wanted, *self.present), key=lambda item: item.name):
            files += _unpacked(self.folder, file)
        return files

    @property
    def _room(self) -> Path:
        """Where bytes gather: the folder itself holds whole files only."""
        return self.folder / ".saprolite-get"

    def _fetch_all(self, meter: _Meter) -> None:
        with ThreadPoolExecutor(AT_A_TIME, thread_name_prefix="saprolite-get") as pool:
            tasks = [pool.submit(self._fetch, file, meter) for file in self.wanted]
            try:
                for task in tasks:
                    task.result()
            except BaseException:  # an interruption too: the others must not go on for long
                meter.stop()
                pool.shutdown(wait=False, cancel_futures=True)
                raise

    def _fetch(self, file: Remote, meter: _Meter) -> None:
        """A hash that does not match what was gathered in several goes: once more, from nothing."""
        gathered = _size(self._part(file)) > 0
        try:
            self._fetch_once(file, meter)
        except _OtherBytes as error:
            if not gathered:
                raise _wrong_bytes(file, str(error)) from error
            try:
                self._fetch_once(file, meter)
            except _OtherBytes as again:
                raise _wrong_bytes(file, str(again)) from again

    def _fetch_once(self, file: Remote, meter: _Meter) -> None:
        pooch = library("pooch")
        came = 0

        def advance(number: int) -> None:
            nonlocal came
            came += number
            meter.advance(number)

        def downloader(url: str, where: str, _: Any) -> None:
            part = self._part(file)
            fetch(self.session, url, part, size=file.size, verified=bool(file.hash),
                  advance=advance)  # fmt: skip
            part.replace(where)

        try:
            whole = pooch.retrieve(file.url, file.hash or None, file.name, self._room,
                                   downloader=downloader)  # fmt: skip
        except ValueError as error:  # pooch's word for a hash that does not match
            meter.advance(-came)
            raise _OtherBytes(str(error)) from error
        Path(whole).replace(self.folder / file.name)

    def _part(self, file: Remote) -> Path:
        return self._room / (file.name + PART)


class _OtherBytes(Exception):
    """The hash of a file is another one than was published."""


class _Meter:
    """Progress of several files at once, in MB."""

    def __init__(self, report: Report, total: int) -> None:
        self._report, self._total = report, total
        self._done = 0
        self._lock = threading.Lock()
        self._stopped = False

    def stop(self) -> None:
        """Every download stops with its next bytes."""
        self._stopped = True

    def advance(self, number: int) -> None:
        if self._stopped:
            raise StoreError("Stopped", [])
        with self._lock:
            self._done += number
            total = max(self._total, self._done)
            self._report("MB fetched", self._done // _MEGABYTE, -(-total // _MEGABYTE))


def prepare_download(
    edition: Edition, folder: Path, years: range | None, name: str = ""
) -> Download:
    """Ask the servers what there is to fetch; nothing is fetched.

    Raises ``InputError`` that says where to click for a product without a direct download, and
    that lists every file which the servers do not have.
    """
    get = edition.get
    if isinstance(get, Manual | Nothing):
        raise by_hand(name, get)
    if isinstance(get, Pooch):
        if years is not None:
            raise InputError(
                "Years cannot be chosen (1 problem)",
                [Problem(f"--years {years[0]}-{years[-1]}", f"{name} is not published by year",
                         "no --years", f"saprolite data get {name}")],
            )  # fmt: skip
        session = library("requests").Session()
        remotes = static_files(get)
    else:
        session = logged_in()
        remotes = find_granules(get, edition, years, name)
    remotes = with_sizes(session, remotes)
    present, wanted = _divided(folder, remotes)
    return Download(folder, session, tuple(wanted), tuple(present), edition.bytes_per_file)


def by_hand(name: str, get: Manual | Nothing) -> InputError:
    """The error for what saprolite cannot fetch: where to click, what to name the files."""
    if isinstance(get, Nothing):
        return InputError(
            "This is not to be fetched (1 problem)",
            [Problem(name, get.reason, "another edition", f"saprolite data show {name}")],
        )
    steps = "; ".join(f"{number}. {step}" for number, step in enumerate(get.steps, 1))
    return InputError(
        "This product has no direct download (1 problem)",
        [Problem(name, "a page to open and files to choose by hand", f"files from {get.page}",
                 f"{steps}; then: saprolite data check FOLDER")],
    )  # fmt: skip


def _divided(folder: Path, remotes: list[Remote]) -> tuple[list[Remote], list[Remote]]:
    """Files that are there and those that are not; one of the same name with other bytes is a
    problem: it is the user's."""
    present, wanted, problems = [], [], []
    for remote in remotes:
        path = folder / remote.name
        if not path.exists():
            wanted.append(remote)
            continue
        found = ""
        if remote.size is not None and _size(path) != remote.size:
            found = f"{_size(path)} bytes, and the published file has {remote.size}"
        elif remote.hash and not _matches(path, remote.hash):
            found = f"other bytes than the published file ({remote.hash})"
        if found:
            problems.append(
                Problem(str(path), found, "the published file, or none",
                        "move the file away, or give another --out")
            )  # fmt: skip
        else:
            present.append(remote)
    raise_if_any(InputError, "Files are in the way", problems)
    return present, wanted


def _matches(path: Path, known: str) -> bool:
    algorithm, _, digest = known.rpartition(":")
    found = library("pooch").file_hash(str(path), algorithm or "sha256")
    return bool(found.lower() == digest.lower())


def _unpacked(folder: Path, file: Remote) -> list[Path]:
    """The wanted members of an archive, each whole or not at all; the file itself otherwise."""
    if not file.unzip:
        return [folder / file.name]
    try:
        with zipfile.ZipFile(folder / file.name) as archive:
            missing = [name for name in file.unzip if name not in archive.namelist()]
            raise_if_any(InputError, "An archive lacks files", [
                Problem(f"{folder / file.name}: {name}", "not in the archive",
                        ", ".join(archive.namelist()[:8]), "unpack the archive by hand")
                for name in missing
            ])  # fmt: skip
            for name in file.unzip:
                target = folder / name
                if _size(target) == archive.getinfo(name).file_size:
                    continue
                target.parent.mkdir(parents=True, exist_ok=True)
                temporary = target.with_name(target.name + PART)
                with archive.open(name) as source, temporary.open("wb") as copy:
                    shutil.copyfileobj(source, copy)
                temporary.replace(target)
    except (zipfile.BadZipFile, OSError) as error:
        raise InputError(
            "An archive cannot be unpacked (1 problem)",
            [Problem(str(folder / file.name), str(error), "a zip archive",
                     "remove it, and give the same command again")],
        ) from error  # fmt: skip
    return [folder / name for name in file.unzip]


def _wrong_bytes(file: Remote, found: str) -> InputError:
    return InputError(
        "A file is not the one that was published (1 problem)",
        [Problem(file.url, found.splitlines()[0], f"the hash {file.hash}",
                 "try again; if it stays, the provider has changed the file: fetch it by hand")],
    )  # fmt: skip


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
