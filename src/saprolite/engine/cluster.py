"""Blocks on the workers of a ``dask.distributed`` cluster.

Every worker opens the inputs and the store by itself and writes its own chunks: only the study,
block numbers and ledger lines travel. Dask is imported here alone, when a cluster is asked for.
"""

from __future__ import annotations

import hashlib
import importlib
import threading
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any, NamedTuple

from saprolite.engine.kernels import Block, kernel_of
from saprolite.engine.ledger import FAILED, Entry
from saprolite.engine.lock import check_writer, read_writer
from saprolite.engine.store import FluxStore
from saprolite.engine.turns import in_turns
from saprolite.engine.workers import BlockWork
from saprolite.errors import EngineError, Problem, SaproliteError, raise_if_any
from saprolite.inputs import Prepared, prepare
from saprolite.inputs.store import stored_inputs
from saprolite.places import place
from saprolite.sources.digests import digest, package_digest
from saprolite.sources.kept import FOLDER
from saprolite.sources.remote import origin
from saprolite.study import Study
from saprolite.version import __version__

CONNECT_SECONDS = 30.0


class InputFile(NamedTuple):
    """An input file: its path, its size in bytes (-1 where there is none), and its SHA-256 unless
    it belongs to the forcing, which is large."""

    path: str
    size: int
    sha256: str | None

    @classmethod
    def at(cls, path: str, hashed: bool) -> InputFile:
        """The file as this machine has it."""
        file = Path(path)
        if not file.is_file():
            return cls(path, -1, None)
        return cls(path, file.stat().st_size, digest(file) if hashed else None)


class Task(NamedTuple):
    """What a worker must know of a run: its study as TOML, its folder, the word of its lock (the
    folder is the same one everywhere), its fingerprint, digest of what its input files are, version
    and digest of the package."""

    study: str
    out: str
    token: str
    fingerprint: str
    inputs: str
    version: str
    package: str

    @classmethod
    def of(
        cls, study: Study, out: str, token: str, fingerprint: str, files: Sequence[InputFile]
    ) -> Task:
        """The task of a run that this process has begun."""
        return cls(study.to_toml(), out, token, fingerprint, _digest_of(files), __version__,
                   package_digest())  # fmt: skip


@contextmanager
def connected(scheduler: str) -> Iterator[Any]:
    """A client of the cluster whose scheduler listens at an address, such as tcp://host:8786."""
    distributed = _distributed()
    try:
        client = distributed.Client(scheduler, timeout=CONNECT_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise EngineError(
            "The cluster cannot be reached (1 problem)",
            [Problem(f"--scheduler {scheduler}", str(error) or type(error).__name__,
                     "the address of a Dask scheduler that is running",
                     "dask scheduler prints its address; --scheduler tcp://HOST:8786")],
        ) from error  # fmt: skip
    with client:
        yield client


def own_files(prepared: Prepared) -> list[InputFile]:
    """The input files of a run that every machine must have; what a URL names is fetched."""
    return [InputFile.at(str(file), role != "forcing")
            for role, paths in prepared.files.items()
            for file in paths if origin(file) == str(file)]  # fmt: skip


def refuse_unfit_workers(client: Any, task: Task, files: Sequence[InputFile]) -> None:
    """Raise ``EngineError`` unless every worker has this package, the folder and the inputs."""
    try:
        client.wait_for_workers(1, timeout=CONNECT_SECONDS)
        found = client.run(look, task, list(files), on_error="return")
    except OSError as error:
        raise _gone(error) from error
    problems = []
    for address, seen in found.items():
        if isinstance(seen, BaseException):
            problems.append(
                Problem(f"worker {address}", f"{type(seen).__name__}: {seen}",
                        f"an environment with saprolite {__version__}",
                        "install the same saprolite on every worker")
            )  # fmt: skip
            continue
        problems += [Problem(f"worker {address}", *item) for item in seen]
    raise_if_any(EngineError, "Workers of the cluster cannot compute this run", problems)


def on_cluster(
    client: Any, task: Task, blocks: Sequence[Block], bands: int, shares_bands: bool
) -> Iterator[Entry]:
    """The ledger lines of blocks, in the order in which workers finish them.

    The blocks of a band go to one worker if they share something, unless another one has nothing
    to do. The blocks of a worker that is lost are computed by the others.
    """
    distributed = _distributed()
    slots = [worker for worker, threads in client.nthreads().items() for _ in range(threads)]
    futures = {}
    for block in in_turns(blocks, bands, max(1, len(slots)), shares_bands):
        chosen = [slots[block.number % bands % len(slots)]] if shares_bands and slots else None
        future = client.submit(
            compute_block, task, block.number, pure=False, key=_key(task, block),
            workers=chosen, allow_other_workers=chosen is not None,
        )  # fmt: skip
        futures[future] = block
    try:
        for future in distributed.as_completed(list(futures), loop=client.loop):
            block = futures.pop(future)
            yield _line(distributed, future, block, block.number % bands)
            future.release()
    finally:
        client.cancel(list(futures), reason="the run has ended")


def compute_block(task: Task, number: int) -> dict[str, Any]:
    """On a worker: one block, and what its ledger line says."""
    try:
        work = _opened(task)
        return asdict(work(work.store.blocks[number]))
    except SaproliteError:
        raise
    except Exception as error:
        # Others may not survive the way: an error that cannot be pickled would never arrive.
        raise EngineError(
            "A worker failed (1 problem)",
            [Problem(f"block {number}", f"{type(error).__name__}: {error}", "a worker that works",
                     "see the log of the worker; the same command then goes on")],
        ) from None  # fmt: skip


def look(task: Task, files: Sequence[InputFile]) -> list[tuple[str, str, str]]:
    """On a worker: found, accepted, next step of everything that stands in the way of a run."""
    problems = []
    if (__version__, package_digest()) != (task.version, task.package):
        problems.append(
            (f"saprolite {__version__}, code {package_digest()[:12]}",
             f"saprolite {task.version}, code {task.package[:12]}, as where the run was begun",
             "install the same saprolite on every worker, and start the workers anew")
        )  # fmt: skip
    writer = read_writer(place(task.out))
    if writer is None or writer.get("token") != task.token:
        problems.append(
            (f"does not see {task.out} as the run writes it", "a folder that all workers share",
             "an --out on a shared disk, or a URL such as s3://bucket/folder")
        )  # fmt: skip
    found = [(file, InputFile.at(file.path, file.sha256 is not None)) for file in files]
    missing = [here.path for _, here in found if here.size < 0]
    if missing:
        problems.append(
            (f"{len(missing)} input files are not there, such as {missing[0]}",
             "inputs that all workers see under the same paths",
             "put the inputs on a shared disk, or name them by URL")
        )  # fmt: skip
    other = [here.path for file, here in found if here.size >= 0 and here != file]
    if other:
        problems.append(
            (f"{len(other)} input files are others than where the run was begun, such as "
             f"{other[0]}", "the same inputs for all workers",
             "put the inputs on a shared disk, or copy them anew")
        )  # fmt: skip
    return problems


_OPENING = threading.Lock()
_OPEN: dict[Task, BlockWork] = {}


def _opened(task: Task) -> BlockWork:
    """The inputs, kernel and store of a run, opened once in a worker process."""
    with _OPENING:
        if task not in _OPEN:
            # A worker that came later has not been looked at.
            problems = [Problem("a worker of the cluster", *item) for item in look(task, ())]
            raise_if_any(EngineError, "A worker cannot compute this run", problems)
            _OPEN.clear()
            _OPEN[task] = _open(task)
        return _OPEN[task]


def _open(task: Task) -> BlockWork:
    out = place(task.out)
    threads = _distributed().get_worker().state.nthreads
    study = Study.model_validate(tomllib.loads(task.study)).with_workers(threads)
    prepared = prepare(study, out / FOLDER)
    if _digest_of(own_files(prepared)) != task.inputs:
        raise EngineError(
            "A worker cannot compute this run (1 problem)",
            [Problem("a worker that came later", "input files that are others than where the run "
                     "was begun", "the same inputs for all workers",
                     "put the inputs on a shared disk; the same command then names the files")],
        )  # fmt: skip
    prepared = stored_inputs(out / "inputs.zarr", prepared)
    kernel = kernel_of(prepared)
    kernel.warm_up(lambda *_: None)
    store = FluxStore.open(out / "fluxes.zarr", prepared, task.fingerprint)
    return BlockWork(kernel, store, prepared, lambda: check_writer(out, task.token))


def _line(distributed: Any, future: Any, block: Block, band: int) -> Entry:
    try:
        return Entry(**future.result())
    except distributed.KilledWorker as error:
        text = f"every worker that took the block was lost: {error}"
        return Entry(block.number, block.year, band, FAILED, 0.0, {}, "", text)
    except (distributed.CancelledError, OSError) as error:
        raise _gone(error) from error


def _gone(error: BaseException) -> EngineError:
    return EngineError(
        "The cluster is gone (1 problem)",
        [Problem("the Dask cluster", str(error) or type(error).__name__,
                 "a scheduler and at least one worker, up to the end of the run",
                 "start the cluster anew; the same command then goes on")],
    )  # fmt: skip


def _digest_of(files: Sequence[InputFile]) -> str:
    return hashlib.sha256(repr(sorted(files)).encode()).hexdigest()


def _key(task: Task, block: Block) -> str:
    return f"saprolite-block-{task.token}-{block.number}"


def _distributed() -> Any:
    try:
        return importlib.import_module("distributed")
    except ImportError as error:
        raise EngineError(
            "Dask is not installed (1 problem)",
            [Problem("a run on a cluster", "no package distributed", "dask.distributed",
                     'pip install "saprolite[dask]"')],
        ) from error  # fmt: skip
