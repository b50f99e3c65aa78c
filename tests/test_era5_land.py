"""ERA5-Land monthly: files of each published layout come back; faulty files give one clear error."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pandas as pd
import pytest

import saprolite as sap
from saprolite.constants import SECONDS_PER_DAY
from saprolite.errors import InputError
from saprolite.grid import Grid, remap_layers
from saprolite.inputs import prepare
from saprolite.inputs.demo import DemoPlanet
from saprolite.inputs.evapotranspiration import OwnEvapotranspiration
from saprolite.sources import era5_land as module
from saprolite.sources.calendars import month_days
from saprolite.sources.era5_land import evapotranspiration_rate, open_era5_land
from saprolite.sources.era5_land_evaporation import open_era5_land_evaporation
from saprolite.sources.on_grid import LAYER_EDGES, OnGrid
from saprolite.study import Study
from saprolite.testing.era5_land import (
    fields,
    points,
    write_era5_land,
    write_fields,
    write_glacier_mask,
)
from world import World

STEP = 10.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One year, recent layout, 10 degrees."""
    path = tmp_path_factory.mktemp("era5")
    write_era5_land(path / "data_stream-moda.nc", [2001], STEP)
    return path


@pytest.fixture
def own(folder: Path, tmp_path: Path) -> Path:
    """A copy to spoil."""
    shutil.copytree(folder, tmp_path / "own")
    return tmp_path / "own" / "data_stream-moda.nc"


def message(path: Path, years: Any = (2001,)) -> str:
    with pytest.raises(InputError) as caught:
        era5 = open_era5_land(path, years)
        OnGrid(era5, STEP, 0.3).read_year(2001, np.arange(100, 300))
    return str(caught.value)


def spoil(path: Path, change: Callable[[netCDF4.Dataset], None]) -> Path:
    with netCDF4.Dataset(path, "a") as dataset:
        dataset.set_auto_maskandscale(False)
        change(dataset)
    return path


def test_evaporation_is_an_amount_per_day_counted_downwards() -> None:
    """622 mm yr-1, the mean of the product over 156 basins, as the file states it."""
    stored = np.array([-0.622 / 365.25])
    rate = evapotranspiration_rate(stored)
    assert rate[0] * SECONDS_PER_DAY * 365.25 == pytest.approx(622.0, rel=1e-12)


def test_the_basins_of_era5_land(data: Path) -> None:
    """Monthly sums of real basins, written as the product states them, come back as their sum."""
    table = pd.read_csv(data / "et/basins/ET_ERA5_Land_monthly.csv", index_col=0)
    mod16 = pd.read_csv(data / "et/basins/ET_MOD16_monthly.csv", index_col=0)
    known = mod16.index[mod16.notna().any(axis=1)]
    months = [name for name in table.columns if "2001" <= name[:4] <= "2014"]
    days = np.array([month_days("standard", int(name[:4]), int(name[5:7])) for name in months])
    amounts = table.loc[known, months].to_numpy()
    rate = evapotranspiration_rate(-amounts / days / 1000.0)  # m per day, downward positive
    annual = (rate * days * SECONDS_PER_DAY).sum(axis=1) / 14.0
    assert (len(known), len(months)) == (156, 168)
    assert annual.mean() == pytest.approx(622.0, abs=0.5)


@pytest.mark.parametrize(("layout", "share"), [("recent", 0.005), ("packed", 1.0), ("packed_expver", 1.0)])  # fmt: skip
def test_every_layout_comes_back(tmp_path: Path, layout: Any, share: float) -> None:
    path = write_era5_land(tmp_path / "e.nc", [2001], STEP, layout, preliminary=2)
    era5 = open_era5_land(path, [2001])
    planet = points(STEP)
    truth = fields(planet, 2001)
    got = dict(era5.read_months(2001, slice(None)))
    for month in (1, 11, 12):
        moisture = np.stack([truth[name][month - 1] for name in module.MOISTURE])
        expected = remap_layers(moisture, module.SOURCE_EDGES, LAYER_EDGES)
        step = np.nanmax(moisture) / 65532.0 * share
        assert np.nanmax(np.abs(got[month].soil_moisture - expected)) <= step
        rate = planet.year(2001).evapotranspiration[month - 1]
        span = np.nanmax(np.abs(planet.year(2001).evapotranspiration)) * 2
        assert (
            np.nanmax(np.abs(got[month].evapotranspiration - rate))
            <= span / 65532.0 * share + 1e-12
        )
        warm = np.stack([truth[name][month - 1] for name in module.TEMPERATURE])
        expected = remap_layers(warm, module.SOURCE_EDGES, LAYER_EDGES)
        assert (
            np.nanmax(np.abs(got[month].soil_temperature - expected)) <= 2e-5 + share * 120 / 65532
        )
        assert (np.isfinite(got[month].soil_temperature[0]) == planet.land).all()
    assert any("preliminary" in note for note in era5.notes) == (layout != "packed")


def test_the_water_of_two_metres_is_conserved(folder: Path) -> None:
    era5 = open_era5_land(folder, [2001])
    _, month = next(iter(era5.read_months(2001, slice(None))))
    truth = fields(points(STEP), 2001)
    water = np.diff(LAYER_EDGES) @ month.soil_moisture.reshape(4, -1)
    upper = np.diff(module.SOURCE_EDGES)
    upper[-1] = 1.0  # of its 1.89 m, one metre lies above 2 m
    expected = upper @ np.stack([truth[name][0] for name in module.MOISTURE]).reshape(4, -1)
    assert np.nanmax(np.abs(water - expected)) < 1e-7


def test_a_study_grid_keeps_the_area_sum(folder: Path) -> None:
    """Points with poles and a seam at 0 onto cells from -180: land area and evapotranspiration."""
    era5 = open_era5_land(folder, [2001])
    coarse = OnGrid(era5, 30.0, 1e-9)
    cells = np.flatnonzero(coarse.land())
    planet = points(STEP)
    area = era5.cells.onto(Grid.globe(30.0, -60.0, 90.0))
    soil = planet.land
    rows = area.source_rows
    rate = np.where(soil, planet.year(2001).evapotranspiration[6], 0.0)[rows]
    whole = (
        area.amounts(rate) / np.where(area.amounts(soil[rows]) > 0, area.amounts(soil[rows]), 1)
    ).ravel()[cells]
    assert coarse.read_year(2001, cells).evapotranspiration[6] == pytest.approx(whole, rel=1e-6)


def test_bands_give_the_same_values(folder: Path) -> None:
    forcing = OnGrid(open_era5_land(folder, [2001]), STEP, 0.3)
    cells = np.flatnonzero(forcing.land())
    whole = forcing.read_year(2001, cells)
    for part in (cells[:40], cells[40:41], cells[41:]):
        at = np.searchsorted(cells, part)
        for one, other in zip(whole, forcing.read_year(2001, part), strict=True):
            assert np.array_equal(one[..., at], other, equal_nan=True)


def test_opening_reads_no_fields(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Any] = []
    real = module.read_slot
    monkeypatch.setattr(module, "read_slot", lambda *args: read.append(args) or real(*args))
    forcing = OnGrid(open_era5_land(folder, [2001]), STEP, 0.3)
    assert read == []
    forcing.land()
    assert len(read) == 1


def test_variables_and_years_in_any_split(tmp_path: Path) -> None:
    planet = points(STEP)
    for year in (2000, 2001):
        stamps = [datetime(year, month, 1) for month in range(1, 13)]
        values = fields(planet, year)
        for part in (module.MOISTURE, (*module.TEMPERATURE, module.EVAPORATION)):
            chosen = {name: values[name] for name in part}
            write_fields(tmp_path / f"{part[0]}_{year}.nc", planet, stamps, chosen, "packed")
    era5 = open_era5_land(tmp_path, [2001], 2000)
    assert era5.has_year(2000)
    assert not era5.has_year(1999)
    assert len(era5.files) == 4
    assert len(open_era5_land(tmp_path, [2001]).files) == 2
    (tmp_path / "swvl1_2000.nc").unlink()
    assert not open_era5_land(tmp_path, [2001], 2000).has_year(2000)
    assert "months missing: 2000-01" in message(tmp_path, (2000, 2001))


def test_glaciers_are_land_ice_where_their_mask_is_there(own: Path) -> None:
    forcing = OnGrid(open_era5_land(own.parent, [2001]), STEP, 0.3)
    assert not forcing.land_ice().any()
    assert any("glm" in note for note in forcing.notes)
    write_glacier_mask(own.parent / "glm.nc", STEP)
    forcing = OnGrid(open_era5_land(own.parent, [2001]), STEP, 0.3)
    assert forcing.land_ice().any()
    assert own.parent / "glm.nc" in forcing.files
    write_glacier_mask(own.parent / "glm.nc", 15.0)
    with pytest.raises(InputError, match="glacier mask"):
        OnGrid(open_era5_land(own.parent, [2001]), STEP, 0.3).land_ice()


def test_points_that_are_no_grid_ask_for_one(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"resolution_deg = 0\.5"):
        OnGrid(open_era5_land(folder, [2001]), None, 0.5)
    planet = points(STEP)
    planet.lat, planet.lon = planet.lat[3:10], planet.lon[1:8]  # a box, as an area request gives
    stamps = [datetime(2001, month, 1) for month in range(1, 13)]
    write_fields(tmp_path / "box.nc", planet, stamps, fields(planet, 2001))
    box = OnGrid(open_era5_land(tmp_path, [2001]), None, 0.5)
    assert box.grid.lat.tolist() == sorted(planet.lat.tolist())
    cells = np.flatnonzero(box.land())
    rate = planet.year(2001).evapotranspiration[3][::-1].ravel()[cells]
    assert box.read_year(2001, cells).evapotranspiration[3] == pytest.approx(rate, rel=1e-6)


def study(folder: Path, out: Path, **changes: Any) -> Path:
    world = World(folder, range(2001, 2002))
    return world.study_file(out / "study.toml", inputs__forcing__product="era5_land",
                            grid__resolution_deg=STEP, grid__valid_share=0.3, **changes)  # fmt: skip


def test_a_run(folder: Path, tmp_path: Path) -> None:
    path = study(folder, tmp_path)
    prepared = prepare(Study.read(path))
    assert prepared.products["forcing"] == "era5_land"
    assert any("evaporation counted upward" in note for note in prepared.notes)
    result = sap.run(path, tmp_path / "out")
    flux = result["carbon_sink_flux"].values
    assert np.isfinite(flux).any()
    assert (flux[np.isfinite(flux)] >= 0.0).all()


def test_a_study_without_a_grid_says_what_to_type(folder: Path, tmp_path: Path) -> None:
    path = study(folder, tmp_path)
    path.write_text(path.read_text().replace("resolution_deg = 10.0\n", ""))
    with pytest.raises(InputError, match="resolution_deg"):
        prepare(Study.read(path))


def test_its_evaporation_in_another_forcing(folder: Path) -> None:
    product = open_era5_land_evaporation(folder, range(2000, 2003))
    assert product.months == tuple((2001, month) for month in range(1, 13))
    planet = DemoPlanet(STEP)
    forcing = OwnEvapotranspiration(planet, product, [2001, 2002], "splice", 0.3)
    cells = np.flatnonzero(planet.land() & ~planet.land_ice())
    own = OnGrid(open_era5_land(folder, [2001]), STEP, 0.3)
    both = np.intersect1d(cells, np.flatnonzero(own.land()))
    got = forcing.read_year(2001, both).evapotranspiration
    assert got == pytest.approx(own.read_year(2001, both).evapotranspiration, rel=1e-12)
    assert not np.allclose(got, planet.read_year(2001, both).evapotranspiration, rtol=1e-3)
    for note in ("era5_land in 2001", "in 2002 the forcing's, spliced as it is"):
        assert any(note in item for item in forcing.notes)


def test_flipped_evaporation_is_refused_in_another_forcing(own: Path) -> None:
    spoil(own, flipped_sign)
    with pytest.raises(InputError, match="evapotranspiration"):
        OwnEvapotranspiration(
            DemoPlanet(STEP), open_era5_land_evaporation(own, [2001]), [2001], None, 0.3
        )


# One fault in a file, and the word that names it.


def flipped_sign(dataset: netCDF4.Dataset) -> None:
    dataset["e"][:] = -dataset["e"][:]


def monthly_sums(dataset: netCDF4.Dataset) -> None:
    dataset["e"][:] = 30.0 * dataset["e"][:]


def celsius(dataset: netCDF4.Dataset) -> None:
    dataset["stl3"][:] = dataset["stl3"][:] - 273.15


def percent(dataset: netCDF4.Dataset) -> None:
    dataset["swvl2"][:] = 100.0 * dataset["swvl2"][:]


def nan_latitude(dataset: netCDF4.Dataset) -> None:
    dataset["latitude"][3] = np.nan


def shuffled_latitude(dataset: netCDF4.Dataset) -> None:
    dataset["latitude"][3] = 89.0


def twice(dataset: netCDF4.Dataset) -> None:
    dataset["valid_time"][4] = dataset["valid_time"][3] + 3600


def backwards(dataset: netCDF4.Dataset) -> None:
    dataset["valid_time"][:] = dataset["valid_time"][:][::-1]


def no_time(dataset: netCDF4.Dataset) -> None:
    dataset["valid_time"].units = "fortnights since the flood"


def infinite(dataset: netCDF4.Dataset) -> None:
    values = dataset["swvl1"][5]
    values[np.isfinite(values)] = np.inf
    dataset["swvl1"][5] = values


def grib_missing(dataset: netCDF4.Dataset) -> None:
    dataset["swvl1"][5] = np.where(
        np.isnan(dataset["swvl1"][5]), np.float32(3.4e38), dataset["swvl1"][5]
    )
    dataset["stl1"][5] = np.float32(9999.0)


def renamed(name: str, new: str) -> Callable[[netCDF4.Dataset], None]:
    return lambda dataset: dataset.renameVariable(name, new)


def unit(name: str, text: str) -> Callable[[netCDF4.Dataset], None]:
    return lambda dataset: dataset[name].setncattr("units", text)


@pytest.mark.parametrize(("fault", "word"), [
    (flipped_sign, "evapotranspiration"), (monthly_sums, "evapotranspiration"),
    (celsius, "K, not degC"), (percent, "soil_moisture"), (nan_latitude, "1 missing values"),
    (shuffled_latitude, "out of order"), (twice, "2 times in 2001-04"), (backwards, "out of order"),
    (no_time, "fortnights"), (infinite, "soil_moisture"), (grib_missing, "soil_temperature"),
    (renamed("swvl4", "swvl9"), "swvl4"), (renamed("e", "evap"), ": e\n"),
    (unit("e", "mm"), "'mm'"), (unit("e", "kg m-2 s-1"), "kg m-2 s-1"), (unit("stl1", "degC"), "degC"),
    (unit("swvl1", "kg m-2"), "kg m-2"), (unit("swvl1", ""), "''"),
    (renamed("latitude", "y"), "dimensions"),
])  # fmt: skip
def test_a_fault_in_a_file(own: Path, fault: Callable[[netCDF4.Dataset], None], word: str) -> None:
    assert word in message(spoil(own, fault))


def test_values_out_of_range_name_their_layer_and_all_months_once(own: Path) -> None:
    text = message(spoil(own, celsius))
    assert "(2001-01), 40-100 cm: soil_temperature and 11 more months\n" in text
    assert text.count("temperature must be in K, not degC") == len(re.findall("-\\d+ cm:", text))


def test_faults_of_files(own: Path) -> None:
    whole = own.read_bytes()
    shutil.copy(own, own.with_name("again.nc"))
    assert "each month once; it is also in again.nc" in message(own.parent)
    own.with_name("again.nc").unlink()
    for size in (0, 1000, len(whole) // 2, len(whole) - 200):
        own.write_bytes(whole[:size])
        assert own.name in message(own.parent)
    own.unlink()
    assert "no file ending in .nc" in message(own.parent)
    own.with_name("data.grib").write_bytes(b"GRIB")
    assert "data.grib" in message(own.parent)
    assert "no such file" in message(own)


def test_hours_of_the_day_are_no_monthly_means(tmp_path: Path) -> None:
    planet = points(STEP)
    stamps = [datetime(2001, month, 1, hour) for month in (1, 2) for hour in (0, 12)]
    values = {name: array[:4] for name, array in fields(planet, 2001).items()}
    write_fields(tmp_path / "hours.nc", planet, stamps, values)
    assert "2 times in 2001-01" in message(tmp_path)


def test_two_grids_in_one_folder(own: Path) -> None:
    write_era5_land(own.with_name("other.nc"), [2002], 15.0)
    assert "one grid" in message(own.parent)
