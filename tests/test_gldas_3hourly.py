"""Months of GLDAS 3-hourly steps: weights, months' borders, gaps; a real step, real series."""

from __future__ import annotations

import shutil
from pathlib import Path

import netCDF4
import numpy as np
import pandas as pd
import pytest
import xarray as xr

from saprolite.errors import InputError
from saprolite.inputs.demo import DemoPlanet
from saprolite.sources.gldas import open_gldas
from saprolite.sources.gldas_3hourly import aggregate_months, month_of, monthly_points, steps_in
from saprolite.sources.gldas_files import UNITS
from saprolite.testing.gldas import write_gldas_months
from saprolite.testing.gldas_steps import write_gldas_steps
from saprolite.testing.gldas_values import all_fields
from saprolite.testing.gldas_values import month_of as nine_of

STEP = "gldas/noah025_3hourly_v21/GLDAS_NOAH025_3H.A20160101.0300.021.nc4"
HAWAII = "gldas/noah025_3hourly_v21_hawaii"
STACK = "gldas/noah10_monthly_v21/gldas_noah10_m_v21_soil_evap_201201-202212.nc"
NINE = tuple(UNITS)


@pytest.fixture(scope="module")
def steps(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("steps")
    write_gldas_steps(folder, 2015, 2, 10.0, fields=[*NINE, "Qs_acc", "Rainf_f_tavg"])
    return folder


def copy(steps: Path, folder: Path) -> Path:
    return Path(shutil.copytree(steps, folder))


def test_a_month_runs_from_three_to_midnight_of_the_next() -> None:
    inside = [
        np.datetime64(text) for text in ("2016-02-01T03:00", "2016-02-29T21:00", "2016-03-01T00:00")
    ]
    assert {str(month_of(stamp)) for stamp in inside} == {"2016-02"}
    assert str(month_of(np.datetime64("2016-02-01T00:00"))) == "2016-01"
    assert str(month_of(np.datetime64("2016-01-01T00:00"))) == "2015-12"
    assert [steps_in(np.datetime64(m)) for m in ("2015-02", "2016-02", "2016-04", "2016-01")] == [
        224, 232, 240, 248,
    ]  # fmt: skip


def test_the_mean_of_all_steps_is_the_month(steps: Path, tmp_path: Path) -> None:
    """Each field within a rounding of the files; the reader of months takes the result."""
    written = aggregate_months(steps, tmp_path / "months")
    assert [path.name for path in written] == ["GLDAS_NOAH100_M.A201502.021.nc4"]
    planet = DemoPlanet(10.0)
    land, ice = planet.land(), planet.land_ice()
    values = planet.read_year(2015, np.flatnonzero(land))
    truth = all_fields(nine_of(values, 1, ice[land]), ice[land])
    with netCDF4.Dataset(written[0]) as dataset:
        for name in (*NINE, "Qs_acc", "Rainf_f_tavg"):
            assert dataset[name][0].compressed() == pytest.approx(truth[name], rel=2e-7), name
            assert dataset[name].cell_methods == "time: mean"
        assert "224 of 224 steps" in dataset.history
    months = tmp_path / "months"
    write_gldas_months(tmp_path / "others", [2015], 10.0, fields=NINE)
    for path in (tmp_path / "others").iterdir():
        if not (months / path.name).exists():
            shutil.copy(path, months)
    cells = np.flatnonzero(land & ~ice)
    made = open_gldas(months, [2015]).read_year(2015, cells)
    monthly = open_gldas(tmp_path / "others", [2015]).read_year(2015, cells)
    for one, other in zip(made, monthly, strict=True):
        assert one == pytest.approx(other, rel=3e-7)


def test_accumulations_are_means_of_sums(steps: Path, tmp_path: Path) -> None:
    """x 8 x days is the amount of the month, and equals the sum of the steps."""
    written = aggregate_months(steps, tmp_path)[0]
    total = 0.0
    for path in steps.iterdir():
        with netCDF4.Dataset(path) as dataset:
            total = total + dataset["Qs_acc"][0].astype(float)
    with netCDF4.Dataset(written) as dataset:
        amount = dataset["Qs_acc"][0] * 8 * 28
    assert amount.compressed() == pytest.approx(total.compressed(), rel=1e-6)  # type: ignore[attr-defined]


def test_missing_steps_are_refused_unless_a_share_is_stated(steps: Path, tmp_path: Path) -> None:
    folder = copy(steps, tmp_path / "gaps")
    for hour in ("20150203.0600", "20150203.0900"):
        (folder / f"GLDAS_NOAH100_3H.A{hour}.021.nc4").unlink()
    with pytest.raises(InputError) as caught:
        aggregate_months(folder, tmp_path / "out")
    message = str(caught.value)
    assert "222 of 224 steps; missing 2015-02-03T06:00, 2015-02-03T09:00" in message
    assert "least_share = 0.991" in message
    written = aggregate_months(folder, tmp_path / "out", least_share=0.99)
    with netCDF4.Dataset(written[0]) as dataset:
        assert "222 of 224 steps" in dataset.history
        some = dataset["SoilTMP0_10cm_inst"][0].compressed()
    with netCDF4.Dataset(aggregate_months(steps, tmp_path / "all")[0]) as dataset:
        everything = dataset["SoilTMP0_10cm_inst"][0].compressed()
    # Two steps of the morning are gone: 0.02 sin, some 1e-4 of the value.
    assert 0.0 < np.abs(some / everything - 1.0).max() < 4e-4
    for share in (0.0, 1.5, 99.0):
        with pytest.raises(InputError, match="not percent"):
            aggregate_months(folder, tmp_path / "out", least_share=share)


def test_a_cell_with_too_few_values_is_missing(steps: Path, tmp_path: Path) -> None:
    folder = copy(steps, tmp_path / "cell")
    row, column = np.argwhere(DemoPlanet(10.0).land())[20]
    for path in sorted(folder.iterdir())[:3]:
        with netCDF4.Dataset(path, "a") as dataset:
            dataset["Evap_tavg"][0, row, column] = -9999.0
    with netCDF4.Dataset(aggregate_months(folder, tmp_path / "strict")[0]) as dataset:
        assert dataset["Evap_tavg"][0].mask[row, column]
        assert not dataset["SoilMoi0_10cm_inst"][0].mask[row, column]
    with netCDF4.Dataset(aggregate_months(folder, tmp_path / "loose", 0.9)[0]) as dataset:
        assert not dataset["Evap_tavg"][0].mask[row, column]


@pytest.mark.parametrize(("spoil", "words"), [
    (lambda p: p.write_bytes(p.read_bytes()[:3000]), "not a complete NetCDF file (3000 bytes)"),
    (lambda p: p.rename(p.with_name(p.name.replace(".0600.", ".0500."))), "the time 20150205.0500"),
    (lambda p: shutil.copy(p, p.with_name(p.name + ".SUB.nc4")), "once;"),
    (lambda p: shutil.copy(p, p.with_suffix(".SUB.nc4")), "once;"),
    (lambda p: shutil.copy(p, p.with_name(p.name.replace("0205.0600", "0206.0600"))), "as the name says"),
    (lambda p: change(p, lambda d: d["Evap_tavg"].setncattr("units", "mm")), "units 'mm'"),
    (lambda p: change(p, lambda d: d["lat"].__setitem__(0, np.nan)), "missing values in lat or lon"),
    (lambda p: change(p, lambda d: d["lat"].__setitem__(0, -54.0)), "another grid"),
    (lambda p: change(p, lambda d: d.renameVariable("Qs_acc", "Q_acc")), "the same fields"),
])  # fmt: skip
def test_each_fault_is_one_clear_error(steps: Path, tmp_path: Path, spoil, words: str) -> None:  # type: ignore[no-untyped-def]
    folder = copy(steps, tmp_path / "spoiled")
    spoil(folder / "GLDAS_NOAH100_3H.A20150205.0600.021.nc4")
    with pytest.raises(InputError) as caught:
        aggregate_months(folder, tmp_path / "out")
    assert words in str(caught.value)
    assert not list((tmp_path / "out").glob("*"))


def change(path: Path, how) -> None:  # type: ignore[no-untyped-def]
    with netCDF4.Dataset(path, "a") as dataset:
        how(dataset)


def test_an_empty_folder_has_no_months(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no 3-hourly file"):
        aggregate_months(tmp_path, tmp_path / "out")


def test_the_real_step(data: Path, tmp_path: Path) -> None:
    """One step of January 2016: refused as a month; as the share that it is, the step itself."""
    (tmp_path / "in").mkdir()
    shutil.copy(data / STEP, tmp_path / "in")
    with pytest.raises(InputError, match="2016-01"):
        aggregate_months(tmp_path / "in", tmp_path / "out")
    written = aggregate_months(tmp_path / "in", tmp_path / "out", least_share=0.004)
    assert written[0].name == "GLDAS_NOAH025_M.A201601.021.nc4"
    with netCDF4.Dataset(written[0]) as made, netCDF4.Dataset(data / STEP) as step:
        for name in ("SoilMoi0_10cm_inst", "SoilMoi10_40cm_inst"):
            assert (made[name][0].mask == step[name][0].mask).all()
            assert (made[name][0].compressed() == step[name][0].compressed()).all()
            assert made[name].units == "kg m-2"
        assert (made["lat"][:] == step["lat"][:]).all()


@pytest.mark.parametrize("name", ["0165.nc", "0166.nc"])
def test_real_series_at_points(data: Path, name: str) -> None:
    """Twenty-four whole months; the means are those of pandas on stamps moved by three hours."""
    found = monthly_points(data / HAWAII / name)
    assert found.sizes["month"] == 24
    assert not found.isnull().any().to_array().any()
    with xr.open_dataset(data / HAWAII / name) as raw:
        index = pd.DatetimeIndex(raw["time"].values).round("min") - pd.Timedelta(hours=3)
        for layer, (field, depth) in enumerate(
            [("0_10cm", 100.0), ("10_40cm", 300.0), ("40_100cm", 600.0), ("100_200cm", 1000.0)]
        ):
            wet = pd.DataFrame(raw[f"SoilMoi{field}_inst"].values.T, index=index)
            monthly = wet.groupby([index.year, index.month]).mean().to_numpy() / depth
            assert found["soil_moisture"][:, layer].values == pytest.approx(monthly, rel=1e-12)
            warm = pd.DataFrame(raw[f"SoilTMP{field}_inst"].values.T, index=index)
            monthly = warm.groupby([index.year, index.month]).mean().to_numpy()
            assert found["soil_temperature"][:, layer].values == pytest.approx(monthly, rel=1e-12)


def test_real_months_of_points_go_with_the_monthly_product(data: Path) -> None:
    """The big island of Hawaii, 2017 and 2018: 0.25 degree steps against the 1 degree months."""
    points = monthly_points(data / HAWAII / "0165.nc")
    inside = (np.abs(points["lat"] - 19.5) < 0.5) & (np.abs(points["lon"] + 155.5) < 0.5)
    stack = open_gldas(data / STACK, [2017, 2018])
    row, column = (int(np.flatnonzero(axis == value)[0]) for axis, value in ((stack.grid.lat, 19.5), (stack.grid.lon, -155.5)))  # fmt: skip
    cell = np.array([row * stack.grid.lon.size + column])
    months = [stack.read_year(year, cell) for year in (2017, 2018)]
    coarse = np.concatenate([item.soil_temperature[:, :, 0] for item in months])
    fine = points["soil_temperature"].values[:, :, inside.values].mean(axis=-1)
    # The levels differ by 9 K (another height, another land cover); the seasons do not.
    for layer in range(4):
        assert np.corrcoef(fine[:, layer], coarse[:, layer])[0, 1] > 0.9
    lagged = [
        np.corrcoef(np.roll(fine[:, 0], lag)[1:-1], coarse[1:-1, 0])[0, 1] for lag in (-1, 0, 1)
    ]
    assert np.argmax(lagged) == 1
