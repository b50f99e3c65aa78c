"""What is kept on the disk: found again for the same files and choices alone, whole or not at all."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saprolite.sources import kept as module
from saprolite.sources.kept import Arrays, Keeper


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SAPROLITE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "months.nc4"
    path.write_bytes(b"of one kind")
    return path


class Maker:
    """Arrays that are made, and how often they were."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> Arrays:
        self.calls += 1
        return {"size": np.array([1.5, np.nan], np.float32), "added": np.array([True, False])}

    def found(self, file: Path, keeper: Keeper | None = None, **parts: Any) -> Arrays:
        return (keeper or Keeper()).keep("seam", {"years": [2000, 2004], **parts}, [file])(self)


def same(one: Arrays, other: Arrays) -> bool:
    return all(one[name].dtype == other[name].dtype and
               np.array_equal(one[name], other[name], equal_nan=name == "size")
               for name in ("size", "added"))  # fmt: skip


def test_they_are_made_once(file: Path, cache: Path) -> None:
    make = Maker()
    assert same(make.found(file), Maker()())
    assert same(make.found(file), Maker()())
    assert make.calls == 1
    assert len(list(cache.rglob("*.npz"))) == 1


def test_other_files_choices_or_code_have_others(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = Maker()
    make.found(file)
    make.found(file, years=[2000, 2005])
    file.write_bytes(b"of another ")
    make.found(file)
    monkeypatch.setattr(module, "package_digest", lambda: "other code")
    make.found(file)
    make.found(file)
    assert make.calls == 4


@pytest.mark.parametrize("fault", ["truncated", "empty", "a byte changed"])
def test_a_damaged_file_is_made_anew(file: Path, cache: Path, fault: str) -> None:
    make = Maker()
    make.found(file)
    (path,) = cache.rglob("*.npz")
    whole = path.read_bytes()
    at = whole.index(np.float32(1.5).tobytes())
    changed = whole[:at] + b"\x01" + whole[at + 1 :]
    path.write_bytes({"truncated": whole[:-30], "empty": b"", "a byte changed": changed}[fault])
    assert same(make.found(file), Maker()())
    assert make.calls == 2
    assert path.read_bytes() == whole


def test_a_folder_that_cannot_be_written_is_no_obstacle(file: Path, cache: Path) -> None:
    cache.write_text("no folder")
    make = Maker()
    assert same(make.found(file), Maker()())
    assert same(make.found(file), Maker()())
    assert make.calls == 2


def test_only_the_last_stay(file: Path, cache: Path) -> None:
    make = Maker()
    for year in range(2000, 2010):
        make.found(file, years=[year, year + 5])
        for age, path in enumerate(
            sorted(cache.rglob("*.npz"), key=lambda p: p.stat().st_mtime_ns)
        ):
            os.utime(path, ns=(age, age))
    assert len(list(cache.rglob("*.npz"))) == module._NEWEST
    make.found(file, years=[2009, 2014])
    assert make.calls == 10


def test_a_run_gives_them_to_workers_that_read_no_input(
    file: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keeper, make = Keeper(), Maker()
    arrays = make.found(file, keeper)
    assert keeper.nbytes == sum(array.nbytes for array in arrays.values()) >= 10
    keeper.give(tmp_path / "run")
    monkeypatch.setenv("SAPROLITE_CACHE", str(tmp_path / "of a worker"))
    monkeypatch.setattr(module, "digests", lambda _: pytest.fail("an input was read"))
    assert same(make.found(file, Keeper(tmp_path / "run")), arrays)
    monkeypatch.undo()
    make.found(file, Keeper(tmp_path / "run"), rules=[0.5])  # other choices are not given
    make.found(file, Keeper(tmp_path / "no run"), rules=[0.7])
    assert make.calls == 3
    Keeper().give(tmp_path / "nothing")
    assert not (tmp_path / "nothing").exists()
