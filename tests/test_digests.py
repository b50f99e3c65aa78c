"""Digests of input files: those of the content, whatever was remembered."""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

import pytest

from saprolite.sources import digests as module
from saprolite.sources import remembered
from saprolite.sources.digests import digest, digests


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of caches of its own; files need not be old nor large to be remembered."""
    monkeypatch.setenv("SAPROLITE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(remembered, "_SETTLED_NS", 0)
    monkeypatch.setattr(module, "_WORTH_BYTES", 2)
    return tmp_path / "cache"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files that were read."""
    found: list[Path] = []
    real = module._read

    def read(path: Path) -> str:
        found.append(path)
        return real(path)

    monkeypatch.setattr(module, "_read", read)
    return found


def truth(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_a_file_that_stays_is_read_once(tmp_path: Path, reads: list[Path]) -> None:
    files = [tmp_path / f"{number}.nc" for number in range(9)]
    for file in files:
        file.write_text(f"content of {file.name}")
    expected = [truth(file) for file in files]
    assert digests(files) == expected
    assert digests(reversed(files)) == expected[::-1]
    assert sorted(reads) == files


@pytest.mark.parametrize("change", ["content", "content and time set back", "another in its place"])
def test_a_changed_file_is_read_again(tmp_path: Path, change: str) -> None:
    file = tmp_path / "x.nc"
    file.write_text("before")
    status = file.stat()
    assert digest(file) == truth(file)
    if change == "another in its place":
        (tmp_path / "y.nc").write_text("behind")
        os.utime(tmp_path / "y.nc", ns=(status.st_atime_ns, status.st_mtime_ns))
        (tmp_path / "y.nc").replace(file)
    else:
        file.write_text("behind")
    if change == "content and time set back":
        os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))
    assert digest(file) == hashlib.sha256(b"behind").hexdigest()


def test_a_file_just_written_or_small_is_not_remembered(
    tmp_path: Path, reads: list[Path], monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    monkeypatch.setattr(remembered, "_SETTLED_NS", 10**15)
    fresh, small = tmp_path / "fresh.nc", tmp_path / "small.nc"
    fresh.write_text("just written")
    small.write_text("s")
    for _ in range(2):
        assert digests([fresh, small]) == [truth(fresh), truth(small)]
    assert len(reads) == 4
    assert not cache.exists()


def test_a_file_that_changes_while_it_is_read_is_not_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cache: Path
) -> None:
    file = tmp_path / "x.nc"
    file.write_text("before")
    real = module._read

    def read(path: Path) -> str:
        found = real(path)
        path.write_text("afterwards")
        return found

    monkeypatch.setattr(module, "_read", read)
    digest(file)
    assert not cache.exists()


@pytest.mark.parametrize("damage", ["", "{", "[]", '{"stamp": 1}'])
def test_a_damaged_note_is_as_none(tmp_path: Path, cache: Path, damage: str) -> None:
    file = tmp_path / "x.nc"
    file.write_text("content")
    digest(file)
    (note,) = (cache / "digests").iterdir()
    assert json.loads(note.read_text())["file"] == str(file.resolve())
    note.write_text(damage)
    assert digest(file) == truth(file)


def test_a_cache_that_cannot_be_written_does_no_harm(tmp_path: Path, cache: Path) -> None:
    cache.write_text("a file in its place")
    file = tmp_path / "x.nc"
    file.write_text("content")
    assert digest(file) == truth(file)
