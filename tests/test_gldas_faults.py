"""Faults of GLDAS months, one at a time: each is one clear error, and none yields a number."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import netCDF4
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from saprolite.errors import InputError
from saprolite.sources.gldas import open_gldas
from saprolite.sources.gldas_files import TEMPERATURE, UNITS
from saprolite.sources.gldas_layout import month_name
from saprolite.testing.gldas import write_gldas_months

LAND = (11, 28)  # the middle of Asia
YEAR, MAY = 2003, month_name(2003, 5, 10.0)


@pytest.fixture(scope="module")
def months(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("months")
    write_gldas_months(folder, [YEAR], 10.0, fields=UNITS)
    return folder


def changed(how: Callable[[netCDF4.Dataset], object]) -> Callable[[Path], None]:
    def spoil(path: Path) -> None:
        with netCDF4.Dataset(path, "a") as dataset:
            dataset.set_auto_maskandscale(False)
            how(dataset)

    return spoil


def swap_units(dataset: netCDF4.Dataset) -> None:
    dataset["SoilMoi0_10cm_inst"].units, dataset["SoilTMP0_10cm_inst"].units = "K", "kg m-2"


def swap_values(dataset: netCDF4.Dataset) -> None:
    """The units of the file are right; the values are those of the other variable."""
    wet, warm = dataset["SoilMoi100_200cm_inst"], dataset["SoilTMP100_200cm_inst"]
    wet[:], warm[:] = warm[:], wet[:]


def read(folder: Path) -> None:
    gldas = open_gldas(folder, [YEAR])
    gldas.read_year(YEAR, np.flatnonzero(gldas.land()))


@pytest.mark.parametrize(("spoil", "words", "problems"), [
    (lambda p: p.write_bytes(p.read_bytes()[:4000]), "not a complete NetCDF file (4000 bytes)", 1),
    (lambda p: p.unlink(), "months missing: 2003-05", 1),
    (lambda p: shutil.copy(p, p.with_name(p.name + ".SUB.nc4")), "each month once", 1),
    (lambda p: shutil.copy(p, p.with_name(p.name.replace("_M.", "_M_EP."))), "early product", 2),
    (lambda p: shutil.copy(p, p.with_name(p.name.replace(".021.", ".020."))), "a mixture", 1),
    (lambda p: shutil.copy(p.with_name(month_name(YEAR, 6, 10.0)), p), "the month 200306", 1),
    (changed(swap_units), "units 'K'", 2),
    (changed(swap_values), "soil_temperature", 1),  # 200 to 300 kg m-2 in a metre may well be
    (changed(lambda d: d["lat"].__setitem__(3, np.nan)), "lat", 1),
    (changed(lambda d: d["lon"].__setitem__(3, np.nan)), "lon", 1),
    (changed(lambda d: d["lat"].__setitem__(slice(None), np.nan)), "lat", 1),
    (changed(lambda d: d["lat"].__setitem__(0, -3.0)), "lat", 1),
    (changed(lambda d: d["time"].__setitem__(0, np.nan)), "no time", 1),
    (changed(lambda d: d["time"].__setitem__(0, -9999.0)), "the month 197208", 1),
    (changed(lambda d: d["Evap_tavg"].__setitem__((0, *LAND), np.inf)), "evapotranspiration", 1),
    (changed(lambda d: d["SoilTMP0_10cm_inst"].__setitem__((0, *LAND), 9.96921e36)), "soil_temperature", 1),
])  # fmt: skip
def test_each_fault_is_named_with_its_file(
    months: Path, tmp_path: Path, spoil: Callable[[Path], None], words: str, problems: int
) -> None:
    folder = Path(shutil.copytree(months, tmp_path / "spoiled"))
    spoil(folder / MAY)
    with pytest.raises(InputError) as caught:
        read(folder)
    message = str(caught.value)
    assert words in message
    assert len(caught.value.problems) == problems, message
    assert str(folder) in message


def celsius(dataset: netCDF4.Dataset) -> None:
    dataset["SoilTMP10_40cm_inst"].add_offset = np.float32(-273.15)


def transpose(path: Path) -> None:
    """The file anew, its axes as they were and its fields, empty, on (time, lon, lat)."""
    with netCDF4.Dataset(path) as old:
        axes = {name: (old[name][:], old[name].units) for name in ("time", "lat", "lon")}
    with netCDF4.Dataset(path, "w") as new:
        for name, (values, units) in axes.items():
            new.createDimension(name, values.size)
            new.createVariable(name, "f8", (name,))[:] = values
            new[name].units = units
        for name, units in UNITS.items():
            new.createVariable(name, "f4", ("time", "lon", "lat")).units = units


@pytest.mark.parametrize(("spoil", "where", "words"), [
    (changed(lambda d: [setattr(d[name], "units", "degC") for name in TEMPERATURE]),
     f": {', '.join(TEMPERATURE)}\n", "units 'degC'"),
    (transpose, f": {', '.join(UNITS)}\n", "dimensions ('time', 'lon', 'lat')"),
    (changed(celsius), " (2003-01), SoilTMP10_40cm_inst: soil_temperature\n", "accepted: 180 to 350 K"),
], ids=["units", "transposed", "values"])  # fmt: skip
def test_a_fault_of_every_file_is_told_once(
    months: Path, tmp_path: Path, spoil: Callable[[Path], None], where: str, words: str
) -> None:
    folder = Path(shutil.copytree(months, tmp_path / "spoiled"))
    for file in folder.iterdir():
        spoil(file)
    with pytest.raises(InputError, match="1 problem") as caught:
        read(folder)
    first = folder / month_name(YEAR, 1, 10.0)
    assert f"- {first} and 11 more files{where}" in str(caught.value)
    assert words in str(caught.value)


@given(st.data())
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_file_that_is_cut_anywhere_yields_no_number(
    months: Path, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("cut")
    for file in months.iterdir():
        (folder / file.name).symlink_to(file)
    whole = (months / MAY).read_bytes()
    (folder / MAY).unlink()
    (folder / MAY).write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])
    with pytest.raises(InputError, match=MAY):
        read(folder)
