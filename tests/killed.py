"""Runs of a study in processes that are killed (SIGKILL); used by test_kills and test_packing.

    python killed.py STUDY.json FOLDER SEED KILLS

Each process is forked from this one, which has imported and compiled everything and has no thread.
First they die around every time that the metadata of a store take their place; then at random:
after some time, in the middle of the n-th write of a file (half of its bytes written), or around
the n-th time that a file takes its place. Prints a line of JSON for each folder that was brought to
its end.
"""

from __future__ import annotations

import itertools
import json
import os
import random
import signal
import sys
import time
from collections.abc import Callable, Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple, NoReturn, TypeAlias

# What a run imports on its way, so that no child does.
import scipy.linalg  # noqa: F401
import zarr  # noqa: F401

from saprolite import places
from saprolite.compiled import trend  # noqa: F401
from saprolite.engine import run
from saprolite.engine.kernels import kernel_of
from saprolite.inputs import prepare
from saprolite.study import Study

WRITES = 140  # files that a run has written by the time that its blocks are done, and some more
Ended: TypeAlias = tuple[Path, list[dict[str, int]]]
METADATA = ("inputs.zarr/zarr.json", "fluxes.zarr/zarr.json")


class Moment(NamedTuple):
    """When a process dies: within its n-th write of a file (``half``), or just ``before`` or
    ``after`` the n-th time that a file takes its place whose path ends in ``name``."""

    when: str
    number: int
    name: str = ""


def dying(moment: Moment | None, work: Callable[[], object]) -> NoReturn:
    """In a child: work that dies at a moment (never for None)."""
    if moment is not None:
        _die_at(moment)
    code = 1
    try:
        work()
        code = 0
    finally:
        os._exit(code)


def _die_at(moment: Moment) -> None:
    done = itertools.count(1)
    write, replace = places._write_all, os.replace

    def half(stream: Any, data: Any) -> None:
        if next(done) == moment.number:
            whole = memoryview(data).cast("B")
            write(stream, whole[: len(whole) // 2])
            os.kill(os.getpid(), signal.SIGKILL)
        write(stream, data)

    def around(source: Any, target: Any) -> None:
        fatal = str(target).endswith(moment.name) and next(done) == moment.number
        if fatal and moment.when == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        replace(source, target)
        if fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    if moment.when == "half":
        places._write_all = half
    else:
        os.replace = around  # type: ignore[assignment]


def started(study: Study, out: Path, moment: Moment | None = None) -> int:
    """Start a child; its process number."""
    child = os.fork()
    if not child:
        dying(moment, lambda: run.compute(study, out, False, lambda *_: None))
    return child


def killed_by(child: int) -> bool:
    """Whether a child was killed; anything else but its end is an error."""
    _, status = os.waitpid(child, 0)
    assert status == 0 or os.WIFSIGNALED(status), status
    return status != 0


def around_metadata(study: Study, folder: Path) -> Iterator[Path]:
    """Die around every time that metadata take their place, and go on; the folders."""
    for name, when in product(METADATA, ("before", "after")):
        for number in itertools.count(1):
            out = folder / f"{when} {number} of {name.partition('.')[0]}"
            if not killed_by(started(study, out, Moment(when, number, name))):
                break  # it was written less often
            assert not killed_by(started(study, out))
            yield out


def at_random(study: Study, folder: Path, seed: int, kills: int, takes: float) -> Iterator[Ended]:
    """Die and go on, folder after folder, until there were enough kills."""
    chance = random.Random(seed)
    killed = number = 0
    while killed < kills:
        out = folder / str(number)
        here = []
        while True:
            when = chance.choice(("time", "half", "before", "after"))
            moment = None if when == "time" else Moment(when, chance.randint(1, WRITES))
            child = started(study, out, moment if killed < kills else None)
            if moment is None and killed < kills:
                time.sleep(chance.uniform(0.0, takes))
                os.kill(child, signal.SIGKILL)
            if not killed_by(child):
                break
            killed += 1
            ledger = out / "ledger.jsonl"
            here.append({
                "begun": (out / "run.json").exists(),
                "blocks": ledger.read_bytes().count(b"\n") if ledger.exists() else 0,
                "half": len(list(out.rglob("*.part*"))) if out.exists() else 0,
            })  # fmt: skip
        yield out, here
        number += 1


def main(study: Study, folder: Path, seed: int, kills: int) -> None:
    """All of them."""
    kernel_of(prepare(study)).warm_up(lambda *_: None)
    began = time.monotonic()
    assert not killed_by(started(study, folder / "whole"))
    takes = time.monotonic() - began
    ended = itertools.chain(
        ((out, []) for out in around_metadata(study, folder)),
        at_random(study, folder, seed, kills, takes),
    )
    for out, kills_of_it in ended:
        sys.stdout.write(json.dumps({"out": str(out), "kills": kills_of_it}) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    content = json.loads(Path(sys.argv[1]).read_text())
    main(Study.of(content, Path()), Path(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4]))
