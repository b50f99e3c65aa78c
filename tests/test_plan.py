"""What a plan promises against what a run does, and what it refuses."""

from __future__ import annotations

import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import saprolite as sap
from saprolite.engine import memory as engine_memory
from saprolite.engine import plan as engine_plan
from saprolite.engine.frames import Frame
from saprolite.engine.kernels import Result, kernel_of
from saprolite.engine.memory import Sizes, memory_limit, memory_of
from saprolite.engine.plan import plan_of
from saprolite.engine.plan_text import plan_text
from saprolite.engine.reduce import write_trends
from saprolite.engine.store import FluxStore
from saprolite.errors import EngineError
from saprolite.inputs import Prepared, prepare
from saprolite.inputs.store import write_inputs
from saprolite.stores import open_dataset, write_chunk
from saprolite.study import Study
from world import World

EVERYTHING = {
    "experiments__run": ["soil_moisture", "soil_temperature", "shapley"], "output__monthly": True,
}  # fmt: skip
SIZES = Sizes(
    cells=243_216, read_cells=0, map_cells=864_000, band_cells=243_216, bands=1, layers=4, years=49,
    minerals=5, parts=1, labels=8, cycle_orders=1, cycle_bundles=1, previous_year=False, stores_forcing=True,
    lanes=0, shares_results=False, real=4,
)  # fmt: skip


def prepared(folder: Path, years: int = 3, **changes: Any) -> Prepared:
    world = World(folder, range(2000, 2000 + years)).write()
    return prepare(Study.of(world.study(**changes), Path()))


def report(*_: object) -> None:
    """No progress."""


def test_arrays_blocks_and_bytes_are_those_of_the_store(tmp_path: Path) -> None:
    inputs = prepared(tmp_path / "w", **EVERYTHING, engine__bands=4)
    plan = plan_of(inputs)
    inputs = write_inputs(tmp_path / "inputs.zarr", inputs, "mark", report)
    kernel = kernel_of(inputs)
    store = FluxStore.create(tmp_path / "f.zarr", inputs, kernel.extras, {}, "mark", plan.bands)
    random = np.random.default_rng(0)
    for block in store.blocks:
        size = (4, block.cells.stop - block.cells.start)
        extras = {
            extra.name: random.random((len(extra.labels), *size), np.float32)
            for extra in kernel.extras
        }
        store.write_block(block, Result(random.random((1, *size)), None, extras, {}))
    store.write_means_by_mineral(kernel.shares())
    write_trends(store, inputs, kernel.extras, report)
    assert plan.blocks == len(store.blocks)
    dataset = open_dataset(tmp_path / "f.zarr")
    maps = {str(name): array for name, array in dataset.items()
            if array.dims[-2:] == ("lat", "lon") and array.ndim > 2}  # fmt: skip
    assert {array.name: array.bytes for array in plan.arrays} == {
        name: array.nbytes for name, array in maps.items()
    }
    assert {array.name: array.numbers for array in plan.arrays} == {
        name: array.size for name, array in maps.items()
    }
    chunks = [file.stat().st_size for name in ("soil_moisture", "soil_temperature", "evapotranspiration")
              for file in (tmp_path / "inputs.zarr" / name / "c").rglob("*") if file.is_file()]  # fmt: skip
    assert plan.stores_forcing
    assert plan.forcing_bytes == sum(chunks)
    assert plan.source_bytes == sum(file.stat().st_size for file in (tmp_path / "w").iterdir())
    assert plan.files == 36


def test_the_estimate_of_the_disk_is_near_on_a_map_of_land_and_water(tmp_path: Path) -> None:
    """A third of a map of random numbers, written as the store writes it."""
    land = np.flatnonzero(np.arange(300 * 720) % 720 < 240)
    frame = Frame.of(land, 4, 300 * 720, np.dtype("f8"))
    data = frame.fixed.copy()
    frame.fill(np.random.default_rng(0).random((4, land.size)), data)
    (tmp_path / "c").mkdir()
    write_chunk(tmp_path, (0,), data)
    stored = sum(file.stat().st_size for file in (tmp_path / "c").iterdir())
    land, water = 4 * 8 * 300 * 240, 4 * 8 * 300 * 480
    expected = engine_plan._LAND_SHARE * land + engine_plan._WATER_SHARE * water
    assert stored == pytest.approx(expected, rel=0.05)


def test_one_band_unless_memory_asks_for_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    inputs = prepared(tmp_path / "w")
    assert plan_of(inputs).bands == 1
    assert plan_of(inputs).problems == ()
    # A process that weighs nothing: the arrays alone decide.
    monkeypatch.setattr(engine_memory, "_BASE", 0)
    whole = plan_of(inputs).memory.peak
    monkeypatch.setattr(engine_plan, "memory_limit", lambda _: (round(0.9 * whole), "made up"))
    plan = plan_of(inputs)
    assert plan.bands > 1
    assert plan.memory.peak <= 0.9 * whole
    assert plan.problems == ()


def test_what_the_study_asks_for_is_taken(tmp_path: Path) -> None:
    plan = plan_of(prepared(tmp_path / "w", engine__bands=5, engine__workers=7))
    assert (plan.bands, plan.workers) == (5, 7)
    assert plan.blocks == 3 * 5


def test_memory_that_does_not_fit_names_the_numbers_to_change(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine_memory, "_BASE", 0)
    inputs = prepared(
        tmp_path / "w", **EVERYTHING, engine__bands=1, engine__workers=8, output__store_forcing="never",
    )  # fmt: skip
    fits = {workers: memory_of(engine_plan._sizes(inputs, kernel_of(inputs).extras, 1), workers).peak
            for workers in (2, 3, 8)}  # fmt: skip
    assert fits[2] < fits[3] < fits[8]
    limit = (fits[2] + fits[3]) / 2e9
    study = inputs.study.model_copy(
        update={"engine": inputs.study.engine.model_copy(update={"memory_gb": limit})}
    )
    plan = plan_of(replace(inputs, study=study))
    (problem,) = plan.problems
    assert problem.where == "memory"
    assert "8 workers and 1 band" in problem.found
    assert "engine.memory_gb" in problem.accepted
    for advice in ("engine.workers = 2", "engine.bands = ", "experiments.run", "output.monthly"):
        assert advice in problem.next_step
    bands = int(problem.next_step.partition("engine.bands = ")[2].partition(",")[0])
    assert (
        memory_of(engine_plan._sizes(inputs, kernel_of(inputs).extras, bands), 8).peak
        <= limit * 1e9
    )
    with pytest.raises(EngineError, match="does not fit") as caught:
        plan.require()
    assert caught.value.exit_code == 2


def test_a_disk_that_is_too_small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inputs = prepared(tmp_path / "w", output__monthly=True)
    out = tmp_path / "not" / "there"
    assert plan_of(inputs, out=out).disk_free == pytest.approx(
        shutil.disk_usage(tmp_path).free, rel=0.1
    )
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    (problem,) = plan_of(inputs, out=out).problems
    assert problem.where == str(out)
    assert "output.monthly = false" in problem.next_step
    assert 'output.store_forcing = "never"' in problem.next_step
    # What an earlier call of the same run wrote lies there already.
    (out / "fluxes.zarr").mkdir(parents=True)
    (out / "fluxes.zarr" / "all").write_bytes(bytes(10_000_000))
    assert plan_of(inputs, out=out).problems == ()
    assert not (tmp_path / "not" / "there" / "run.json").exists()


def test_columns_give_every_worker_something(tmp_path: Path) -> None:
    study = Study.read(Path(__file__).parents[1] / "studies" / "column-constants.toml")
    inputs = prepare(study)
    assert inputs.column is not None
    plan = plan_of(inputs)
    assert plan.blocks >= 2 * plan.workers
    assert plan.memory.worker > 0


@given(
    st.integers(1, 40), st.integers(1, 16), st.integers(1, 60), st.sampled_from([4, 8]),
    st.integers(0, 20_000),
)  # fmt: skip
def test_memory_grows_with_what_is_held(
    bands: int, workers: int, years: int, real: int, lanes: int
) -> None:
    cut = SIZES._replace(
        bands=bands, band_cells=-(-SIZES.cells // bands), map_cells=-(-SIZES.map_cells // bands),
        years=years, real=real, lanes=lanes,
    )  # fmt: skip
    memory = memory_of(cut, workers)
    assert memory.peak >= memory.process + memory.shared
    assert memory_of(cut, workers + 1).peak >= memory.peak
    assert memory_of(cut._replace(years=years + 1), workers).peak >= memory.peak
    assert memory_of(cut._replace(labels=20), workers).peak >= memory.peak
    if bands > workers + 1:  # of fewer bands every base cycle is held
        assert (
            memory_of(SIZES._replace(years=years, real=real, lanes=lanes), workers).peak
            >= memory.peak
        )


def test_the_earth_at_a_quarter_degree_fits_two_gigabytes() -> None:
    assert memory_of(SIZES, 2).peak < 2e9


def test_memory_limit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert memory_limit(1.5) == (1_500_000_000, "engine.memory_gb")
    found, source = memory_limit(None)
    assert found is None or found > 10_000_000
    assert source == "free on this machine"
    monkeypatch.setattr(engine_memory, "_available", lambda: 5_000)
    monkeypatch.setattr(engine_memory, "_container", lambda: 3_000)
    assert memory_limit(None)[0] == 3_000
    monkeypatch.setattr(engine_memory, "_container", lambda: None)
    assert memory_limit(None)[0] == 5_000


def test_a_run_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    world = World(tmp_path / "w").write()
    study = Study.of(world.study(engine__memory_gb=0.05), Path())
    with pytest.raises(EngineError, match=r"memory"):
        sap.run(study, tmp_path / "out")
    left = (
        [path.name for path in (tmp_path / "out").rglob("*")] if (tmp_path / "out").exists() else []
    )
    assert not [name for name in left if name.endswith((".json", ".zarr", ".toml", ".jsonl"))]
    plan = sap.plan(study, tmp_path / "out")
    assert plan.seconds is None
    assert [problem.where for problem in plan.problems] == ["memory"]


def test_a_plan_writes_nothing_and_is_printed(tmp_path: Path) -> None:
    world = World(tmp_path / "w", range(2000, 2004)).write()
    study = world.study_file(tmp_path / "world.toml")
    before = sorted(tmp_path.rglob("*"))
    plan = sap.plan(study, tmp_path / "out")
    assert sorted(tmp_path.rglob("*")) == before
    assert plan.seconds is not None
    assert min(plan.seconds) > 0.0
    assert plan.seconds.total == pytest.approx(sum(plan.seconds))
    text = plan_text(plan)
    for word in ("504 land cells", "2000 to 2003: 4", "carbon_sink_flux_by_mineral", "each worker",
                 "estimated", "calibration", "48 files of forcing"):  # fmt: skip
        assert word in text, word


def test_the_command(tmp_path: Path) -> None:
    world = World(tmp_path / "w").write()
    study = world.study_file(tmp_path / "world.toml")
    command = [
        sys.executable,
        "-m",
        "saprolite",
        "plan",
        str(study),
        "--out",
        str(tmp_path / "out"),
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert "blocks" in done.stdout
    small = world.study_file(tmp_path / "small.toml", engine__memory_gb=0.1)
    refused = subprocess.run([*command[:-3], str(small)], capture_output=True, text=True)
    assert refused.returncode == 2
    assert "engine.memory_gb = " in refused.stderr
    assert "Traceback" not in refused.stderr
    assert not (tmp_path / "out").exists()
