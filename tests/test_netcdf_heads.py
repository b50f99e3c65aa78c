"""Remembered heads of NetCDF files: those that reading the file gives, as long as it is the same."""

from __future__ import annotations

from pathlib import Path

import netCDF4
import numpy as np
import pytest

from saprolite.errors import InputError
from saprolite.sources import netcdf_heads, remembered
from saprolite.sources.gldas import open_gldas
from saprolite.sources.gldas_files import UNITS
from saprolite.sources.netcdf_heads import head_of
from saprolite.sources.netcdf_layout import Head, read_head
from test_netcdf_chunks import LAYOUTS, Stored, same_bits
from world import World

WHAT = "a file of a test"


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of caches of its own; files need not be old to be remembered."""
    monkeypatch.setenv("SAPROLITE_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(remembered, "_SETTLED_NS", 0)
    return tmp_path / "cache"


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The files whose heads were read."""
    found: list[Path] = []

    def read(path: Path, names: tuple[str, ...], what: str) -> Head:
        found.append(path)
        return read_head(path, names, what)

    monkeypatch.setattr(netcdf_heads, "read_head", read)
    return found


def require_same(one: Head, other: Head) -> None:
    """All of two heads, types of numbers too."""
    assert one.axes.keys() == other.axes.keys()
    for name, values in one.axes.items():
        assert values.dtype == other.axes[name].dtype
        np.testing.assert_array_equal(values, other.axes[name])
    assert one.variables == other.variables
    for name, variable in one.variables.items():
        for key, value in variable.attributes.items():
            found = other.variables[name].attributes[key]
            assert type(found) is type(value), (name, key)
            assert getattr(found, "dtype", None) == getattr(value, "dtype", None)
        if variable.layout is not None:
            assert other.variables[name].layout is not None
            np.testing.assert_array_equal(variable.layout.fills, other.variables[name].layout.fills)
    assert one._replace(axes={}, variables={}) == other._replace(axes={}, variables={})


@pytest.mark.parametrize("how", LAYOUTS)
def test_a_head_is_read_once_and_is_what_was_read(
    tmp_path: Path, how: str, reads: list[Path]
) -> None:
    path = LAYOUTS[how].write(tmp_path / "a.nc", ("v", "w"))
    truth = read_head(path, ("v", "w"), WHAT)
    times = 1 if truth.reason == "" else 2
    for _ in range(2):
        require_same(head_of(path, ("v", "w"), WHAT), truth)
    assert len(reads) == times
    require_same(head_of(path, ("v",), WHAT), read_head(path, ("v",), WHAT))


def test_real_files(data: Path, reads: list[Path]) -> None:
    files = sorted((data / "gldas/noah10_monthly_v21").glob("GLDAS_NOAH10_M.*.nc4"))
    for _ in range(2):
        for file in files:
            require_same(head_of(file, tuple(UNITS), WHAT), read_head(file, tuple(UNITS), WHAT))
    assert reads == files


def test_a_year_by_remembered_heads_has_the_same_bits(tmp_path: Path, reads: list[Path]) -> None:
    world = World(tmp_path / "world", range(2000, 2001)).write()
    first, second = (open_gldas(world.folder, world.years) for _ in range(2))
    assert len(reads) == 12
    cells = np.flatnonzero(first.land())
    assert all(map(same_bits, second.read_year(2000, cells), first.read_year(2000, cells)))


def test_a_changed_file_is_read_again(tmp_path: Path, reads: list[Path]) -> None:
    path = Stored().write(tmp_path / "a.nc")
    head_of(path, ("v",), WHAT)
    with netCDF4.Dataset(path, "r+") as dataset:
        dataset["v"].units = "another"
    assert head_of(path, ("v",), WHAT).variables["v"].units == "another"
    assert len(reads) == 2
    path.write_bytes(path.read_bytes()[:500])
    with pytest.raises(InputError):
        head_of(path, ("v",), WHAT)


def test_notes_of_another_version_are_not_believed(
    tmp_path: Path, reads: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Stored().write(tmp_path / "a.nc")
    head_of(path, ("v",), WHAT)
    monkeypatch.setattr(netcdf_heads, "package_digest", lambda: "another")
    head_of(path, ("v",), WHAT)
    assert len(reads) == 2
