"""The order of blocks, and what the blocks of a band share: made once, bands beside each other."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from saprolite.engine.column_blocks import ColumnKernel
from saprolite.engine.kernels import Block, Result, kernel_of
from saprolite.engine.pathway_blocks import PathwayKernel
from saprolite.engine.turns import SharedByBand, in_turns
from saprolite.inputs import Prepared, prepare
from saprolite.study import Study
from test_column_grid import study as column_study
from test_run import fluxes_only
from world import World

PATIENCE = 60.0


@given(st.integers(1, 12), st.integers(1, 5), st.integers(1, 6), st.booleans())
def test_few_bands_are_in_work_at_a_time(
    bands: int, years: int, workers: int, shares: bool
) -> None:
    blocks = [Block(n, n // bands, slice(0), slice(0)) for n in range(bands * years)]
    order = in_turns(reversed(blocks), bands, workers, shares)
    assert sorted(order) == blocks
    if not shares:
        assert order == blocks
        return
    places: dict[int, list[int]] = {}
    for position, block in enumerate(order):
        places.setdefault(block.number % bands, []).append(position)
    for position in range(len(order)):
        begun = [band for band, own in places.items() if own[0] <= position <= own[-1]]
        assert len(begun) <= workers


def test_a_value_is_made_once_and_few_are_held() -> None:
    made: list[int] = []

    def make(cells: slice) -> np.ndarray:
        made.append(cells.start)
        return np.array([cells.start])

    shared = SharedByBand(make, 1)

    def ask(start: int) -> int:
        with shared.of(slice(start, start + 1)) as value:
            return int(value[0])

    assert [ask(start) for start in (0, 1, 0, 1, 2, 1, 2)] == [0, 1, 0, 1, 2, 1, 2]
    assert made == [0, 1, 2]
    with shared.of(slice(7, 8)), shared.of(slice(8, 9)), shared.of(slice(9, 10)):
        assert len(shared._entries) == 3  # in use, all of them
    assert len(shared._entries) == 2


def test_an_error_is_not_held() -> None:
    answers = iter([ArithmeticError("made up"), None])

    def make(cells: slice) -> int:
        error = next(answers)
        if error:
            raise error
        return cells.start

    shared = SharedByBand(make, 1)
    with pytest.raises(ArithmeticError), shared.of(slice(4, 5)):
        pass
    with shared.of(slice(4, 5)) as value:
        assert value == 4


def test_bands_are_made_beside_each_other() -> None:
    both = threading.Barrier(2)

    def make(cells: slice) -> int:
        both.wait(PATIENCE)
        return cells.start

    shared = SharedByBand(make, 2)

    def ask(start: int) -> int:
        with shared.of(slice(start, start + 1)) as value:
            return value

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(ask, [0, 1, 0, 1])) == [0, 1, 0, 1]


def test_a_base_cycle_is_computed_once_a_band(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = World(tmp_path / "w", years=range(2000, 2004)).write()
    plain, begun = PathwayKernel._base_cycle, []

    def counted(self: PathwayKernel, cells: slice) -> Any:
        begun.append(cells.start)
        return plain(self, cells)

    monkeypatch.setattr(PathwayKernel, "_base_cycle", counted)
    content = world.study(experiments__run=["soil_moisture"], engine__bands=15, engine__workers=1)
    fluxes_only(content, tmp_path / "out")
    assert len(begun) == len(set(begun)) == 14  # the southernmost of 15 rows is water


def test_the_year_before_is_not_read_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With trailing sums, in order every year is read once; in any order the bits are the same."""
    world = World(tmp_path / "w", years=range(2000, 2004)).write()
    content = world.study(reading__et_mode="trailing12", engine__workers=1)
    inputs = prepare(Study.of(content, Path()))
    plain, read = Prepared.read_year, []

    def counted(self: Prepared, year: int, cells: slice = slice(None)) -> Any:
        read.append((year, cells.start))
        return plain(self, year, cells)

    monkeypatch.setattr(Prepared, "read_year", counted)
    blocks = [Block(n, 2000 + n // 2, slice(0), slice(200 * (n % 2), 200 * (n % 2) + 200))
              for n in range(8)]  # fmt: skip
    kernel = kernel_of(inputs)
    found = [kernel.block(block).parts for block in blocks]
    assert len(read) == len(set(read)) == 8
    kernel = kernel_of(inputs)
    back = [kernel.block(block).parts for block in blocks[::-1]][::-1]
    assert all(np.array_equal(one, other, equal_nan=True)
               for one, other in zip(found, back, strict=True))  # fmt: skip
    assert np.isfinite(found[2]).any()


def test_climatologies_of_bands_are_solved_beside_each_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    both, solved = threading.Barrier(2), []

    def solve(self: ColumnKernel, year: int, cells: slice) -> Result:
        both.wait(PATIENCE)
        solved.append(cells.start)
        return Result(np.full((1, 1, 1), float(cells.start)), None, {}, {})

    monkeypatch.setattr(ColumnKernel, "_solved", solve)
    content = column_study(world, changes={"averaging": "climatology"}, engine__workers=2)
    kernel = kernel_of(prepare(Study.of(content, Path())))
    blocks = [Block(n, 2000 + n // 2, slice(0), slice(n % 2, n % 2 + 1)) for n in range(4)]
    with ThreadPoolExecutor(2) as pool:
        found = [float(result.parts[0, 0, 0]) for result in pool.map(kernel.block, blocks)]
    assert found == [0.0, 1.0, 0.0, 1.0]
    assert sorted(solved) == [0, 1]
