"""One run at a time in a folder: a lock that the death of its process releases.

On a disk the operating system keeps the lock (of the file ``.lock``). An object store knows no
locks: there the lock is an object that its owner writes anew every few seconds, and that counts
for nothing once it stays as it is. ``.writer.json`` says in both who writes.
"""

from __future__ import annotations

import json
import os
import socket
import threading
import time
import uuid
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from filelock import FileLock, Timeout

from saprolite.errors import Problem, StoreError
from saprolite.places import Place, filesystem, make_folder, write_text, writing

LOCK_FILE, WRITER_FILE = ".lock", ".writer.json"
BEAT_SECONDS = 5.0
# A run that is alive writes its object several times in this time, also on a slow connection.
PATIENCE_SECONDS = 30.0


class Taken(Exception):
    """Another run holds the lock."""


class Guard(Protocol):
    """What keeps others out of a folder."""

    def acquire(self, writer: dict[str, Any]) -> None:
        """Take the lock, and write who has it; :class:`Taken` if another run has it."""

    def release(self) -> None:
        """Give it back."""


class RunLock:
    """The lock of a run folder, as a context; taken when it is first needed."""

    def __init__(self, out: Place) -> None:
        self._out = out
        self._guard: Guard = DiskGuard(out) if isinstance(out, Path) else BeatingGuard(out)
        self._writer: dict[str, Any] = {}
        self._made_folder = False

    def take(self) -> None:
        """Take the lock, making the folder if it is not there; nothing happens if it is held.

        Raises ``StoreError`` if another run writes into the folder, or if it cannot be written.
        """
        if self._writer:
            return
        writer = {
            "process": os.getpid(),
            "host": socket.gethostname(),
            "kernel": _kernel(),
            "since": datetime.now(UTC).isoformat(" ", "seconds"),
            "token": uuid.uuid4().hex,
        }
        with writing(self._out):
            self._made_folder = not self._out.exists()
            make_folder(self._out)
            try:
                self._guard.acquire(writer)
            except Taken:
                raise _being_written(self._out) from None
        self._writer = writer

    @property
    def token(self) -> str:
        """A word that no other run has; empty while the lock is not held."""
        return str(self._writer.get("token", ""))

    def check(self) -> None:
        """Raise ``StoreError`` if the folder was removed, or taken by another run."""
        check_writer(self._out, self.token)

    def discard(self) -> None:
        """Leave no trace of a run that did not begin: neither lock nor, if it was made, folder."""
        for name in (WRITER_FILE, LOCK_FILE):
            (self._out / name).unlink(missing_ok=True)
        if self._made_folder:
            with suppress(OSError):
                self._out.rmdir()
        self.release()

    def release(self) -> None:
        """Give the lock back."""
        if self._writer:
            self._writer = {}
            self._guard.release()

    def __enter__(self) -> RunLock:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.release()


class DiskGuard:
    """A lock of the operating system on a file of the folder."""

    def __init__(self, out: Path) -> None:
        self._writer = out / WRITER_FILE
        self._lock = FileLock(out / LOCK_FILE, thread_local=False)

    def acquire(self, writer: dict[str, Any]) -> None:
        """Take the lock at once or not at all."""
        try:
            self._lock.acquire(blocking=False)
        except Timeout as error:
            raise Taken from error
        try:
            write_text(self._writer, json.dumps(writer))
        except BaseException:
            self._lock.release()
            raise

    def release(self) -> None:
        """Give it back; the empty file stays, for others may be about to lock it."""
        with suppress(OSError):
            self._writer.unlink(missing_ok=True)
        self._lock.release()


class BeatingGuard:
    """A lock on an object store: an object that a thread of its owner writes every few seconds."""

    def __init__(self, out: Place) -> None:
        self._files, self._path = filesystem(out / WRITER_FILE)
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def acquire(self, writer: dict[str, Any]) -> None:
        """Make the object; in the place of one whose owner is dead if need be."""
        while not self._made(writer):
            found = self._text()
            if found is None:
                continue  # given back a moment ago
            if not self._is_dead(found):
                raise Taken
            if self._text() == found:
                self._files.rm_file(self._path)
        self._thread = threading.Thread(target=self._beat, args=(writer,), daemon=True)
        self._thread.start()

    def release(self) -> None:
        """Remove the object."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        with suppress(OSError):
            self._files.rm_file(self._path)

    def _made(self, writer: dict[str, Any]) -> bool:
        try:
            self._files.pipe_file(self._path, json.dumps(writer).encode(), mode="create")
        except FileExistsError:
            return False
        except OSError:
            raise
        except Exception as error:  # drivers have errors of their own for a network that fails
            raise OSError(f"{type(error).__name__}: {error}") from error
        return True

    def _text(self) -> str | None:
        try:
            return str(self._files.cat_file(self._path).decode())
        except FileNotFoundError:
            return None

    def _is_dead(self, found: str) -> bool:
        """Whether the owner is a process of this machine that is gone, or has fallen silent."""
        if _process_is_gone(json.loads(found)):
            return True
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            time.sleep(BEAT_SECONDS / 2.0)
            if self._text() != found:
                return False
        return True

    def _beat(self, writer: dict[str, Any]) -> None:
        beats = 0
        while not self._ended.wait(BEAT_SECONDS):
            beats += 1
            with suppress(Exception):  # the next beat may get through
                found = self._text()
                if found is None or json.loads(found)["token"] != writer["token"]:
                    return  # removed or taken over: RunLock.check says so
                content = json.dumps({**writer, "beats": beats}).encode()
                self._files.pipe_file(self._path, content)


def read_writer(out: Place) -> dict[str, Any] | None:
    """Who writes into a folder as it says itself; None where nobody does."""
    file = out / WRITER_FILE
    try:
        if isinstance(file, Path):
            return dict(json.loads(file.read_bytes()))
        files, path = filesystem(file)
        # Straight to the object, past listings that were read a while ago.
        return dict(json.loads(files.cat_file(path)))
    except (OSError, ValueError):
        return None


def check_writer(out: Place, token: str) -> None:
    """Raise ``StoreError`` unless the run with this token is the one that writes into a folder."""
    found = read_writer(out)
    if found is not None and found.get("token") == token:
        return
    what = "is gone" if found is None else f"belongs to {_in_words(found)}"
    raise StoreError(
        "The folder of the run was removed or replaced while it was written (1 problem)",
        [Problem(str(out), f"{WRITER_FILE} {what}", "the folder that the run made",
                 "the same command goes on with what is left of it; if run.json is gone, remove "
                 "the rest first")],
    )  # fmt: skip


def _kernel() -> str | None:
    """What a process number belongs to: this start of the system, and the namespace of processes
    (containers of one host name each count their own); None where the system does not tell."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return None


def _process_is_gone(writer: dict[str, Any]) -> bool:
    here = _kernel()
    if here is None or writer.get("kernel") != here:
        return False
    try:
        os.kill(writer["process"], 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _being_written(out: Place) -> StoreError:
    found = read_writer(out)
    who = "another process" if found is None else _in_words(found)
    return StoreError(
        "The folder is being written (1 problem)",
        [Problem(str(out), f"it is being written by {who}", "one run at a time in a folder",
                 "wait until that run has ended or stop it, or give another folder")],
    )  # fmt: skip


def _in_words(writer: dict[str, Any]) -> str:
    return f"process {writer['process']} on {writer['host']} since {writer['since']}"
