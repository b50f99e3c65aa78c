"""What can happen to a run folder: every case ends in the right answer or a clear refusal."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest

import saprolite as sap
from saprolite import analysis, workflow
from saprolite.engine import folder as engine_folder
from saprolite.engine import pathway_blocks
from saprolite.engine import run as engine_run
from saprolite.errors import IncompleteRunError, InputError, StoreError
from saprolite.study import Study
from test_run import fluxes_only, make, static_file, store_digest
from world import SHAPE, World


@pytest.fixture
def finished(world: World, tmp_path: Path) -> Path:
    make(world.study(), tmp_path / "out")
    return tmp_path / "out"


@pytest.fixture(scope="module")
def run_once(tmp_path_factory: pytest.TempPathFactory) -> tuple[World, Path]:
    """A world and its finished run, to copy."""
    folder = tmp_path_factory.mktemp("run")
    world = World(folder / "world").write()
    make(world.study(), folder / "out")
    return world, folder / "out"


def status(out: Path) -> str:
    return str(json.loads((out / "run.json").read_text())["status"])


def test_swapped_inputs_are_another_run(world: World, tmp_path: Path) -> None:
    """The same two files in each other's role: the digests alone would be the same."""
    fields = {"clay": 0.3, "silt": 0.3, "sand": 0.4}
    other = {"clay": 0.1, "silt": 0.3, "sand": 0.6}
    paths = [static_file(tmp_path / f"{n}.nc", {k: np.full((1, *SHAPE), v) for k, v in f.items()})
             for n, f in enumerate((fields, other))]  # fmt: skip
    for path, density in zip(paths, (1200.0, 1500.0), strict=True):
        with netCDF4.Dataset(path, "a") as dataset:
            dataset.createVariable("bulk_density", "f8", ("horizon", "lat", "lon"))[:] = density
            dataset["bulk_density"].units = "kg m-3"

    def study(texture: Path, density: Path) -> dict[str, Any]:
        return world.study(inputs__texture={"product": "netcdf", "path": str(texture)},
                           inputs__bulk_density={"product": "netcdf", "path": str(density)})  # fmt: skip

    fluxes_only(study(*paths), tmp_path / "out")
    with pytest.raises(
        StoreError, match=r"(?s)texture: \S+/1\.nc: other content.*bulk_density: \S+/0\.nc: other"
    ):
        fluxes_only(study(*reversed(paths)), tmp_path / "out")
    moved = tmp_path / "moved.nc"
    shutil.move(paths[0], moved)
    fluxes_only(study(moved, paths[1]), tmp_path / "out")  # where a file lies does not count


def test_restart_checks_before_it_removes(world: World, finished: Path) -> None:
    before = store_digest(finished)
    world.path(2001, 6).unlink()
    with pytest.raises(InputError, match="2001-06"):
        make(world.study(), finished, restart=True)
    assert store_digest(finished) == before


def test_restart_reads_all_years_before_it_removes(world: World, finished: Path) -> None:
    before = store_digest(finished)
    with netCDF4.Dataset(world.path(2001, 6), "a") as dataset:
        dataset["SoilTMP0_10cm_inst"][0, 5:9] = 20.0
    with pytest.raises(InputError, match="2001-06"):
        make(world.study(), finished, restart=True)
    assert store_digest(finished) == before


def test_a_fresh_folder_stays_fresh_until_all_inputs_are_right(tmp_path: Path) -> None:
    world = World(tmp_path / "w", changes={
        (2001, 6, "SoilTMP0_10cm_inst"): lambda f: np.where(f > 0, f - 273.15, f)}).write()  # fmt: skip
    out = tmp_path / "out"
    with pytest.raises(InputError, match="2001-06"):
        make(world.study(), out)
    assert not out.exists()
    World(tmp_path / "w").write()
    assert make(world.study(), out).attrs["status"] == "finished"


def test_restart_removes_its_own_and_nothing_else(world: World, finished: Path) -> None:
    for name in ("mine.txt", "figures/thesis.pdf", "tables/mine.csv"):
        (finished / name).write_text("not saprolite's")
    # An analysis of the fluxes that go would be taken for one of those that come.
    (finished / "analysis.zarr").mkdir()
    make(world.study(reading__et_mode="annual"), finished, restart=True)
    for name in ("mine.txt", "figures/thesis.pdf", "tables/mine.csv"):
        assert (finished / name).read_text() == "not saprolite's"
    assert not (finished / "analysis.zarr").exists()


def test_a_folder_of_another_program_is_left_alone(world: World, tmp_path: Path) -> None:
    out = tmp_path / "other"
    (out / "figures").mkdir(parents=True)
    (out / "run.json").write_text('{"made by": "another program"}')
    for restart in (False, True):
        with pytest.raises(StoreError, match="did not write"):
            make(world.study(), out, restart=restart)
    assert (out / "run.json").read_text() == '{"made by": "another program"}'


def test_a_crash_during_restart_leaves_an_unfinished_run(
    world: World, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def killed(path: Path) -> None:
        if path.name == "fluxes.zarr":
            shutil.rmtree(path / "carbon_sink_flux" / "c" / "1")
            raise Killed

    whole = store_digest(finished / "fluxes.zarr")
    with monkeypatch.context() as patch:
        patch.setattr(engine_folder, "remove", killed)
        with pytest.raises(Killed):
            make(world.study(), finished, restart=True)
    assert status(finished) == "unfinished"
    make(world.study(), finished)
    assert status(finished) == "finished"
    assert store_digest(finished / "fluxes.zarr") == whole


@pytest.mark.parametrize("damage", [
    "fluxes.zarr/carbon_sink_flux/c/1", "fluxes.zarr/zarr.json", "fluxes.zarr/carbon_sink_flux/zarr.json",
    "figures/latitude_profile.png", "summary.json", "fluxes.zarr/carbon_sink_flux_by_mineral/c",
    "fluxes.zarr/cell_area", "study.toml", "tables/latitude_profile.csv", "inputs.zarr",
    "inputs.zarr/clay", "inputs.zarr/soil_moisture/c/1",
])  # fmt: skip
@pytest.mark.parametrize("how", ["removed", "cut"])
def test_a_damaged_finished_run_is_mended(
    run_once: tuple[World, Path], tmp_path: Path, damage: str, how: str
) -> None:
    world, finished = run_once[0], shutil.copytree(run_once[1], tmp_path / "out")
    path = finished / damage
    stores, before = [finished / name for name in ("fluxes.zarr", "inputs.zarr")], contents(path)
    whole = [store_digest(store) for store in stores]
    spoil(path, how)
    make(world.study(), finished)
    assert contents(path) == before
    assert status(finished) == "finished"
    assert [store_digest(store) for store in stores] == whole


def contents(path: Path) -> dict[str, bytes]:
    files = path.rglob("*") if path.is_dir() else [path]
    return {str(file): file.read_bytes() for file in files if file.is_file()}


def test_tables_made_anew_are_those_of_the_run(
    world: World, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(analysis, "csv_text", lambda *_: "another version of the tables")
    workflow.summarise(finished)
    before = contents(finished)
    make(world.study(), finished)
    assert contents(finished) == before


def test_a_run_that_another_one_changed_before_the_lock(
    world: World, finished: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A finished run is looked at without the lock; what was judged must still be there."""
    (finished / "summary.json").unlink()
    plan_of = engine_run.plan_of

    def slow(*arguments: Any, **options: Any) -> Any:
        monkeypatch.setattr(engine_run, "plan_of", plan_of)
        make(world.study(reading__et_mode="annual"), finished, restart=True)
        return plan_of(*arguments, **options)

    monkeypatch.setattr(engine_run, "plan_of", slow)
    with pytest.raises(StoreError, match="Another run was begun"):
        make(world.study(), finished)
    before = contents(finished)
    make(world.study(reading__et_mode="annual"), finished)
    assert contents(finished) == before


def test_a_store_of_another_run_is_made_anew(world: World, tmp_path: Path) -> None:
    """With its ledger it would look like one that is whole."""
    own, other = tmp_path / "own", tmp_path / "other"
    fluxes_only(world.study(), own)
    fluxes_only(world.study(reading__et_mode="annual"), other)
    whole = store_digest(own / "fluxes.zarr")
    shutil.rmtree(own / "fluxes.zarr")
    shutil.copytree(other / "fluxes.zarr", own / "fluxes.zarr")
    shutil.copy(other / "ledger.jsonl", own / "ledger.jsonl")
    fluxes_only(world.study(), own)
    assert store_digest(own / "fluxes.zarr") == whole


def test_looking_at_a_finished_run_removes_nothing(world: World, finished: Path) -> None:
    half = finished / "fluxes.zarr/carbon_sink_flux/c/0/0.7-7.part"
    half.write_bytes(b"another process is writing this")
    make(world.study(), finished)
    assert half.exists()


def spoil(path: Path, how: str) -> None:
    """Remove a file or folder, or cut its files in half."""
    if how == "removed":
        shutil.rmtree(path) if path.is_dir() else path.unlink()
        return
    for file in path.rglob("*") if path.is_dir() else [path]:
        if file.is_file():
            file.write_bytes(file.read_bytes()[: file.stat().st_size // 2])


@pytest.mark.parametrize("how", ["removed", "cut"])
@pytest.mark.parametrize("damage", ["soil_temperature/c/1", "clay", "zarr.json", ""])
def test_damaged_inputs_are_prepared_again(
    world: World, tmp_path: Path, damage: str, how: str
) -> None:
    out = tmp_path / "out"
    fluxes_only(world.study(), out)
    fluxes, inputs = store_digest(out / "fluxes.zarr"), store_digest(out / "inputs.zarr")
    path = out / "inputs.zarr" / damage
    spoil(path, how)
    (out / "inputs.zarr").mkdir(exist_ok=True)
    (out / "ledger.jsonl").unlink()
    fluxes_only(world.study(), out)
    assert store_digest(out / "inputs.zarr") == inputs
    assert store_digest(out / "fluxes.zarr") == fluxes


def test_other_library_versions_do_not_finish_a_run(world: World, tmp_path: Path) -> None:
    out = tmp_path / "out"
    fluxes_only(world.study(), out)
    state = json.loads((out / "run.json").read_text())
    state["versions"]["numpy"] = "1.0"
    (out / "run.json").write_text(json.dumps(state))
    with pytest.raises(StoreError, match=r"differs in\n *numpy: 1\.0 in the folder, "):
        fluxes_only(world.study(), out)


def test_a_gap_in_a_later_year_is_counted_and_totals_agree(world: World, tmp_path: Path) -> None:
    """One layer of some cells without a value in the second year."""
    with netCDF4.Dataset(world.path(2001, 6), "a") as dataset:
        dataset["SoilTMP40_100cm_inst"][0, 5:8, 3:6] = -9999.0
    out = tmp_path / "out"
    fluxes = make(world.study(), out)
    state = json.loads((out / "run.json").read_text())
    assert state["missing_inputs_by_cause"]["forcing"]["cells"] == 9
    assert int(((fluxes["missing_inputs"].values & 2) > 0).sum()) == 9
    summary = json.loads((out / "summary.json").read_text())
    assert summary["partial_cells_count"] == 9
    total = summary["global_total_Tg_C_yr-1"]
    lines = (out / "tables/latitude_profile.csv").read_text().splitlines()
    rows = [line.split(",") for line in lines if not line.startswith("#")]
    column = rows[0].index("total_Tg_C_yr-1")
    assert sum(float(row[column]) for row in rows[1:]) == pytest.approx(total, rel=1e-12)
    valid = (
        summary["mean_flux_t_C_km-2_yr-1"]["area_weighted_valid"] * summary["valid_area_km2"] / 1e6
    )
    assert valid + summary["partial_cells_total_Tg_C_yr-1"] == pytest.approx(total, rel=1e-12)
    zones = sum(row["total_Tg_C_yr-1"] for row in summary["by_climate_group"])
    assert zones == pytest.approx(total, rel=1e-12)


def test_trailing12_needs_a_second_year(world: World, tmp_path: Path) -> None:
    content = world.study(reading__et_mode="trailing12", last_year=2000)
    with pytest.raises(InputError, match="2000 alone"):
        sap.check(Study.of(content, Path()))


def test_a_study_without_soil_is_a_total_of_zero(world: World, tmp_path: Path) -> None:
    out = tmp_path / "out"
    make(world.study(inputs__thickness__metres=0.0), out)
    summary = json.loads((out / "summary.json").read_text())
    assert summary["global_total_Tg_C_yr-1"] == 0.0
    assert summary["by_layer"][0]["share_percent"] is None


def test_check_finds_a_missing_kinetic_table_and_a_wrong_later_year(tmp_path: Path) -> None:
    world = World(tmp_path / "w", changes={
        (2001, 6, "SoilTMP0_10cm_inst"): lambda f: np.where(f > 0, f - 273.15, f)}).write()  # fmt: skip
    with pytest.raises(InputError, match=r"nope\.csv"):
        sap.check(Study.of(world.study(reading__kinetics="nope.csv"), tmp_path))
    with pytest.raises(InputError, match="2001-06"):
        sap.check(Study.of(world.study(), tmp_path))
    # Forcing that is not stored is checked in its block: the other years are computed.
    with pytest.raises(IncompleteRunError, match="2001-06"):
        fluxes_only(world.study(output__store_forcing="never"), tmp_path / "out")
    assert status(tmp_path / "out") == "incomplete"


def test_an_input_that_changes_during_the_run_is_noticed(
    world: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    block = pathway_blocks.PathwayKernel.block

    def and_touch(*arguments: Any) -> Any:
        result = block(*arguments)
        with netCDF4.Dataset(world.path(2001, 1), "a") as dataset:
            dataset["Evap_tavg"][0, 5] = 1.0e-5
        return result

    monkeypatch.setattr(pathway_blocks.PathwayKernel, "block", and_touch)
    with pytest.raises(StoreError, match="changed during the run"):
        make(world.study(output__store_forcing="never", engine__workers=1), tmp_path / "out")
    assert status(tmp_path / "out") == "unfinished"
