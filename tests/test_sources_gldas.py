"""GLDAS monthly: real files against the product's facts, made ones against every fault."""

from __future__ import annotations

import shutil
from pathlib import Path

import netCDF4
import numpy as np
import pytest

from saprolite.errors import InputError
from saprolite.sources.gldas import open_gldas
from saprolite.sources.recognise import survey
from world import ICE_CELL, LAT, LON, SHAPE, World, values

STACK = "gldas/noah10_monthly_v21/gldas_noah10_m_v21_soil_evap_201201-202212.nc"
MONTHS = "gldas/noah10_monthly_v21"


def test_the_real_stack(data: Path) -> None:
    gldas = open_gldas(data / STACK, range(2012, 2023))
    land, ice = gldas.land(), gldas.land_ice()
    assert land.sum() == 15159
    assert ice.sum() == 556
    cells = np.flatnonzero(land & ~ice)
    year = gldas.read_year(2012, cells)
    assert not any(np.isnan(array).any() for array in year)
    # Mean land ET of the product, 11-year mean 588 mm yr-1 outside land ice.
    area = gldas.grid.areas().ravel()[cells]
    days = np.array([31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
    annual = (year.evapotranspiration * 86400 * days[:, None]).sum(axis=0)
    assert 560 < np.average(annual, weights=area) < 610
    assert 0.02 < (year.evapotranspiration < 0).mean() < 0.05  # dew and frost are kept
    assert year.soil_moisture[:, 0].min() == pytest.approx(0.02, abs=1e-4)


def test_original_files_agree_with_the_stack(data: Path, tmp_path: Path) -> None:
    """The same month by way of an original file and of the int16 stack: to half a packing step."""
    for name in ("201201", "201202", "201203", "201207"):
        shutil.copy(data / MONTHS / f"GLDAS_NOAH10_M.A{name}.021.nc4", tmp_path)
    stack = open_gldas(data / STACK, [2012])
    with pytest.raises(InputError) as caught:
        open_gldas(tmp_path, [2012])
    assert "2012-04, 2012-05, 2012-06, 2012-08" in str(caught.value)
    cells = np.flatnonzero(stack.land())
    from saprolite.sources import gldas as module

    packed = stack.read_year(2012, cells)
    for name, month in (("201201", 0), ("201207", 6)):
        with netCDF4.Dataset(tmp_path / f"GLDAS_NOAH10_M.A{name}.021.nc4") as original:
            for layer, depth in enumerate((0.1, 0.3, 0.6, 1.0)):
                theta = (
                    original[module.MOISTURE[layer]][0].filled(np.nan).ravel()[cells] / depth / 1000
                )
                step = {0: 0.01, 1: 0.03, 2: 0.06, 3: 0.1}[layer] / depth / 1000
                assert np.abs(packed.soil_moisture[month, layer] - theta).max() <= 0.51 * step
                kelvin = original[module.TEMPERATURE[layer]][0].filled(np.nan).ravel()[cells]
                assert np.abs(packed.soil_temperature[month, layer] - kelvin).max() <= 0.0102
            rate = original["Evap_tavg"][0].filled(np.nan).ravel()[cells]
            assert np.abs(packed.evapotranspiration[month] - rate).max() <= 2.1e-9


def test_made_files_come_back_as_they_are(world: World) -> None:
    gldas = open_gldas(world.folder, world.years)
    assert gldas.land().sum() == SHAPE[0] * SHAPE[1] - LON.size
    assert np.argwhere(gldas.land_ice()).tolist() == [list(ICE_CELL)]
    cells = np.flatnonzero(gldas.land())
    year = gldas.read_year(2001, cells)
    truth = values(2001, 5)
    assert (year.soil_temperature[4, 2] == truth["SoilTMP40_100cm_inst"].ravel()[cells]).all()
    theta = truth["SoilMoi10_40cm_inst"].ravel()[cells].astype(float) / 300.0
    assert (year.soil_moisture[4, 1] == theta.astype(np.float32)).all()  # rounded once
    assert (year.evapotranspiration[4] == truth["Evap_tavg"].ravel()[cells]).all()


def test_descending_latitude_and_longitude_from_zero(tmp_path: Path, world: World) -> None:
    flipped = World(tmp_path / "flipped", flip=True).write()
    one, other = (open_gldas(item.folder, [2000]) for item in (world, flipped))
    assert other.grid.same_as(one.grid)
    cells = np.flatnonzero(one.land())
    for a, b in zip(one.read_year(2000, cells), other.read_year(2000, cells), strict=True):
        assert (a == b).all()


@pytest.mark.parametrize("ending", [".nc4.SUB.nc4", ".SUB.nc4"])
def test_subset_names_are_accepted(world: World, ending: str) -> None:
    """By a run and by ``saprolite data check`` alike."""
    path = world.path(2000, 3)
    path.rename(path.with_name(path.name.removesuffix(".nc4") + ending))
    assert len(open_gldas(world.folder, world.years).files) == 24
    (line,) = survey(world.folder, world.years).lines
    assert line.startswith("gldas_noah_monthly/noah10-v21: 24 files, by name")


def refused(world: World, years: range | None = None) -> str:
    with pytest.raises(InputError) as caught:
        open_gldas(world.folder, years or world.years)
    return str(caught.value)


def test_a_truncated_file(world: World) -> None:
    path = world.path(2000, 4)
    path.write_bytes(path.read_bytes()[:5000])
    message = refused(world)
    assert path.name in message
    assert "not a complete NetCDF file (5000 bytes)" in message
    assert "months missing" not in message  # the month is there; its file was refused


def test_an_empty_file_and_a_missing_folder(world: World) -> None:
    world.path(2000, 4).write_bytes(b"")
    assert "an empty file" in refused(world)
    with pytest.raises(InputError, match="no such file"):
        open_gldas(world.folder / "nothing.nc", [2000])


def test_a_misnamed_file(world: World) -> None:
    shutil.copy(world.path(2000, 4), world.path(2001, 4))
    message = refused(world)
    assert "A200104" in message
    assert "the month 200004" in message
    assert "200104, as the name says" in message


def test_a_name_that_is_not_recognised(world: World) -> None:
    world.path(2000, 4).rename(world.folder / "gldas_2000_04.nc4")
    message = refused(world)
    assert "months missing: 2000-04" in message
    assert "gldas_2000_04.nc4" in message


def test_missing_months_are_all_named(world: World) -> None:
    message = refused(world, range(1999, 2002))
    assert "1999-01, 1999-02" in message
    assert "and 6 more" in message
    assert "24 months from 2000-01 to 2001-12" in message


def test_wrong_units_of_every_variable_at_once(tmp_path: Path) -> None:
    spoiled = World(
        tmp_path / "w", units={"SoilTMP0_10cm_inst": "degC", "Evap_tavg": "kg m-2"}
    ).write()
    message = refused(spoiled, range(2000, 2001))
    assert "SoilTMP0_10cm_inst" in message
    assert "units 'degC'" in message
    assert "Evap_tavg" in message
    assert "'kg m-2 s-1'" in message


def test_a_missing_variable(tmp_path: Path, world: World) -> None:
    path = world.path(2001, 7)
    with netCDF4.Dataset(path, "a") as dataset:
        dataset.renameVariable("SoilMoi40_100cm_inst", "SoilMoi40_100cm")
    assert "SoilMoi40_100cm_inst" in refused(world)


def test_another_grid_in_the_folder(world: World) -> None:
    world.write_month(world.path(2001, 7), 2001, 7, lat=LAT[:-1])
    message = refused(world)
    assert "A200107" in message
    assert "14 x 36 cells" in message
    assert "15 x 36 cells" in message
    assert "months missing" not in message


def test_rows_or_columns_in_another_order_than_in_the_other_files(world: World) -> None:
    """What differs is said, and the months of the files are not missing on top of it."""
    world.write_month(world.path(2001, 7), 2001, 7, lat=LAT[::-1])
    message = refused(world)
    assert "found:    latitudes from north to south\n" in message
    assert "latitudes from south to north, as in GLDAS_NOAH10_M.A200001.021.nc4" in message
    assert "(1 problem)" in message
    World(world.folder, flip=True).write_month(world.path(2001, 7), 2001, 7)
    message = refused(world)
    assert "found:    latitudes from north to south, longitudes from 0\n" in message


def test_versions_and_the_early_product_are_not_mixed(world: World) -> None:
    shutil.copy(world.path(2000, 1), world.folder / "GLDAS_NOAH10_M.A200001.020.nc4")
    assert "a mixture: NOAH10 version 020, NOAH10 version 021" in refused(world)
    (world.folder / "GLDAS_NOAH10_M.A200001.020.nc4").unlink()
    world.path(2000, 1).rename(world.folder / "GLDAS_NOAH10_M_EP.A200001.021.nc4")
    assert "early product" in refused(world)


@pytest.mark.parametrize(("name", "change", "variable"), [
    ("SoilTMP10_40cm_inst", lambda f: np.where(f > 0, f - 273.15, f), "soil_temperature"),
    ("SoilMoi10_40cm_inst", lambda f: np.where(f > 0, f * 10, f), "soil_moisture"),
    ("Evap_tavg", lambda f: np.where(f > -1, f * 86400 * 30, f), "evapotranspiration"),
])  # fmt: skip
def test_values_in_another_unit_than_the_file_says(tmp_path: Path, name, change, variable) -> None:  # type: ignore[no-untyped-def]
    spoiled = World(tmp_path / "w", changes={(2000, 6, name): change}).write()
    gldas = open_gldas(spoiled.folder, spoiled.years)
    with pytest.raises(InputError, match=variable):
        gldas.read_year(2000, np.flatnonzero(gldas.land()))


def test_moisture_stored_as_a_fraction_is_noticed_by_its_mean(tmp_path: Path) -> None:
    """0.3 m3 m-3 labelled kg m-2 is within the range; its mean is not plausible."""
    changes = {(2000, month, f"SoilMoi{layer}_inst"): (lambda f, d=depth: np.where(f > 0, f / d, f))
               for month in range(1, 13) for layer, depth in
               (("0_10cm", 100), ("10_40cm", 300), ("40_100cm", 600), ("100_200cm", 1000))}  # fmt: skip
    spoiled = World(tmp_path / "w", changes=changes).write()
    gldas = open_gldas(spoiled.folder, spoiled.years)
    with pytest.raises(InputError, match="a mean of"):
        gldas.read_year(2000, np.flatnonzero(gldas.land()))


def test_the_unstated_year_before_is_kept_only_if_complete(world: World) -> None:
    assert (2000, 1) in open_gldas(world.folder, [2001], 2000).months
    world.path(2000, 5).unlink()
    assert (2000, 1) not in open_gldas(world.folder, [2001], 2000).months


def test_a_broken_file_of_another_year_does_not_matter(world: World) -> None:
    (world.folder / "GLDAS_NOAH10_M.A199901.021.nc4").write_bytes(b"broken")
    open_gldas(world.folder, world.years)


def test_a_month_out_of_range_is_named_with_its_file(tmp_path: Path) -> None:
    change = {(2001, 6, "SoilTMP100_200cm_inst"): lambda f: np.where(f > 0, f - 273.15, f)}
    spoiled = World(tmp_path / "w", changes=change).write()
    gldas = open_gldas(spoiled.folder, spoiled.years)
    with pytest.raises(InputError, match=r"A200106\.021\.nc4 \(2001-06\)"):
        gldas.read_year(2001, np.flatnonzero(gldas.land()))


def test_a_single_layer_in_another_unit_is_noticed(tmp_path: Path) -> None:
    """One layer as a fraction, labelled kg m-2: its own mean is not plausible."""
    changes = {
        (2000, m, "SoilMoi100_200cm_inst"): lambda f: np.where(f > 0, f / 1000, f)
        for m in range(1, 13)
    }
    spoiled = World(tmp_path / "w", changes=changes).write()
    gldas = open_gldas(spoiled.folder, spoiled.years)
    with pytest.raises(InputError, match="a mean of"):
        gldas.read_year(2000, np.flatnonzero(gldas.land()))


@pytest.mark.parametrize("units", ["", "months of the year"])
def test_a_time_that_cannot_be_read(world: World, units: str) -> None:
    with netCDF4.Dataset(world.path(2000, 3), "a") as dataset:
        dataset["time"].units = units
    assert "A200003.021.nc4: time" in refused(world)


def test_land_ice_is_no_sign_of_a_wrong_unit(data: Path) -> None:
    gldas = open_gldas(data / STACK, [2012])
    row, column = np.divmod(np.flatnonzero(gldas.land()), gldas.grid.lon.size)
    lat, lon = gldas.grid.lat[row], gldas.grid.lon[column]
    greenland = np.flatnonzero(gldas.land())[(lat > 60) & (lat < 84) & (lon > -60) & (lon < -20)]
    assert np.isfinite(gldas.read_year(2012, greenland).soil_moisture).all()


def test_a_few_rows_in_winter_are_not_held_against_the_mean_of_the_earth(tmp_path: Path) -> None:
    """Dew all over a band has a mean that no unit explains; the whole Earth has not."""
    changes = {(2000, 1, "Evap_tavg"): lambda f: np.where((f > -1) & (LAT[:, None] > 60), -2e-7, f)}
    gldas = open_gldas(World(tmp_path / "w", changes=changes).write().folder, range(2000, 2002))
    cells = np.flatnonzero(gldas.land())
    gldas.read_year(2000, cells)
    north = cells[gldas.grid.lat[cells // gldas.grid.lon.size] > 60.0]
    assert north.size > 100
    assert (gldas.read_year(2000, north).evapotranspiration[0] == np.float32(-2e-7)).all()
