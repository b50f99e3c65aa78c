"""Two runs on one folder: the second is refused, and a dead one stands in nobody's way."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from saprolite.engine import lock as module
from saprolite.engine.lock import LOCK_FILE, WRITER_FILE, RunLock, check_writer, read_writer
from saprolite.errors import StoreError
from saprolite.places import Place, place

HOLDER = """
import sys, time
from saprolite.engine.lock import RunLock
from saprolite.places import place
lock = RunLock(place(sys.argv[1]))
lock.take()
print("held", flush=True)
time.sleep(600)
"""


@pytest.fixture(params=["disk", "memory"])
def out(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.setattr(module, "BEAT_SECONDS", 0.02)
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.5)
    if request.param == "disk":
        return tmp_path / "out"
    return place(f"memory://{tmp_path.name}/out")


def test_one_at_a_time(out: Place) -> None:
    with RunLock(out) as first, RunLock(out) as second:
        first.take()
        first.take()  # held already
        with pytest.raises(StoreError, match=f"process {os.getpid()} on .* since 2"):
            second.take()
        first.check()
        first.release()
        second.take()
        second.check()
        with pytest.raises(StoreError, match="removed or replaced"):
            first.check()
    assert read_writer(out) is None


def test_many_at_once(out: Place) -> None:
    """Of many that start together one gets the lock."""
    locks = [RunLock(out) for _ in range(8)]
    got, start = [], threading.Barrier(len(locks))

    def take(lock: RunLock) -> None:
        start.wait()
        try:
            lock.take()
        except StoreError:
            return
        got.append(lock)

    threads = [threading.Thread(target=take, args=(lock,)) for lock in locks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
    got[0].check()
    got[0].release()


def test_a_folder_that_was_removed_or_replaced(out: Place) -> None:
    with RunLock(out) as lock:
        lock.take()
        token = lock.token
        check_writer(out, token)
        (out / WRITER_FILE).unlink()
        with pytest.raises(StoreError, match="is gone"):
            lock.check()
        (out / WRITER_FILE).write_text(
            json.dumps({"process": 7, "host": "elsewhere", "since": "2001", "token": "other"})
        )
        with pytest.raises(StoreError, match="belongs to process 7 on elsewhere since 2001"):
            lock.check()
        with pytest.raises(StoreError, match="removed or replaced"):
            check_writer(out, token)


def test_a_run_that_did_not_begin_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "new" / "out"
    with RunLock(out) as lock:
        lock.take()
        lock.discard()
    assert not out.exists()
    out.mkdir(parents=True)
    (out / "mine.txt").write_text("not saprolite's")
    with RunLock(out) as lock:
        lock.take()
        lock.discard()
    assert [file.name for file in out.iterdir()] == ["mine.txt"]


def test_the_lock_of_a_killed_process_counts_for_nothing(tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-c", HOLDER, str(out)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            assert process.stdout.readline() == "held\n"
            with RunLock(out) as lock, pytest.raises(StoreError, match=f"process {process.pid} on"):
                lock.take()
        finally:
            os.kill(process.pid, signal.SIGKILL)
    assert (out / LOCK_FILE).exists()
    assert (out / WRITER_FILE).exists()
    with RunLock(out) as lock:
        lock.take()
        lock.check()


def test_an_object_whose_owner_fell_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On an object store: of another machine nothing is known but that it no longer writes."""
    monkeypatch.setattr(module, "BEAT_SECONDS", 0.02)
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 0.2)
    out = place(f"memory://{tmp_path.name}/out")
    (out / WRITER_FILE).write_text(
        json.dumps({"process": 7, "host": "elsewhere", "since": "2001", "token": "other"})
    )
    with RunLock(out) as lock:
        lock.take()
        lock.check()
        found = read_writer(out)
        assert found is not None
        assert found["process"] == os.getpid()


def test_an_owner_of_this_machine_that_is_gone_is_not_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 1e9)
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    out = place(f"memory://{tmp_path.name}/out")
    writer = {"process": process.pid, "host": "h", "since": "2001", "token": "other"}
    (out / WRITER_FILE).write_text(json.dumps({**writer, "kernel": module._kernel()}))
    with RunLock(out) as lock:
        lock.take()
        lock.check()


@pytest.mark.parametrize("kernel", [None, "another start of the system pid:[1]"])
def test_a_process_number_of_another_kernel_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kernel: str | None
) -> None:
    """Containers of one host name: the owner lives, though no process here has its number."""
    monkeypatch.setattr(module, "BEAT_SECONDS", 0.02)
    monkeypatch.setattr(module, "PATIENCE_SECONDS", 30.0)
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    out = place(f"memory://{tmp_path.name}/out")
    writer = {"process": process.pid, "host": module.socket.gethostname(), "since": "2001",
              "token": "other", "kernel": kernel}  # fmt: skip
    (out / WRITER_FILE).write_text(json.dumps(writer))
    ended = threading.Event()

    def beat() -> None:
        beats = 0
        while not ended.wait(0.005):
            beats += 1
            (out / WRITER_FILE).write_text(json.dumps({**writer, "beats": beats}))

    owner = threading.Thread(target=beat)
    owner.start()
    try:
        with RunLock(out) as lock, pytest.raises(StoreError, match="being written"):
            lock.take()
    finally:
        ended.set()
        owner.join()


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with RunLock(tmp_path / "file" / "out") as lock:
        with pytest.raises(StoreError, match="cannot be written"):
            lock.take()
        assert lock.token == ""
