"""Trends of millions of series against scipy and closed forms, and the trends that a run stores."""

from __future__ import annotations

import json
from decimal import Decimal, localcontext
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from numba import njit
from scipy import special, stats

import saprolite as sap
from saprolite.analysis.trends import trend_rows
from saprolite.compiled import f_tail, sums
from saprolite.compiled.elementary import OPTIONS
from saprolite.compiled.f_tail import FTail
from saprolite.compiled.sums import add_up_layers, add_up_rows
from saprolite.compiled.trend import linear_trends, trend_kernel
from saprolite.engine.fits import fits_of, why_no_break
from saprolite.engine.kernels import kernel_of
from saprolite.engine.plan import plan_of
from saprolite.engine.reduce import write_trends
from saprolite.engine.store import FluxStore
from saprolite.equations import linear_trend, linear_trend_with_break
from saprolite.errors import InputError, StudyError
from saprolite.inputs import prepare
from saprolite.stores import open_dataset
from saprolite.study import Study
from world import World

ALL = ["soil_moisture", "soil_temperature", "soil_co2", "frozen_soil", "shapley"]
SERIES = [
    "control", "soil_moisture_only", "soil_temperature_only", "soil_co2_only", "frozen_soil_only",
    "contribution_of_soil_moisture", "contribution_of_soil_temperature", "contribution_of_soil_co2",
    "contribution_of_frozen_soil",
]  # fmt: skip


def same_bits(a: np.ndarray, b: np.ndarray) -> bool:
    return np.array_equal(np.isnan(a), np.isnan(b)) and bool(
        (
            np.where(np.isnan(a), 0.0, a).view(np.int64)
            == np.where(np.isnan(b), 0.0, b).view(np.int64)
        ).all()
    )


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("years", [3, 4, 49, 50])
def test_compiled_trends_have_the_bits_of_the_equation(years: int, kind: Any) -> None:
    random = np.random.default_rng(years)
    values = random.normal(size=(years, 5003)) * 10.0 ** random.uniform(-10, 10, 5003)
    values[:, :50] = 3.3
    values[:, 50:90] = 0.1 * np.arange(years)[:, None] + 7.0
    values[1, 90:95] = np.nan
    values[:, 99] = 0.0
    values = values.astype(kind)
    expected, found = linear_trend(values.T), linear_trends(values)
    for name in ("slope", "intercept", "F"):
        assert same_bits(getattr(expected, name), getattr(found, name)), name
    assert found.p == pytest.approx(expected.p, rel=1e-11, abs=0.0, nan_ok=True)


@given(
    npst.arrays(np.float64, st.tuples(st.integers(3, 60), st.integers(1, 9)),
                elements=st.floats(-1e6, 1e6) | st.just(np.nan) | st.just(0.0)),
)  # fmt: skip
def test_compiled_trends_are_those_of_the_equation_on_any_series(values: np.ndarray) -> None:
    expected, found = linear_trend(values.T), linear_trends(values)
    for name in ("slope", "intercept", "F"):
        assert same_bits(getattr(expected, name), getattr(found, name)), name
    normal = ~(expected.p < 1e-300)
    assert found.p[normal] == pytest.approx(expected.p[normal], rel=1e-10, abs=0.0, nan_ok=True)


@pytest.mark.parametrize("years", [11, 49, 120])
def test_compiled_trends_are_those_of_scipy(years: int) -> None:
    random = np.random.default_rng(years)
    steepness = 10.0 ** random.uniform(-4, 6, 300)
    values = random.normal(size=(years, 300)) + np.arange(years)[:, None] * steepness
    found = linear_trends(values)
    expected = [stats.linregress(np.arange(1, years + 1), series) for series in values.T]
    assert found.slope == pytest.approx([one.slope for one in expected], rel=1e-10, abs=1e-14)
    assert found.intercept == pytest.approx([one.intercept for one in expected], rel=1e-7)
    # linregress gets p by way of r, which says little of a residual near nothing.
    fair = np.array([one.rvalue**2 < 0.999 for one in expected])
    assert fair.sum() > 30
    p = np.array([one.pvalue for one in expected])
    assert found.p[fair] == pytest.approx(p[fair], rel=1e-10, abs=0.0)


def exact_tail(ratio: float, freedom: int) -> float:
    """p of F(1, n) for even n in closed form, in 700 digits."""
    with localcontext() as context:
        context.prec = 700
        square = Decimal(ratio) / (Decimal(ratio) + freedom)
        term = total = Decimal(1)
        for k in range(1, freedom // 2):
            term *= (1 - square) * (2 * k - 1) / (2 * k)
            total += term
        return float(1 - square.sqrt() * total)


@pytest.mark.parametrize("freedom", [2, 4, 10, 48, 100])
def test_p_is_the_closed_form_down_to_1e_300(freedom: int) -> None:
    ratios = np.concatenate([np.linspace(1e-6, 8.0, 80), np.geomspace(8.0, 1e8, 80)])
    exact = np.array([exact_tail(float(ratio), freedom) for ratio in ratios])
    p = np.empty_like(ratios)
    FTail.of(freedom).fill(ratios, p)
    here = exact > 1e-300
    assert exact[here].min() < {2: 1e-7, 4: 1e-14}.get(freedom, 1e-30)
    assert p[here] == pytest.approx(exact[here], rel=1e-11, abs=0.0)


@pytest.mark.parametrize("freedom", [1, 3, 9, 47, 499])
def test_p_is_that_of_scipy_for_odd_degrees_of_freedom(freedom: int) -> None:
    ratios = np.concatenate([np.linspace(1e-6, 8.0, 500), np.geomspace(8.0, 1e5, 500)])
    p = np.empty_like(ratios)
    FTail.of(freedom).fill(ratios, p)
    expected = special.fdtrc(1.0, freedom, ratios)
    normal = expected > 1e-300
    assert p[normal] == pytest.approx(expected[normal], rel=1e-10, abs=0.0)


def test_p_at_the_ends() -> None:
    p = np.empty(3)
    FTail.of(47).fill(np.array([0.0, np.inf, np.nan]), p)
    assert p[0] == 1.0
    assert p[1] == 0.0
    assert np.isnan(p[2])


def test_a_trend_does_not_depend_on_its_neighbours_or_the_workers() -> None:
    values = np.random.default_rng(1).normal(size=(20, 70_001)).astype(np.float32)
    whole, threads = linear_trends(values), linear_trends(values, 3)
    part = linear_trends(np.ascontiguousarray(values[:, 1234:1241]))
    for a, b, c in zip(whole, threads, part, strict=True):
        assert same_bits(a, b)
        assert same_bits(a[1234:1241], c)


def test_two_years_are_too_few() -> None:
    with pytest.raises(InputError, match="2 years"):
        linear_trends(np.zeros((2, 5)))


def test_the_loops_over_series_are_vectorised() -> None:
    """A wrap-around of indices or a branch would leave scalar loads and little packed arithmetic."""
    kernel: Any = trend_kernel()
    # Compiled anew: the code of an earlier run, from the disk, cannot be looked at.
    fresh: Any = njit(**{**OPTIONS, "forceinline": False})(kernel.py_func)
    out = [np.empty(8) for _ in range(3)]
    fresh(np.zeros((3, 8), np.float32), 0, 8, *out)
    (code,) = fresh.inspect_asm().values()
    packed = sum(code.count(word) for word in ("addpd", "fadd.2d", "fadd\tv"))
    assert packed >= 8
    assert "scatter" not in code and "gather" not in code


def test_no_index_of_a_sum_or_a_p_is_looked_up_lane_by_lane() -> None:
    tail = f_tail.FTail.of(8)
    months = sums._kernels()[2]
    for kernel, arguments in (
        (f_tail._kernel(), (np.ones(8), np.ones(8), *tail)),
        (months, (np.ones((12, 2, 8), np.float32), np.ones(12), np.ones((2, 8), np.float32))),
    ):
        fresh: Any = njit(**{**OPTIONS, "forceinline": False})(kernel.py_func)
        fresh(*arguments)
        (code,) = fresh.inspect_asm().values()
        assert "scatter" not in code and "gather" not in code


@given(
    npst.arrays(np.float32, st.tuples(st.integers(1, 4), st.just(6)),
                elements=st.floats(0.0, 1e3, width=32) | st.just(np.nan)),
)  # fmt: skip
def test_sums_over_layers_and_rows(flux: np.ndarray) -> None:
    area = np.array([1.0, 2.0, 3.0, 4.0, 5.0, 6.0])
    columns, rows = np.empty((2, 4)), np.empty(3)
    add_up_rows(flux, area, np.array([0, 2, 2, 6]), rows)
    add_up_layers(np.stack([flux, 2 * flux]), 1, columns)
    wide = flux.astype(float)
    of_layers = wide.sum(axis=0)[1:5]
    assert columns[0] == pytest.approx(of_layers, rel=1e-12, nan_ok=True)
    assert columns[1] == pytest.approx(2 * of_layers, rel=1e-12, nan_ok=True)
    known = np.nansum(wide, axis=0) * area
    assert rows == pytest.approx([known[:2].sum(), 0.0, known[2:].sum()], rel=1e-12)


def stored(study: Study, path: Path, bands: int) -> tuple[xr.Dataset, str | None]:
    """The store of a run, its blocks written in reverse order, and the note about its trends."""
    prepared = prepare(study)
    kernel = kernel_of(prepared)
    kernel.warm_up(lambda *_: None)
    store = FluxStore.create(path, prepared, kernel.extras, {}, "mark", bands)
    for block in reversed(store.blocks):
        store.write_block(block, kernel.block(block))
    store.write_means_by_mineral(kernel.shares())
    note = write_trends(store, prepared, kernel.extras, lambda *_: None)
    store.write_missing(prepared.missing)
    return open_dataset(path).load(), note


def six_years(folder: Path, **changes: Any) -> Study:
    """Years in which one cell lacks a month, with noise so that nothing is a straight line."""
    world = World(folder, range(2000, 2006))
    random = np.random.default_rng(0)
    for year in world.years:
        for month in range(1, 13):
            for name, width in (("SoilMoi0_10cm_inst", 3.0), ("SoilTMP10_40cm_inst", 2.0)):
                noise = random.normal(0.0, width)
                world.changes[year, month, name] = lambda field, noise=noise: np.where(
                    field > 0.0, field + np.float32(noise), field
                )

    def with_a_gap(field: np.ndarray) -> np.ndarray:
        field = field.copy()
        field[7, 7] = -9999.0
        return field

    world.changes[2003, 5, "SoilTMP40_100cm_inst"] = with_a_gap
    world.write()
    return Study.of(world.study(**{"experiments__run": ALL, **changes}), Path())


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> xr.Dataset:
    folder = tmp_path_factory.mktemp("trends")
    dataset, note = stored(six_years(folder / "w"), folder / "one.zarr", 1)
    assert note is None
    return dataset


def annual(run: xr.Dataset, name: str) -> xr.DataArray:
    """The annual maps of a series, as a reader of the store finds them."""
    if name == "control":
        return run["carbon_sink_flux"]
    if name.endswith("_only"):
        return run["carbon_sink_flux_by_experiment"].sel(experiment=name.removesuffix("_only"))
    return run["carbon_sink_contribution"].sel(driver=name.removeprefix("contribution_of_"))


@pytest.mark.parametrize("name", SERIES)
def test_stored_trends_are_those_of_the_stored_years(run: xr.Dataset, name: str) -> None:
    assert list(run["series"].values) == SERIES
    fields = annual(run, name).astype(float)
    for array, values in (
        ("trend", fields.transpose("layer", "lat", "lon", "year")),
        ("column_trend", fields.sum("layer", skipna=False).transpose("lat", "lon", "year")),
    ):
        expected = linear_trend(values.values)
        found = {key: run[f"{array}_{key}"].sel(series=name) for key in ("slope", "F", "p")}
        assert found["slope"].values == pytest.approx(
            expected.slope, rel=1e-9, abs=1e-15, nan_ok=True
        )
        # The order of the sum over layers decides about the last digits of a residual.
        assert found["F"].values == pytest.approx(expected.F, rel=1e-6, nan_ok=True)
        assert found["p"].values == pytest.approx(expected.p, rel=1e-6, nan_ok=True)
        assert found["slope"].attrs["units"] == "t km-2 yr-2"
        assert found["slope"].attrs["years_used"] == list(range(2000, 2006))


def test_one_cell_by_hand(run: xr.Dataset) -> None:
    place = {"lat": 45.0, "lon": 15.0}
    series = run["carbon_sink_flux"].sel(**place)
    for layer in (1, 3):
        expected = stats.linregress(np.arange(2000, 2006), series.sel(layer=layer).values)
        found = run.sel(**place, layer=layer, series="control")
        assert float(found["trend_slope"]) == pytest.approx(expected.slope, rel=1e-9)
        assert float(found["trend_p"]) == pytest.approx(expected.pvalue, rel=1e-7)


def test_a_missing_month_takes_the_trend_of_its_layer_and_of_the_column_only(
    run: xr.Dataset,
) -> None:
    cell = run.isel(lat=7, lon=7).sel(series="control")
    assert np.isnan(cell["trend_slope"].values).tolist() == [False, False, True, False]
    assert np.isnan(cell["column_trend_slope"].values)
    beside = run.isel(lat=7, lon=8).sel(series="control")
    assert np.isfinite(beside["trend_p"].values).all()
    assert np.isfinite(beside["column_trend_p"].values)


def test_contributions_share_the_trend_of_the_control(run: xr.Dataset) -> None:
    slopes = run["column_trend_slope"]
    shares = slopes.sel(series=[name for name in SERIES if name.startswith("contribution")])
    whole = slopes.sel(series="control").values
    scale = float(np.nanmax(np.abs(whole)))
    assert shares.sum("series", skipna=False).values == pytest.approx(
        whole, rel=1e-4, abs=1e-6 * scale, nan_ok=True
    )


@pytest.mark.parametrize("name", SERIES)
def test_global_totals(run: xr.Dataset, name: str) -> None:
    expected = (annual(run, name).astype(float) * run["cell_area"]).sum(
        ("layer", "lat", "lon")
    ) / 1e6
    found = run["carbon_sink_total"].sel(series=name)
    assert found.values == pytest.approx(expected.values, rel=1e-12, abs=1e-9)
    assert found.attrs["units"] == "Tg yr-1"


def test_bits_do_not_depend_on_the_bands(run: xr.Dataset, tmp_path: Path) -> None:
    again, _ = stored(six_years(tmp_path / "w"), tmp_path / "four.zarr", 4)
    for name in ("trend_slope", "trend_F", "trend_p", "column_trend_slope", "column_trend_F",
                 "column_trend_p", "carbon_sink_total"):  # fmt: skip
        assert same_bits(run[name].values, again[name].values), name
    assert trend_rows(again) == trend_rows(run)


def test_rows_of_the_summary(run: xr.Dataset) -> None:
    rows = {row["series"]: row for row in trend_rows(run)}
    assert list(rows) == SERIES
    area = run["cell_area"].values
    for name, row in rows.items():
        totals = run["carbon_sink_total"].sel(series=name).values
        if np.ptp(totals) > 1e-9:
            expected = stats.linregress(np.arange(6), totals)
            assert row["trend_Tg_C_yr-2"] == pytest.approx(expected.slope, rel=1e-9)
            assert row["p"] == pytest.approx(expected.pvalue, rel=1e-6)
        slope = run["column_trend_slope"].sel(series=name).values
        p = run["column_trend_p"].sel(series=name).values
        known = np.isfinite(slope)
        for word, sign in (("rising", 1.0), ("falling", -1.0)):
            here = known & (np.sign(slope) == sign) & (p < 0.05)
            assert row[f"{word}_significantly_cells_percent"] == pytest.approx(
                100.0 * here.sum() / known.sum()
            )
            assert row[f"{word}_significantly_area_percent"] == pytest.approx(
                100.0 * area[here].sum() / area[known].sum()
            )
    assert rows["control"]["rising_significantly_cells_percent"] > 0.0
    assert rows["contribution_of_soil_co2"]["rising_significantly_cells_percent"] == 0.0


def test_two_years_give_a_note_and_no_trends(tmp_path: Path) -> None:
    study = six_years(tmp_path / "w", last_year=2001)
    dataset, note = stored(study, tmp_path / "f.zarr", 1)
    assert note == "no trends: 2 of the 3 years that a trend needs"
    assert not [name for name in dataset if "trend" in str(name)]
    assert trend_rows(dataset) == []


def test_a_run_says_its_trends(tmp_path: Path) -> None:
    dataset = sap.run(six_years(tmp_path / "w"), tmp_path / "out")
    summary = json.loads((tmp_path / "out" / "summary.json").read_text())
    assert [row["series"] for row in summary["trends"]] == SERIES
    totals = [summary["annual_total_Tg_C_yr-1"][str(year)] for year in range(2000, 2006)]
    assert dataset["carbon_sink_total"].sel(series="control").values == pytest.approx(
        totals, rel=1e-12
    )
    assert summary["trends"][0]["trend_Tg_C_yr-2"] == pytest.approx(
        float(linear_trend(totals).slope), rel=1e-9
    )
    table = (tmp_path / "out" / "tables" / "trends.csv").read_text()
    assert "soil_moisture_only" in table


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> xr.Dataset:
    folder = tmp_path_factory.mktemp("break")
    study = six_years(folder / "w", trends__break_year=2003, experiments__run=["soil_moisture"])
    dataset, note = stored(study, folder / "one.zarr", 1)
    assert note is None
    return dataset


BROKEN = ("slope", "step", "F", "p")


def test_trends_with_a_break_are_least_squares(broken: xr.Dataset) -> None:
    """Every cell against numpy's solver with a column of ones, of years, and of the step."""
    years = np.arange(1.0, 7.0)
    design = np.stack([np.ones(6), years, years >= 4.0], axis=1)
    unknown = np.linalg.inv(design.T @ design)
    for name in ("control", "soil_moisture_only"):
        fields = annual(broken, name).astype(float)
        for array, values in (
            ("trend_with_break", fields.transpose("year", "layer", "lat", "lon")),
            (
                "column_trend_with_break",
                fields.sum("layer", skipna=False).transpose("year", "lat", "lon"),
            ),
        ):
            series = values.values.reshape(6, -1)
            found = {
                key: broken[f"{array}_{key}"].sel(series=name).values.ravel() for key in BROKEN
            }
            known = np.isfinite(series).all(axis=0)
            assert (np.isfinite(found["slope"]) == known).all()
            solved = unknown @ design.T @ series[:, known]
            squares = ((series[:, known] - design @ solved) ** 2).sum(axis=0)
            varied = squares > 1e-24 * (series[:, known] ** 2).sum(axis=0)
            assert varied.sum() > 100
            ratio = solved[1] ** 2 / unknown[1, 1] / np.where(varied, squares / 3.0, 1.0)
            expected = {
                "slope": solved[1],
                "step": solved[2],
                "F": ratio,
                "p": special.fdtrc(1.0, 3.0, ratio),
            }
            for key in BROKEN:
                got, wanted = found[key][known][varied], expected[key][varied]
                assert got == pytest.approx(wanted, rel=1e-6, abs=1e-12), (array, key)


def test_a_break_leaves_the_plain_trends_as_they_are(
    broken: xr.Dataset, run: xr.Dataset, tmp_path: Path
) -> None:
    for name in ("trend_slope", "trend_F", "trend_p", "column_trend_slope", "column_trend_p"):
        assert same_bits(
            broken[name].sel(series="control").values, run[name].sel(series="control").values
        )
    about = broken["trend_with_break_step"].attrs
    assert (about["units"], about["break_year"]) == ("t km-2 yr-1", 2003)
    assert "level shift from 2003 on" in about["long_name"]
    assert "F(1, n - 3)" in broken["column_trend_with_break_F"].attrs["long_name"]
    assert not [name for name in run if "break" in str(name)]
    study = six_years(tmp_path / "w", trends__break_year=2003, experiments__run=["soil_moisture"])
    again, _ = stored(study, tmp_path / "four.zarr", 4)
    for key in BROKEN:
        for group in ("trend", "column_trend"):
            name = f"{group}_with_break_{key}"
            assert same_bits(broken[name].values, again[name].values), name
    plan = {array.name: array.bytes for array in plan_of(prepare(study)).arrays}
    assert plan == {str(name): item.nbytes for name, item in again.items() if str(name) in plan}
    assert {str(name) for name in again if "break" in str(name)} <= plan.keys()


def test_rows_of_the_summary_with_a_break(broken: xr.Dataset) -> None:
    row = trend_rows(broken)[0]
    totals = broken["carbon_sink_total"].sel(series="control").values
    expected = linear_trend_with_break(totals, 3)
    assert row["break_year"] == 2003
    assert row["with_break_trend_Tg_C_yr-2"] == expected.slope
    assert row["with_break_step_Tg_C_yr-1"] == expected.step
    assert (row["with_break_F"], row["with_break_p"]) == (expected.F, expected.p)
    slope, p = (
        broken[f"column_trend_with_break_{key}"].sel(series="control").values
        for key in ("slope", "p")
    )
    share = 100.0 * ((slope > 0.0) & (p < 0.05)).sum() / np.isfinite(slope).sum()
    assert row["with_break_rising_significantly_cells_percent"] == pytest.approx(share)
    assert row["trend_Tg_C_yr-2"] == pytest.approx(linear_trend(totals).slope)


def test_breaks_that_cannot_be(tmp_path: Path) -> None:
    world = World(tmp_path, range(2000, 2006))
    for year in (2000, 2006, 1999):
        with pytest.raises(StudyError, match="a year of the run but the first"):
            Study.of(world.study(trends__break_year=year), tmp_path)
    with pytest.raises(StudyError, match="4 years or more"):
        Study.of(world.study(trends__break_year=2001, last_year=2002), tmp_path)
    study = Study.of(world.study(trends__break_year=2002), tmp_path)
    assert why_no_break(study, range(2000, 2006)) is None
    for years in (range(2002, 2006), range(2001, 2004), range(1998, 2002)):
        note = why_no_break(study, years)
        assert (
            note
            == f"no trends with a break at 2002: years with a value are {years[0]} to {years[-1]}"
        )
        assert len(fits_of(study, years)) == 1
