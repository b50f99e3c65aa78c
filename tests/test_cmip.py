"""CMIP monthly: layers, calendars, splices and masks of models; faults give one clear error."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import saprolite as sap
from saprolite.errors import InputError
from saprolite.inputs import prepare
from saprolite.sources import monthly_files
from saprolite.sources.calendars import month_days
from saprolite.sources.cmip import open_cmip, open_cmip_forcing, water_in_layers
from saprolite.sources.cmip_files import ASKED
from saprolite.sources.daily_to_monthly import daily_to_monthly
from saprolite.sources.on_grid import LAYER_EDGES, OnGrid
from saprolite.study import Study
from saprolite.testing.cmip import Model, write_cmip, write_fixed, write_variable
from world import World

HADGEM = Model()  # 360 days, layers to 3 m, historical to 2005-11
FIRST, SPLICE, LAST = (2005, 1), (2005, 11), (2006, 12)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two years: historical to November 2005, RCP4.5 from December, in two files."""
    path = tmp_path_factory.mktemp("cmip")
    write_cmip(path, HADGEM, "historical", [(FIRST, SPLICE)])
    write_cmip(path, HADGEM, "rcp45", [((2005, 12), (2006, 5)), ((2006, 6), LAST)])
    return path


@pytest.fixture
def own(folder: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    return Path(shutil.copytree(folder, tmp_path / "own"))


def message(path: Path, years: Any = (2005, 2006)) -> str:
    with pytest.raises(InputError) as caught:
        model = open_cmip_forcing(path, years)
        forcing = OnGrid(model, 10.0, 0.3)
        for year in years:
            forcing.read_year(year, np.flatnonzero(forcing.land()))
    return str(caught.value)


def only(folder: Path, pattern: str) -> Path:
    found = sorted(folder.glob(pattern))
    assert len(found) == 1, found
    return found[0]


def spoil(path: Path, change: Callable[[netCDF4.Dataset], None]) -> Path:
    with netCDF4.Dataset(path, "a") as dataset:
        dataset.set_auto_maskandscale(False)
        change(dataset)
    return path.parent


def test_units_are_those_of_the_mip_table(data: Path) -> None:
    with (data / "cmip/tables/cmip5_Lmon.csv").open() as stream:
        units = {row[5]: row[2] for row in csv.reader(stream) if len(row) > 5}
    assert units["mrlsl"] == ASKED["mrlsl"].unit
    assert units["tsl"] == ASKED["tsl"].unit
    assert units["evspsblsoi"] == ASKED["evspsbl"].unit


@given(
    st.lists(st.floats(0.02, 3.0), min_size=1, max_size=8).filter(lambda widths: sum(widths) > 2.0),
    st.integers(0, 2**32 - 1),
)
def test_the_mass_of_water_is_conserved(widths: list[float], seed: int) -> None:
    edges = np.concatenate([[0.0], np.cumsum(widths)])
    mass = np.random.default_rng(seed).uniform(0.0, 400.0, len(widths)) * np.array(widths)
    content = water_in_layers(mass, edges.tolist())
    below = np.clip(np.minimum(edges[1:], 2.0) - edges[:-1], 0.0, None) / np.diff(edges)
    assert (1000.0 * np.diff(LAYER_EDGES)) @ content == pytest.approx(below @ mass, rel=1e-9)


def test_a_column_that_ends_above_two_metres_goes_on() -> None:
    content = water_in_layers(np.array([40.0, 130.0]), [0.0, 0.2, 1.2])
    assert content == pytest.approx([0.2, (0.1 * 0.2 + 0.2 * 0.13) / 0.3, 0.13, 0.13])


@pytest.mark.parametrize("model", [
    HADGEM, Model(calendar="noleap", edges=(0.0, 0.05, 0.2, 0.7, 2.0, 5.0)),
    Model(calendar="standard", phase=6, member="r1i1p1f2", edges=(0.0, 0.1, 0.4, 1.0, 2.0)),
    Model(calendar="proleptic_gregorian", edges=(0.0, 0.1, 0.4, 1.0, 1.5)),
], ids=lambda model: f"{model.calendar}-{model.phase}")  # fmt: skip
def test_values_come_back(tmp_path: Path, model: Model) -> None:
    write_cmip(tmp_path, model, "historical", [((2004, 1), (2004, 12))])
    data = open_cmip(tmp_path)
    planet = model.points
    assert data.sizes == {"time": 12, "layer": 4, "lat": 19, "lon": 36}
    assert data["time"].values[1].calendar == model.calendar
    assert data["time"].values[1].daysinmonth == month_days(model.calendar, 2004, 2)
    east = planet.lon > 180.0
    order = np.argsort(np.where(planet.lon >= 180.0, planet.lon - 360.0, planet.lon))
    assert data["lon"].values[0] == -180.0
    assert east.sum() == 17
    soil = (planet.land & ~planet.ice)[:, order]
    truth = planet.year(2004)
    if model.edges[:4] == LAYER_EDGES[:4]:
        for layer in range(4 if model.edges[-1] == 2.0 else 3):
            wet = truth.soil_moisture[:, layer][..., order][:, soil]
            assert data["soil_moisture"].values[:, layer][:, soil] == pytest.approx(wet, rel=1e-6)
    upper = water_in_layers(np.moveaxis(model.fields(2004)[model.moisture], 1, 0), model.edges)
    got = data["soil_moisture"].isel(time=5).values
    assert got[:, soil] == pytest.approx(upper[:, 5][..., order][:, soil], rel=1e-6)
    warm = data["soil_temperature"].isel(layer=0, time=slice(2, 4)).values
    assert np.nanmin(warm) > 200.0
    rate = truth.evapotranspiration[..., order][:, soil]
    assert data["evapotranspiration"].values[:, soil] == pytest.approx(rate, rel=1e-6, abs=1e-12)
    assert np.isnan(data["evapotranspiration"].values[:, ~soil]).all()


def test_the_dataset_is_read_when_it_is_asked_for(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: list[str] = []
    real = monthly_files.read_slot

    def counted(slot: Any, rows: slice, dataset: Any) -> Any:
        read.append(slot.field.name)
        return real(slot, rows, dataset)

    original = monthly_files.read_month
    monkeypatch.setattr("saprolite.sources.cmip.read_month",
                        lambda *args: original(*args, counted))  # fmt: skip
    data = open_cmip(folder)
    one = data["soil_moisture"].isel(time=[3, 20], lat=slice(4, 9))
    assert read == []
    assert one.shape == (2, 4, 5, 36)
    assert np.isfinite(one.values).any()
    assert len(read) == 9  # three variables of two months, and of the first for the land


def test_indexing_is_that_of_an_array(folder: Path) -> None:
    lazy = open_cmip(folder)["soil_moisture"]
    whole = lazy.values
    for key in [(3,), (slice(2, 9, 3), 1), ([5, 2], slice(None), slice(None, None, -2)),
                (slice(0, 0),), (-1, -1, 3, [7, 1]), (slice(None), 2, 5, 5)]:  # fmt: skip
        got = open_cmip(folder)["soil_moisture"]
        selection = dict(zip(lazy.dims, key, strict=False))
        expected = lazy.copy(data=whole).isel(selection).values
        assert np.array_equal(got.isel(selection).values, expected, equal_nan=True)


def test_historical_and_scenario_follow_one_another(folder: Path) -> None:
    model = open_cmip_forcing(folder, [2005, 2006])
    assert model.has_year(2005)
    assert not model.has_year(2004)
    assert "DEMO-ESM historical + rcp45 r1i1p1, calendar 360_day" in model.notes[0]
    forcing = OnGrid(model, 10.0, 0.3)
    assert len(forcing.files) == 9
    # A gap, a double month, a mixture.
    paths = sorted(folder.iterdir())
    historical = [path for path in paths if "historical" in path.name]
    rcp = [path for path in paths if "rcp45" in path.name]
    assert open_cmip(folder).sizes["time"] == 24
    assert open_cmip(historical).sizes["time"] == 11
    assert open_cmip(rcp).sizes["time"] == 13


def test_a_gap_and_a_double_month_are_refused(own: Path) -> None:
    path = only(own, "tsl*200512-200605.nc")
    path.rename(own.parent / path.name)
    assert "months missing: 2005-12, 2006-01" in message(own)
    with pytest.raises(InputError, match="2005-12"):
        open_cmip(own)
    shutil.copy(own.parent / path.name, own)
    write_cmip(own, HADGEM, "historical", [((2005, 11), (2006, 1))])
    text = message(own)
    assert "month 2005-11" in text
    assert "each month once" in text


def test_mixtures_are_refused(own: Path) -> None:
    write_cmip(own, HADGEM, "rcp85", [((2007, 1), (2007, 2))])
    write_cmip(own, Model("OTHER"), "rcp45", [((2007, 3), (2007, 4))])
    write_cmip(own, Model(member="r2i1p1"), "rcp45", [((2007, 5), (2007, 6))])
    text = message(own)
    for what in ("model", "member", "scenario"):
        assert f": {what}\n    found:    a mixture" in text


def test_ice_and_land(folder: Path, tmp_path: Path) -> None:
    planet = HADGEM.points
    surface = open_cmip_forcing(folder, [2005]).surface()
    assert (surface.land == planet.land).all()
    assert (surface.ice == planet.ice).all()  # no water at all
    wet = Model(dry_ice=False)
    write_cmip(tmp_path, wet, "historical", [((2005, 1), (2005, 12))])
    assert (open_cmip_forcing(tmp_path, [2005]).surface().ice.sum()) < planet.ice.sum()
    write_fixed(tmp_path, wet)
    model = open_cmip_forcing(tmp_path, [2005])
    assert (model.surface().ice == planet.ice).all()
    assert not any("no sftlf" in note for note in model.notes)
    with netCDF4.Dataset(only(tmp_path, "sftlf*"), "a") as dataset:
        values = dataset["sftlf"][:]
        values[9, :] = np.minimum(values[9, :], 49.0)
        dataset["sftlf"][:] = values
    surface = open_cmip_forcing(tmp_path, [2005]).surface()
    assert not surface.land[9].any()
    assert (surface.land[10] == planet.land[10]).all()
    spoil(only(tmp_path, "sftlf*"), lambda dataset: dataset["sftlf"].setncattr("units", "km2"))
    with pytest.raises(InputError, match="km2"):
        open_cmip_forcing(tmp_path, [2005]).surface()


def test_cells_are_weighted_by_the_land_in_them(folder: Path, tmp_path: Path) -> None:
    """A made-up coast: every other column has 60 % land, in the folder or in a file of its own."""
    apart = tmp_path / "apart"
    apart.mkdir()
    write_fixed(apart, HADGEM)
    sftlf = only(apart, "sftlf*")
    column = np.where(np.arange(36) % 2, 60.0, 100.0)

    def coast(dataset: netCDF4.Dataset) -> None:
        dataset["sftlf"][:] = dataset["sftlf"][:] / 100.0 * column

    spoil(sftlf, coast)
    shutil.copytree(folder, tmp_path / "within")
    shutil.copy(sftlf, tmp_path / "within")
    model = open_cmip_forcing(folder, [2005], sftlf=sftlf)
    assert any("weighted by the land" in note for note in model.notes)
    assert sftlf in model.files
    plain = OnGrid(open_cmip_forcing(folder, [2005]), 30.0, 0.3)
    assert any("not weighted by the land" in note for note in plain.notes)
    given = OnGrid(model, 30.0, 0.3)
    cells = np.flatnonzero(given.land() & ~given.land_ice())
    found = given.read_year(2005, cells)
    within = OnGrid(open_cmip_forcing(tmp_path / "within", [2005]), 30.0, 0.3)
    for one, two, other in zip(
        found, within.read_year(2005, cells), plain.read_year(2005, cells), strict=True
    ):
        assert np.array_equal(one, two)
        assert not np.allclose(one, other)
    # By hand: ten-degree cells, centred on multiples of ten, onto cells of thirty degrees.
    surface, rows = model.surface(), slice(None)
    warm = model.month((2005, 7), rows).soil_temperature[2]
    lat = np.clip(np.arange(-90.0, 91.0, 10.0)[:, None] + [-5.0, 5.0], -90.0, 90.0)
    lon = np.arange(0.0, 360.0, 10.0)
    for cell, value in zip(cells, found.soil_temperature[6, 2], strict=True):
        south, west = given.grid.lat_edges[cell // 12], given.grid.lon_edges[cell % 12]
        borders = np.clip(lat, south, south + 30.0)
        height = np.diff(np.sin(np.deg2rad(borders)), axis=1)
        offset = (lon - 5.0 - west) % 360.0
        width = np.clip(30.0 - offset, 0.0, 10.0) + np.clip(offset + 10.0 - 360.0, 0.0, 10.0)
        weight = height * width * column * (surface.land & ~surface.ice)
        assert value == pytest.approx(
            np.nansum(weight * np.nan_to_num(warm)) / weight.sum(), rel=1e-6
        )
    with pytest.raises(InputError, match="own land fraction"):
        open_cmip_forcing(folder, [2005], sftlf=only(apart, "sftgif*"))


def test_layers_from_the_bottom_up(tmp_path: Path) -> None:
    write_cmip(tmp_path / "down", HADGEM, "historical", [((2005, 1), (2005, 12))])
    shutil.copytree(tmp_path / "down", tmp_path / "up")

    def flip(name: str) -> Callable[[netCDF4.Dataset], None]:
        def change(dataset: netCDF4.Dataset) -> None:
            for variable, axis in (("depth", 0), ("depth_bnds", 0), (name, 1)):
                values = np.flip(dataset[variable][:], axis)
                dataset[variable][:] = values

        return change

    for name in ("mrlsl", "tsl"):
        spoil(only(tmp_path / "up", f"{name}_*"), flip(name))
    for name in ("soil_moisture", "soil_temperature"):
        one, other = (open_cmip(tmp_path / way)[name].values for way in ("down", "up"))
        assert np.array_equal(one, other, equal_nan=True)


def test_a_run(folder: Path, tmp_path: Path) -> None:
    world = World(folder, range(2005, 2007))
    path = world.study_file(tmp_path / "study.toml", inputs__forcing__product="cmip",
                            grid__resolution_deg=10.0, grid__valid_share=0.3)  # fmt: skip
    prepared = prepare(Study.read(path))
    assert any("360_day" in note for note in prepared.notes)
    flux = sap.run(path, tmp_path / "out")["carbon_sink_flux"].values
    assert np.isfinite(flux).any()
    assert (flux[np.isfinite(flux)] >= 0.0).all()


# One fault in one file.


def attribute(variable: str, name: str, value: Any) -> Callable[[netCDF4.Dataset], None]:
    return lambda dataset: dataset[variable].setncattr(name, value)


def about(name: str, value: Any) -> Callable[[netCDF4.Dataset], None]:
    return lambda dataset: dataset.setncattr(name, value)


def assign(variable: str, index: Any, value: Any) -> Callable[[netCDF4.Dataset], None]:
    def change(dataset: netCDF4.Dataset) -> None:
        dataset[variable][index] = value

    return change


def scaled(variable: str, factor: float, offset: float = 0.0) -> Callable[[netCDF4.Dataset], None]:
    def change(dataset: netCDF4.Dataset) -> None:
        values = dataset[variable][:]
        filled = values > 1e19
        dataset[variable][:] = np.where(filled, values, values * factor + offset)

    return change


@pytest.mark.parametrize(("pattern", "fault", "word"), [
    ("mrlsl*rcp45*200605*", attribute("mrlsl", "units", "m"), "'m'"),
    ("mrlsl*rcp45*200605*", scaled("mrlsl", 1000.0), "soil_moisture"),
    ("tsl*historical*", scaled("tsl", 1.0, -273.15), "soil_temperature"),
    ("tsl*historical*", attribute("tsl", "units", "degC"), "degC"),
    ("evspsbl*historical*", attribute("evspsbl", "units", "kg m-2"), "kg m-2"),
    ("evspsbl*historical*", scaled("evspsbl", 86400.0), "evapotranspiration"),
    ("evspsbl*historical*", scaled("evspsbl", -1.0), "evapotranspiration"),
    ("mrlsl*historical*", attribute("depth", "bounds", "nothing"), "no nothing"),
    ("mrlsl*historical*", attribute("depth", "units", "levels"), "levels"),
    ("mrlsl*historical*", assign("depth_bnds", (1, 0), 0.2), "touch one another"),
    ("mrlsl*historical*", assign("depth_bnds", (2, 1), np.nan), "touch one another"),
    ("mrlsl*rcp45*200605*", assign("depth_bnds", slice(None), [[0, 0.1], [0.1, 0.4], [0.4, 1], [1, 3]]), "m, as in"),
    ("tsl*200612*", assign("lat", 3, np.nan), "1 missing values"),
    ("tsl*200612*", assign("lat_bnds", (3, 0), 11.0), "overlap or leave a gap"),
    ("tsl*200612*", attribute("time", "calendar", "noleap"), "not those of a month"),
    ("tsl*200612*", attribute("time", "calendar", "lunar"), "lunar"),
    ("tsl*200612*", attribute("time", "units", "days"), "days"),
    ("tsl*200612*", assign("time_bnds", (2, 0), 0.0), "time"),
    ("tsl*200612*", about("model_id", "OTHER"), "'OTHER' in the file"),
    ("tsl*200612*", about("realization", 7), "r7i1p1"),
    ("evspsbl*200612*", lambda dataset: dataset.renameVariable("evspsbl", "prw"), "months missing: 2006-06"),
    ("mrlsl*historical*", assign("mrlsl", 4, np.inf), "soil_moisture"),
    ("mrlsl*historical*", assign("mrlsl", 4, -5.0), "soil_moisture"),
    ("mrlsl*historical*", lambda dataset: dataset.renameDimension("lat", "j"), "dimensions"),
])  # fmt: skip
def test_a_fault_in_a_file(
    own: Path, pattern: str, fault: Callable[[netCDF4.Dataset], None], word: str
) -> None:
    assert word in message(spoil(only(own, pattern), fault))


def test_a_fill_that_is_not_declared_is_no_value(own: Path) -> None:
    path = only(own, "mrlsl*historical*")
    with netCDF4.Dataset(path) as dataset:
        values = np.asarray(dataset["mrlsl"][:].filled(1e20))
    keys = [(2005, month) for month in range(1, 12)]
    write_variable(path, HADGEM, "historical", "mrlsl", keys, values)
    spoil(path, attribute("mrlsl", "missing_value", np.float32(-1.0)))
    assert open_cmip_forcing(own, [2005, 2006]).surface().land.any()  # _FillValue is still there
    values[values > 1e19] = 2e20  # another fill than the one that is declared
    write_variable(path, HADGEM, "historical", "mrlsl", keys, values)
    assert "soil_moisture" in message(own)


def test_truncated_and_misnamed_files(own: Path) -> None:
    path = only(own, "tsl*historical*")
    whole = path.read_bytes()
    for size in (0, 2000, len(whole) // 2):
        path.write_bytes(whole[:size])
        assert path.name in message(own)
    path.write_bytes(whole)
    path.rename(path.with_name(path.name.replace("200501", "200401")))
    assert "the file is cut or misnamed" in message(own)


# Daily values of the sample: mrsos of HadGEM2-ES, 360 days a year.


def test_daily_values_of_a_360_day_year(data: Path) -> None:
    paths = sorted((data / "cmip/cmip5_mrsos_rcp45").glob("mrsos_day*.nc"))
    means = daily_to_monthly(paths[:2], "mrsos", "kg m-2")
    assert means.calendar == "360_day"
    assert (means.months[0], means.months[-1], len(means.months)) == ((2005, 12), (2025, 11), 240)
    with netCDF4.Dataset(paths[0]) as dataset:
        days = dataset["mrsos"][:].filled(np.nan).astype(float)
    assert np.allclose(means.values[:120], days.reshape(120, 30, 2, 2).mean(axis=1), equal_nan=True)
    whole = daily_to_monthly(paths, "mrsos", "kg m-2")
    assert (whole.months[-1], whole.left_out) == ((2099, 12), ())
    assert len(whole.months) == 94 * 12 + 1
    soil = whole.values[:, 1, 0] / 1000.0 / 0.1  # 35N 0E, the one land cell, as m3 m-3
    assert 0.0 < soil.min() < soil.max() < 0.5
    with pytest.raises(InputError, match="no day between"):
        daily_to_monthly([paths[0], paths[2]], "mrsos", "kg m-2")
    with pytest.raises(InputError, match="30 days twice"):
        daily_to_monthly([paths[0], paths[0]], "mrsos", "kg m-2")
    with pytest.raises(InputError, match="units"):
        daily_to_monthly(paths[:1], "mrsos", "m")
    with pytest.raises(InputError, match="variables"):
        daily_to_monthly(paths[:1], "mrso", "kg m-2")


def test_daily_files_are_no_monthly_ones(data: Path, tmp_path: Path) -> None:
    source = only(data / "cmip/cmip5_mrsos_rcp45", "*2099*1230.nc")
    path = Path(shutil.copy(source, tmp_path / "mrlsl.nc"))
    with netCDF4.Dataset(path, "a") as dataset:
        dataset.renameVariable("mrsos", "mrlsl")
    assert "30 times in 2099-11" in message(tmp_path)
