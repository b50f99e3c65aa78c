"""What every benchmark needs: times taken in turn, memory, the machine, a command line, JSON."""

from __future__ import annotations

import argparse
import gc
import json
import os
import platform
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import TracebackType
from typing import Any

SIZES = ("full", "quick", "tiny")
LIBRARIES = ("numpy", "numba", "scipy", "xarray", "dask", "zarr", "netCDF4", "h5py")
FOLDER = Path(__file__).parent
_LEAST_TURN_S = 0.1
Action = Callable[[], object]


def in_turn(actions: Mapping[str, Action], rounds: int) -> dict[str, dict[str, float]]:
    """Least and median wall time of each action, s; the actions take turns, round after round.

    Each runs once before the rounds, so that nothing is compiled or read for the first time. What
    is short is repeated within its turn, so that it finds the caches as its own work leaves them.
    """
    times: dict[str, list[float]] = {name: [] for name in actions}
    for action in actions.values():
        action()
    for _ in range(rounds):
        for name, action in actions.items():
            gc.collect()
            spent = 0.0
            while spent < _LEAST_TURN_S:
                began = time.perf_counter()
                action()
                times[name].append(time.perf_counter() - began)
                spent += times[name][-1]
    return {name: {"least_s": min(taken), "median_s": statistics.median(taken)}
            for name, taken in times.items()}  # fmt: skip


def machine() -> dict[str, Any]:
    """The machine and the libraries that the numbers belong to."""
    return {
        "processor": _processor(),
        "cores": cores(),
        "memory_GB": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 1e9, 1),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "versions": {name: _version(name) for name in ("saprolite", *LIBRARIES)},
    }


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0))


def label(precision: str, workers: int) -> str:
    """How a time of the kernel is called in the results."""
    return f"{precision}, {workers} thread{'s' if workers > 1 else ''}"


def _processor() -> str:
    text = Path("/proc/cpuinfo").read_text(encoding="utf-8")
    fields = dict(line.split(":", 1) for line in text.splitlines() if ":" in line)
    known = {key.strip(): value.strip() for key, value in fields.items()}
    wide = "AVX-512" if "avx512f" in known.get("flags", "") else "no AVX-512"
    return f"{known.get('model name', platform.processor())}, {wide}"


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


class PrivateMemory:
    """Samples the private memory of this process (RssAnon) while a block of code runs.

    Memory-mapped files, which the system takes back at will, do not count.
    """

    def __init__(self, seconds: float = 0.01) -> None:
        self._seconds = seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.peak_bytes = 0

    def __enter__(self) -> PrivateMemory:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.is_set():
            self.peak_bytes = max(self.peak_bytes, private_bytes())
            self._over.wait(self._seconds)


def private_bytes(process: int | str = "self") -> int:
    """Private memory of a process now, bytes."""
    text = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    line = next((line for line in text.splitlines() if line.startswith("RssAnon:")), "RssAnon: 0")
    return int(line.split()[1]) * 1024


def in_fresh_process(script: str, task: str, **given: Any) -> dict[str, Any]:
    """Do a task of a script in a process of its own; the task's dictionary comes back."""
    command = [sys.executable, str(FOLDER / script), "--task", task, "--given", json.dumps(given)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        raise SystemExit(f"{script} --task {task} {given}: exit code {done.returncode}")
    answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return answer


def command_times(command: list[str], rounds: int, folder: Path | None = None) -> dict[str, float]:
    """Least and median wall time of a command as a process of its own, s; one round is not
    counted."""
    times = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=folder)
        times.append(time.perf_counter() - began)
    return {"least_s": min(times[1:]), "median_s": statistics.median(times[1:])}


def say(text: str) -> None:
    """Progress, beside the results."""
    print(text, file=sys.stderr, flush=True)


def benchmark(measure: Callable[[str], dict[str, Any]], about: str) -> None:
    """The command line of a benchmark: its size, and where the JSON goes."""
    parser = argparse.ArgumentParser(description=about.splitlines()[0])
    add_size(parser)
    parser.add_argument("--out", type=Path, help="file for the results (JSON); else printed")
    options = parser.parse_args()
    give(measure(options.size), options)


def give(found: Mapping[str, Any], options: argparse.Namespace) -> None:
    """Results with what they belong to, as JSON into the file ``--out``, else printed."""
    results = {"size": options.size, "machine": machine(), **found}
    text = json.dumps(results, indent=2, allow_nan=False) + "\n"
    if options.out is None:
        print(text, end="")
    else:
        options.out.write_text(text, encoding="utf-8")


def add_size(parser: argparse.ArgumentParser) -> None:
    """The options that choose how large the cases are."""
    parser.add_argument("--size", choices=SIZES, default="full", help="tiny: to see that it runs")
    parser.add_argument("--quick", dest="size", action="store_const", const="quick",
                        help="small cases, a minute or two")  # fmt: skip


def tasks(**known: Callable[..., dict[str, Any]]) -> bool:
    """Do the task that :func:`in_fresh_process` asked for; whether there was one."""
    if "--task" not in sys.argv:
        return False
    parser = argparse.ArgumentParser()
    parser.add_argument("--task", choices=sorted(known), required=True)
    parser.add_argument("--given", type=json.loads, required=True)
    options = parser.parse_args()
    print(json.dumps(known[options.task](**options.given), allow_nan=False))
    return True
