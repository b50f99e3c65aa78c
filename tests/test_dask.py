"""The same run on a Dask cluster of separate processes: same bytes, also when a worker dies."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import saprolite as sap
from saprolite.engine import cluster as module
from saprolite.engine import run as engine_run
from saprolite.engine.ledger import DONE, Ledger
from saprolite.errors import EngineError, IncompleteRunError
from saprolite.study import Study
from test_run import fluxes_only, make, store_digest
from world import World

distributed = pytest.importorskip("distributed")


@pytest.fixture
def cluster() -> Iterator[Any]:
    """Workers of its own for each test: some kill them, some spoil the package in them."""
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=2, processes=True, dashboard_address=None,
        host="127.0.0.1",
    ) as running:  # fmt: skip
        yield running


@pytest.fixture
def client(cluster: Any) -> Iterator[Any]:
    with distributed.Client(cluster, set_as_default=False) as connected:
        connected.wait_for_workers(2)
        yield connected


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path / "world", years=range(2000, 2006)).write()


def same_as_threads(world: World, out: Path, tmp_path: Path) -> bool:
    fluxes_only(world.study(engine__bands=4), tmp_path / "threads")
    return all(store_digest(out / name) == store_digest(tmp_path / "threads" / name)
               for name in ("fluxes.zarr", "inputs.zarr"))  # fmt: skip


def test_a_lost_worker_costs_its_blocks_only(world: World, tmp_path: Path, client: Any) -> None:
    def slowly() -> int:
        import time

        from saprolite.engine.workers import BlockWork

        plain = BlockWork.__call__

        def call(work: Any, block: Any) -> Any:
            time.sleep(0.2)
            return plain(work, block)

        BlockWork.__call__ = call  # type: ignore[method-assign]
        return os.getpid()

    workers = client.run(slowly)
    assert len(set(workers.values()) | {os.getpid()}) == 3
    killed: list[int] = []

    def kill(stage: str, done: int, total: int) -> None:
        if stage == "computing" and done == 5:
            assert total == 24
            killed.append(next(iter(workers.values())))
            os.kill(killed[0], signal.SIGKILL)

    out = tmp_path / "out"
    dataset = make(world.study(engine__bands=4), out, client=client, report=kill)
    assert len(killed) == 1
    assert dataset.attrs["status"] == "finished"
    lines = Ledger(out / "ledger.jsonl").entries()
    assert sorted(lines) == list(range(24))
    assert {line.status for line in lines.values()} == {DONE}
    assert same_as_threads(world, out, tmp_path)
    assert json.loads((out / "run.json").read_text())["engine"]["scheduler"].startswith("tcp://")


def test_the_command_line_takes_an_address(world: World, tmp_path: Path, client: Any) -> None:
    study = world.study_file(tmp_path / "study.toml", engine__bands=4)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "saprolite", "run", str(study), "--out", str(out)]
    address = client.scheduler.address
    done = subprocess.run([*command, "--scheduler", address], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert same_as_threads(world, out, tmp_path)


def test_a_block_that_fails_on_a_worker(world: World, tmp_path: Path, client: Any) -> None:
    def spoil() -> None:
        from saprolite.engine import cluster

        plain = cluster.kernel_of

        def kernel_of(prepared: Any) -> Any:
            kernel = plain(prepared)
            block = kernel.block

            def failing(one: Any) -> Any:
                if one.year == 2002 and one.cells.start <= 100 < one.cells.stop:
                    raise ArithmeticError("made up")
                return block(one)

            kernel.block = failing
            return kernel

        cluster.kernel_of = kernel_of

    client.run(spoil)
    out = tmp_path / "out"
    with pytest.raises(IncompleteRunError, match="made up; cell lat -25, lon 105") as caught:
        make(world.study(engine__bands=4), out, client=client)
    assert len(caught.value.problems) == 1
    fluxes_only(world.study(), out)  # threads compute what is left
    assert same_as_threads(world, out, tmp_path)


def test_workers_that_do_not_fit_are_named(world: World, tmp_path: Path, client: Any) -> None:
    def another_version() -> None:
        from saprolite.engine import cluster

        cluster.__version__ = "0.0.1"

    with pytest.raises(EngineError, match="does not see memory://") as caught:
        sap.run(Study.of(world.study(), Path()), f"memory://{tmp_path.name}", client=client)
    assert len(caught.value.problems) == 2
    client.run(another_version)
    with pytest.raises(EngineError, match=r"saprolite 0\.0\.1, code") as caught:
        make(world.study(), tmp_path / "out", client=client)
    assert len(caught.value.problems) == 2


def test_workers_with_other_inputs_are_named(world: World, tmp_path: Path, client: Any) -> None:
    """A worker whose disk holds another forcing file; then one that was not looked at."""

    def other_size(name: str) -> None:
        from saprolite.engine import cluster

        plain = cluster.InputFile.at

        def at(path: str, hashed: bool) -> Any:
            found = plain(path, hashed)
            return found._replace(size=found.size + 1) if path.endswith(name) else found

        cluster.InputFile.at = at

    name = world.path(2001, 6).name
    client.run(other_size, name)
    with pytest.raises(EngineError, match=f"1 input files are others .*{name}") as caught:
        make(world.study(), tmp_path / "out", client=client)
    assert len(caught.value.problems) == 2
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(engine_run, "refuse_unfit_workers", lambda *_: None)
        with pytest.raises(EngineError, match="a worker that came later"):
            make(world.study(), tmp_path / "out", client=client)


def test_an_input_file_is_known_by_its_content(tmp_path: Path) -> None:
    file = tmp_path / "clay.nc"
    file.write_bytes(b"one")
    whole, size = module.InputFile.at(str(file), True), module.InputFile.at(str(file), False)
    file.write_bytes(b"two")
    assert module.InputFile.at(str(file), True) != whole
    assert module.InputFile.at(str(file), False) == size == (str(file), 3, None)
    file.unlink()
    assert module.InputFile.at(str(file), True).size == -1


def test_a_cluster_that_is_not_there(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CONNECT_SECONDS", 0.2)
    with (
        pytest.raises(EngineError, match="cannot be reached"),
        module.connected("tcp://127.0.0.1:9"),
    ):
        pass
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(EngineError, match=r"saprolite\[dask\]"), module.connected("tcp://h:1"):
        pass


def test_dask_is_imported_only_for_a_cluster() -> None:
    program = (
        "import sys, saprolite.workflow, saprolite.engine.run; "
        "assert not {'dask', 'distributed'} & sys.modules.keys()"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
