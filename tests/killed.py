"""Runs of a study in processes that are killed (SIGKILL) at random moments; used by test_kills.

    python killed.py STUDY.json FOLDER SEED KILLS

Each process is forked from this one, which has imported and compiled everything and has no thread. Many
kills come after a random time, the others in the middle of the n-th write of a file, with half of
its bytes written. Prints a line of JSON for each folder that was brought to its end.
"""

from __future__ import annotations

import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NoReturn

# What a run imports on its way, so that no child does.
import scipy.linalg  # noqa: F401
import zarr  # noqa: F401

from saprolite import places
from saprolite.compiled import trend  # noqa: F401
from saprolite.engine import run
from saprolite.engine.kernels import kernel_of
from saprolite.inputs import prepare
from saprolite.study import Study

WRITES = 60  # files that a run has written by the time that its blocks are done, and some more


def dying(fatal: int, work: Callable[[], object]) -> NoReturn:
    """In a child: work that dies within its ``fatal``-th write (never for 0)."""
    done, real = [0], places._write_all

    def write_all(stream: Any, data: Any) -> None:
        done[0] += 1
        if done[0] == fatal:
            whole = memoryview(data).cast("B")
            real(stream, whole[: len(whole) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        real(stream, data)

    places._write_all = write_all
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def started(study: Study, out: Path, fatal: int = 0) -> int:
    """Start a child; its process number."""
    child = os.fork()
    if not child:
        dying(fatal, lambda: run.compute(study, out, False, lambda *_: None))
    return child


def main(study: Study, folder: Path, seed: int, kills: int) -> None:
    """Kill and resume, folder after folder, until there were enough kills."""
    chance = random.Random(seed)
    kernel_of(prepare(study)).warm_up(lambda *_: None)
    began = time.monotonic()
    _, status = os.waitpid(started(study, folder / "whole"), 0)
    assert status == 0
    takes = time.monotonic() - began
    killed = number = 0
    while killed < kills:
        out = folder / str(number)
        here = []
        while True:
            timed = chance.random() < 0.4
            child = started(study, out, 0 if timed else chance.randint(1, WRITES))
            if killed == kills:
                os.kill(child, signal.SIGKILL)
                os.waitpid(child, 0)
                child = started(study, out)  # enough: to the end
            elif timed:
                time.sleep(chance.uniform(0.0, takes))
                os.kill(child, signal.SIGKILL)
            _, status = os.waitpid(child, 0)
            if status == 0:
                break
            assert os.WIFSIGNALED(status), status
            killed += 1
            ledger = out / "ledger.jsonl"
            here.append({
                "begun": (out / "run.json").exists(),
                "blocks": ledger.read_bytes().count(b"\n") if ledger.exists() else 0,
                "half": len(list(out.rglob("*.part"))) if out.exists() else 0,
            })  # fmt: skip
        sys.stdout.write(json.dumps({"out": str(out), "kills": here}) + "\n")
        sys.stdout.flush()
        number += 1


if __name__ == "__main__":
    content = json.loads(Path(sys.argv[1]).read_text())
    main(Study.of(content, Path()), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
