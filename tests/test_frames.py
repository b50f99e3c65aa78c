"""Maps of land and water packed by copying: what Blosc makes of them, and the way back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numcodecs.blosc
import numpy as np
import numpy.typing as npt
import pytest
import zarr
from hypothesis import given, settings
from hypothesis import strategies as st

from saprolite.chunks import BLOCK_BYTES, chunk_checksum, map_chunk, write_chunk
from saprolite.engine.frames import Frame
from saprolite.stores import create_group

DTYPES = [np.dtype("<f4"), np.dtype("<f8")]


def random_values(layers: int, cells: int, dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    """Any bits: numbers, infinities, NaN of any kind."""
    random = np.random.default_rng(cells)
    return np.frombuffer(random.bytes(layers * cells * dtype.itemsize), dtype).reshape(layers, -1)


def unpacked(data: npt.NDArray[np.uint8], dtype: np.dtype[Any]) -> npt.NDArray[Any]:
    return np.frombuffer(numcodecs.blosc.Blosc().decode(data), dtype)


def require_both_ways(
    land: npt.NDArray[np.int64], layers: int, area: int, dtype: np.dtype[Any]
) -> Frame:
    """Blosc unpacks what was filled in, and what is taken out has the same bits."""
    frame = Frame.of(land, layers, area, dtype)
    values = random_values(layers, land.size, dtype)
    expected = np.full((layers, area), np.nan, dtype)
    expected[:, land] = values
    data = frame.fixed.copy()
    frame.fill(values, data)
    assert unpacked(data, dtype).tobytes() == expected.tobytes()
    back = np.empty_like(values)
    assert frame.take(data, back)
    assert back.tobytes() == values.tobytes()
    return frame


@given(data=st.data(), dtype=st.sampled_from(DTYPES), layers=st.integers(1, 4))
@settings(max_examples=300, deadline=None)
def test_any_land(data: Any, dtype: np.dtype[Any], layers: int) -> None:
    """Runs of land and water of any length, first and last ones too."""
    lengths = data.draw(st.lists(st.integers(1, 40), min_size=1, max_size=30))
    wet_first = data.draw(st.booleans())
    land = np.repeat((np.arange(len(lengths)) + wet_first) % 2 == 0, lengths)
    require_both_ways(np.flatnonzero(land), layers, land.size, dtype)


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
@pytest.mark.parametrize("share", [0.0, 0.001, 0.3, 0.98, 0.999, 1.0])
@pytest.mark.parametrize("run", [1, 7, 3000, 100_000])
def test_maps_of_many_blocks(dtype: np.dtype[Any], share: float, run: int) -> None:
    """Land and water that end with a block, or reach over it, or over all of it."""
    area = 2 * BLOCK_BYTES // dtype.itemsize + 77
    random = np.random.default_rng(run)
    land = np.flatnonzero(np.repeat(random.random(-(-area // run)) < share, run)[:area])
    frame = require_both_ways(land, 2, area, dtype)
    assert frame.fixed.size <= 16 + 2 * area * dtype.itemsize


@pytest.mark.parametrize("dtype", DTYPES, ids=str)
def test_water_takes_little_room(dtype: np.dtype[Any]) -> None:
    land = np.arange(1000, 9000)
    frame = Frame.of(land, 4, 100_000, dtype)
    ours = frame.fixed.size
    values = np.full((4, 100_000), np.nan, dtype)
    values[:, land] = random_values(4, land.size, dtype)
    blosc = numcodecs.blosc.Blosc("lz4", 1, numcodecs.blosc.NOSHUFFLE, BLOCK_BYTES)
    assert ours == pytest.approx(len(blosc.encode(values)), rel=0.01)


@pytest.mark.parametrize("where", ["header", "token", "end"])
def test_bytes_that_are_not_ours_are_refused(where: str) -> None:
    land = np.arange(100, 200)
    frame = Frame.of(land, 1, 1000, DTYPES[0])
    data, values = frame.fixed.copy(), np.empty((1, 100), np.float32)
    frame.fill(np.ones((1, 100), np.float32), data)
    assert frame.take(data, values)
    data[{"header": 12, "token": int(frame.places[0]) - 1, "end": -1}[where]] ^= 1
    assert not frame.take(data, values)
    assert not frame.take(data[:-1], values)


def test_a_map_as_zarr_finds_it(tmp_path: Path) -> None:
    land = np.flatnonzero(np.random.default_rng(0).random(5000) < 0.3)
    frame = Frame.of(land, 3, 5000, DTYPES[0])
    values = random_values(3, land.size, DTYPES[0])
    data = frame.fixed.copy()
    frame.fill(values, data)
    group = create_group(tmp_path / "g", {})
    group.add_empty(
        "x", ["year", "layer", "lat", "lon"], (2, 3, 50, 100), (1, 3, 50, 100), {}, "f4"
    )
    checksum = write_chunk(tmp_path / "g/x", (1, 0, 0, 0), data)
    assert chunk_checksum(tmp_path / "g/x", (1, 0, 0, 0)) == checksum
    whole = zarr.open_group(tmp_path / "g")["x"][...]
    assert np.isnan(whole[0]).all()
    assert whole[1].reshape(3, -1)[:, land].tobytes() == values.tobytes()
    read = map_chunk(tmp_path / "g/x", (1, 0, 0, 0), np.uint8, (data.size,))
    assert read.tobytes() == data.tobytes()
