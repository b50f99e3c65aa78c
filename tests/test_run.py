"""The gridded run on a small world: bits, blocks, missing values, totals, interruptions."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import saprolite as sap
from covering import COVERING, reading_of
from saprolite import equations as eq
from saprolite.engine import run as engine_run
from saprolite.errors import InputError, StoreError
from saprolite.models import CHOICES, Reading, month_seconds
from saprolite.study import Study
from world import ICE_CELL, LAT, LON, SHAPE, World, values

THICKNESS = (0.1, 0.3, 0.6, 0.5)  # 1.5 m of soil


def make(content: dict[str, Any], out: Path, **options: Any) -> xr.Dataset:
    return sap.run(Study.of(content, Path()), out, **options)


def fluxes_only(content: dict[str, Any], out: Path) -> xr.Dataset:
    """A run without tables and figures, which these tests do not look at."""
    engine_run.compute(Study.of(content, Path()), out, False, lambda *_: None)
    return sap.open(out)


def store_digest(path: Path) -> str:
    digest = hashlib.sha256()
    for file in sorted(path.rglob("*")):
        if file.is_file():
            digest.update(str(file.relative_to(path)).encode() + file.read_bytes())
    return digest.hexdigest()


def site(world: World, year: int, layer: int, row: int, column: int, reading: Reading) -> float:
    """The same cell through the function for a single soil layer."""
    names = list(values(year, 1))

    def series(name: str, of_year: int = year) -> np.ndarray:
        return np.array([float(values(of_year, m)[name][row, column]) for m in range(1, 13)])

    def amounts(of_year: int) -> list[float]:
        seconds = month_seconds(reading.calendar, of_year)
        rates = series("Evap_tavg", of_year)
        return [
            eq.monthly_amount(rate, length) for rate, length in zip(rates, seconds, strict=True)
        ]

    # The engine keeps its inputs in single precision.
    depth = (0.1, 0.3, 0.6, 1.0)[layer]
    theta = np.float32(eq.volumetric_water_content(series(names[2 * layer]), depth)).astype(float)
    shares = world.study()["inputs"]["minerals"]["shares"]
    edges = ((0.0, 0.1), (0.1, 0.4), (0.4, 1.0), (1.0, 2.0))[layer]
    thickness = depth if reading.thickness == "none" else eq.layer_presence(1.5, *edges)
    return float(sap.carbon_sink_flux(
        theta, series(names[2 * layer + 1]), amounts(year), clay=0.3, silt=0.3, sand=0.4,
        bulk_density=1320.0, thickness=thickness, mineral_share=shares, reading=reading, year=year,
        previous_evapotranspiration=amounts(year - 1) if year > world.years.start else None,
    ))  # fmt: skip


@pytest.mark.parametrize("name", COVERING)
def test_gridded_run_is_the_scalar(world: World, tmp_path: Path, name: str) -> None:
    content = world.study(reading=COVERING[name], engine__precision="float64")
    dataset = fluxes_only(content, tmp_path / "out")
    chosen = Study.of(content, Path()).chosen_reading
    for year in (2000, 2001):
        for layer in range(4):
            for row, column in ((3, 5), (8, 20), (10, 33)):
                stored = float(dataset["carbon_sink_flux"].sel(year=year)[layer, row, column])
                expected = site(world, year, layer, row, column, chosen)
                if chosen.et_mode == "trailing12" and year == 2000:
                    assert np.isnan(stored)
                    assert np.isnan(expected)
                    continue
                assert stored == pytest.approx(expected, rel=2e-13, abs=0.0)
                assert stored > 0.0


def test_the_readings_of_these_runs_have_every_option() -> None:
    """What each option does is held against a calculation by hand (test_profile)."""
    readings = [reading_of(choices) for choices in COVERING.values()]
    found = {name: {getattr(one, name) for one in readings} for name in CHOICES}
    # The air's CO2 by year is a file of its own: below.
    missing = {name: set(CHOICES[name]) - found[name] for name in CHOICES} | {"atmosphere": set()}
    assert not any(missing.values()), missing


def test_the_contract_of_the_output(world: World, tmp_path: Path) -> None:
    out = tmp_path / "out"
    dataset = make(world.study(), out)
    assert dataset.attrs["status"] == "finished"
    assert dataset["carbon_sink_flux"].dims == ("year", "layer", "lat", "lon")
    assert dataset["carbon_sink_flux_by_mineral"].dims == ("mineral", "layer", "lat", "lon")
    assert dataset["carbon_sink_flux"].attrs["units"] == "t km-2 yr-1"
    assert dataset["cell_area"].attrs["units"] == "km2"
    assert dataset.attrs["Conventions"] == "CF-1.11"
    assert dataset["mineral"].values.tolist() == [
        "chlorite",
        "smectite",
        "mica",
        "illite",
        "vermiculite",
    ]
    for name in (
        "study.toml",
        "run.json",
        "summary.json",
        "ledger.jsonl",
        "inputs.zarr",
        "fluxes.zarr",
    ):
        assert (out / name).exists(), name
    state = json.loads((out / "run.json").read_text())
    assert state["status"] == "finished"
    assert state["peak_memory_bytes"] > 1e7
    assert set(state["inputs_sha256"]["forcing"]) == {
        str(world.path(y, m)) for y in (2000, 2001) for m in range(1, 13)
    }
    assert state["reading"] == Reading().as_dict()
    assert [item["name"] for item in state["unverified_numbers"]] == ["BROOK_INTERCEPT"]
    assert len(list((out / "figures").glob("*.png"))) == 8
    assert len(list((out / "tables").glob("*.csv"))) == 7

    inputs = xr.open_zarr(out / "inputs.zarr", consolidated=False)
    assert inputs["soil_moisture"].dims == ("month", "layer", "cell")
    assert inputs["evapotranspiration"].attrs["units"] == "kg m-2 s-1"
    assert inputs["effective_thickness"].isel(cell=0).values == pytest.approx(THICKNESS)
    assert inputs["month"].values[13] == np.datetime64("2001-02-01")

    # Any reader of Zarr opens the stores without a word, and they go to NetCDF as they are.
    for name in ("fluxes", "inputs"):
        xr.open_zarr(out / f"{name}.zarr").drop_vars("mineral").to_netcdf(tmp_path / f"{name}.nc")
    dataset.to_netcdf(tmp_path / "all.nc")

    # Water has no value, land ice neither; everything else has.
    flux = dataset["carbon_sink_flux"].values
    land = np.ones(SHAPE, bool)
    land[0] = False
    assert (dataset["land"].values == land).all()
    land[ICE_CELL] = False
    assert (np.isfinite(flux) == land).all()


def test_totals_are_area_sums_of_the_stored_maps(world: World, tmp_path: Path) -> None:
    out = tmp_path / "out"
    dataset = make(world.study(minerals__names=["illite", "albite", "kaolinite"],
                               inputs__minerals__shares={"illite": 0.2, "albite": 0.1, "kaolinite": 0.3}), out)  # fmt: skip
    summary = json.loads((out / "summary.json").read_text())
    area = dataset["cell_area"]
    mean = dataset["carbon_sink_flux"].mean("year")
    total = float((mean * area).sum()) / 1e6
    assert summary["global_total_Tg_C_yr-1"] == pytest.approx(total, rel=1e-12)
    by_layer = [row["total_Tg_C_yr-1"] for row in summary["by_layer"]]
    assert by_layer == pytest.approx((mean * area).sum(["lat", "lon"]).values / 1e6, rel=1e-12)
    by_mineral = {row["mineral"]: row["total_Tg_C_yr-1"] for row in summary["by_mineral"]}
    stored = (dataset["carbon_sink_flux_by_mineral"] * area).sum(["layer", "lat", "lon"]) / 1e6
    assert list(by_mineral.values()) == pytest.approx(stored.values, rel=1e-12)
    assert sum(by_mineral.values()) == pytest.approx(total, rel=1e-12)
    assert by_mineral["kaolinite"] == 0.0
    assert by_mineral["albite"] > 0.0
    assert sum(row["total_Tg_C_yr-1"] for row in summary["by_climate_group"]) == pytest.approx(
        total, rel=1e-12
    )
    column = mean.sum("layer", skipna=False)
    means = summary["mean_flux_t_C_km-2_yr-1"]
    valid_area = float(area.where(column.notnull()).sum())
    assert means["area_weighted_valid"] == pytest.approx(total * 1e6 / valid_area, rel=1e-12)
    assert means["unweighted_valid"] == pytest.approx(float(column.mean()), rel=1e-12)
    land_area = float(area.where(dataset["land"] > 0).sum())
    assert means["area_weighted_land"] == pytest.approx(total * 1e6 / land_area, rel=1e-12)
    cells = int((dataset["land"] > 0).sum())
    assert means["unweighted_land"] == pytest.approx(float(column.sum()) / cells, rel=1e-12)
    annual = (dataset["carbon_sink_flux"] * area).sum(["layer", "lat", "lon"]).values / 1e6
    assert list(summary["annual_total_Tg_C_yr-1"].values()) == pytest.approx(annual, rel=1e-12)


def test_outputs_say_what_carbonates_and_bare_minerals_count(world: World, tmp_path: Path) -> None:
    shares = {"illite": 0.2, "calcite": 0.1, "kaolinite": 0.3}
    content = world.study(minerals__names=[*shares], inputs__minerals__shares=shares)
    dataset = fluxes_only(content, tmp_path / "out")
    state = json.loads((tmp_path / "out/run.json").read_text())
    carbonate, bare = (note for note in state["notes"] if note.startswith("minerals: "))
    assert carbonate.startswith("minerals: calcite: the CO2 of carbonates is counted in full")
    assert bare.startswith("minerals: kaolinite: no base cations")
    assert carbonate in dataset.attrs["comment"]
    assert bare in dataset.attrs["comment"]


@given(cells=st.integers(1, 600))
@settings(max_examples=12, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_any_block_size_gives_the_same_store(world: World, tmp_path: Path, cells: int) -> None:
    reference = tmp_path / "reference"
    if not reference.exists():
        fluxes_only(world.study(), reference)
    out = tmp_path / f"blocks-{cells}"
    if not out.exists():
        fluxes_only(world.study(engine__cells_per_block=cells), out)
    assert store_digest(out / "fluxes.zarr") == store_digest(reference / "fluxes.zarr")
    assert store_digest(out / "inputs.zarr") == store_digest(reference / "inputs.zarr")


def test_stored_and_direct_forcing_give_the_same_fluxes(world: World, tmp_path: Path) -> None:
    stores = [fluxes_only(world.study(output__store_forcing=keep), tmp_path / keep)
              for keep in ("always", "never")]  # fmt: skip
    assert "soil_moisture" not in xr.open_zarr(tmp_path / "never/inputs.zarr", consolidated=False)
    a, b = (store["carbon_sink_flux"].values for store in stores)
    assert np.array_equal(a, b, equal_nan=True)


FIELDS = [f"SoilMoi{x}_inst" for x in ("0_10cm", "10_40cm", "40_100cm", "100_200cm")] + [
    f"SoilTMP{x}_inst" for x in ("0_10cm", "10_40cm", "40_100cm", "100_200cm")] + ["Evap_tavg"]  # fmt: skip


@given(
    st.integers(2000, 2001),
    st.integers(1, 12),
    st.sampled_from(FIELDS),
    st.integers(1, 14),
    st.integers(0, 35),
)
@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_missing_forcing_value_is_missing_there_and_nowhere_else(
    world: World, tmp_path: Path, year: int, month: int, name: str, row: int, column: int
) -> None:
    reference = tmp_path / "reference"
    whole = sap.open(reference) if reference.exists() else fluxes_only(world.study(), reference)
    path = world.path(year, month)
    original = path.read_bytes()
    try:
        with netCDF4.Dataset(path, "a") as dataset:
            dataset[name][0, row, column] = -9999.0
        out = tmp_path / f"{year}{month}{name}{row}x{column}"
        spoiled = sap.open(out) if out.exists() else fluxes_only(world.study(), out)
    finally:
        path.write_bytes(original)
    expected = whole["carbon_sink_flux"].values.copy()
    layers = slice(None) if name == "Evap_tavg" else FIELDS.index(name) % 4
    expected[year - 2000, layers, row, column] = np.nan
    assert np.array_equal(spoiled["carbon_sink_flux"].values, expected, equal_nan=True)
    # A mean over the years needs all of them.
    by_mineral = whole["carbon_sink_flux_by_mineral"].values.copy()
    by_mineral[:, layers, row, column] = np.nan
    assert np.array_equal(spoiled["carbon_sink_flux_by_mineral"].values, by_mineral, equal_nan=True)


def static_file(path: Path, fields: dict[str, np.ndarray], units: str = "1") -> Path:
    """Fields on (horizon, lat, lon) of the small world."""
    with netCDF4.Dataset(path, "w") as dataset:
        horizons = next(iter(fields.values())).shape[0]
        for name, array in (("horizon", np.arange(horizons)), ("lat", LAT), ("lon", LON)):
            dataset.createDimension(name, array.size)
            dataset.createVariable(name, "f8", (name,))[:] = array
        for name, array in fields.items():
            dataset.createVariable(name, "f8", ("horizon", "lat", "lon"), fill_value=-999.0)[:] = (
                array
            )
            dataset[name].units = units
    return path


@pytest.mark.parametrize("name", ["clay", "bulk_density"])
def test_a_missing_static_value_is_missing_there_and_nowhere_else(
    world: World, tmp_path: Path, name: str
) -> None:
    """Two horizons, the lower one (below 0.4 m) without a value in one cell."""
    texture = {
        key: np.full((2, *SHAPE), value)
        for key, value in (("clay", 0.3), ("silt", 0.3), ("sand", 0.4))
    }
    density = {"bulk_density": np.full((2, *SHAPE), 1320.0)}
    fields = {**texture, **density}
    fields[name][1, 7, 7] = -999.0
    content = world.study(
        inputs__texture={"product": "netcdf", "horizons_m": [0.0, 0.4, 2.0],
                         "path": str(static_file(tmp_path / "t.nc", texture))},
        inputs__bulk_density={"product": "netcdf", "horizons_m": [0.0, 0.4, 2.0],
                              "path": str(static_file(tmp_path / "d.nc", density, "kg m-3"))},
    )  # fmt: skip
    spoiled = fluxes_only(content, tmp_path / "spoiled")["carbon_sink_flux"].values
    expected = fluxes_only(world.study(), tmp_path / "whole")["carbon_sink_flux"].values.copy()
    expected[:, 2:, 7, 7] = np.nan
    assert np.array_equal(np.isnan(spoiled), np.isnan(expected))
    assert np.allclose(spoiled, expected, rtol=1e-13, equal_nan=True)
    state = json.loads((tmp_path / "spoiled/run.json").read_text())
    cause = "texture" if name == "clay" else name
    assert state["missing_inputs_by_cause"][cause]["cells"] == 1
    assert state["missing_inputs_by_cause"]["land_ice"]["cells"] == 1


@pytest.mark.parametrize("depths", [(1.35, 0.2), (-1.35, -0.2)])
def test_horizons_from_below_are_refused(
    world: World, tmp_path: Path, depths: tuple[float, float]
) -> None:
    path = static_file(tmp_path / "d.nc", {"bulk_density": np.full((2, *SHAPE), 1320.0)}, "kg m-3")
    with netCDF4.Dataset(path, "a") as dataset:
        dataset["horizon"][:] = depths
    density = {"product": "netcdf", "horizons_m": [0.0, 0.4, 2.0], "path": str(path)}
    with pytest.raises(InputError, match=r"depths of 1\.35, 0\.2\n.*topmost horizon first"):
        sap.check(Study.of(world.study(inputs__bulk_density=density), Path()))


@pytest.mark.parametrize(("fields", "units", "message"), [
    ({"clay": 30.0, "silt": 30.0, "sand": 40.0}, "1", "percent"),
    ({"clay": 0.3, "silt": 0.3, "sand": 0.5}, "1", "a sum of 1.100"),
    ({"clay": 0.3, "silt": 0.3, "sand": 0.4}, "ppm", "units 'ppm'"),
])  # fmt: skip
def test_wrong_texture_is_refused_before_anything_is_written(
    world: World, tmp_path: Path, fields: dict[str, float], units: str, message: str
) -> None:
    path = static_file(
        tmp_path / "t.nc", {k: np.full((1, *SHAPE), v) for k, v in fields.items()}, units
    )
    content = world.study(inputs__texture={"product": "netcdf", "path": str(path)})
    out = tmp_path / "out"
    with pytest.raises(InputError, match=message) as caught:
        fluxes_only(content, out)
    assert "t.nc" in str(caught.value)
    assert not out.exists()


def test_a_hole_in_one_field_of_the_forcing_is_noted(tmp_path: Path) -> None:
    """It is counted as missing forcing; the note says that a field of its own is to blame."""
    name = "SoilMoi40_100cm_inst"

    def spoiled(field: np.ndarray) -> np.ndarray:
        field[5:9, 5:12] = -9999.0
        return field

    world = World(tmp_path / "world", changes={(2000, 4, name): spoiled}).write()
    prepared = sap.check(Study.of(world.study(), Path()))
    hole = "forcing (2000): soil_moisture of layer 3 lacks 28 cells that others have"
    assert [note for note in prepared.notes if "lacks" in note] == [hole]


def test_regions_that_are_not_there_are_found_before_the_run(world: World) -> None:
    study = Study.of(world.study(analysis__regions="nowhere.geojson"), world.folder)
    with pytest.raises(InputError, match=r"nowhere\.geojson"):
        sap.check(study)


@pytest.mark.parametrize("fault", ["upside down", "half a year off"])
def test_seasons_in_the_wrong_hemisphere_are_refused(tmp_path: Path, fault: str) -> None:
    """Rows against their latitudes, months under the name of others: every value is possible."""
    world = World(tmp_path / "world")
    for year in world.years:
        for month in range(1, 13):
            other = values(year, (month + 5) % 12 + 1)
            for name in other:
                world.changes[(year, month, name)] = {
                    "upside down": lambda field: field[::-1],
                    "half a year off": lambda _, other=other[name]: other,
                }[fault]
    world.write()
    with pytest.raises(InputError, match=r"wrong half of the year in (\d+) of \1 cells") as caught:
        fluxes_only(world.study(), tmp_path / "out")
    assert "upside down" in str(caught.value)
    assert not (tmp_path / "out").exists()


def test_percent_may_be_declared(world: World, tmp_path: Path) -> None:
    path = static_file(tmp_path / "t.nc", {k: np.full((1, *SHAPE), v) for k, v in
                                           (("clay", 30.0), ("silt", 30.0), ("sand", 40.0))}, "%")  # fmt: skip
    content = world.study(inputs__texture={"product": "netcdf", "path": str(path)})
    percent = fluxes_only(content, tmp_path / "p")["carbon_sink_flux"]
    constant = fluxes_only(world.study(), tmp_path / "c")["carbon_sink_flux"]
    assert np.allclose(percent, constant, rtol=1e-13, equal_nan=True)


def test_all_wrong_inputs_are_named_together(world: World, tmp_path: Path) -> None:
    world.path(2000, 2).unlink()
    content = world.study(
        inputs__texture={"product": "wise", "path": str(tmp_path / "soil.dat")},
        inputs__bulk_density={"product": "gsde", "path": str(tmp_path / "bd.nc")},
        inputs__minerals={"product": "ito_wagai", "path": str(tmp_path / "clay.nc4")},
        inputs__climate={"product": "koeppen", "path": str(tmp_path / "kg.tif")},
        inputs__thickness={"product": "raster", "path": str(tmp_path / "z.tif"), "units": "m"},
    )  # fmt: skip
    with pytest.raises(InputError) as caught:
        sap.check(Study.of(content, Path()))
    for part in ("2000-02", "soil.dat", "bd.nc", "clay.nc4", "kg.tif", "z.tif", "6 problems"):
        assert part in str(caught.value), part


def test_climate_zones_of_rubel(world: World, tmp_path: Path) -> None:
    """A study may take its classes from the table of Rubel et al. 2017; the run says so."""
    latitudes, longitudes = np.arange(-89.75, 90.0, 0.5), np.arange(-179.75, 180.0, 0.5)
    rows = [f"{lat},{lon},{'As' if lat < 0 else 'Dfc'}" for lat in latitudes for lon in longitudes]
    table = tmp_path / "rubel2017_climatezones_0p5deg.csv"
    table.write_text("\n".join(["Lat,Lon,Cls", *rows]) + "\n")
    content = world.study(inputs__climate={"product": "koeppen_rubel", "path": str(table)})
    prepared = sap.check(Study.of(content, Path()))
    south = prepared.grid.lat[prepared.cells // prepared.grid.lon.size] < 0.0
    assert set(prepared.climate[south]) == {3}
    assert set(prepared.climate[~south]) == {27}
    assert prepared.products["climate"] == "koeppen_rubel"
    assert any("As, count as Aw" in note for note in prepared.notes)
    sap.run(Study.of(content, Path()), tmp_path / "out")
    written = json.loads((tmp_path / "out/run.json").read_text())["inputs"]
    assert written["climate"]["citation"] == "Rubel et al. 2017, Meteorol. Z. 26, 115"
    assert (written["climate"]["edition"], written["forcing"]["edition"]) == ("0p5", "noah10-v21")


def test_large_gaps_are_refused(world: World, tmp_path: Path) -> None:
    half = np.full((1, *SHAPE), 0.3)
    half[:, :, :18] = -999.0
    path = static_file(
        tmp_path / "t.nc", {"clay": half, "silt": half, "sand": np.where(half > 0, 0.4, -999.0)}
    )
    content = world.study(inputs__texture={"product": "netcdf", "path": str(path)})
    with pytest.raises(InputError, match="of the land"):
        fluxes_only(content, tmp_path / "out")
    content["grid"] = {"max_missing_percent": 60.0}
    assert fluxes_only(content, tmp_path / "out")["carbon_sink_flux"].notnull().any()


def test_region_and_single_cell(world: World, tmp_path: Path) -> None:
    whole = fluxes_only(world.study(), tmp_path / "whole")
    part = fluxes_only(world.study(grid__region=[-40.0, 0.0, 40.0, 50.0]), tmp_path / "part")
    assert part["carbon_sink_flux"].shape[2:] == (5, 8)
    same = whole.sel(lat=part.lat, lon=part.lon)
    assert np.array_equal(part["carbon_sink_flux"], same["carbon_sink_flux"], equal_nan=True)
    cell = make(world.study(grid__region=[0.0, 0.0, 10.0, 10.0], last_year=2000), tmp_path / "cell")
    assert cell["carbon_sink_flux"].shape == (1, 4, 1, 1)
    assert float(cell["cell_area"][0, 0]) == float(whole["cell_area"].sel(lat=5.0, lon=5.0))
    summary = json.loads((tmp_path / "cell/summary.json").read_text())
    assert summary["valid_cells_count"] == 1
    with pytest.raises(InputError, match="no land cell"):
        fluxes_only(world.study(grid__region=[0.0, -60.0, 10.0, -50.0]), tmp_path / "water")


def test_trailing12_before_and_after_the_record_starts(world: World, tmp_path: Path) -> None:
    trailing = world.study(reading__et_mode="trailing12")
    out = tmp_path / "out"
    first = make(trailing, out)
    assert np.isnan(first["carbon_sink_flux"].sel(year=2000)).all()
    assert first["carbon_sink_flux"].sel(year=2001).notnull().sum() > 0
    summary = json.loads((out / "summary.json").read_text())
    assert summary["years_used"] == [2001]
    counted = summary["counts_of_clipped_values"]
    assert counted["layer_cell_years_without_a_result_though_static_inputs_are_complete"] == 4 * (
        14 * 36 - 1
    )
    # With the year before in the folder, the second year alone has the same value.
    second = fluxes_only({**trailing, "first_year": 2001}, tmp_path / "second")
    assert np.array_equal(second["carbon_sink_flux"].sel(year=2001),
                          first["carbon_sink_flux"].sel(year=2001), equal_nan=True)  # fmt: skip


def test_atmosphere_series(world: World, tmp_path: Path) -> None:
    path = tmp_path / "co2.csv"
    path.write_text("year,co2_ppm\n2000,338.8441561392026\n2001,677.6883122784052\n")
    double = {"engine__precision": "float64"}
    content = world.study(reading__atmosphere="series", inputs__atmospheric_co2={"path": str(path)},
                          **double)  # fmt: skip
    stored = fluxes_only(content, tmp_path / "series")
    air = json.loads(stored.attrs["atmospheric_co2_ppm"])
    assert air == {"2000": 338.8441561392026, "2001": 677.6883122784052}
    series = stored["carbon_sink_flux"]
    fixed = fluxes_only(world.study(**double), tmp_path / "fixed")["carbon_sink_flux"]
    assert np.allclose(series.sel(year=2000), fixed.sel(year=2000), rtol=1e-12, equal_nan=True)
    ratio = (series / fixed).sel(year=2001)
    assert np.allclose(ratio.values[np.isfinite(ratio)], np.sqrt(2.0), rtol=1e-12)


def test_counts_of_clipped_values(world: World, tmp_path: Path) -> None:
    out = tmp_path / "out"
    fluxes_only(world.study(reading__et_floor=5.0), out)
    counts = json.loads((out / "run.json").read_text())["counts_of_clipped_values"]
    expected = near = 0
    days = (31, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)
    for year in (2000, 2001):
        for month in range(1, 13):
            fields = values(year, month)
            land = fields["Evap_tavg"] > -1.0
            land[ICE_CELL] = False
            amount = fields["Evap_tavg"].astype(float) * 86400.0 * days[month - 1]
            expected += int((amount[land] < 5.0).sum())
            for layer in FIELDS[4:8]:
                near += int((np.abs(fields[layer][land].astype(float) - 273.15) <= 0.2).sum())
    assert expected > 0
    assert counts["et_below_floor_cell_months"] == expected
    assert near > 0
    assert counts["within_0.2_K_of_freezing_layer_cell_months"] == near


def test_a_run_can_be_reopened_and_refuses_another(world: World, tmp_path: Path) -> None:
    out = tmp_path / "out"
    fluxes = make(world.study(), out)["carbon_sink_flux"].values
    before = {p: p.stat().st_mtime_ns for p in out.rglob("*") if p.is_file()}
    make(world.study(), out)
    assert {p: p.stat().st_mtime_ns for p in out.rglob("*") if p.is_file()} == before
    with pytest.raises(StoreError, match=r"(?s)\[reading\] et_mode: .*--restart"):
        make(world.study(reading__et_mode="annual"), out)
    (out / "mine.txt").write_text("not saprolite's")
    changed = make(world.study(reading__et_mode="annual"), out, restart=True)
    assert not np.array_equal(changed["carbon_sink_flux"], fluxes, equal_nan=True)
    assert (out / "mine.txt").exists()
    with pytest.raises(StoreError, match=r"no run\.json"):
        sap.open(tmp_path / "nothing")


def test_a_changed_input_file_is_another_run(world: World, tmp_path: Path) -> None:
    out = tmp_path / "out"
    fluxes_only(world.study(), out)
    with netCDF4.Dataset(world.path(2001, 6), "a") as dataset:
        dataset["Evap_tavg"][0, 5, 5] = 1.0e-5
    with pytest.raises(StoreError, match=r"forcing: \S+A200106\.021\.nc4: other content"):
        fluxes_only(world.study(), out)


def test_a_killed_run_says_so_and_is_finished_by_the_same_command(tmp_path: Path) -> None:
    """SIGKILL in the middle of the years; the finished stores are those of a run never killed."""
    world = World(tmp_path / "w", years=range(2000, 2012)).write()
    study = world.study_file(tmp_path / "study.toml", engine__cells_per_block=7)
    out = tmp_path / "out"
    command = [sys.executable, "-m", "saprolite", "run", str(study), "--out", str(out)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    ledger = out / "ledger.jsonl"
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline and process.poll() is None:
        if ledger.exists() and ledger.read_text().count("\n") >= 3:
            break
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    assert process.wait() == -signal.SIGKILL
    assert json.loads((out / "run.json").read_text())["status"] == "unfinished"
    assert sap.open(out).attrs["status"] == "unfinished"
    done = ledger.read_text()
    assert 3 <= done.count("\n") < 12
    # What a crash can leave: half a ledger line, and a chunk that is not what the ledger says.
    ledger.write_text(done + '{"year": 2011, "sec')
    first = json.loads(done.splitlines()[0])["year"] - 2000
    chunk = out / "fluxes.zarr/carbon_sink_flux/c" / str(first) / "0/0/0"
    chunk.unlink()

    subprocess.run(command, check=True, capture_output=True)
    assert json.loads((out / "run.json").read_text())["status"] == "finished"
    whole = tmp_path / "whole"
    fluxes_only(world.study(engine__cells_per_block=7), whole)
    assert store_digest(out / "fluxes.zarr") == store_digest(whole / "fluxes.zarr")
    assert store_digest(out / "inputs.zarr") == store_digest(whole / "inputs.zarr")


def test_a_folder_that_cannot_be_written(world: World, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match="cannot be written"):
        fluxes_only(world.study(), tmp_path / "file" / "out")
    strange = tmp_path / "strange"
    (strange / "tables").mkdir(parents=True)
    with pytest.raises(StoreError, match="in use"):
        fluxes_only(world.study(), strange)


def test_forcing_on_a_coarser_grid(world: World, tmp_path: Path) -> None:
    """30 degree cells: drivers are area means of the land without ice, written out by hand."""
    out = tmp_path / "out"
    dataset = fluxes_only(world.study(grid__resolution_deg=30.0), out)
    assert dataset["carbon_sink_flux"].shape == (2, 4, 5, 12)
    inputs = xr.open_zarr(out / "inputs.zarr", consolidated=False)
    edges = np.deg2rad(np.append(LAT - 5.0, LAT[-1] + 5.0))
    weight = np.repeat(np.diff(np.sin(edges))[:, None], LON.size, axis=1)
    fields = values(2001, 8)
    soil = fields["Evap_tavg"] > -1.0
    soil[ICE_CELL] = False
    cell = int(np.flatnonzero((inputs["lat"] == 75.0) & (inputs["lon"] == -45.0))[0])
    rows, columns = slice(12, 15), slice(12, 15)  # the block with the ice cell
    inside = np.zeros(SHAPE, bool)
    inside[rows, columns] = soil[rows, columns]
    assert inside.sum() == 8
    for layer, name in enumerate(FIELDS[4:8]):
        mean = np.average(fields[name][inside].astype(float), weights=weight[inside])
        assert float(inputs["soil_temperature"][19, layer, cell]) == pytest.approx(mean, rel=1e-7)
    mean = np.average(fields["Evap_tavg"][inside].astype(float), weights=weight[inside])
    assert float(inputs["evapotranspiration"][19, cell]) == pytest.approx(mean, rel=1e-7, abs=0.0)
    assert dataset["carbon_sink_flux"].notnull().all()  # a third of the southern row is water
    with pytest.raises(InputError, match="10 degrees or coarser"):
        fluxes_only(world.study(grid__resolution_deg=5.0), tmp_path / "fine")
