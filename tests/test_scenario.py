"""Scenario against history: nothing changes into 0 %, each driver brings what it alone changes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

import saprolite as sap
from saprolite.analysis.scenario import BASELINES, DRIVERS, compare_scenarios
from saprolite.analysis.scenario_drivers import driver_contributions
from saprolite.analysis.scenario_runs import Run
from saprolite.comparison.scenario_outputs import named_runs, write_scenario
from saprolite.errors import InputError
from saprolite.study import Study
from saprolite.study_template import demo_content
from world import LAYERS, World, values


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> tuple[Run, Run, Run]:
    """Ten years of the demo planet, of which four are the past, three each a member of a future."""
    folder = tmp_path_factory.mktemp("runs") / "demo"
    content = demo_content(5.0) | {"first_year": 1996, "last_year": 2005}
    whole = Run("demo", folder, sap.run(Study.of(content, Path.cwd(), "test"), folder))
    return (part(whole, "history", 1996, 1999), part(whole, "near", 2000, 2002),
            part(whole, "far", 2003, 2005))  # fmt: skip


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Run:
    """The small world: 2000 as it is, then with one driver changed at a time, and 2004 as it is."""
    folder = tmp_path_factory.mktemp("alone")
    changes = {
        (year, month, name): partial(_changed, month=month, name=name, year=year)
        for year in CHANGES
        for month in range(1, 13)
        for name in values(2000, 1)
    }
    made = World(folder / "files", range(2000, 2005), changes=changes).write()
    study = Study.of(made.study(experiments__run=["shapley"]), Path.cwd(), "test")
    return Run("world", folder / "out", sap.run(study, folder / "out"))


def _changed(_: np.ndarray, month: int, name: str, year: int) -> np.ndarray:
    """The field of 2000, changed where it is one of the driver's."""
    fields, change, _ = CHANGES[year]
    field = values(2000, month)[name]
    return change(field) if name in fields else field


def scaled(factor: float) -> Callable[[np.ndarray], np.ndarray]:
    return lambda field: np.where(field > -999.0, factor * field, field)


CHANGES: dict[int, tuple[tuple[str, ...], Callable[[np.ndarray], np.ndarray], set[str]]] = {
    2001: (("Evap_tavg",), scaled(1.3), {"soil_co2"}),
    2002: (tuple(f"SoilMoi{layer}_inst" for layer in LAYERS), scaled(0.8), {"soil_moisture"}),
    2003: (tuple(f"SoilTMP{layer}_inst" for layer in LAYERS), scaled(1.01), {"soil_temperature", "frozen_soil"}),
}  # fmt: skip


def part(run: Run, name: str, first: int, last: int) -> Run:
    """A run of some of the years of another."""
    years = list(range(first, last + 1))
    fluxes = run.fluxes.drop_vars([name for name in run.fluxes if "trend" in str(name)])
    return Run(name, run.folder, fluxes.sel(year=years).assign_attrs(years_used=years))


# Nothing changes --------------------------------------------------------------------------------


def test_a_scenario_that_is_history_changes_by_nothing(runs: tuple[Run, Run, Run]) -> None:
    found = compare_scenarios(runs[0], [runs[0]], last_years=4, first_years=4)
    for base in BASELINES:
        assert (found.change[f"change_against_{base}_percent"].dropna() == 0.0).all(), base
    assert set(found.change["zone"]) == {
        "globe",
        "A tropical",
        "B arid",
        "C temperate",
        "D cold",
        "E polar",
    }
    assert (found.members[0].change == 0.0).all()
    assert (found.members[0].moisture == 0.0).all()
    scale = found.history_flux.max()
    assert np.abs(found.members[0].contributions).max() < 1e-12 * scale


def test_history_is_one_hundred_percent_of_its_mean(runs: tuple[Run, Run, Run]) -> None:
    found = compare_scenarios(runs[0], runs[1:2], 2, 1)
    past = found.annual[found.annual["run"] == "history"]
    means = past.groupby("zone")["percent_of_history_mean"].mean()
    np.testing.assert_allclose(means, 100.0, rtol=1e-12)
    last = past[past["year"] >= 1998].groupby("zone")["percent_of_history_last_years"].mean()
    np.testing.assert_allclose(last, 100.0, rtol=1e-12)
    first = found.annual[(found.annual["run"] == "scenario") & (found.annual["year"] == 2000)]
    np.testing.assert_allclose(first["percent_of_scenario_first_years"], 100.0, rtol=1e-12)
    assert found.definitions["history_mean"] == "mean of 1996-1999 of history (all its years)"
    assert (
        found.definitions["history_last_years"] == "mean of 1998-1999 of history (its last 2 years)"
    )
    assert (
        found.definitions["scenario_first_years"]
        == "mean of 2000 of each scenario (its first 1 year)"
    )


# Totals -----------------------------------------------------------------------------------------


def test_totals_against_plain_xarray(runs: tuple[Run, Run, Run]) -> None:
    found = compare_scenarios(runs[0], runs[1:2], 3, 2)
    flux = runs[1].fluxes["carbon_sink_flux"].where(found.cells)
    total = (flux * runs[1].fluxes["cell_area"]).sum(("lat", "lon")) / 1e6
    globe = found.change[found.change["zone"] == "globe"].set_index("depth")[
        "scenario_mean_total_Tg_C_yr-1"
    ]
    mean = total.mean("year").values
    np.testing.assert_allclose(
        globe[["0-10 cm", "10-40 cm", "40-100 cm", "100-200 cm"]], mean, rtol=1e-12
    )
    assert globe["0-40 cm"] == pytest.approx(mean[:2].sum(), rel=1e-12)
    assert globe["40-200 cm"] == pytest.approx(mean[2:].sum(), rel=1e-12)
    assert globe["0-200 cm"] == pytest.approx(mean.sum(), rel=1e-12)
    rows = found.annual[(found.annual["run"] == "scenario") & (found.annual["zone"] == "globe")]
    np.testing.assert_allclose(rows["total_Tg_C_yr-1"], total.sum("layer"), rtol=1e-12)


def test_zones_and_opposite_masks_add_up_to_the_globe(runs: tuple[Run, Run, Run]) -> None:
    found = compare_scenarios(runs[0], runs[1:2], 2, 1)
    whole = found.change[found.change["depth"] == "0-200 cm"].set_index("zone")
    for column in ("scenario_mean_total_Tg_C_yr-1", "history_mean_total_Tg_C_yr-1", "area_km2"):
        zones = whole.loc[
            ["A tropical", "B arid", "C temperate", "D cold", "E polar"], column
        ].sum()
        assert zones == pytest.approx(whole.loc["globe", column], rel=1e-9)
        assert whole.loc[["drier soil", "wetter soil"], column].sum() == pytest.approx(
            whole.loc["globe", column], rel=1e-9
        )
    # The demo planet warms.
    assert whole.loc["warmer soil", "share_of_area_percent"] > 90.0


def test_the_masks_are_those_of_the_stored_forcing(runs: tuple[Run, Run, Run]) -> None:
    found = compare_scenarios(runs[0], runs[1:2], 2, 1)
    weights = xr.DataArray([0.05, 0.15, 0.3, 0.5], dims="layer")
    means = []
    for run in runs[:2]:
        inputs = run.inputs.sel(month=run.inputs["month"].dt.year.isin(run.maps.years))
        days = xr.DataArray(np.tile([31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31],
                                    inputs.sizes["month"] // 12), dims="month")  # fmt: skip
        means.append((inputs["soil_moisture"].weighted(days).mean("month") * weights).sum("layer"))
        cells = inputs["cell"].values
    expected = (means[1] - means[0]).values[np.isin(cells, np.flatnonzero(found.cells))]
    np.testing.assert_allclose(found.members[0].moisture, expected, atol=1e-6)


def test_members_have_a_mean_and_a_range(runs: tuple[Run, Run, Run]) -> None:
    near, again = runs[1], Run("again", runs[1].folder, runs[1].fluxes)
    found = compare_scenarios(runs[0], [near, again], 2, 1)
    globe = found.spread[found.spread["zone"] == "globe"]
    assert globe["members"].tolist() == [2, 2, 2]
    np.testing.assert_allclose(globe["std_total_Tg_C_yr-1"], 0.0, atol=1e-12)
    two = compare_scenarios(runs[0], runs[1:], 2, 1)
    whole = two.change[(two.change["zone"] == "globe") & (two.change["depth"] == "0-200 cm")]
    rise = whole.set_index("member")["change_against_history_mean_percent"]
    assert 0.0 < rise["near"] < rise["far"]
    assert sorted(two.spread["year"].unique()) == list(range(2000, 2006))


# Drivers ----------------------------------------------------------------------------------------


def test_contributions_add_up_to_the_change(runs: tuple[Run, Run, Run]) -> None:
    found = compare_scenarios(runs[0], runs[2:], 2, 1)
    table = found.drivers.pivot_table("contribution_Tg_C_yr-1", "zone", "driver")
    np.testing.assert_allclose(table[list(DRIVERS)].sum(axis=1), table["all"], rtol=2e-5)
    assert table.loc["globe", "soil_temperature"] > 0.0
    assert table.loc["A tropical", "frozen_soil"] == 0.0


def test_contributions_of_single_years_are_those_of_the_engine(alone: Run) -> None:
    """A year against a base year: the engine's own Shapley values, from the fused kernel."""
    past, future = part(alone, "past", 2000, 2000), part(alone, "future", 2004, 2004)
    cells = np.flatnonzero(past.maps.valid)
    found = driver_contributions(past, future, cells)
    stored = alone.fluxes["carbon_sink_contribution"].sel(year=2004, driver=list(DRIVERS)).values
    scale = float(past.maps.layers[:, past.maps.valid].max())
    expected = stored.reshape(4, 4, -1)[:, :, cells]
    np.testing.assert_allclose(found, expected, rtol=1e-3, atol=2e-6 * scale)
    assert np.abs(found).max() > 1e-3 * scale


@pytest.mark.parametrize("year", CHANGES)
def test_a_driver_that_changes_alone_brings_the_whole_change(alone: Run, year: int) -> None:
    expected = CHANGES[year][2]
    found = compare_scenarios(
        part(alone, "past", 2000, 2000), [part(alone, "future", year, year)], 1, 1
    )
    table = found.drivers[found.drivers["zone"] == "globe"].set_index("driver")
    share = table["contribution_percent_of_history_mean"]
    for driver in DRIVERS:
        assert (abs(share[driver]) > 1e-9) == (driver in expected), driver
    assert share[list(expected)].sum() == pytest.approx(share["all"], rel=1e-4)
    present = set(found.change["zone"])
    assert ("drier soil" in present) == (expected == {"soil_moisture"})
    assert ("warmer soil" in present) == ("soil_temperature" in expected)


def test_the_air_of_the_scenario_is_part_of_soil_co2(alone: Run) -> None:
    """Eq 2 above 600 ppm against 10^-3.47 atm, nothing else changed: (600e-6 / 10^-3.47) ^ 0.5."""
    past, future = (part(alone, name, 2000, 2000) for name in ("past", "future"))
    reading = future.reading | {"atmosphere": "series"}
    attributes = {
        "reading": json.dumps(reading),
        "atmospheric_co2_ppm": json.dumps({"2000": 600.0}),
    }
    future = Run("future", future.folder, future.fluxes.assign_attrs(attributes))
    cells = np.flatnonzero(past.maps.valid & (past.maps.column > 0.0))
    found = dict(zip(DRIVERS, driver_contributions(past, future, cells).sum(axis=1), strict=True))
    flux = past.maps.column.ravel()[cells]
    np.testing.assert_allclose(
        found["soil_co2"] / flux, (600e-6 / 10**-3.47) ** 0.5 - 1.0, rtol=2e-5
    )
    for driver in ("soil_moisture", "soil_temperature", "frozen_soil"):
        assert np.abs(found[driver] / flux).max() < 1e-12
    silent = Run("future", future.folder, past.fluxes.assign_attrs(reading=json.dumps(reading)))
    with pytest.raises(InputError, match="atmospheric_co2_ppm"):
        driver_contributions(past, silent, cells)


@given(st.lists(st.floats(-1e3, 1e3), min_size=8, max_size=8))
def test_shapley_values_of_a_game_add_up(values: list[float]) -> None:
    found = sap.equations.shapley_of_game(values)
    assert len(found) == 3
    assert sum(found) == pytest.approx(values[-1] - values[0], abs=1e-9)


@given(st.lists(st.floats(0.1, 10.0), min_size=8, max_size=8))
def test_shapley_values_of_a_game_of_a_product(values: list[float]) -> None:
    new, base = values[:4], values[4:]
    outcomes = [np.prod([new[i] if s >> i & 1 else base[i] for i in range(4)]) for s in range(16)]
    expected = sap.equations.shapley_of_product(*new, *base)
    np.testing.assert_allclose(
        sap.equations.shapley_of_game(outcomes), expected, rtol=1e-9, atol=1e-7
    )


# What cannot be compared ------------------------------------------------------------------------


def test_a_run_without_stored_forcing_says_so(alone: Run, tmp_path: Path) -> None:
    past, future = part(alone, "past", 2000, 2000), part(alone, "future", 2004, 2004)
    past.inputs[["cell", "clay"]].load().to_zarr(tmp_path / "inputs.zarr", consolidated=False)
    found = compare_scenarios(past, [Run("bare", tmp_path, future.fluxes)], 1, 1)
    assert any("store_forcing" in note and "no masks" in note for note in found.notes)
    assert found.drivers.empty
    assert not [zone for zone in found.change["zone"] if "soil" in zone]


def test_runs_of_another_grid_or_reading(runs: tuple[Run, Run, Run], alone: Run) -> None:
    reading = json.dumps(alone.reading | {"pco2_intercept": -3.7})
    other = Run("other", alone.folder, alone.fluxes.assign_attrs(reading=reading))
    with pytest.raises(InputError) as error:
        compare_scenarios(runs[0], [other], 1, 1)
    places = {problem.where for problem in error.value.problems}
    assert places == {"other: grid", "other: reading.pco2_intercept"}


def test_another_soil_has_no_drivers(alone: Run) -> None:
    past, future = part(alone, "past", 2000, 2000), part(alone, "future", 2004, 2004)
    future.__dict__["inputs"] = past.inputs.assign(clay=0.5 * past.inputs["clay"])
    found = compare_scenarios(past, [future], 1, 1)
    assert any("clay" in note and "no contributions" in note for note in found.notes)
    assert found.drivers.empty
    assert found.members[0].moisture.size


@pytest.mark.parametrize(("last", "first"), [(5, 1), (0, 1), (1, 4), (1, 0)])
def test_more_years_than_there_are(runs: tuple[Run, Run, Run], last: int, first: int) -> None:
    with pytest.raises(InputError, match="-years"):
        compare_scenarios(runs[0], runs[1:2], last, first)


# Files ------------------------------------------------------------------------------------------


def test_every_file_is_written(runs: tuple[Run, Run, Run], tmp_path: Path) -> None:
    found, written = write_scenario(runs, tmp_path, last_years=2, first_years=1)
    assert {path.name for path in written} == {
        "scenario_annual.csv", "scenario_change.csv", "scenario_spread.csv", "scenario_drivers.csv",
        "scenario_maps.nc", "fig10_scenario.png", "fig10_scenario.pdf", "scenario_drivers.png",
        "scenario_drivers.pdf"}  # fmt: skip
    assert all(path.stat().st_size > 0 for path in written)
    text = (tmp_path / "scenario_change.csv").read_text(encoding="utf-8")
    assert "# baseline history_mean: mean of 1996-1999 of history (all its years)" in text
    assert "not data" in text
    with xr.open_dataset(tmp_path / "scenario_maps.nc") as maps:
        assert maps.sizes["member"] == 2
        total = float((maps["flux_change"] * maps["cell_area"]).sel(member="far").sum()) / 1e6
    change = pd.read_csv(tmp_path / "scenario_change.csv", comment="#")
    pd.testing.assert_frame_equal(change, found.change, check_dtype=False, rtol=1e-7)
    row = change.set_index(["member", "zone", "depth"]).loc[("far", "globe", "0-200 cm")]
    rise = row["scenario_mean_total_Tg_C_yr-1"] - row["history_mean_total_Tg_C_yr-1"]
    assert total == pytest.approx(rise, rel=1e-4)


def test_the_command_refuses_what_cannot_be(runs: tuple[Run, Run, Run], tmp_path: Path) -> None:
    folder = str(runs[0].folder)
    done = subprocess.run(
        [sys.executable, "-m", "saprolite", "scenario", folder, folder, "--out", str(tmp_path),
         "--last-years", "99"], capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert "last years of demo (0)" in done.stderr
    assert "--last-years 10" in done.stderr
    assert not list(tmp_path.iterdir())


def test_runs_of_the_same_name_get_numbers(runs: tuple[Run, Run, Run]) -> None:
    pair = (runs[0].folder, runs[0].fluxes)
    assert [run.name for run in named_runs([pair, pair])] == ["demo (0)", "demo (1)"]
