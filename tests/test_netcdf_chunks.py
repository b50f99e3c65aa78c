"""Direct reading of NetCDF chunks: the same bits as netCDF4, whatever the layout of the file."""

from __future__ import annotations

import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from types import ModuleType
from typing import Any

import h5py
import netCDF4
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from saprolite.equations import volumetric_water_content
from saprolite.errors import InputError
from saprolite.sources import netcdf_chunks
from saprolite.sources.files import decode, netcdf
from saprolite.sources.gldas import GldasMonthly, open_gldas
from saprolite.sources.gldas_files import UNITS
from saprolite.sources.netcdf_chunks import Gatherer, Wanted, run_jobs
from saprolite.sources.netcdf_layout import Head, read_head
from world import World

WHAT = "a file of a test"
GLDAS = "gldas/noah10_monthly_v21"
FILL = -9999


@dataclass(frozen=True)
class Stored:
    """How a variable is written."""

    shape: tuple[int, int, int] = (3, 7, 11)
    chunk: tuple[int, int, int] | None = (1, 7, 11)
    dtype: str = "f4"
    endian: str = "little"
    shuffle: bool = True
    level: int = 2
    scale: float | None = None
    offset: float | None = None
    fills: tuple[str, ...] = ("_FillValue", "missing_value")
    options: tuple[tuple[str, Any], ...] = ()

    def write(self, path: Path, names: tuple[str, ...] = ("v",), skip: int = 0) -> Path:
        rng = np.random.default_rng(7)
        with netCDF4.Dataset(path, "w") as dataset:
            for name, size in zip(("time", "lat", "lon"), self.shape, strict=True):
                dataset.createDimension(name, size)
                dataset.createVariable(name, "f8", (name,))[:] = np.arange(size)
            for name in names:
                variable = dataset.createVariable(
                    name, np.dtype(self.dtype).newbyteorder(self.endian), ("time", "lat", "lon"),
                    endian=self.endian,
                    shuffle=self.shuffle, complevel=self.level, zlib=self.level > 0,
                    fill_value=FILL if "_FillValue" in self.fills else None,
                    chunksizes=self.chunk, contiguous=self.chunk is None, **dict(self.options),
                )  # fmt: skip
                variable.set_auto_maskandscale(False)
                for attribute, value in (("scale_factor", self.scale), ("add_offset", self.offset)):
                    if value is not None:
                        variable.setncattr(attribute, value)
                if "missing_value" in self.fills:
                    variable.missing_value = np.asarray(FILL, self.dtype)
                values = (rng.normal(60.0, 10.0, self.shape)).astype(self.dtype)
                if self.fills:
                    values[rng.random(self.shape) < 0.4] = FILL
                variable[skip:] = values[skip:]
        return path


def described(path: Path, names: tuple[str, ...] = ("v",)) -> Head:
    return read_head(path, names, WHAT)


def gathered(
    path: Path, name: str, positions: list[int], cells: np.ndarray, convert: Any = None
) -> np.ndarray:
    """Rows by the direct route."""
    head = described(path, (name,))
    assert head.reason == ""
    rows = np.full((len(positions), cells.size), -1.0, np.float32)
    wanted = Wanted(name, dict(zip(positions, rows, strict=True)), convert)
    shape = (head.axes["lat"].size, head.axes["lon"].size)
    run_jobs(list(Gatherer(cells, shape).jobs(path, head, wanted, WHAT)))
    return rows


def truth(
    path: Path, name: str, positions: list[int], cells: np.ndarray, convert: Any = None
) -> np.ndarray:
    """The same rows by netCDF4, in float64, rounded once."""
    with netcdf(path, WHAT) as dataset:
        rows = [decode(dataset[name], at).ravel()[cells] for at in positions]
    values = np.array(rows).reshape(len(positions), cells.size)
    return (values if convert is None else convert(values)).astype(np.float32)


def same_bits(one: np.ndarray, other: np.ndarray) -> bool:
    return bool((np.isnan(one) == np.isnan(other)).all()) and np.array_equal(
        one[~np.isnan(one)].view(np.uint32), other[~np.isnan(other)].view(np.uint32)
    )


def third(values: Any) -> Any:
    return volumetric_water_content(values, 0.3)


LAYOUTS = {
    "as the product": Stored(),
    "deflate level 9": Stored(level=9),
    "no shuffle": Stored(shuffle=False),
    "no deflate": Stored(level=0, shuffle=False),
    "contiguous": Stored(chunk=None, level=0, shuffle=False),
    "contiguous, big endian": Stored(chunk=None, level=0, shuffle=False, endian="big"),
    "big endian": Stored(endian="big"),
    "months in a chunk": Stored(chunk=(2, 7, 11)),
    "tiles": Stored(chunk=(1, 3, 4)),
    "tiles of months": Stored(chunk=(3, 4, 5), level=4),
    "a chunk larger than the grid": Stored(shape=(1, 7, 11), chunk=(1, 7, 11)),
    "float64": Stored(dtype="f8"),
    "int16, packed": Stored(dtype="i2", scale=0.01, offset=273.15),
    "int16, packed, big endian": Stored(dtype="i2", endian="big", scale=0.03),
    "uint8": Stored(dtype="u1", fills=()),
    "int32": Stored(dtype="i4", offset=1.0),
    "float32, scaled": Stored(scale=0.5),
    "float32, identity scale": Stored(scale=1.0, offset=0.0),
    "no fill value": Stored(fills=()),
    "missing value alone": Stored(fills=("missing_value",)),
}


@pytest.mark.parametrize("stored", LAYOUTS.values(), ids=LAYOUTS.keys())
@pytest.mark.parametrize("convert", [None, third], ids=["as stored", "converted"])
def test_every_layout_gives_the_bits_of_netcdf4(tmp_path: Path, stored: Stored, convert) -> None:  # type: ignore[no-untyped-def]
    path = stored.write(tmp_path / "a.nc")
    positions = list(range(stored.shape[0]))[::-1]
    for cells in (np.arange(77), np.array([3, 4, 5, 40, 41, 76]), np.array([], np.int64)):
        found = gathered(path, "v", positions, cells, convert)
        assert same_bits(found, truth(path, "v", positions, cells, convert))


@settings(max_examples=60)
@given(data=st.data())
def test_any_chunking_any_cells(data: st.DataObject, tmp_path_factory: Any) -> None:
    shape = tuple(data.draw(st.integers(1, 9), label="size") for _ in range(3))
    chunk = tuple(data.draw(st.integers(1, size), label="chunk") for size in shape)
    stored = Stored(
        shape,  # type: ignore[arg-type]
        chunk,  # type: ignore[arg-type]
        data.draw(st.sampled_from(["f4", "f8", "i2", "i4"])),
        data.draw(st.sampled_from(["little", "big"])),
        data.draw(st.booleans()),
        data.draw(st.integers(0, 9)),
        data.draw(st.sampled_from([None, 1.0, 0.02])),
        data.draw(st.sampled_from([None, 0.0, 273.15])),
    )
    path = stored.write(tmp_path_factory.mktemp("any") / "a.nc")
    area = shape[1] * shape[2]
    some = st.lists(st.integers(0, area - 1), unique=True)
    cells = np.array(data.draw(some, label="cells"), np.int64)
    months = st.lists(st.integers(0, shape[0] - 1), unique=True, min_size=1)
    positions = data.draw(months, label="months")
    assert same_bits(gathered(path, "v", positions, cells), truth(path, "v", positions, cells))


def test_real_files(data: Path) -> None:
    """The product's own files, monthly at 1 degree and three-hourly at 0.25 degree."""
    files = sorted((data / GLDAS).glob("GLDAS_NOAH10_M.*.nc4"))
    assert len(files) == 4
    for path in files:
        cells = np.flatnonzero(np.arange(150 * 360) % 7 < 5)
        for name in UNITS:
            assert same_bits(gathered(path, name, [0], cells), truth(path, name, [0], cells))
    path = next((data / "gldas/noah025_3hourly_v21").glob("*.nc4"))
    name = "SoilMoi0_10cm_inst"
    cells = np.flatnonzero(~np.isnan(truth(path, name, [0], np.arange(600 * 1440))[0]))
    assert cells.size > 200_000
    assert same_bits(gathered(path, name, [0], cells, third), truth(path, name, [0], cells, third))


def by_netcdf4(gldas: GldasMonthly) -> GldasMonthly:
    """The same months, all read with netCDF4."""
    heads = {path: head._replace(reason="a test") for path, head in gldas.heads.items()}
    return replace(gldas, heads=heads)


def assert_same_year(one: GldasMonthly, other: GldasMonthly, year: int) -> None:
    cells = np.flatnonzero(one.land())
    for a, b in zip(one.read_year(year, cells), other.read_year(year, cells), strict=True):
        assert a.dtype == b.dtype == np.float32
        assert same_bits(a, b)


def test_the_real_stack_of_months(data: Path) -> None:
    path = data / GLDAS / "gldas_noah10_m_v21_soil_evap_201201-202212.nc"
    gldas = open_gldas(path, range(2012, 2023))
    assert gldas.notes == ()
    assert_same_year(gldas, by_netcdf4(gldas), 2017)
    assert (gldas.land() == by_netcdf4(gldas).land()).all()
    assert (gldas.land_ice() == by_netcdf4(gldas).land_ice()).all()


@pytest.mark.parametrize("flip", [False, True])
def test_months_in_files_of_their_own(tmp_path: Path, flip: bool) -> None:
    world = World(tmp_path / "world", flip=flip).write()
    gldas = open_gldas(world.folder, world.years)
    assert gldas.notes == ()
    for year in world.years:
        assert_same_year(gldas, by_netcdf4(gldas), year)


def test_a_year_over_several_files_of_months(tmp_path: Path) -> None:
    """Stacks that do not end with a year, of two layouts, one of them left to netCDF4."""
    world = World(tmp_path / "world").write()
    gldas = open_gldas(world.folder, world.years)
    path = world.path(2000, 5)
    heads = {**gldas.heads, path: gldas.heads[path]._replace(reason="a test")}
    mixed = replace(gldas, heads=heads)
    assert_same_year(mixed, gldas, 2000)
    assert mixed.notes == (f"read with netCDF4: a test ({path.name})",)


def benchmark_world() -> ModuleType:
    path = Path(__file__).parents[1] / "benchmarks/world_025.py"
    spec = importlib.util.spec_from_file_location("world_025", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_files_of_many_variables(tmp_path: Path) -> None:
    """The files of the benchmarks: 36 variables, of which nine are wanted."""
    benchmark_world().write_years(tmp_path, 2000, 2000, resolution=5.0, variables=36)
    gldas = open_gldas(tmp_path, [2000])
    assert gldas.notes == ()
    assert gldas.land().mean() == pytest.approx(0.28, abs=0.01)
    assert_same_year(gldas, by_netcdf4(gldas), 2000)


def with_fletcher(path: Path) -> Path:
    return Stored(options=(("fletcher32", True),)).write(path)


def of_netcdf3(path: Path) -> Path:
    with netCDF4.Dataset(path, "w", format="NETCDF3_CLASSIC") as dataset:
        for name, size in (("time", 2), ("lat", 3), ("lon", 4)):
            dataset.createDimension(name, size)
            dataset.createVariable(name, "f8", (name,))[:] = np.arange(size)
        dataset.createVariable("v", "f4", ("time", "lat", "lon"))[:] = 1.0
    return path


def with_a_chunk_left_out(path: Path) -> Path:
    return Stored().write(path, skip=1)


def with_a_series_shorter_than_time(path: Path) -> Path:
    with netCDF4.Dataset(path, "w") as dataset:
        for name, size in (("time", None), ("lat", 3), ("lon", 4)):
            dataset.createDimension(name, size)
        for name, size in (("time", 12), ("lat", 3), ("lon", 4)):
            dataset.createVariable(name, "f8", (name,))[:] = np.arange(size)
        rates = dataset.createVariable("v", "f4", ("time", "lat", "lon"), chunksizes=(1, 3, 4))
        rates[:10] = 1.0
    return path


def with_several_values_of_an_attribute(path: Path) -> Path:
    Stored(fills=("_FillValue",)).write(path)
    with netCDF4.Dataset(path, "a") as dataset:
        dataset["v"].missing_value = np.array([1.0, 2.0], np.float32)
    return path


def on_other_dimensions(path: Path) -> Path:
    with netCDF4.Dataset(path, "w") as dataset:
        for name in ("time", "lat", "lon"):
            dataset.createDimension(name, 3)
            dataset.createVariable(name, "f8", (name,))[:] = np.arange(3)
        dataset.createVariable("v", "f4", ("lat", "lon", "time"))[:] = 1.0
    return path


@pytest.mark.parametrize(("make", "reason"), [
    (with_fletcher, "v is stored with filters that only HDF5 knows"),
    (of_netcdf3, "not a plain HDF5 file"),
    (with_a_chunk_left_out, "v has chunks that were never written"),
    (with_a_series_shorter_than_time, "v is shorter than its dimensions"),
    (with_several_values_of_an_attribute, "an attribute of several values"),
])  # fmt: skip
def test_what_is_left_to_netcdf4(tmp_path: Path, make: Callable[[Path], Path], reason: str) -> None:
    head = described(make(tmp_path / "a.nc"))
    assert reason in head.reason
    assert head.variables["v"].dimensions == ("time", "lat", "lon")
    assert head.variables["v"].layout is None
    assert head.axes["lon"].tolist() == list(range(head.axes["lon"].size))


def test_a_variable_of_another_filter_is_read_with_netcdf4(tmp_path: Path) -> None:
    """A month with a checksum filter among plain ones: the same values, and a note."""
    world = World(tmp_path / "world").write()
    plain = open_gldas(world.folder, world.years)
    path, copy = world.path(2001, 4), tmp_path / "copy.nc4"
    with netCDF4.Dataset(path) as source, netCDF4.Dataset(copy, "w") as target:
        for name, dimension in source.dimensions.items():
            target.createDimension(name, dimension.size)
        for name, variable in source.variables.items():
            new = target.createVariable(
                name, variable.dtype, variable.dimensions, zlib=True, fletcher32=True
            )
            new.setncatts({k: variable.getncattr(k) for k in variable.ncattrs() if k[0] != "_"})
            variable.set_auto_mask(False)
            new[:] = variable[:]
    shutil.move(copy, path)
    mixed = open_gldas(world.folder, world.years)
    assert len(mixed.notes) == 1
    assert mixed.notes[0].startswith("read with netCDF4: SoilMoi0_10cm_inst is stored with filters")
    assert path.name in mixed.notes[0]
    cells = np.flatnonzero(plain.land())
    world_again = World(tmp_path / "again").write()
    again = open_gldas(world_again.folder, world_again.years).read_year(2001, cells)
    for a, b in zip(mixed.read_year(2001, cells), again, strict=True):
        assert same_bits(a, b)


def test_axes_of_one_size_are_told_by_their_names(tmp_path: Path) -> None:
    path = Stored(shape=(3, 3, 3), chunk=(1, 3, 3)).write(tmp_path / "a.nc")
    assert described(path).variables["v"].dimensions == ("time", "lat", "lon")
    cells = np.arange(9)
    assert same_bits(gathered(path, "v", [2, 0], cells), truth(path, "v", [2, 0], cells))
    other = described(on_other_dimensions(tmp_path / "b.nc"))
    assert other.reason == ""
    assert other.variables["v"].dimensions == ("lat", "lon", "time")
    assert other.variables["v"].layout is None


def damaged(path: Path, name: str) -> None:
    """Change some stored bytes of a chunk, and nothing else of the file."""
    layout = read_head(path, (name,), WHAT).variables[name].layout
    assert layout is not None
    status = path.stat()
    with path.open("r+b") as stream:
        stream.seek(next(iter(layout.extents.values())).offset + 40)
        stream.write(b"saprolite")
    os.utime(path, ns=(status.st_atime_ns, status.st_mtime_ns))


def test_all_damaged_chunks_are_named_at_once(world: World) -> None:
    gldas = open_gldas(world.folder, world.years)
    damaged(world.path(2000, 3), "Evap_tavg")
    damaged(world.path(2000, 9), "SoilTMP0_10cm_inst")
    with pytest.raises(InputError) as caught:
        gldas.read_year(2000, np.arange(540))
    message = str(caught.value)
    assert "A200003" in message
    assert "A200009" in message
    assert message.count("damaged data") == 1
    assert "fetch it again" in message


def test_a_file_that_changes_under_the_run(world: World) -> None:
    gldas = open_gldas(world.folder, world.years)
    world.path(2000, 3).write_bytes(world.path(2000, 4).read_bytes())
    world.path(2000, 5).unlink()
    with pytest.raises(InputError) as caught:
        gldas.read_year(2000, np.arange(540))
    message = str(caught.value)
    assert "another file than the one that was checked" in message
    assert "A200005" in message
    assert "No such file" in message


def test_a_chunk_of_another_size_than_it_should_have(tmp_path: Path) -> None:
    """HDF5 says where a chunk lies; a piece cut off there is damage, not data."""
    path = Stored(level=0, shuffle=False).write(tmp_path / "a.nc")
    head = described(path)
    layout = head.variables["v"].layout
    assert layout is not None
    extents = {index: extent._replace(length=100) for index, extent in layout.extents.items()}
    variables = {"v": head.variables["v"]._replace(layout=replace(layout, extents=extents))}
    wanted = Wanted("v", {0: np.empty(77, np.float32)})
    jobs = Gatherer(np.arange(77), (7, 11)).jobs(
        path, head._replace(variables=variables), wanted, WHAT
    )
    with pytest.raises(InputError, match="100 of 308 bytes of a chunk"):
        run_jobs(list(jobs))


def test_infinity_is_out_of_range(tmp_path: Path) -> None:
    change = {(2000, 6, "Evap_tavg"): lambda f: np.where(f > 2e-5, np.inf, f)}
    world = World(tmp_path / "w", changes=change).write()
    gldas = open_gldas(world.folder, world.years)
    with pytest.raises(InputError, match="to inf"):
        gldas.read_year(2000, np.flatnonzero(gldas.land()))


def test_without_libdeflate_the_standard_library_inflates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = Stored().write(tmp_path / "a.nc")
    cells = np.arange(77)
    monkeypatch.setitem(sys.modules, "deflate", None)
    netcdf_chunks.inflater.cache_clear()
    try:
        assert netcdf_chunks.inflater()[1].__module__ == "zlib"
        assert same_bits(gathered(path, "v", [1], cells), truth(path, "v", [1], cells))
        damaged(path, "v")
        with pytest.raises(InputError, match="damaged data"):
            gathered(path, "v", [0], cells)
    finally:
        monkeypatch.undo()
        netcdf_chunks.inflater.cache_clear()
    assert netcdf_chunks.inflater()[1].__module__ == "deflate"


def test_the_next_year_is_asked_for_ahead(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    gldas = open_gldas(world.folder, world.years)
    asked: list[tuple[int, int]] = []
    if hasattr(os, "posix_fadvise"):
        monkeypatch.setattr(os, "posix_fadvise", lambda _, *span: asked.append(span[:2]))
        gldas.read_year(2000, np.arange(40, 540))
        expected = {
            tuple(extent)
            for month in range(1, 13)
            for name in UNITS
            for extent in gldas.heads[world.path(2001, month)]
            .variables[name]
            .layout.extents.values()  # type: ignore[union-attr]
        }
        assert set(asked) == expected
        asked.clear()
        gldas.read_year(2001, np.arange(40, 540))
        assert asked == []
        monkeypatch.delattr(os, "posix_fadvise")
    gldas.read_year(2000, np.arange(40, 540))


def test_threads_read_years_side_by_side(tmp_path: Path, data: Path) -> None:
    """Direct reading, netCDF4, h5py and opening in many threads, in one process."""
    world = World(tmp_path / "world", range(2000, 2004)).write()
    direct = open_gldas(world.folder, world.years)
    slow = by_netcdf4(direct)
    cells = np.flatnonzero(direct.land())
    expected = {year: direct.read_year(year, cells) for year in world.years}
    real = sorted((data / GLDAS).glob("GLDAS_NOAH10_M.*.nc4"))

    def read(number: int) -> bool:
        year = world.years[number % 4]
        source = (direct, slow)[number // 4 % 2]
        if number % 5 == 0:
            source = open_gldas(world.folder, world.years)
        found = source.read_year(year, cells)
        head = read_head(real[number % 4], tuple(UNITS), WHAT)
        return head.reason == "" and all(map(same_bits, found, expected[year]))

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(read, range(64)))


@pytest.mark.parametrize("first", ["h5py", "netCDF4"])
def test_either_library_may_be_loaded_first(tmp_path: Path, first: str) -> None:
    """Each brings an HDF5 library of its own: whichever is loaded first, both work."""
    path = Stored().write(tmp_path / "a.nc")
    code = (
        f"import {first}, sys, netCDF4, h5py, numpy as np\n"
        "path, copy = sys.argv[1:]\n"
        "with netCDF4.Dataset(path) as one, h5py.File(path) as other:\n"
        "    one.set_auto_mask(False)\n"
        "    assert (one['v'][:] == other['v'][:]).all()\n"
        "with netCDF4.Dataset(copy, 'w') as new:\n"
        "    new.createDimension('lat', 5)\n"
        "    new.createVariable('lat', 'f4', ('lat',), zlib=True)[:] = 1.0\n"
        "from pathlib import Path\n"
        "from saprolite.sources.netcdf_layout import read_head\n"
        "assert read_head(Path(path), ('v',), '').reason == ''\n"
    )
    command = [sys.executable, "-c", code, str(path), str(tmp_path / "b.nc")]
    subprocess.run(command, check=True, capture_output=True)


def test_h5py_is_loaded_only_where_a_file_is_opened() -> None:
    code = (
        "import sys, saprolite, saprolite.sources.gldas, saprolite.inputs.prepare\n"
        "print(sorted({'h5py', 'numba', 'deflate'} & set(sys.modules)))"
    )
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.stdout.strip() == "[]", result.stderr


def test_what_h5py_says_is_what_netcdf4_says(world: World) -> None:
    """Attributes, dimensions and axes of both descriptions of a file."""
    path = world.path(2000, 1)
    head = read_head(path, tuple(UNITS), WHAT)
    with netcdf(path, WHAT) as dataset, h5py.File(path) as file:
        for name, variable in head.variables.items():
            assert variable.dimensions == dataset[name].dimensions
            assert variable.units == str(getattr(dataset[name], "units", ""))
            for attribute, value in variable.attributes.items():
                assert value == getattr(dataset[name], attribute)
            if variable.layout is not None:
                found = file[name].id.get_chunk_info(0)
                assert variable.layout.extents == {(0, 0, 0): (found.byte_offset, found.size)}
        for name, values in head.axes.items():
            assert (values == decode(dataset[name])).all()
