"""MOD16 and evapotranspiration of its own: units, gaps, other years, and maps that are faulty."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import rasterio

import saprolite as sap
from saprolite.constants import SECONDS_PER_DAY
from saprolite.errors import InputError, StudyError
from saprolite.grid import Grid
from saprolite.inputs import prepare
from saprolite.inputs.demo import DemoPlanet
from saprolite.inputs.evapotranspiration import OwnEvapotranspiration
from saprolite.sources import mod16 as module
from saprolite.sources.calendars import month_days
from saprolite.sources.evapotranspiration import rate_of_amount
from saprolite.sources.mod16 import amounts, open_mod16
from saprolite.sources.overlap import LEAST_RATE
from saprolite.study import Study
from saprolite.testing import mod16 as made
from saprolite.testing.mod16 import BARREN, points, write_map, write_mod16
from world import World

STEP = 2.0
YEARS = range(2001, 2006)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five years at 2 degrees, 0.8 times the planet's evapotranspiration."""
    path = tmp_path_factory.mktemp("mod16")
    write_mod16(path, YEARS, STEP, level=0.8)
    return path


@pytest.fixture
def own(folder: Path, tmp_path: Path) -> Path:
    """A copy of one year to spoil."""
    path = tmp_path / "own"
    path.mkdir()
    for item in folder.glob("*2001M*"):
        shutil.copy(item, path)
    return path


def message(path: Path, years: Any = (2001,)) -> str:
    with pytest.raises(InputError) as caught:
        product = open_mod16(path, years)
        OwnEvapotranspiration(DemoPlanet(STEP), product, years, None, 0.5)
    return str(caught.value)


def test_the_basins_of_mod16(data: Path) -> None:
    """Monthly sums of real basins, stored as the product stores them: 548 mm yr-1 come back."""
    table = pd.read_csv(data / "et/basins/ET_MOD16_monthly.csv", index_col=0).dropna(how="all")
    months = [name for name in table.columns if "2001" <= name[:4] <= "2014"]
    total = np.zeros(len(table))
    for name in months:
        key = (int(name[:4]), int(name[5:7]))
        stored = np.rint(table[name].to_numpy() / module.SCALE).astype(np.uint16)
        rate = rate_of_amount(amounts(stored), key)
        total += rate * month_days("standard", *key) * SECONDS_PER_DAY / 14.0
    assert (len(table), len(months)) == (156, 168)
    assert total.mean() == pytest.approx(548.0, abs=0.5)


def test_a_month_has_its_true_length() -> None:
    rates = [rate_of_amount(np.array([29.0]), (year, 2))[0] for year in (2000, 2001, 1900)]
    assert rates[0] == pytest.approx(1.0 / SECONDS_PER_DAY, rel=1e-15)
    assert rates[1] == rates[2] == pytest.approx(29.0 / 28.0 / SECONDS_PER_DAY, rel=1e-15)


def test_maps_come_back(folder: Path) -> None:
    product = open_mod16(folder, YEARS)
    assert product.months[0] == (2001, 1)
    assert len(product.months) == 60
    grid = Grid.globe(STEP, -60.0, 90.0)
    planet = points(STEP)
    for month in (2, 7):
        found = product.on_grid((2004, month), grid, slice(None))
        truth = made.amounts(planet, 2004, 0.8)[month - 1][::-1]
        there = (made.classes(planet) == 0)[::-1]
        amount = found.rate[:70] * month_days("standard", 2004, month) * SECONDS_PER_DAY
        assert np.abs(amount - truth)[there].max() <= 0.05 + 1e-9
        assert np.isnan(found.rate[:70][~there]).all()
        assert np.isnan(found.rate[70:]).all()  # north of 80 N there is no map
        assert (found.cover[:70] == there).all()


def test_a_band_is_read_alone_and_is_the_same(folder: Path) -> None:
    product = open_mod16(folder, [2001])
    grid = Grid.globe(5.0, -60.0, 90.0)
    whole = product.on_grid((2001, 4), grid, slice(None))
    for rows in (slice(3, 5), slice(27, 30), slice(0, 1)):
        part = product.on_grid((2001, 4), grid, rows)
        assert np.array_equal(part.rate, whole.rate[rows], equal_nan=True)
        assert np.array_equal(part.cover, whole.cover[rows])


def test_opening_reads_no_fields(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Any] = []
    real = module.amounts
    monkeypatch.setattr(module, "amounts", lambda stored: read.append(1) or real(stored))
    product = open_mod16(folder, YEARS)
    assert read == []
    product.on_grid((2001, 1), Grid.globe(STEP, -60.0, 90.0), slice(10, 12))
    assert read == [1]


# In the place of the forcing's own.


def test_gaps_take_the_value_of_the_forcing(folder: Path) -> None:
    planet = DemoPlanet(STEP)
    forcing = OwnEvapotranspiration(planet, open_mod16(folder, YEARS), YEARS, None, 0.5)
    cells = np.flatnonzero(planet.land() & ~planet.land_ice())
    got = forcing.read_year(2003, cells).evapotranspiration
    base = planet.read_year(2003, cells).evapotranspiration
    gap = np.isin(planet.classes.ravel()[cells], (4, 5)) | (
        np.repeat(planet.grid.lat, 180)[cells] > 80
    )
    assert np.array_equal(got[:, gap], base[:, gap])
    wet = ~gap & (base > 1e-6).all(axis=0)
    assert np.median(got[:, wet] / base[:, wet]) == pytest.approx(0.8, abs=0.01)
    area = planet.grid.areas().ravel()[cells]
    share = 100.0 * area[gap].sum() / area.sum()
    assert any(
        f"no value of mod16 on {share:.1f} % of the land area" in note for note in forcing.notes
    )
    for one, other in zip(
        forcing.read_year(2003, cells)[:2], planet.read_year(2003, cells)[:2], strict=True
    ):
        assert np.array_equal(one, other)


def test_other_years_must_be_chosen(folder: Path) -> None:
    planet, years = DemoPlanet(STEP), range(1998, 2008)
    product = open_mod16(folder, years)
    with pytest.raises(InputError, match="no whole year in 1998, 1999, 2000, 2006, 2007"):
        OwnEvapotranspiration(planet, product, years, None, 0.5)
    spliced = OwnEvapotranspiration(planet, product, years, "splice", 0.5)
    cells = np.flatnonzero(planet.land() & ~planet.land_ice())
    base = planet.read_year(1998, cells).evapotranspiration
    assert np.array_equal(spliced.read_year(1998, cells).evapotranspiration, base)
    assert any("spliced as it is" in note for note in spliced.notes)
    with pytest.raises(InputError, match='"scale" with 4 common years'):
        OwnEvapotranspiration(planet, product, range(1998, 2005), "scale", 0.5)


def test_scaling_brings_the_mean_of_each_cell_and_month_to_the_product(folder: Path) -> None:
    planet, years = DemoPlanet(STEP), range(1999, 2006)
    forcing = OwnEvapotranspiration(planet, open_mod16(folder, years), years, "scale", 0.5)
    cells = np.flatnonzero(planet.land() & ~planet.land_ice())
    own = np.stack([forcing.read_year(year, cells).evapotranspiration for year in YEARS])
    base = np.stack([planet.read_year(year, cells).evapotranspiration for year in YEARS])
    scaled = forcing.read_year(1999, cells).evapotranspiration
    before = planet.read_year(1999, cells).evapotranspiration
    means = own.mean(axis=0), base.mean(axis=0)
    ratio = means[0] / means[1]
    divided = (means[1] >= LEAST_RATE) & (ratio > 0.2) & (ratio < 5.0)
    assert divided.mean() > 0.8
    assert scaled[divided] == pytest.approx((before * ratio)[divided], rel=1e-6)
    rest = ~divided  # dew, frost: the difference is added
    assert scaled[rest] == pytest.approx((before + means[0] - means[1])[rest], abs=1e-12)
    notes = "\n".join(forcing.notes)
    assert (
        "in 1999-2000 the forcing's, scaled to mod16 by cell and calendar month over 2001-2005"
        in notes
    )
    assert "a difference in place of a ratio" in notes
    # A band knows the same factors.
    some = cells[100:200]
    assert np.array_equal(forcing.read_year(1999, some).evapotranspiration, scaled[:, 100:200])


def test_another_unit_is_told_by_the_forcing(tmp_path: Path) -> None:
    write_mod16(tmp_path, [2001], STEP, level=0.1)
    assert "0.1" in message(tmp_path)
    assert "times the forcing's" in message(tmp_path)


def test_a_run(folder: Path, tmp_path: Path) -> None:
    content = World(tmp_path, range(2000, 2002)).study(
        inputs__forcing={"product": "demo", "resolution_deg": 10.0},
        inputs__evapotranspiration={
            "product": "mod16",
            "path": str(folder),
            "other_years": "splice",
        },
    )
    study = Study.of(content, tmp_path)
    prepared = prepare(study)
    assert prepared.products["evapotranspiration"] == "mod16"
    assert len(prepared.files["evapotranspiration"]) == 12
    result = sap.run(study, tmp_path / "out")
    flux = result["carbon_sink_flux"].values
    assert np.isfinite(flux).any()
    assert "spliced as it is" in str(result.attrs)


def test_the_scaling_of_a_study_is_made_once(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = {"product": "mod16", "path": str(folder), "other_years": "scale"}
    content = World(tmp_path, range(1999, 2006)).study(
        inputs__forcing={"product": "demo", "resolution_deg": 10.0}, inputs__evapotranspiration=own
    )
    first = prepare(Study.of(content, tmp_path))
    refuse = pytest.fail
    monkeypatch.setattr(OwnEvapotranspiration, "_survey", lambda *_: refuse("made again"))
    again = prepare(Study.of(content, tmp_path))
    assert again.notes == first.notes
    one, two = (item.read_year(1999).evapotranspiration for item in (first, again))
    assert np.array_equal(one, two, equal_nan=True)
    assert first.held_bytes == again.held_bytes > 12 * 9 * np.isfinite(one[0]).sum()
    own["least_evapotranspiration"] = 1e-6
    monkeypatch.undo()
    assert "1e-06 kg m-2 s-1 or more" in " ".join(prepare(Study.of(content, tmp_path)).notes)


def test_thresholds_without_a_scaling_are_refused(folder: Path, tmp_path: Path) -> None:
    own = {
        "product": "mod16",
        "path": str(folder),
        "other_years": "splice",
        "ratio_limits": [0.5, 2.0],
    }
    content = World(tmp_path).study(inputs__evapotranspiration=own)
    with pytest.raises(StudyError, match=r"ratio_limits[^|]*other_years = .scale"):
        Study.of(content, tmp_path)
    own["other_years"] = "scale"
    found = Study.of(content, tmp_path).inputs.evapotranspiration
    assert found is not None
    assert found.ratio_limits == [0.5, 2.0]


def test_a_study_names_what_lacks(folder: Path, tmp_path: Path) -> None:
    content = World(tmp_path, range(2000, 2002)).study(
        inputs__forcing={"product": "demo", "resolution_deg": 10.0},
        inputs__evapotranspiration={"product": "mod16", "path": str(folder)},
    )
    with pytest.raises(InputError, match=r"other_years = .scale"):
        prepare(Study.of(content, tmp_path))


# Faulty maps.


def test_faults_of_maps(own: Path) -> None:
    path = own / "MOD16A2_ET_0.05deg_GEO_2001M05.tif"
    whole = path.read_bytes()
    for size in (0, 100, len(whole) // 2):
        path.write_bytes(whole[:size])
        assert path.name in message(own)
    path.write_bytes(whole)
    with rasterio.open(path) as raster:
        stored = raster.read(1)
    write_map(path, stored.astype(np.float32) / 10.0, STEP)
    assert "float32" in message(own)
    write_map(path, stored[:-3], STEP)
    assert "one grid" in message(own)
    write_map(path, np.where(stored > 65500, stored, 60000).astype(np.uint16), STEP)
    assert "evapotranspiration" in message(own)
    path.unlink()
    assert "no whole year" in message(own)
    with rasterio.open(own / "MOD16A2_ET_0.05deg_GEO_2001M06.tif") as raster:
        again = raster.read(1)
    write_map(own / "copy_MOD16A2_ET_0.05deg_GEO_2001M06.tif", again, STEP)
    assert "each month once" in message(own)
    write_map(own / "MOD16A2_ET_0.05deg_GEO_2001M13.tif", again, STEP)
    assert "month 13" in message(own)
    assert "no such folder" in message(own / "nothing")
    assert "no map of 1999" in message(own, (1999,))


def test_all_classes_without_a_value_are_missing() -> None:
    stored = np.arange(65501, 65536).astype(np.uint16)
    assert np.isnan(amounts(stored)).all()
    assert np.isnan(amounts(np.array([BARREN]))).all()
