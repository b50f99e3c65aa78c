"""Run folders and inputs that URLs name: an object store in memory, and S3 on this machine."""

from __future__ import annotations

import gc
import json
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import saprolite as sap
from saprolite.errors import InputError, StoreError
from saprolite.places import Place, files_below, place, remove, write_bytes
from saprolite.sources.remote import local_copy, origin
from saprolite.study import Study
from test_run import static_file
from world import SHAPE, World

KEYS = {"AWS_ACCESS_KEY_ID": "tests", "AWS_SECRET_ACCESS_KEY": "tests",
        "AWS_DEFAULT_REGION": "us-east-1"}  # fmt: skip


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SAPROLITE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[Place]:
    where = place(f"memory://tests/{tmp_path.name}")
    yield where
    remove(where)


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[Place]:
    """A bucket of an S3 server that listens on this machine alone."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from moto.server import ThreadedMotoServer

        server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
        server.start()
        import s3fs

        host, port = server.get_host_and_port()
        for name, value in {**KEYS, "AWS_ENDPOINT_URL": f"http://{host}:{port}"}.items():
            monkeypatch.setenv(name, value)
        s3fs.S3FileSystem.clear_instance_cache()
        s3fs.S3FileSystem().mkdir("tests")
        yield place("s3://tests")
        # Sessions are closed by the collector, which says that nobody else did.
        s3fs.S3FileSystem.clear_instance_cache()
        gc.collect()
        server.stop()


def run(content: dict[str, Any], out: Place | str, **options: Any) -> Any:
    return sap.run(Study.of(content, Path()), out, **options)


def contents(out: Place) -> dict[str, bytes]:
    """What does not tell the time of the run or the kind of place."""
    return {name: file.read_bytes() for name, file in files_below(out).items()
            if not name.startswith(("ledger", "run.json", "."))}  # fmt: skip


def upload(world: World, where: Place) -> None:
    for file in world.folder.iterdir():
        write_bytes(where / file.name, file.read_bytes())


def test_a_run_in_memory_is_the_run_on_the_disk(
    world: World, tmp_path: Path, memory: Place
) -> None:
    content = world.study(experiments__run=["soil_moisture", "shapley"], engine__bands=3)
    on_disk = run(content, tmp_path / "out")
    in_memory = run(content, str(memory))
    assert in_memory.attrs["status"] == "finished"
    assert in_memory.identical(on_disk)
    assert contents(memory) == contents(tmp_path / "out")
    assert sap.open(str(memory)).identical(sap.open(memory))
    # What is finished stays as it is; what is lost is mended; another study is refused.
    before = {name: file.read_bytes() for name, file in files_below(memory).items()}
    run(content, memory)
    assert {name: file.read_bytes() for name, file in files_below(memory).items()} == before
    lost = "fluxes.zarr/carbon_sink_flux/c/1/0/1/0"
    remove(memory / lost)
    remove(memory / "inputs.zarr" / "soil_moisture" / "c")
    run(content, memory)
    assert contents(memory) == contents(tmp_path / "out")
    with pytest.raises(StoreError, match=r"\[experiments\] run: "):
        run(world.study(), memory)
    other = run(world.study(), memory, restart=True)
    assert "carbon_sink_contribution" not in other
    assert not (memory / "fluxes.zarr/carbon_sink_contribution/zarr.json").exists()


def test_a_run_with_inputs_and_results_on_s3(world: World, tmp_path: Path, bucket: Place) -> None:
    upload(world, bucket / "gldas")
    content = world.study(inputs__forcing__path="s3://tests/gldas")
    on_s3 = run(content, "s3://tests/runs/one")
    assert on_s3.attrs["status"] == "finished"
    flux = on_s3["carbon_sink_flux"].values
    local = run(world.study(), tmp_path / "out")
    assert np.array_equal(flux, local["carbon_sink_flux"].values, equal_nan=True)
    state = json.loads((bucket / "runs/one/run.json").read_text())
    assert min(state["inputs_sha256"]["forcing"]).startswith(
        "s3://tests/gldas/GLDAS_NOAH10_M.A2000"
    )
    names = set(files_below(bucket / "runs/one"))
    assert {"summary.json", "study.toml", "figures/latitude_profile.png",
            "tables/by_layer.csv"} <= names  # fmt: skip
    remove(bucket / "runs/one/fluxes.zarr/carbon_sink_flux/c/0/0/0/0")
    assert np.array_equal(run(content, "s3://tests/runs/one")["carbon_sink_flux"].values, flux,
                          equal_nan=True)  # fmt: skip


def test_inputs_of_a_url_are_fetched_once_and_again_if_they_change(
    world: World, tmp_path: Path, memory: Place, cache: Path
) -> None:
    fields = {key: np.full((1, *SHAPE), value)
              for key, value in (("clay", 0.3), ("silt", 0.3), ("sand", 0.4))}  # fmt: skip
    write_bytes(memory / "texture.nc", static_file(tmp_path / "t.nc", fields).read_bytes())
    upload(world, memory / "gldas")
    write_bytes(memory / "gldas/GLDAS_NOAH10_M.A199001.021.nc4", b"of a year that is not asked for")
    content = world.study(
        inputs__forcing__path=f"{memory}/gldas",
        inputs__texture={"product": "netcdf", "path": f"{memory}/texture.nc"},
    )
    first = run(content, tmp_path / "out")
    fetched = {file: file.stat().st_mtime_ns for file in cache.rglob("*.nc*")}
    assert len([file for file in fetched if file.parts[-2] == "gldas"]) == 2 * 24  # with notes
    run(content, tmp_path / "again")
    assert {file: file.stat().st_mtime_ns for file in cache.rglob("*.nc*")} == fetched
    plain = run(world.study(), tmp_path / "plain")
    assert np.allclose(first["carbon_sink_flux"], plain["carbon_sink_flux"], rtol=1e-12,
                       equal_nan=True)  # fmt: skip
    write_bytes(memory / "texture.nc",
                static_file(tmp_path / "t.nc", {**fields, "sand": fields["sand"] - 1e-9}).read_bytes())  # fmt: skip
    with pytest.raises(StoreError, match=r"texture: memory://\S+/texture\.nc: other content"):
        run(content, tmp_path / "out")
    remove(memory / "gldas" / world.path(2001, 6).name)
    with pytest.raises(InputError, match="2001-06"):
        sap.check(Study.of(content, Path()))


def test_a_url_stays_as_it_is_in_a_study(
    world: World, memory: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    content = world.study(
        inputs__forcing__path="s3://bucket/gldas",
        inputs__texture={"product": "netcdf", "path": "soil/texture.nc"},
        inputs__bulk_density={"product": "netcdf", "path": "/data/density.nc"},
    )
    monkeypatch.delenv("SAPROLITE_DATA", raising=False)
    study = Study.of({**content, "data_root": "gs://other/data"}, Path("/somewhere"))
    paths = {role: item.get("path") for role, item in study.model_dump()["inputs"].items() if item}
    assert paths["forcing"] == "s3://bucket/gldas"
    assert paths["texture"] == "gs://other/data/soil/texture.nc"
    assert paths["bulk_density"] == "/data/density.nc"
    assert study.data_root == "gs://other/data"
    monkeypatch.setenv("SAPROLITE_DATA", str(memory))
    study = Study.of(content, Path("/somewhere"))
    assert study.model_dump()["inputs"]["texture"]["path"] == f"{memory}/soil/texture.nc"


def test_urls_that_lead_nowhere_are_named_together(world: World, memory: Place) -> None:
    content = world.study(
        inputs__forcing__path=f"{memory}/gldas",
        inputs__texture={"product": "wise", "path": f"{memory}/soil.dat"},
        inputs__bulk_density={"product": "gsde", "path": "nonsense://bucket/density.nc"},
    )
    with pytest.raises(InputError) as caught:
        sap.check(Study.of(content, Path()))
    for part in ("/gldas", "soil.dat", "no such file", "nonsense", "3 problems"):
        assert part in str(caught.value), part


def test_copies_lie_under_the_parts_of_their_url(memory: Place, cache: Path) -> None:
    write_bytes(memory / "a b" / "clay%20.nc", b"clay")
    write_bytes(memory / "a b" / "sand.nc", b"sand")
    copy = local_copy(f"{memory}/a b/clay%20.nc")
    assert copy.read_bytes() == b"clay"
    assert origin(copy) == f"{memory}/a b/clay%20.nc"
    assert cache in copy.parents
    folder = local_copy(f"{memory}/a b", lambda name: name.startswith("sand"))
    assert sorted(file.name for file in folder.iterdir()) == [copy.name, "sand.nc"]
    remove(memory / "a b" / "clay%20.nc")
    assert [file.name for file in local_copy(f"{memory}/a b").iterdir()] == ["sand.nc"]
    outside = local_copy_of_missing(f"{memory}/../../../etc/passwd")
    assert "no such file" in outside
    assert local_copy("plain/path.nc") == Path("plain/path.nc")


def local_copy_of_missing(url: str) -> str:
    with pytest.raises(InputError) as caught:
        local_copy(url)
    return str(caught.value)
