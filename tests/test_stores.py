"""Places, chunks, the stores of inputs and fluxes, the ledger: whole or not at all, anywhere."""

from __future__ import annotations

import json
import os
import warnings
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any
from uuid import uuid4

import numpy as np
import pytest
import xarray as xr
import zarr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from saprolite.chunks import BLOCK_BYTES, Codec, chunk_checksum, map_chunk, write_chunk
from saprolite.engine.kernels import Extra, Result
from saprolite.engine.ledger import DONE, FAILED, Entry, Ledger
from saprolite.engine.store import BY_MINERAL, FLUX, FluxStore
from saprolite.errors import StoreError
from saprolite.inputs import Prepared, prepare
from saprolite.inputs.store import inputs_are_written, write_inputs
from saprolite.places import Place, files_below, place, remove, sweep, write_bytes, write_text
from saprolite.stores import create_group, open_dataset, write_json
from saprolite.study import Study
from world import ICE_CELL, World

DRIVERS = ("soil_moisture", "soil_temperature", "soil_co2", "frozen_soil")
EXTRAS = (
    Extra("carbon_sink_flux_by_experiment", "experiment", DRIVERS[:2], {"long_name": "alone"}),
    Extra("carbon_sink_flux_by_month", "month_of_year", tuple(map(str, range(1, 13))), {}),
)
TWO_GROUPS = {"minerals__names": ["illite", "albite"],
              "inputs__minerals__shares": {"illite": 0.2, "albite": 0.1}}  # fmt: skip


@pytest.fixture(params=["local", "memory"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Place]:
    """An empty folder on the disk, and in an object store in memory."""
    if request.param == "local":
        yield tmp_path / "folder"
        return
    where = place(f"memory://tests/{tmp_path.name}")
    yield where
    remove(where)


def quiet(stage: str, done: int, total: int) -> None:
    pass


def study(world: World, **changes: Any) -> Study:
    return Study.of(world.study(**changes), Path())


def prepared(world: World, **changes: Any) -> Prepared:
    return prepare(study(world, **changes))


def results(inputs: Prepared, store: FluxStore, parts: int = 1) -> dict[int, Result]:
    """For every block a result that is random in every number, and the same for any bands."""
    cells, layers = inputs.cells.size, len(inputs.layer_edges) - 1
    years = {}
    for year in inputs.study.years:
        random = np.random.default_rng(year)
        flux = random.uniform(0.0, 2.0, (parts, layers, cells))
        flux[:, :, inputs.land_ice] = np.nan
        extras = {extra.name: random.uniform(0.0, 2.0, (len(extra.labels), layers, cells))
                  .astype(np.float32) for extra in EXTRAS}  # fmt: skip
        years[year] = (flux, extras)
    return {
        block.number: Result(
            years[block.year][0][..., block.cells], None,
            {name: values[..., block.cells] for name, values in years[block.year][1].items()}, {},
        )
        for block in store.blocks
    }  # fmt: skip


def filled(
    where: Place, inputs: Prepared, bands: int, order: int = 1, parts: int = 1
) -> tuple[FluxStore, dict[int, Entry]]:
    """A store with all its blocks written, and their ledger lines."""
    store = FluxStore.create(where, inputs, EXTRAS, {}, "mark", bands)
    found = results(inputs, store, parts)
    lines = {}
    for block in store.blocks[::order]:
        checksum = store.write_block(block, found[block.number])
        band = block.number % store.bands
        lines[block.number] = Entry(block.number, block.year, band, DONE, 0.1, {}, checksum)
    return store, lines


# Places


def test_what_names_a_place(tmp_path: Path) -> None:
    assert place("runs/one") == Path("runs/one")
    assert place(f"file://{tmp_path}/a%20b") == tmp_path / "a b"
    assert place("~/runs") == Path.home() / "runs"
    there = place("memory://bucket/run")
    assert not isinstance(there, Path)
    assert str(there / "run.json") == "memory://bucket/run/run.json"
    assert place(there) is there
    with pytest.raises(StoreError, match="nonsense"):
        place("nonsense://bucket/run")


def test_files_of_a_folder(folder: Place) -> None:
    assert files_below(folder) == {}
    write_text(folder / "b.txt", "two")
    write_text(folder / "sub" / "a.txt", "one")
    write_json(folder / "c.json", {"number": np.float64("nan"), "path": Path("x")})
    assert list(files_below(folder)) == ["b.txt", "c.json", "sub/a.txt"]
    assert json.loads((folder / "c.json").read_text()) == {"number": None, "path": "x"}
    write_text(folder / "b.txt", "three")
    assert (folder / "b.txt").read_text() == "three"
    remove(folder / "b.txt")
    remove(folder / "nothing")
    assert list(files_below(folder)) == ["c.json", "sub/a.txt"]
    remove(folder)
    assert not folder.exists()


def test_a_file_that_cannot_be_written_leaves_the_old_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk is full when half of it is written."""
    write_text(tmp_path / "run.json", "old")

    def full(descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StoreError, match="No space left"):
        write_text(tmp_path / "run.json", "new")
    assert [file.name for file in tmp_path.iterdir()] == ["run.json"]
    assert (tmp_path / "run.json").read_text() == "old"


# Groups


def test_a_group_is_that_of_zarr(tmp_path: Path) -> None:
    """The metadata that Zarr writes, word for word, and the bytes of its chunks."""
    complete = {
        "height": (["two", "three"], np.array([[1.5, np.nan, -0.0], [3.0, 1e300, 5e-324]]), {"units": "m"}),
        "count": (["three"], np.arange(3), {"flag_masks": [1, 2], "valid": 0.5}),
        "code": (["three"], np.array([3, 0, 255], np.uint8), {"note": "Köppen"}),
        "zone": (["two"], np.array([-3, 7], np.int16), {}),
        "single": (["one"], np.array([1.1], "f4"), {}),
        "name": (["three"], np.array(["kaolinite", "", "Träumerei"]), {}),
        "number": ([], np.float64(7.0), {}),
        "nothing": (["none"], np.empty(0), {}),
    }  # fmt: skip
    empty = {
        "raw": (("year", "six"), (4, 6), (1, 6), "f4", Codec.RAW),
        "packed": (("year", "six"), (4, 6), (2, 6), "f8", Codec.LZ4),
        "flags": (("six",), (6,), (6,), "u1", Codec.RAW),
    }
    ours = create_group(tmp_path / "ours", {"title": "ours", "years": [1, 2]})
    theirs = zarr.create_group(tmp_path / "zarr", attributes={"title": "ours", "years": [1, 2]})
    for name, (dims, values, attributes) in complete.items():
        ours.add(name, dims, values, attributes)
        values = np.asarray(values)
        text = values.dtype.kind == "U"
        with zarr.config.set({"array.write_empty_chunks": True}):
            theirs.create_array(
                name, shape=values.shape, chunks=tuple(max(1, n) for n in values.shape),
                dtype="string" if text else values.dtype, dimension_names=dims,
                attributes=attributes, fill_value=np.nan if values.dtype.kind == "f" else None,
            )[...] = values  # fmt: skip
    blosc = zarr.codecs.BloscCodec(
        typesize=8, cname="lz4", clevel=1, shuffle="noshuffle", blocksize=BLOCK_BYTES
    )
    for name, (dims, shape, chunks, kind, codec) in empty.items():
        ours.add_empty(name, dims, shape, chunks, {}, kind, codec)
        theirs.create_array(
            name, shape=shape, chunks=chunks, dtype=kind, dimension_names=dims,
            fill_value=np.nan if kind[0] == "f" else 0,
            compressors=blosc if codec is Codec.LZ4 else None,
        )  # fmt: skip
    maps = np.random.default_rng(2).standard_normal((2, 6))
    write_chunk(tmp_path / "ours/packed", (1, 0), Codec.LZ4.packed(maps))
    theirs["packed"][2:] = maps
    single = maps[:1].astype("f4")
    write_chunk(tmp_path / "ours/raw", (3, 0), Codec.RAW.packed(single))
    theirs["raw"][3:] = single
    ours.say(status="finished", runs=np.int64(3))
    theirs.attrs.update({"status": "finished", "runs": 3})
    ours.consolidate()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of metadata that are not in the specification yet
        zarr.consolidate_metadata(str(tmp_path / "zarr"))
    for file in sorted((tmp_path / "zarr").rglob("*")):
        if file.is_file():
            same = tmp_path / "ours" / file.relative_to(tmp_path / "zarr")
            if file.name == "zarr.json":
                found, expected = (json.loads(one.read_text()) for one in (same, file))
                assert found == expected, file
            else:
                assert same.read_bytes() == file.read_bytes(), file
    assert ours.names() == sorted([*complete, *empty])
    about = {"title": "ours", "years": [1, 2], "status": "finished", "runs": 3}
    assert ours.attributes == about
    with pytest.raises(TypeError, match="set in the attributes"):
        ours.say(wrong={1})
    assert ours.attributes == about
    with pytest.raises(ValueError, match="numbers and texts"):
        ours.add("dates", ["two"], np.array(["2000", "2001"], "M8[Y]"), {})
    for consolidated in (True, False):
        read = xr.open_zarr(tmp_path / "ours", consolidated=consolidated, chunks=None)
        for name, (dims, values, attributes) in complete.items():
            assert read[name].dims == tuple(dims)
            assert (read[name].values == values).all() or name == "height"
            assert read[name].attrs == attributes
    assert ours.numbers("height").tobytes() == complete["height"][1].tobytes()
    assert ours.array("packed") == ((4, 6), (2, 6), np.dtype("f8"), ("year", "six"))


# Chunks


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_chunks_are_those_of_zarr(tmp_path: Path, dtype: str, data: Any) -> None:
    """Bit for bit in both directions, any values and shapes, a last chunk that reaches beyond."""
    shape = data.draw(hnp.array_shapes(min_dims=2, max_dims=3, max_side=7))
    chunk = tuple(data.draw(st.integers(1, size)) for size in shape)
    values = data.draw(hnp.arrays(dtype, shape))
    dims = [f"axis{number}" for number in range(len(shape))]
    by_zarr, by_us = tmp_path / "zarr", tmp_path / "ours"
    for path in (by_zarr, by_us):
        create_group(path, {}).add_empty("x", dims, shape, chunk, {}, dtype, Codec.RAW)
    with zarr.config.set({"array.write_empty_chunks": True}):
        zarr.open_group(by_zarr)["x"][...] = values
    counts = [-(-size // step) for size, step in zip(shape, chunk, strict=True)]
    for index in np.ndindex(*counts):
        whole = np.full(chunk, np.nan, dtype)
        part = tuple(slice(i * n, (i + 1) * n) for i, n in zip(index, chunk, strict=True))
        whole[tuple(slice(0, size) for size in values[part].shape)] = values[part]
        checksum = write_chunk(by_us / "x", index, whole)
        assert chunk_checksum(by_us / "x", index) == checksum
        read = map_chunk(by_zarr / "x", index, dtype, chunk)
        inside = read[tuple(slice(0, size) for size in values[part].shape)]
        assert inside.tobytes() == values[part].tobytes()
    assert np.asarray(zarr.open_group(by_us)["x"][...]).tobytes() == values.tobytes()
    if all(size % step == 0 for size, step in zip(shape, chunk, strict=True)):
        for file in (by_zarr / "x/c").rglob("*"):
            if file.is_file():
                assert file.read_bytes() == (by_us / file.relative_to(by_zarr)).read_bytes()


def test_a_chunk_anywhere(folder: Place) -> None:
    values = np.random.default_rng(0).standard_normal((2, 3, 5)).astype(np.float32)
    create_group(folder, {}).add_empty("x", "abc", (4, 3, 5), (2, 3, 5), {}, "f4", Codec.RAW)
    assert chunk_checksum(folder / "x", (1, 0, 0)) is None
    checksum = write_chunk(folder / "x", (1, 0, 0), values)
    assert chunk_checksum(folder / "x", (1, 0, 0)) == checksum
    read = map_chunk(folder / "x", (1, 0, 0), "f4", (2, 3, 5))
    assert read.tobytes() == values.tobytes()
    data = map_chunk(folder / "x", (1, 0, 0), np.uint8, (values.nbytes,))
    assert data.tobytes() == values.tobytes()
    whole = open_dataset(folder)["x"].values
    assert np.isnan(whole[:2]).all()
    assert whole[2:].tobytes() == values.tobytes()


def test_a_chunk_that_is_a_view_of_another_order(tmp_path: Path) -> None:
    values = np.arange(24, dtype=">f4").reshape(2, 3, 4).transpose(2, 0, 1)
    create_group(tmp_path / "g", {}).add_empty(
        "x", "abc", (4, 2, 3), (4, 2, 3), {}, "f4", Codec.RAW
    )
    write_chunk(tmp_path / "g/x", (0, 0, 0), values)
    assert (open_dataset(tmp_path / "g")["x"].values == values).all()


def test_a_local_raw_chunk_is_mapped_and_not_copied(tmp_path: Path) -> None:
    values = np.arange(24, dtype=np.float32).reshape(2, 3, 4)
    create_group(tmp_path / "g", {}).add_empty(
        "x", "abc", (2, 3, 4), (2, 3, 4), {}, "f4", Codec.RAW
    )
    write_chunk(tmp_path / "g/x", (0, 0, 0), values)
    read = map_chunk(tmp_path / "g/x", (0, 0, 0), "f4", (2, 3, 4))
    assert not read.flags.writeable
    assert not read.flags.owndata
    # What is mapped follows the file.
    with (tmp_path / "g/x/c/0/0/0").open("r+b") as stream:
        stream.write(np.float32(7.0).tobytes())
    assert read[0, 0, 0] == 7.0


@pytest.mark.parametrize("damage", ["cut", "empty", "longer", "other bytes"])
def test_a_damaged_chunk_is_noticed(tmp_path: Path, damage: str) -> None:
    values = np.random.default_rng(1).standard_normal((1, 40, 50))
    group = create_group(tmp_path / "g", {})
    group.add_empty("x", "abc", (1, 40, 50), (1, 40, 50), {}, "f8", Codec.RAW)
    checksum = write_chunk(tmp_path / "g/x", (0, 0, 0), values)
    file = tmp_path / "g/x/c/0/0/0"
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes({"cut": data[: len(data) // 2], "empty": b"", "longer": data + data,
                      "other bytes": data}[damage])  # fmt: skip
    assert chunk_checksum(tmp_path / "g/x", (0, 0, 0)) != checksum
    if damage != "other bytes":
        with pytest.raises(ValueError, match="a chunk of"):
            map_chunk(tmp_path / "g/x", (0, 0, 0), "f8", values.shape)
        with pytest.raises(ValueError, match="a chunk of"):
            map_chunk(tmp_path / "g/x", (0, 0, 0), np.uint8, (values.nbytes,))


def test_a_store_that_was_removed_does_not_come_back_by_halves(tmp_path: Path) -> None:
    create_group(tmp_path / "g", {}).add_empty("x", "ab", (4, 4), (2, 4), {})
    remove(tmp_path / "g")
    with pytest.raises(FileNotFoundError):
        write_chunk(tmp_path / "g/x", (0, 0), np.zeros((2, 4)))
    assert not (tmp_path / "g").exists()


# The store of fluxes


@pytest.mark.parametrize("bands", [1, 4, 100])
def test_what_is_written_is_what_any_reader_finds(world: World, folder: Place, bands: int) -> None:
    inputs = prepared(world)
    store, lines = filled(folder / "fluxes.zarr", inputs, bands)
    found = results(inputs, store)
    dataset = open_dataset(folder / "fluxes.zarr")
    assert dataset["experiment"].values.tolist() == list(DRIVERS[:2])
    assert dataset["month_of_year"].values.tolist() == list(range(1, 13))
    assert dataset["carbon_sink_flux_by_month"].dims == (
        "month_of_year", "year", "layer", "lat", "lon")  # fmt: skip
    assert dataset["carbon_sink_flux_by_month"].dtype == np.float32
    assert dataset[FLUX].dtype == np.float64
    for block in store.blocks:
        part = {"lat": block.rows, "year": inputs.study.years.index(block.year)}
        offset = block.rows.start * inputs.grid.lon.size
        local = inputs.cells[block.cells] - offset

        def on_land(values: xr.DataArray, local: np.ndarray = local) -> np.ndarray:
            return values.values.reshape(*values.shape[:-2], -1)[..., local]

        result = found[block.number]
        assert on_land(dataset[FLUX].isel(part)).tobytes() == result.parts[0].tobytes()
        for name, values in result.extras.items():
            assert on_land(dataset[name].isel(part)).tobytes() == values.tobytes()
    water = np.ones(inputs.grid.shape, bool).ravel()
    water[inputs.cells] = False
    flux = dataset[FLUX].values.reshape(2, 4, -1)
    assert np.isnan(flux[..., water]).all()
    assert np.isnan(flux[..., np.ravel_multi_index(ICE_CELL, inputs.grid.shape)]).all()
    assert store.packed(FLUX, (1,)).tobytes() == np.ascontiguousarray(
        flux[1][:, inputs.cells]).tobytes()  # fmt: skip
    assert store.packed("carbon_sink_flux_by_experiment", (1, 0)).dtype == np.float32
    assert set(lines) == store.whole_blocks(lines) == set(range(2 * store.bands))


def test_bands_cover_the_land_and_blocks_count_on(world: World, tmp_path: Path) -> None:
    inputs = prepared(world)
    height = inputs.grid.shape[0]
    for bands in (1, 2, 7, height, height + 5):
        store = FluxStore.create(tmp_path / f"{bands}.zarr", inputs, (), {}, "mark", bands)
        assert store.bands <= bands
        assert [block.number for block in store.blocks] == list(range(2 * store.bands))
        one_year = store.blocks[: store.bands]
        ends = [(block.cells.start, block.cells.stop) for block in one_year]
        assert ends[0][0] == 0
        assert ends[-1][1] == inputs.cells.size
        assert all(one[1] == other[0] for one, other in pairwise(ends))
        again = FluxStore.open(tmp_path / f"{bands}.zarr", inputs, "mark")
        assert again.blocks == store.blocks
    # The southern row of the small world is water: with a band a row it has no block.
    assert store.bands == height - 1


def test_order_of_the_blocks_does_not_count(world: World, tmp_path: Path) -> None:
    inputs = prepared(world)
    for number, order in enumerate((1, -1)):
        store, _ = filled(tmp_path / f"{number}.zarr", inputs, 3, order)
        store.write_means_by_mineral(np.full((5, 4, inputs.cells.size), 0.2))
        store.write_missing(inputs.missing)
    one, other = (files_below(tmp_path / f"{number}.zarr") for number in range(2))
    assert list(one) == list(other)
    assert [file.read_bytes() for file in one.values()] == [
        file.read_bytes() for file in other.values()
    ]


@pytest.mark.parametrize("damage", ["removed", "cut", "other bytes"])
def test_only_blocks_that_are_as_written_are_whole(
    world: World, tmp_path: Path, damage: str
) -> None:
    inputs = prepared(world)
    store, lines = filled(tmp_path / "f.zarr", inputs, 2)
    block = store.blocks[2]
    file = tmp_path / "f.zarr/carbon_sink_flux_by_month/c/6/1/0/0/0"
    data = bytearray(file.read_bytes())
    data[-1] ^= 255
    if damage == "removed":
        file.unlink()
    else:
        file.write_bytes(data[:-3] if damage == "cut" else data)
    again = FluxStore.open(tmp_path / "f.zarr", inputs, "mark")
    assert again.whole_blocks(lines) == set(lines) - {block.number}
    assert (again.checksum(block) is None) == (damage == "removed")
    again.write_block(block, results(inputs, again)[block.number])
    assert again.whole_blocks(lines) == set(lines)
    failed = Entry(0, 2000, 0, FAILED, 0.1, {}, "", "why")
    assert 0 not in again.whole_blocks({**lines, 0: failed})


def test_what_a_killed_writer_left_is_swept_away(world: World, tmp_path: Path) -> None:
    inputs = prepared(world)
    store, lines = filled(tmp_path / "f.zarr", inputs, 1)
    whole = {name: file.read_bytes() for name, file in files_below(tmp_path / "f.zarr").items()}
    (tmp_path / "f.zarr/carbon_sink_flux/c/1/0/0/0.123-456.part").write_bytes(b"half")
    (tmp_path / f"f.zarr/zarr.{uuid4().hex}.partial").write_bytes(b"half, of Zarr's own writer")
    assert store.whole_blocks(lines) == set(lines)
    sweep(tmp_path / "f.zarr")
    assert {name: file.read_bytes()
            for name, file in files_below(tmp_path / "f.zarr").items()} == whole  # fmt: skip


def test_what_a_killed_process_had_begun_to_remove_goes_with_the_next_removal(
    tmp_path: Path,
) -> None:
    begun = tmp_path / "f.zarr.removed"
    begun.mkdir()
    (begun / "rest").write_bytes(b"rest")
    remove(tmp_path / "f.zarr")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("damage", [
    "lat/c/0", "lat/zarr.json", "zarr.json", "carbon_sink_flux/zarr.json", "experiment/c/0",
    "cell_area/c/0/0", "carbon_sink_flux_by_month/zarr.json",
])  # fmt: skip
@pytest.mark.parametrize("how", ["removed", "cut"])
def test_a_store_whose_frame_is_damaged_is_not_opened(
    world: World, tmp_path: Path, damage: str, how: str
) -> None:
    inputs = prepared(world)
    filled(tmp_path / "f.zarr", inputs, 1)
    file = tmp_path / "f.zarr" / damage
    file.unlink() if how == "removed" else file.write_bytes(file.read_bytes()[:-9])
    with pytest.raises(StoreError):
        FluxStore.open(tmp_path / "f.zarr", inputs, "mark")


def test_a_store_that_was_not_made_to_the_end_is_not_opened(world: World, tmp_path: Path) -> None:
    inputs = prepared(world)
    filled(tmp_path / "f.zarr", inputs, 1)
    group = zarr.open_group(tmp_path / "f.zarr")
    del group.attrs["frame_sha256"]
    with pytest.raises(StoreError, match="cannot be opened"):
        FluxStore.open(tmp_path / "f.zarr", inputs, "mark")
    with pytest.raises(StoreError, match="cannot be opened"):
        FluxStore.open(tmp_path / "nothing.zarr", inputs, "mark")


def test_a_store_removed_under_the_run_is_a_clear_error(world: World, tmp_path: Path) -> None:
    inputs = prepared(world)
    store, _ = filled(tmp_path / "f.zarr", inputs, 1)
    found = results(inputs, store)
    remove(tmp_path / "f.zarr")
    with pytest.raises(StoreError, match="cannot be written"):
        store.write_block(store.blocks[0], found[0])
    with pytest.raises(StoreError, match="cannot be read"):
        store.packed(FLUX, (0,))
    assert not (tmp_path / "f.zarr").exists()


@pytest.mark.parametrize("bands", [1, 5])
def test_means_by_mineral_are_the_means_of_the_maps(
    world: World, folder: Place, bands: int
) -> None:
    inputs = prepared(world, reading__preset="profile_physical", **TWO_GROUPS)
    parts = len(inputs.model.groups)
    assert parts == 2
    store, _ = filled(folder / "f.zarr", inputs, bands, parts=parts)
    shares = np.random.default_rng(3).uniform(0.0, 1.0, (2, 4, inputs.cells.size))
    mean = store.write_means_by_mineral(shares)
    dataset = open_dataset(folder / "f.zarr")
    assert dataset[FLUX].values.shape == (2, 4, *inputs.grid.shape)
    by_group = dataset["carbon_sink_flux_by_group"].values
    assert np.array_equal(by_group[:, 0] + by_group[:, 1], dataset[FLUX].values, equal_nan=True)
    expected = (by_group[0] + by_group[1]) / 2.0
    packed = expected.reshape(2, 4, -1)[..., inputs.cells]
    assert np.array_equal(mean, packed, equal_nan=True)
    stored = dataset[BY_MINERAL].values.reshape(2, 4, -1)[..., inputs.cells]
    for part, group in enumerate(inputs.model.groups):
        for mineral in group.members:
            assert np.array_equal(stored[mineral], packed[part] * shares[mineral], equal_nan=True)
    assert dataset.attrs["years_used"] == [2000, 2001]


def test_a_year_without_values_is_left_out_of_the_means(world: World, tmp_path: Path) -> None:
    """Everywhere without a value: not used; in one band alone: used, and no mean there."""
    inputs = prepared(world)
    store = FluxStore.create(tmp_path / "f.zarr", inputs, (), {}, "mark", 3)
    cells = inputs.cells.size
    for block in store.blocks:
        flux = np.full((1, 4, cells), np.nan if block.year == 2000 else 3.0)
        store.write_block(block, Result(flux[..., block.cells], None, {}, {}))
    assert store.used_years() == [2001]
    mean = store.write_means_by_mineral(np.ones((5, 4, cells)))
    assert (mean == 3.0).all()
    first = store.blocks[0]
    store.write_block(first, Result(np.full((1, 4, first.cells.stop), 1.0), None, {}, {}))
    again = FluxStore.open(tmp_path / "f.zarr", inputs, "mark")
    mean = again.write_means_by_mineral(np.ones((5, 4, cells)))
    assert again.used_years() == [2000, 2001]
    assert (mean[..., first.cells] == 2.0).all()
    assert np.isnan(mean[..., first.cells.stop :]).all()


def test_the_checksum_of_the_rest_sees_every_file(world: World, tmp_path: Path) -> None:
    inputs = prepared(world)
    store, _ = filled(tmp_path / "f.zarr", inputs, 1)
    store.write_means_by_mineral(np.ones((5, 4, inputs.cells.size)))
    store.write_missing(inputs.missing)
    whole = store.static_checksum()
    blocks = (f"{FLUX}/c/", *(f"{extra.name}/c/" for extra in EXTRAS))
    for name, file in files_below(tmp_path / "f.zarr").items():
        data = file.read_bytes()
        file.write_bytes(data[:-1] + bytes([data[-1] ^ 1]))
        assert (store.static_checksum() == whole) == name.startswith(blocks), name
        file.write_bytes(data)


# The store of inputs


@pytest.mark.parametrize("changes", [{}, {"grid__resolution_deg": 30.0}], ids=["own", "coarser"])
def test_stored_and_direct_forcing_are_the_same_bits(
    world: World, folder: Place, changes: dict[str, Any]
) -> None:
    direct = prepared(world, output__store_forcing="always", **changes)
    stored = write_inputs(folder / "inputs.zarr", direct, "mark", quiet)
    for year in (2000, 2001):
        for one, other in zip(direct.read_year(year), stored.read_year(year), strict=True):
            assert one.dtype == other.dtype == np.float32
            assert one.tobytes() == np.ascontiguousarray(other).tobytes()
            assert np.isnan(one[..., direct.land_ice]).all()
    part = slice(3, 11)
    for whole, some in zip(stored.read_year(2001), stored.read_year(2001, part), strict=True):
        assert np.array_equal(whole[..., part], some, equal_nan=True)
    for one, other in zip(direct.read_year(2001, part), stored.read_year(2001, part), strict=True):
        assert np.array_equal(one, other, equal_nan=True)
    dataset = open_dataset(folder / "inputs.zarr")
    assert dataset["soil_temperature"].values[12:].tobytes() == np.ascontiguousarray(
        direct.read_year(2001).soil_temperature).tobytes()  # fmt: skip


def test_a_local_stored_year_is_not_copied(world: World, tmp_path: Path) -> None:
    stored = write_inputs(tmp_path / "inputs.zarr", prepared(world), "mark", quiet)
    for array in stored.read_year(2000, slice(5, 9)):
        assert not array.flags.owndata
        assert not array.flags.writeable
    with pytest.raises(ValueError, match="follow one another"):
        stored.forcing.read_year(2000, stored.source_cells[::2])


def test_inputs_are_whole_or_written_anew(world: World, folder: Place) -> None:
    inputs = prepared(world)
    path = folder / "inputs.zarr"
    assert not inputs_are_written(path, "mark")
    write_inputs(path, inputs, "mark", quiet)
    assert inputs_are_written(path, "mark")
    assert not inputs_are_written(path, "another run")
    whole = {name: file.read_bytes() for name, file in files_below(path).items()}
    for name in ("soil_moisture/c/1/0/0", "evapotranspiration/c/0/0", "clay/c/0/0", "lat/zarr.json",
                 "zarr.json", "soil_temperature/zarr.json"):  # fmt: skip
        for spoiled in (None, whole[name][:-1], whole[name][:-1] + bytes([whole[name][-1] ^ 1])):
            if spoiled is None:
                remove(path / name)
            else:
                write_bytes(path / name, spoiled)
            # A last byte of the group's own metadata is the end of its line, without a meaning.
            if not (name == "zarr.json" and spoiled is not None):
                assert not inputs_are_written(path, "mark"), name
            write_inputs(path, inputs, "mark", quiet)
            write_bytes(path / name, whole[name])
            assert inputs_are_written(path, "mark")
    assert {name: file.read_bytes() for name, file in files_below(path).items()} == whole


def test_the_source_is_read_once(world: World, tmp_path: Path) -> None:
    inputs = prepared(world)
    read: list[int] = []
    source = inputs.forcing.read_year

    def counted(year: int, cells: Any) -> Any:
        read.append(year)
        return source(year, cells)

    inputs.forcing.read_year = counted  # type: ignore[method-assign]
    stored = write_inputs(tmp_path / "inputs.zarr", inputs, "mark", quiet)
    stored.read_year(2000)
    assert sorted(read) == [2000, 2001]


# The ledger


def test_the_last_line_of_a_block_counts(folder: Place) -> None:
    ledger = Ledger(folder / "ledger.jsonl")
    write_text(folder / "run.json", "{}")
    assert ledger.entries() == {}
    first = Entry(0, 2000, 0, FAILED, 1.5, {}, "", "no value: π")
    other = Entry(1, 2000, 1, DONE, 2.5, {"clipped": 3}, "abc")
    again = Entry(0, 2000, 0, DONE, 0.5, {"clipped": 1}, "def")
    for entry in (first, other, again):
        ledger.add(entry)
    assert ledger.entries() == {0: again, 1: other}
    ledger.clear()
    assert ledger.entries() == {}


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cut=st.integers(0, 300))
def test_a_line_cut_off_by_a_crash_does_not_count(tmp_path: Path, cut: int) -> None:
    path = tmp_path / "ledger.jsonl"
    path.unlink(missing_ok=True)
    ledger = Ledger(path)
    lines = [Entry(number, 2000 + number, 0, DONE, 0.5, {}, "abc") for number in range(3)]
    for line in lines[:2]:
        ledger.add(line)
    whole = path.read_bytes()
    cut = min(cut, len(whole))
    path.write_bytes(whole[: len(whole) - cut])
    first = whole.index(b"\n")
    kept = {0: lines[0], 1: lines[1]}
    if cut > 1:  # without its line feed alone a line is whole
        kept.pop(1)
    if len(whole) - cut < first:
        kept.pop(0)
    assert ledger.entries() == kept
    ledger.add(lines[2])
    assert ledger.entries() == {**kept, 2: lines[2]}
