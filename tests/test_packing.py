"""Packed forcing: the bits of the files, resumable, appended, and never read by halves."""

from __future__ import annotations

import gc
import json
import shutil
import subprocess
import sys
import weakref
from dataclasses import replace
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest

import killed_packing
from saprolite import workflow
from saprolite.engine.packing import Packing, packing_of
from saprolite.engine.plan import plan_of
from saprolite.errors import EngineError, InputError, SaproliteError, StoreError
from saprolite.inputs import prepare
from saprolite.inputs.packed_manifest import read_manifest, write_manifest
from saprolite.inputs.store import check_all_years
from saprolite.places import Place, place
from saprolite.sources.forcing import ForcingYear
from saprolite.sources.gldas import Cells, GldasMonthly
from saprolite.sources.gldas_files import UNITS
from saprolite.study import Study
from saprolite.testing.gldas import write_gldas_months
from saprolite.testing.gldas_values import Seam
from test_cli import saprolite
from test_run import fluxes_only
from world import World, values

YEARS = range(2000, 2004)


def quiet(*_: Any) -> None:
    pass


def packing(content: dict[str, Any], store: Path, **options: Any) -> Packing:
    return packing_of(Study.of(content, Path()), store, **options)


def pack(content: dict[str, Any], store: Path, **options: Any) -> list[int]:
    return packing(content, store, **options).pack(quiet)


def with_store(content: dict[str, Any], store: Place) -> dict[str, Any]:
    return {**content, "inputs": {**content["inputs"], "packed": {"path": str(store)}}}


def contents(store: Path) -> dict[str, bytes]:
    return {str(file.relative_to(store)): file.read_bytes()
            for file in store.rglob("*") if file.is_file() and file.name != ".lock"}  # fmt: skip


def refused(kind: type[SaproliteError], content: dict[str, Any], store: Path) -> str:
    with pytest.raises(kind) as caught:
        pack(content, store)
    return str(caught.value)


@pytest.fixture
def years(tmp_path: Path) -> World:
    """Four years of a small world."""
    return World(tmp_path / "world", years=YEARS).write()


@pytest.fixture(scope="module")
def gldas(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """GLDAS 2.0 and 2.1 as they are published, five years of both and three before."""
    made = tmp_path_factory.mktemp("gldas")
    for version, years in (("2.0", range(1997, 2005)), ("2.1", range(2000, 2005))):
        write_gldas_months(made, years, 10.0, version, seam=Seam(soil_moisture=1.05), fields=UNITS)
    return made


@pytest.mark.parametrize("choices", [
    {"inputs__forcing__seam": "scale", "reading__et_mode": "trailing12"},
    {"inputs__forcing__seam": "splice", "grid__region": [-60.0, -30.0, 60.0, 60.0]},
    {"inputs__forcing__seam": "splice", "grid__resolution_deg": 30.0},
], ids=["scale", "region", "regridded"])  # fmt: skip
def test_a_run_from_the_store_has_the_bits_of_one_from_the_files(
    gldas: Path, tmp_path: Path, choices: dict[str, Any]
) -> None:
    files = tmp_path / "files"
    shutil.copytree(gldas, files)
    content = World(files, years=range(1998, 2003)).study(**choices)
    content["engine"] = {"bands": 2}
    plain = fluxes_only(content, tmp_path / "plain")
    store = tmp_path / "store"
    packed_years = pack(content, store)
    assert packed_years == list(range(1997 if "reading" in content else 1998, 2003))
    files.rename(tmp_path / "away")
    from_store = with_store(content, store)
    found = fluxes_only(from_store, tmp_path / "packed")
    assert set(found.variables) == set(plain.variables)
    for name in plain.variables:
        assert found[name].values.tobytes() == plain[name].values.tobytes(), name
    # What it was made from is on the outputs, as on those of the plain run.
    states = [json.loads((tmp_path / out / "run.json").read_text()) for out in ("plain", "packed")]
    for key in ("inputs", "notes", "missing_inputs_by_cause", "land_cells", "years_used"):
        assert states[0][key] == states[1][key], key
    own = states[1]["inputs_sha256"].pop("packed")
    assert list(own) == [str(store)]
    assert states[0]["inputs_sha256"] == states[1]["inputs_sha256"]
    for key in ("comment", "inputs", "notes"):
        assert plain.attrs[key] == found.attrs[key]
    # It is not stored a second time, and the plan says what is read.
    assert not (tmp_path / "packed/inputs.zarr/soil_moisture").exists()
    plan = plan_of(prepare(Study.of(from_store, Path())))
    assert plan.files == 3 * len(packed_years)
    assert plan.source_bytes == plan.forcing_bytes


def test_a_later_year_is_added_behind_the_others(years: World, tmp_path: Path) -> None:
    store = tmp_path / "store"
    assert pack(years.study(last_year=2001), store) == [2000, 2001]
    chunks = [file for file in (store / "forcing.zarr").rglob("c/*/**/*") if file.is_file()]
    before = {file: (file.stat().st_mtime_ns, file.stat().st_ino) for file in chunks}
    assert len([file for file in chunks if "complete_year" in file.parts]) == 2
    first = with_store(years.study(last_year=2001), store)
    reopened = fluxes_only(first, tmp_path / "out").attrs["fingerprint"]
    assert pack(years.study(), store) == [2002, 2003]
    assert pack(years.study(), tmp_path / "at_once") == list(YEARS)
    assert contents(store) == contents(tmp_path / "at_once")
    yearly = {file for file in before if file.relative_to(store).parts[1] in
              ("soil_moisture", "soil_temperature", "evapotranspiration", "complete_year")}  # fmt: skip
    for file in yearly:
        assert (file.stat().st_mtime_ns, file.stat().st_ino) == before[file]
    # The run of the shorter study is still the same run.
    assert fluxes_only(first, tmp_path / "out").attrs["fingerprint"] == reopened
    # A shorter study has nothing to do, and takes nothing away.
    assert pack(years.study(last_year=2001), store) == []
    assert contents(store) == contents(tmp_path / "at_once")


def test_holes_in_single_fields_are_said_of_packed_years_too(tmp_path: Path) -> None:
    def with_hole(field: np.ndarray) -> np.ndarray:
        field[8, 3:6] = np.nan
        return field

    holes = {(year, 5, "SoilMoi40_100cm_inst"): with_hole for year in (2000, 2002)}
    world = World(tmp_path / "world", years=YEARS, changes=holes).write()
    store = tmp_path / "store"
    pack(world.study(last_year=2001), store)
    pack(world.study(), store)
    pack(world.study(), tmp_path / "at_once")
    assert contents(store) == contents(tmp_path / "at_once")
    for first, expected in ((2000, 1), (2001, 0), (2002, 1)):
        content = world.study(first_year=first)
        plain = prepare(Study.of(content, Path())).notes
        assert sum("soil_moisture of layer 3 lacks 3 cells" in note for note in plain) == expected
        packed = prepare(Study.of(with_store(content, store), Path())).notes
        assert sorted(plain) == sorted(packed)


def test_killed_within_a_write_it_goes_on(tmp_path: Path) -> None:
    world = World(tmp_path / "world").write()
    study = tmp_path / "study.json"
    study.write_text(json.dumps(world.study()))
    done = subprocess.run(
        [sys.executable, killed_packing.__file__, study, tmp_path], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    kills = [json.loads(line) for line in done.stdout.splitlines()]
    # In the frame; then each year is whole once its line is, and not before.
    expected = [None, None, [], [], [], [], *[[]] * 5, *[["2000"]] * 5]
    assert [kill["whole"] for kill in kills] == expected
    whole = contents(tmp_path / "whole")
    for kill in kills:
        assert contents(Path(kill["store"])) == whole


def test_years_that_are_not_whole_are_not_read(years: World, tmp_path: Path) -> None:
    store = tmp_path / "store"
    pack(years.study(), store)
    manifest = read_manifest(store)
    assert manifest is not None
    kept = {year: sums for year, sums in manifest.years.items() if year != "2002"}
    write_manifest(store, replace(manifest, years=kept))
    with pytest.raises(InputError, match=r"1 years that are not packed, from 2002 to 2002"):
        prepare(Study.of(with_store(years.study(), store), Path()))
    prepare(Study.of(with_store(years.study(last_year=2001), store), Path()))
    assert pack(years.study(), store) == [2002]


@pytest.mark.parametrize("name", ["soil_moisture/c/2/0/0", "complete_year/c/2/0"])
def test_a_damaged_year_is_refused_and_packed_again(
    years: World, tmp_path: Path, name: str
) -> None:
    store = tmp_path / "store"
    pack(years.study(), store)
    whole = contents(store)
    file = store / "forcing.zarr" / name
    for spoiled in (bytes([file.read_bytes()[0] ^ 1]) + file.read_bytes()[1:], b"short"):
        file.write_bytes(spoiled)
        with pytest.raises(InputError, match="as it was packed"):
            prepared = prepare(Study.of(with_store(years.study(first_year=2002), store) |
                                        {"first_year": 2002}, Path()))  # fmt: skip
            check_all_years(prepared, quiet)
        assert pack(years.study(), store) == [2002]
        assert contents(store) == whole


@pytest.mark.parametrize("name", ["cell/c/0", "zarr.json"])
def test_a_damaged_frame_is_mended(years: World, tmp_path: Path, name: str) -> None:
    store = tmp_path / "store"
    pack(years.study(), store)
    whole = contents(store)
    (store / "forcing.zarr" / name).write_bytes(b"")
    with pytest.raises(SaproliteError):
        prepare(Study.of(with_store(years.study(), store), Path()))
    assert pack(years.study(), store) == []
    assert contents(store) == whole


def test_a_store_of_something_else_is_refused(years: World, tmp_path: Path) -> None:
    store = tmp_path / "store"
    pack(years.study(), store)
    before = contents(store)
    coarse = years.study(grid__resolution_deg=30.0)
    text = refused(StoreError, coarse, store)
    assert "packed with grid.resolution_deg = nothing" in text
    assert "30.0, as in the study" in text
    assert "--restart" in text
    with pytest.raises(InputError, match=r"grid.resolution_deg") as caught:
        prepare(Study.of(with_store(coarse, store), Path()))
    assert "30.0, as in the study" in str(caught.value)
    assert "packed from 2000 on" in refused(StoreError, years.study(first_year=2001), store)
    trailing = years.study(reading__et_mode="trailing12")
    assert "packed from 2000 on" in refused(StoreError, trailing, store)
    with pytest.raises(InputError, match="packed without the year before 2000"):
        prepare(Study.of(with_store(trailing, store), Path()))
    # A month of an earlier year is another one now; two things are named together.
    years.changes[(2001, 5, "Evap_tavg")] = lambda field: field * np.float32(1.01)
    years.write_month(years.path(2001, 5), 2001, 5)
    text = refused(StoreError, coarse, store)
    assert "(2 problems)" in text or "(3 problems)" in text
    assert years.path(2001, 5).name in text
    assert contents(store) == before
    assert pack(years.study(), store, restart=True) == list(YEARS)
    assert contents(store) != before


def test_what_other_years_change_cannot_be_appended_to(years: World, tmp_path: Path) -> None:
    """Scaling over more years than before would change the years that are there."""
    store = tmp_path / "store"
    pack(years.study(), store)
    found = read_manifest(store)
    assert found is not None
    longer = replace(found, last_year=2005)
    assert list(found.differences(longer)) == []
    covered = [replace(item, rests_on={"covered": [2001, *more]}) for item, more in
               ((found, []), (longer, [2005]))]  # fmt: skip
    assert list(covered[0].differences(covered[1])) == []
    one_more = replace(longer, rests_on={"covered": [2001, 2002]})
    assert len(list(covered[0].differences(one_more))) == 1
    for name in ("scaled_over", "overlap"):
        before = replace(found, rests_on={name: [2000, 2001]})
        after = replace(longer, rests_on={name: [2000, 2001, 2005]})
        ((text, accepted, _),) = before.differences(after)
        assert text.endswith("scaled over 2000, 2001")
        assert "2000, 2001, 2005" in accepted


def test_a_foreign_folder_is_left_alone(years: World, tmp_path: Path) -> None:
    store = tmp_path / "store"
    (store / "forcing.zarr").mkdir(parents=True)
    assert "forcing.zarr but no packed.json" in refused(StoreError, years.study(), store)
    for text in ("{}", '{"format": "another"}', "half"):
        (store / "packed.json").write_text(text)
        assert "packed.json that saprolite prepare wrote" in refused(
            StoreError, years.study(), store
        )
    assert (store / "packed.json").read_text() == "half"
    with pytest.raises(InputError, match=r"no packed.json"):
        prepare(Study.of(with_store(years.study(), tmp_path / "nothing"), Path()))


def test_a_missing_month_stops_it_before_anything_is_written(years: World, tmp_path: Path) -> None:
    store = tmp_path / "store"
    pack(years.study(last_year=2002), store)
    before = contents(store)
    years.path(2003, 7).unlink()
    assert "2003-07" in refused(InputError, years.study(), store)
    assert contents(store) == before
    fresh = tmp_path / "fresh"
    refused(InputError, years.study(), fresh)
    assert not fresh.exists()


def test_a_corrupt_file_leaves_the_years_before_it(years: World, tmp_path: Path) -> None:
    store, path = tmp_path / "store", years.path(2002, 5)
    sound = path.read_bytes()
    with h5py.File(path) as file:
        chunk = file["SoilTMP0_10cm_inst"].id.get_chunk_info(0)
    with path.open("r+b") as stream:
        stream.seek(chunk.byte_offset)
        stream.write(b"\xff" * chunk.size)
    text = refused(InputError, years.study(), store)
    assert text.startswith("Packing stopped at 2002; 2 years are packed and can be run from")
    assert text.count(f"- {path}\n") == text.count("\n- ") == 1
    shorter = years.study(last_year=2001)
    found = fluxes_only(with_store(shorter, store), tmp_path / "packed")
    plain = fluxes_only(shorter, tmp_path / "plain")
    assert found.carbon_sink_flux.values.tobytes() == plain.carbon_sink_flux.values.tobytes()
    # The file as it should be is another one than the store was begun with.
    path.write_bytes(sound)
    assert path.name in refused(StoreError, years.study(), store)
    assert pack(years.study(), store, restart=True) == list(YEARS)


def test_seasons_in_the_wrong_hemisphere_are_not_packed(tmp_path: Path) -> None:
    """Looked for in every year: here the months of the second one are upside down."""
    world = World(tmp_path / "world")
    names = values(2001, 1)
    world.changes = {(2001, month, name): lambda field: field[::-1]
                     for month in range(1, 13) for name in names}  # fmt: skip
    text = refused(InputError, world.write().study(), tmp_path / "store")
    assert "Packing stopped at 2001" in text
    assert "summer in the wrong half of the year" in text


def test_an_input_that_changes_while_it_is_packed(years: World, tmp_path: Path) -> None:
    store = tmp_path / "store"

    def touch(stage: str, done: int, total: int) -> None:
        if (stage, done) == ("packing", 2):
            years.write_month(years.path(2000, 1), 2000, 1)

    with pytest.raises(StoreError, match="An input changed"):
        packing(years.study(), store).pack(touch)
    found = read_manifest(store)
    assert found is not None
    assert list(found.years) == ["2000", "2001"]


def test_one_year_is_held_at_a_time_and_read_once(
    years: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, held, read, alive = GldasMonthly.read_year, [], [], []

    def counting(self: GldasMonthly, year: int, cells: Cells) -> ForcingYear:
        gc.collect()
        alive.append(sum(array() is not None for array in held))
        values = real(self, year, cells)
        held.extend(weakref.ref(array) for array in values)
        read.append(year)
        return values

    monkeypatch.setattr(GldasMonthly, "read_year", counting)
    pack(years.study(last_year=2002), tmp_path / "store")
    assert (read, alive) == ([2000, 2001, 2002], [0, 0, 0])
    pack(years.study(), tmp_path / "store")
    assert read == list(YEARS)


def test_two_packings_of_one_folder(years: World, tmp_path: Path) -> None:
    store = tmp_path / "store"
    second = packing(years.study(), store)

    def begin(stage: str, done: int, total: int) -> None:
        if (stage, done) == ("packing", 1):
            with pytest.raises(StoreError, match="The folder is being written"):
                second.pack(quiet)

    packing(years.study(), store).pack(begin)
    with pytest.raises(StoreError, match="Another packing was begun"):
        second.pack(quiet)


def test_a_store_on_an_object_store(years: World, tmp_path: Path) -> None:
    store = place("memory://packing/store")
    content = years.study(last_year=2001)
    assert packing_of(Study.of(content, Path()), store).pack(quiet) == [2000, 2001]
    assert packing_of(Study.of(years.study(), Path()), store).pack(quiet) == [2002, 2003]
    found = fluxes_only(with_store(content, store), tmp_path / "packed")
    plain = fluxes_only(content, tmp_path / "plain")
    assert found.carbon_sink_flux.values.tobytes() == plain.carbon_sink_flux.values.tobytes()


def test_a_full_disk_is_seen_before(
    years: World, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    planned = packing(years.study(), tmp_path / "store")
    planned.require_space()
    monkeypatch.setattr("saprolite.engine.packing.free_bytes", lambda _: planned.year_bytes)
    with pytest.raises(EngineError, match="does not fit"):
        planned.require_space()
    assert not (tmp_path / "store").exists()


def test_the_command(years: World, tmp_path: Path) -> None:
    study = years.study_file(tmp_path / "small.toml")
    done = saprolite("prepare", study, cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert "packs     4 of 4 years, 2000 to 2003" in lines[1]
    assert "48 files" in lines[2]
    assert "more" in lines[4]
    # What it says is what the study needs.
    store = tmp_path / "packed" / "small"
    study.write_text(study.read_text() + done.stdout[done.stdout.index("\n[inputs.packed]") :])
    assert prepare(Study.read(study)).packed_from["packed"].keys() == {str(store)}
    again = saprolite("prepare", study, cwd=tmp_path)
    assert "packs     0 of 4 years, 2000 to 2003; 4 are there" in again.stdout
    assert workflow.packing(study).store == store
    wrong = saprolite("prepare", study, "--to", years.folder / "x.nc", "--restrat")
    assert wrong.returncode != 0
