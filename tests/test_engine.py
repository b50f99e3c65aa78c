"""Blocks on threads: the same bits however a run is cut; what fails is named, the rest goes on."""

from __future__ import annotations

import errno
import json
import os
import shutil
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
import xarray as xr

import saprolite as sap
from saprolite.engine import run as engine_run
from saprolite.engine.kernels import Block, kernel_of
from saprolite.engine.ledger import FAILED, Ledger
from saprolite.engine.lock import WRITER_FILE, RunLock
from saprolite.errors import (
    EngineError,
    IncompleteRunError,
    InputError,
    SaproliteError,
    StoreError,
    StudyError,
)
from saprolite.inputs import Prepared
from saprolite.places import place
from saprolite.study import Study
from test_run import fluxes_only, make, store_digest
from world import LAT, LON, World

EXPERIMENTS = {"experiments__run": ["soil_moisture", "soil_temperature", "soil_co2", "shapley"]}


def status(out: Path) -> str:
    return str(json.loads((out / "run.json").read_text())["status"])


class Faulty:
    """A kernel that fails where ``fails`` says so, else the kernel of the study."""

    def __init__(self, prepared: Prepared, fails: Callable[[Block], bool]) -> None:
        self._kernel = kernel_of(prepared)
        self._fails = fails

    def __getattr__(self, name: str) -> Any:
        return getattr(self._kernel, name)

    def block(self, block: Block) -> Any:
        if self._fails(block):
            raise ArithmeticError("made up")
        return self._kernel.block(block)


def spoil(monkeypatch: pytest.MonkeyPatch, fails: Callable[[Block], bool]) -> None:
    monkeypatch.setattr(engine_run, "kernel_of", lambda prepared: Faulty(prepared, fails))


def has(cell: int) -> Callable[[Block], bool]:
    return lambda block: block.cells.start <= cell < block.cells.stop


@pytest.mark.parametrize("precision", ["float32", "float64"])
def test_bits_do_not_depend_on_workers_bands_or_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, precision: str
) -> None:
    """Every number of a run, also means and trends; the same bands even the same files."""
    world = World(tmp_path / "w", years=range(2000, 2005)).write()
    content = world.study(**EXPERIMENTS, output__monthly=True, output__driver_means=True,
                          engine__precision=precision)  # fmt: skip
    whole = fluxes_only(content, tmp_path / "whole")
    for workers, bands in ((1, 4), (3, 4), (2, 15), (5, 1)):
        out = tmp_path / f"{workers}-{bands}"
        cut = fluxes_only({**content, "engine": {
            "precision": precision, "workers": workers, "bands": bands}}, out)  # fmt: skip
        assert len(lines_of(out)) == 5 * len(bands_with_land(bands))
        assert set(cut.variables) == set(whole.variables)
        for name in whole.variables:
            same = np.array_equal(cut[name], whole[name], equal_nan=whole[name].dtype.kind == "f")
            assert same, (workers, bands, name)
    with monkeypatch.context() as patch:
        on_threads = engine_run.on_threads
        patch.setattr(engine_run, "on_threads",
                      lambda work, blocks, workers: on_threads(work, blocks[::-1], workers))  # fmt: skip
        fluxes_only({**content, "engine": {"precision": precision, "bands": 4}}, tmp_path / "back")
    assert store_digest(tmp_path / "back/fluxes.zarr") == store_digest(tmp_path / "3-4/fluxes.zarr")
    assert store_digest(tmp_path / "1-4/fluxes.zarr") == store_digest(tmp_path / "3-4/fluxes.zarr")


def test_annual_means_of_drivers_are_those_of_the_months_by_their_length(
    world: World, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    found = fluxes_only(world.study(output__driver_means=True), out)
    stored = xr.open_zarr(out / "inputs.zarr", consolidated=False, chunks=None)
    days = np.array([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    land = found["land"].values > 0
    for name, unit in (("soil_moisture", "m3 m-3"), ("soil_temperature", "K")):
        months = stored[name].values.astype(float).reshape(-1, 12, 4, stored.sizes["cell"])
        expected = np.einsum("ymlc,m->ylc", months, days / 365.25)
        means = found[f"{name}_annual_mean"]
        assert means.attrs["units"] == unit
        assert means.dims == ("year", "layer", "lat", "lon")
        np.testing.assert_allclose(means.values[..., land], expected, rtol=1e-7)


def lines_of(out: Path) -> dict[int, Any]:
    return Ledger(out / "ledger.jsonl").entries()


def bands_with_land(bands: int) -> list[int]:
    """The southernmost of 15 rows is water."""
    rows = -(-15 // bands)
    return [start for start in range(0, 15, rows) if start + rows > 1]


def test_a_failing_cell_is_named_and_the_rest_goes_on(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    content = world.study(engine__bands=5)
    cell = 7 * LON.size - LON.size + 9  # the first row is water, so packed cells begin in row 1
    row, column = 7, 9
    with monkeypatch.context() as patch:
        spoil(patch, lambda block: block.year == 2001 and has(cell)(block))
        with pytest.raises(IncompleteRunError) as caught:
            make(content, out)
    text = str(caught.value)
    assert caught.value.exit_code == 3
    assert len(caught.value.problems) == 1
    for part in ("2001", f"lat {LAT[row]:g}, lon {LON[column]:g}", "ArithmeticError: made up",
                 "clay: 0.3", "bulk_density: 1320", "share of illite: 0.2", f"--out {out}",
                 "soil_temperature, layer 4:", "evapotranspiration:"):  # fmt: skip
        assert part in text, part
    line = next(line for line in text.splitlines() if "soil_temperature, layer 1:" in line)
    values = [float(word) for word in line.split(":")[1].split()]
    assert len(values) == 12
    from world import values as fields

    for month, value in enumerate(values, 1):
        assert value == float(f"{fields(2001, month)['SoilTMP0_10cm_inst'][row, column]:.9g}")
    assert status(out) == "incomplete"
    failed = [line for line in lines_of(out).values() if line.status == FAILED]
    assert [line.year for line in failed] == [2001]
    assert "made up" in failed[0].error

    dataset = sap.open(out)
    assert dataset.attrs["status"] == "incomplete"
    fluxes_only(content, tmp_path / "whole")
    expected = sap.open(tmp_path / "whole")["carbon_sink_flux"].values.copy()
    expected[1, :, 6:9] = np.nan  # the band of three rows
    assert np.array_equal(dataset["carbon_sink_flux"], expected, equal_nan=True)

    done = {number: line for number, line in lines_of(out).items() if line.status != FAILED}
    make(content, out)  # the same command, and nothing is in the way any more
    assert status(out) == "finished"
    again = lines_of(out)
    assert all(again[number] == line for number, line in done.items())
    assert store_digest(out / "fluxes.zarr") == store_digest(tmp_path / "whole/fluxes.zarr")


def test_a_failure_that_no_cell_explains(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        spoil(patch, lambda _: True)
        with pytest.raises(IncompleteRunError, match="every part of the block fails") as caught:
            fluxes_only(world.study(), tmp_path / "all")
    assert len(caught.value.problems) == 2
    with monkeypatch.context() as patch:
        spoil(patch, lambda block: block.cells.stop - block.cells.start > 400)
        with pytest.raises(IncompleteRunError, match="can be computed in two halves"):
            fluxes_only(world.study(), tmp_path / "large")


def test_many_failures_are_counted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(tmp_path / "w").write()
    with monkeypatch.context() as patch:
        spoil(patch, lambda _: True)
        with pytest.raises(IncompleteRunError, match="8 more blocks") as caught:
            fluxes_only(world.study(engine__bands=15), tmp_path / "out")
    assert len(caught.value.problems) == 21


def test_the_command_ends_with_3_and_goes_on(world: World, tmp_path: Path) -> None:
    """Forcing that is not stored is checked in its own block: one bad year costs that year."""
    study = world.study_file(tmp_path / "study.toml", output__store_forcing="never")
    original = world.path(2001, 6).read_bytes()
    World(world.folder, changes={(2001, 6, "SoilTMP0_10cm_inst"):
                                 lambda f: np.where(f > 0, f - 273.15, f)}).write()  # fmt: skip
    out = tmp_path / "out"
    command = [sys.executable, "-m", "saprolite", "run", str(study), "--out", str(out)]
    done = subprocess.run([*command, "--workers", "2"], capture_output=True, text=True)
    assert done.returncode == 3, done.stderr
    assert "2001-06" in done.stderr
    assert f"--out {out}" in done.stderr
    assert status(out) == "incomplete"
    lines = lines_of(out)
    assert [lines[number].status for number in (0, 1)] == ["done", "failed"]
    world.path(2001, 6).write_bytes(original)
    # Another file is another run: the forcing counts by its digest.
    assert subprocess.run(command, capture_output=True).returncode == 2


def test_two_runs_on_one_folder(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While a run computes: another one, a restart, and new tables are refused."""
    out = tmp_path / "out"
    study = world.study()
    refused = []

    def intrude(stage: str, done: int, total: int) -> None:
        if stage == "computing" and done == 1:
            for attempt in (
                lambda: make(study, out),
                lambda: make(study, out, restart=True),
                lambda: sap.workflow.summarise(out),  # type: ignore[attr-defined]
            ):
                with pytest.raises(StoreError, match=f"process {os.getpid()} on") as caught:
                    attempt()
                refused.append(caught.value.headline)

    from saprolite import workflow

    monkeypatch.setattr(sap, "workflow", workflow, raising=False)
    make(study, out, report=intrude)
    assert refused == ["The folder is being written (1 problem)"] * 3
    assert status(out) == "finished"
    assert not (out / WRITER_FILE).exists()


def test_a_finished_run_is_opened_without_a_lock(world: World, tmp_path: Path) -> None:
    out = tmp_path / "out"
    make(world.study(), out)
    with RunLock(out) as lock:
        lock.take()
        assert make(world.study(), out).attrs["status"] == "finished"


def test_a_run_goes_on_with_its_own_bands(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    with monkeypatch.context() as patch:
        spoil(patch, lambda block: block.year == 2001 and has(0)(block))
        with pytest.raises(IncompleteRunError):
            fluxes_only(world.study(engine__bands=3), out)
    fluxes_only(world.study(engine__bands=5), out)
    state = json.loads((out / "run.json").read_text())
    assert state["engine"]["bands"] == 3
    assert any("goes on with the bands" in note for note in state["notes"])
    fluxes_only(world.study(engine__bands=3), tmp_path / "whole")
    assert store_digest(out / "fluxes.zarr") == store_digest(tmp_path / "whole/fluxes.zarr")
    other = json.loads((tmp_path / "whole/run.json").read_text())
    assert not any("bands" in note for note in other["notes"])


def test_a_line_torn_by_a_crash_is_no_line(world: World, tmp_path: Path) -> None:
    """Blocks of a disk that were never written hold any bytes."""
    out = tmp_path / "out"
    fluxes_only(world.study(), out)
    whole, lines = store_digest(out / "fluxes.zarr"), lines_of(out)
    ledger = out / "ledger.jsonl"
    first, second = ledger.read_bytes().splitlines()
    ledger.write_bytes(first + b"\n" + second[:40] + b"\xff\xfe\x00\n[1]\n7\n{}")
    assert list(lines_of(out)) == [json.loads(first)["block"]]
    fluxes_only(world.study(), out)
    assert list(lines_of(out)) == list(lines)
    assert store_digest(out / "fluxes.zarr") == whole


def test_precision_and_experiments_are_another_run_workers_are_not(
    world: World, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    fluxes_only(world.study(), out)
    for same in ({"engine__workers": 1}, {"engine__bands": 2}, {"engine__memory_gb": 3.0}):
        fluxes_only(world.study(**same), out)
    for other, line in (
        ({"engine__precision": "float64"}, 'precision: "float32" in the folder, "float64" now'),
        ({"experiments__run": ["soil_co2"]}, '[experiments] run: [] in the folder, ["soil_co2"] now'),
        ({"output__monthly": True}, "[output] monthly: false in the folder, true now"),
        ({"output__driver_means": True}, "[output] driver_means: false in the folder, true now"),
        ({"title": "Mine"}, 'title: "Small world" in the folder, "Mine" now'),
    ):  # fmt: skip
        assert another_run(world.study(**other), out) == [line]


def another_run(content: dict[str, Any], out: Path) -> list[str]:
    """The lines of the error on a folder with another run that say what differs."""
    with pytest.raises(StoreError, match=r"holds another run \(1 problem\)") as caught:
        fluxes_only(content, out)
    first, *lines = caught.value.problems[0].found.split("\n" + 14 * " ")
    assert first == "a run of 'Small world' that differs in"
    return lines


def test_another_run_is_told_by_what_differs(world: World, tmp_path: Path) -> None:
    """Choices with both values, files by name, versions; where all that is alike, the code."""
    out = tmp_path / "out"
    fluxes_only(world.study(), out)
    thin = world.study(inputs__thickness={"product": "constant", "metres": 1.0})
    assert another_run(thin, out) == ["[inputs.thickness] metres: 1.5 in the folder, 1.0 now"]
    assert another_run(world.study(last_year=2000), out) == [
        "last_year: 2001 in the folder, 2000 now",
        f"forcing: {world.path(2001, 1)} and 11 more: in the folder alone",
    ]
    soil = {"product": "constant", "clay": 0.25, "silt": 0.25, "sand": 0.5}
    many = world.study(title="Mine", last_year=2000, reading__et_mode="annual",
                       inputs__texture=soil, inputs__bulk_density__kg_m3=1000.0,
                       output__monthly=True, grid__earth="sphere")  # fmt: skip
    assert len(lines := another_run(many, out)) == 8
    assert lines[-1] == "and 3 more"
    with netCDF4.Dataset(world.path(2001, 6), "a") as dataset:
        dataset.history = "changed"
    state = json.loads((out / "run.json").read_text())
    state["versions"]["saprolite"] = "0.0.1"
    (out / "run.json").write_text(json.dumps(state))
    assert another_run(world.study(), out) == [
        f"saprolite: 0.0.1 in the folder, {sap.__version__} now",
        f"forcing: {world.path(2001, 6)}: other content",
    ]
    shutil.copytree(world.folder, tmp_path / "elsewhere")
    moved = World(tmp_path / "elsewhere")
    assert another_run(moved.study(), out)[1:] == [f"forcing: {moved.path(2001, 6)}: other content"]


def test_a_run_by_other_code_or_without_its_study(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    fluxes_only(world.study(), out)
    monkeypatch.setattr("saprolite.engine.state.package_digest", lambda: "other")
    for _ in range(2):
        with pytest.raises(StoreError, match="of another study, or by other code of saprolite\n"):
            fluxes_only(world.study(), out)
        (out / "study.toml").unlink(missing_ok=True)


def limited(content: dict[str, Any], tmp_path: Path, out: Path, code: str) -> str:
    """A run in a process of its own, after ``code`` has been executed there; its error."""
    study = tmp_path / "study.json"
    study.write_text(json.dumps(content))
    program = f"""
import json, sys
from pathlib import Path
import saprolite as sap
from saprolite import workflow
from saprolite.study import Study
{code}
try:
    sap.run(Study.of(json.loads(Path(sys.argv[1]).read_text()), Path()), sys.argv[2])
except sap.SaproliteError as error:
    print(type(error).__name__, error)
else:
    print("finished")
"""
    done = subprocess.run([sys.executable, "-c", program, str(study), str(out)],
                          capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


FULL = """
import os
from saprolite import places
real, left = places._write_all, [{budget}]
class Full:
    def __init__(self, stream):
        self.stream = stream
    def write(self, data):
        taken = min(len(data), left[0])
        left[0] -= taken
        if taken:
            return self.stream.write(data[:taken])
        with open("/dev/full", "wb", buffering=0) as full:
            return full.write(data)
places._write_all = lambda stream, data: real(Full(stream), data)
"""


@pytest.mark.parametrize("budget", [0, 10_000, 400_000, 650_000, 700_000])
def test_a_full_disk(world: World, tmp_path: Path, budget: int) -> None:
    """The system's own ENOSPC after so many bytes: a clear error, and nothing cut is kept."""
    out = tmp_path / "out"
    said = limited(world.study(), tmp_path, out, FULL.format(budget=budget))
    assert "StoreError The results cannot be written" in said
    assert os.strerror(errno.ENOSPC) in said
    assert not list(out.rglob("*.part"))
    fluxes_only(world.study(), out)
    fluxes_only(world.study(), tmp_path / "whole")
    assert store_digest(out / "fluxes.zarr") == store_digest(tmp_path / "whole/fluxes.zarr")
    assert store_digest(out / "inputs.zarr") == store_digest(tmp_path / "whole/inputs.zarr")


def test_a_file_size_limit(world: World, tmp_path: Path) -> None:
    """The system cuts a write in the middle of a chunk."""
    out = tmp_path / "out"
    said = limited(world.study(), tmp_path, out, """
import resource, signal
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (50_000, 50_000))
""")  # fmt: skip
    assert "StoreError The results cannot be written" in said
    assert os.strerror(errno.EFBIG) in said
    assert not list(out.rglob("*.part"))
    fluxes_only(world.study(), out)
    fluxes_only(world.study(), tmp_path / "whole")
    assert store_digest(out / "fluxes.zarr") == store_digest(tmp_path / "whole/fluxes.zarr")


@pytest.mark.parametrize("stage", ["inputs", "computing"])
@pytest.mark.parametrize("gone", [".", "fluxes.zarr", "fluxes.zarr/carbon_sink_flux/c/0"])
def test_a_store_deleted_under_the_run(world: World, tmp_path: Path, stage: str, gone: str) -> None:
    out = tmp_path / "out"

    def remove(now: str, done: int, total: int) -> None:
        if now == stage and done >= 1 and (out / gone).exists():
            shutil.rmtree(out / gone)

    if stage == "inputs" and gone != ".":
        gone = "inputs.zarr/soil_temperature/c/0"
    with pytest.raises(StoreError):
        make(world.study(engine__workers=1), out, report=remove)
    if (out / "run.json").exists():
        assert status(out) == "unfinished"
    else:
        shutil.rmtree(out, ignore_errors=True)  # what a thread wrote after the removal
    fluxes_only(world.study(), out)
    fluxes_only(world.study(), tmp_path / "whole")
    assert store_digest(out / "fluxes.zarr") == store_digest(tmp_path / "whole/fluxes.zarr")


def test_a_folder_that_is_read_only(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A finished run can be opened; one that is to be written is refused."""
    out = tmp_path / "out"
    make(world.study(), out)

    def read_only(*arguments: Any, **options: Any) -> Any:
        raise PermissionError(errno.EROFS, os.strerror(errno.EROFS))

    from saprolite import places

    with monkeypatch.context() as patch:
        patch.setattr(places, "_write_local", read_only)
        assert make(world.study(), out).attrs["status"] == "finished"
        for again in (lambda: make(world.study(), out, restart=True),
                      lambda: make(world.study(), tmp_path / "new")):  # fmt: skip
            with pytest.raises(StoreError, match=os.strerror(errno.EROFS)):
                again()
    assert status(out) == "finished"
    folder = tmp_path / "locked"
    folder.mkdir(mode=stat.S_IRUSR | stat.S_IXUSR)
    if os.getuid():
        with pytest.raises(StoreError, match="cannot be written"):
            make(world.study(), folder / "out")


def test_stored_forcing_is_read_once_and_leaves_nothing_when_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path / "w", changes={
        (2001, 6, "SoilTMP0_10cm_inst"): lambda f: np.where(f > 0, f - 273.15, f)}).write()  # fmt: skip
    out = tmp_path / "new" / "out"
    with pytest.raises(InputError, match="2001-06"):
        make(world.study(output__store_forcing="always"), out)
    assert not out.exists()
    World(tmp_path / "w").write()
    # In an empty folder there is nothing that a restart could lose, so nothing is read before.
    for folder, restart in ((out, False), (tmp_path / "restarted", True)):
        stages: list[str] = []
        make(world.study(output__store_forcing="always"), folder, restart=restart,
             report=lambda stage, *_, seen=stages: seen.append(stage))  # fmt: skip
        assert stages.count("inputs") == 2
        assert "checking inputs" not in stages


def test_an_unfinished_run_elsewhere_is_not_taken_over(world: World, tmp_path: Path) -> None:
    """A run that began in the folder while this one still read its inputs."""
    out = tmp_path / "out"
    from saprolite.engine import run as module

    prepare = module.prepare
    try:

        def slow(study: Study) -> Prepared:
            module.prepare = prepare
            fluxes_only(world.study(), out)
            return prepare(study)

        module.prepare = slow
        with pytest.raises(StoreError, match="Another run was begun"):
            fluxes_only(world.study(), out)
    finally:
        module.prepare = prepare


def test_what_does_not_fit_is_refused_before_anything_is_written(
    world: World, tmp_path: Path
) -> None:
    with pytest.raises(EngineError, match=r"engine\.memory_gb"):
        make(world.study(engine__memory_gb=0.001), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_workers_in_python(world: World, tmp_path: Path) -> None:
    out = tmp_path / "out"
    make(world.study(), out, workers=3)
    assert json.loads((out / "run.json").read_text())["engine"]["workers"] == 3
    with pytest.raises(StudyError, match="1 or more"):
        make(world.study(), tmp_path / "none", workers=0)


def test_a_run_folder_in_memory_is_locked_too(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from saprolite.engine import lock as module

    monkeypatch.setattr(module, "BEAT_SECONDS", 0.01)
    out = place(f"memory://{tmp_path.name}")
    refused = []

    def intrude(stage: str, done: int, total: int) -> None:
        if stage == "computing" and done == 1:
            with pytest.raises(SaproliteError, match="being written") as caught:
                sap.run(Study.of(world.study(), Path()), out)
            refused.append(caught.value)

    dataset = sap.run(Study.of(world.study(), Path()), out, report=intrude)
    assert len(refused) == 1
    assert dataset.attrs["status"] == "finished"
    local = fluxes_only(world.study(), tmp_path / "local")
    assert np.array_equal(dataset["carbon_sink_flux"], local["carbon_sink_flux"], equal_nan=True)


@pytest.mark.parametrize(("changes", "message"), [
    ({"experiments__run": ["soil_co2"], "experiments__base_year": 1999}, "base_year"),
    ({"experiments__run": ["soil_co2"], "reading__calendar": "actual"}, 'calendar = "mean"'),
])  # fmt: skip
def test_experiments_that_do_not_go_together(
    world: World, changes: dict[str, Any], message: str
) -> None:
    with pytest.raises(StudyError, match=message) as caught:
        Study.of(world.study(**changes), Path())
    assert len(caught.value.problems) == 1


def test_a_base_year_needs_the_year_before_it(world: World, tmp_path: Path) -> None:
    content = world.study(experiments__run=["soil_co2"], reading__et_mode="trailing12")
    with pytest.raises(InputError, match=r"experiments\.base_year"):
        sap.check(Study.of(content, Path()))
    content["experiments"]["base_year"] = 2001
    sap.check(Study.of(content, Path()))
