"""Trends, drivers, zones and masks: a planet with known trends, sums that must hold, odd cases."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from scipy import stats

import saprolite as sap
from saprolite.analysis.annual import AnnualFields
from saprolite.analysis.areas import Area, areas_of, read_regions
from saprolite.analysis.attribution import contributions
from saprolite.analysis.findings import find
from saprolite.analysis.masked import mask_rows, masks
from saprolite.analysis.means import mean_flux
from saprolite.analysis.trend_maps import CellTrends, cell_trends, critical_statistic
from saprolite.analysis_workflow import analyse
from saprolite.cli import app
from saprolite.equations import RelativeContribution
from saprolite.errors import InputError, StoreError
from saprolite.stores import open_dataset
from saprolite.study_analysis import AnalysisChoices
from saprolite.study_template import demo_content
from test_run import fluxes_only
from world import World

LAYERS = ["0-10 cm", "10-40 cm", "40-100 cm", "100-200 cm"]


def quiet(*_: Any) -> None:
    """No progress."""


@pytest.fixture
def demo(analysed_demo: Path) -> Path:
    return analysed_demo


def table(out: Path, name: str) -> pd.DataFrame:
    return pd.read_csv(out / "analysis" / f"{name}.csv", comment="#")


def planet(years: int = 12, **drivers: Any) -> AnnualFields:
    """Three rows of three cells, of known slopes: fluxes and states written by hand."""
    random = np.random.default_rng(3)
    lat, lon = np.array([-10.0, 0.0, 10.0]), np.array([0.0, 10.0, 20.0])
    t = np.arange(1.0, years + 1.0)
    slopes = {
        "control": np.linspace(-4.0, 4.0, 9).reshape(3, 3),
        "soil_moisture": np.array([[-3.0, -3, -3], [1, 1, 1], [1, 1, 0]]),
        "soil_temperature": np.array([[1.0, -1, 1], [-1, 1, 2], [1, -2, 4]]),
    } | drivers

    def maps(slope: np.ndarray, level: float, noise: float) -> np.ndarray:
        one = level + t[:, None, None] * slope + noise * random.normal(size=(years, 3, 3))
        return np.stack([one, 2.0 * one], axis=1)

    dims = ("year", "layer", "lat", "lon")
    experiments = np.stack(
        [maps(slopes[name], 60.0, 0.0) for name in ("soil_moisture", "soil_temperature")]
    )
    data = {
        "carbon_sink_flux": (dims, maps(slopes["control"], 50.0, drivers.get("noise", 0.3))),
        "carbon_sink_flux_by_experiment": (("experiment", *dims), experiments),
        "soil_moisture_annual_mean": (dims, maps(1e-3 * slopes["soil_moisture"], 0.3, 0.0)),
        "soil_temperature_annual_mean": (dims, maps(0.01 * slopes["soil_temperature"], 280.0, 0.0)),
        "land": (("lat", "lon"), np.ones((3, 3), "i1")),
        "cell_area": (("lat", "lon"), np.repeat([[1e6], [2e6], [1e6]], 3, axis=1)),
        "climate_class": (("lat", "lon"), np.array([[1, 1, 4], [1, 4, 4], [8, 8, 0]], "i2"),
                          {"flag_meanings": " ".join(["none", *(f"C{n}" for n in range(1, 31))])}),
        "depth_bounds": (("layer", "bounds"), np.array([[0.0, 0.1], [0.1, 0.4]])),
    }  # fmt: skip
    coords = {"lat": lat, "lon": lon, "year": 2000 + np.arange(years),
              "experiment": ["soil_moisture", "soil_temperature"]}  # fmt: skip
    return AnnualFields(
        xr.Dataset(data, coords, {"years_used": [2000 + n for n in range(years)]}), None
    )


def analysed(fields: AnnualFields, **choices: Any) -> tuple[Any, dict[Any, np.ndarray]]:
    maps: dict[Any, np.ndarray] = {}

    def write(name: str, labels: tuple[str, ...], values: np.ndarray) -> None:
        maps[name, *labels] = values

    return find(fields, AnalysisChoices(**choices), write, quiet), maps


def test_known_slopes_and_drivers_are_recovered() -> None:
    found, maps = analysed(planet(noise=0.0))
    control = np.linspace(-4.0, 4.0, 9)
    moisture = np.array([-3.0, -3, -3, 1, 1, 1, 1, 1, 0])
    temperature = np.array([1.0, -1, 1, -1, 1, 2, 1, -2, 4])
    for layers, factor in (("0-10 cm", 1.0), ("10-40 cm", 2.0), ("0-40 cm", 3.0)):
        assert maps["trend_slope", "control", layers] == pytest.approx(factor * control, abs=1e-12)
        known = maps["trend_slope", "control", layers] != 0.0
        residual = control - moisture - temperature
        size = np.abs([moisture, temperature, residual]).sum(axis=0)
        for name, part in (("soil_moisture", moisture), ("soil_temperature", temperature),
                           ("residual", residual)):  # fmt: skip
            here = maps["relative_contribution", name, layers]
            assert here[known] == pytest.approx(100.0 * (part / size)[known], abs=1e-8)
    assert maps["main_control", "0-40 cm"].tolist() == [
        1 + int(np.argmax(np.abs([a, b, c - a - b])))
        for a, b, c in zip(moisture, temperature, control, strict=True)
    ]
    assert maps["synergy", "0-40 cm"].tolist() == [3, 2, 3, 3, 1, 1, 1, 3, 4]
    trends = found.tables["trends"]
    control_rows = trends[(trends["series"] == "control") & (trends["layers"] == "0-40 cm")]
    slope = control_rows.set_index("area")["slope_of_total_Tg_C_yr-2"]
    area = np.repeat([1e6, 2e6, 1e6], 3)
    assert slope["globe"] == pytest.approx(3.0 * control @ area / 1e6)
    parts = slope[["A tropical", "B arid", "C temperate", "D cold", "E polar", "unclassified"]]
    assert parts.sum() == pytest.approx(slope["globe"])


def test_trends_are_those_of_linregress_also_with_gaps() -> None:
    random = np.random.default_rng(11)
    series = random.normal(size=(30, 40)) + 0.1 * np.arange(30)[:, None]
    series[random.random(series.shape) < 0.1] = np.nan
    whole = np.isfinite(series).all(axis=0)
    for choices, fitted in ((AnalysisChoices(), whole),
                            (AnalysisChoices(fewest_years=10), np.ones(40, bool))):  # fmt: skip
        found = cell_trends(series, choices)
        assert np.array_equal(np.isfinite(found.slope), fitted)
        for cell in np.flatnonzero(fitted):
            known = np.isfinite(series[:, cell])
            peer = stats.linregress(np.arange(1.0, 31.0)[known], series[known, cell])
            assert found.slope[cell] == pytest.approx(peer.slope, rel=1e-10)
            assert found.p[cell] == pytest.approx(peer.pvalue, rel=1e-9)


def test_false_discovery_and_theil_sen_are_choices() -> None:
    random = np.random.default_rng(1)
    series = random.normal(size=(20, 3000))
    series[:, 5] = np.nan
    plain = cell_trends(series, AnalysisChoices())
    adjusted = cell_trends(series, AnalysisChoices(false_discovery="benjamini_hochberg"))
    known = np.isfinite(plain.p)
    assert (plain.p[known] < 0.05).mean() == pytest.approx(0.05, abs=0.02)
    assert (adjusted.p[known] < 0.05).sum() <= 1
    assert adjusted.p[known] == pytest.approx(
        stats.false_discovery_control(plain.p[known]), rel=1e-12
    )
    robust = cell_trends(series, AnalysisChoices(trend="theil_sen"))
    assert robust.slope[0] == pytest.approx(stats.theilslopes(series[:, 0]).slope)
    assert np.isnan(robust.p[5])
    for wrong in ({"autocorrelation": "hamed_rao"}, {"trend": "theil_sen", "fewest_years": 5},
                  {"latitude_bands": [[5.0, 5.0]]}):  # fmt: skip
        with pytest.raises(ValueError, match=r"theil_sen|least_squares|latitude_bands"):
            AnalysisChoices(**wrong)


def test_layers_zones_shares_and_contributions_add_up(demo: Path) -> None:
    trends, drivers = table(demo, "trends"), table(demo, "drivers")
    slope = trends.pivot_table(
        "slope_of_total_Tg_C_yr-2", ["series", "kind", "area"], "layers", dropna=False
    )
    size = slope["0-200 cm"].abs().max()
    assert (slope[LAYERS].sum(axis=1) - slope["0-200 cm"]).abs().max() < 1e-12 * size
    assert (slope[["0-40 cm", "40-200 cm"]].sum(axis=1) - slope["0-200 cm"]).abs().max() < 1e-12
    by_kind = trends.groupby(["series", "layers", "kind"])["slope_of_total_Tg_C_yr-2"].sum()
    by_kind = by_kind.unstack()
    assert (by_kind["climate_group"] - by_kind["globe"]).abs().max() < 1e-12
    assert drivers["control_less_contributions_Tg_C_yr-2"].abs().max() < 1e-6 * size
    parts = [f"relative_contribution_of_{name}_percent"
             for name in ("soil_moisture", "soil_temperature", "residual")]  # fmt: skip
    assert drivers[parts].abs().sum(axis=1, skipna=False).dropna().sub(100.0).abs().max() < 1e-9
    for name in ("synergy", "main_control"):
        shares = table(demo, name).groupby(["kind", "area", "layers"])["area_percent"].sum()
        shares = shares[shares > 0.0]
        assert shares.sub(100.0).abs().max() < 1e-9
    signs = table(demo, "relative_contributions").dropna()
    shares = signs[["positive_area_percent", "negative_area_percent", "zero_area_percent"]]
    assert shares.sum(axis=1).sub(100.0).abs().max() < 1e-9
    areas = table(demo, "areas")
    whole = areas[(areas["kind"] == "globe") & (areas["layers"] == "0-200 cm")].iloc[0]
    summary = json.loads((demo / "summary.json").read_text())
    assert whole["total_Tg_C_yr-1"] == pytest.approx(summary["global_total_Tg_C_yr-1"], rel=1e-12)


def test_the_maps_are_stored_with_their_meaning_and_equal_the_runs_own(demo: Path) -> None:
    maps, run = open_dataset(demo / "analysis.zarr"), sap.open(demo)
    assert maps.attrs["status"] == "finished"
    assert json.loads(maps.attrs["analysis"])["alpha"] == 0.05
    for name in ("slope", "p"):
        np.testing.assert_allclose(
            maps[f"trend_{name}"].sel(layers=LAYERS).values, run[f"trend_{name}"].values,
            rtol=1e-9, atol=1e-300,
        )  # fmt: skip
    column = maps["trend_slope"].sel(series="control", layers="0-200 cm")
    np.testing.assert_allclose(
        column, run["column_trend_slope"].sel(series="control"), rtol=1e-9, atol=1e-15
    )
    sizes = np.abs(maps["relative_contribution"]).sum("driver", skipna=False).values
    assert sizes[np.isfinite(sizes)] == pytest.approx(100.0)
    assert maps["main_control"].attrs["flag_meanings"].split()[3] == "undetermined"
    assert "Z of" not in maps["trend_statistic"].attrs["long_name"]
    assert maps["soil_temperature_trend_slope"].attrs["units"] == "K yr-1"


def test_the_only_driver_that_varies_has_all_of_the_trend(tmp_path: Path) -> None:
    """Only temperature changes in the small world: it has 100 % of every trend."""
    out = tmp_path / "out"
    world = World(tmp_path / "w", years=range(2000, 2005)).write()
    content = world.study(experiments__run=["soil_moisture", "soil_temperature"],
                          engine__precision="float64")  # fmt: skip
    fluxes_only(content, out)
    found, maps = analysed(AnnualFields.open(out))
    warm = maps["relative_contribution", "soil_temperature", "0-200 cm"]
    assert np.isfinite(warm).sum() > 400
    assert warm[np.isfinite(warm)] == pytest.approx(100.0, rel=1e-9)
    assert np.nanmax(np.abs(maps["trend_slope", "soil_moisture_only", "0-200 cm"])) < 1e-14
    states = found.tables["driver_trends"].set_index(["driver", "kind", "layers"])
    row = states.loc[("soil_temperature", "globe", "0-200 cm")]
    assert row["mean_slope_area_weighted_unit_yr-1"] == pytest.approx(0.1, rel=1e-4)
    assert row["rising_significantly_area_percent"] == pytest.approx(100.0)


def test_masked_statistics_of_four_cells_by_hand() -> None:
    one = np.ones(4)

    def trends(slope: list[float], p: list[float]) -> CellTrends:
        return CellTrends(np.array(slope), one, one, np.array(p))

    found = RelativeContribution(
        np.array([-20.0, 10.0, -40.0, np.nan]), np.array([30.0, -5.0, 10.0, np.nan]), one
    )
    moisture = trends([-1.0, -1.0, -1.0, 1.0], [0.01, 0.01, 0.5, 0.01])
    temperature = trends([1.0, -1.0, 1.0, 1.0], [0.01, 0.01, 0.01, 0.01])
    area, everywhere = np.array([1.0, 2.0, 1.0, 4.0]), [Area("globe", "globe", np.ones(4, bool))]

    def of(choices: AnalysisChoices) -> dict[tuple[str, str], dict[str, Any]]:
        chosen = masks(moisture, temperature, found, choices)
        rows = mask_rows(chosen, found, area, everywhere, "0-200 cm")
        return {(row["mask"], row["driver"]): row for row in rows}

    rows = of(AnalysisChoices())
    dry = rows["drying", "soil_moisture"]
    assert dry["mask_area_percent"] == 50.0
    assert dry["mean_area_weighted_percent"] == (-20.0 + 2 * 10.0 - 40.0) / 4.0
    assert dry["negative_area_percent"] == 50.0
    both = rows["drying_and_moisture_contribution_negative", "soil_temperature"]
    assert both["mean_area_weighted_percent"] == 20.0
    warm = rows["warming", "soil_temperature"]
    assert (warm["mean_unweighted_percent"], warm["mask_area_percent"]) == (20.0, 75.0)
    assert warm["undefined_area_percent"] == pytest.approx(100.0 * 4.0 / 6.0)
    sure = of(AnalysisChoices(masks="significant"))["drying", "soil_moisture"]
    assert sure["mask_area_percent"] == 37.5


def test_means_of_a_field_that_follows_the_cosine_of_latitude() -> None:
    """By area the mean of cos(latitude) is pi/4, by cell 2/pi; with half the land empty half."""
    edges = np.deg2rad(np.linspace(-90.0, 90.0, 3601))
    flux = np.cos((edges[1:] + edges[:-1]) / 2.0)
    area = np.diff(np.sin(edges))
    land = np.ones(flux.size, bool)
    means = mean_flux(flux, area, land)
    assert means.area_weighted_valid == pytest.approx(np.pi / 4.0, rel=1e-6)
    assert means.unweighted_valid == pytest.approx(2.0 / np.pi, rel=1e-6)
    north = mean_flux(np.where(edges[1:] > 1e-9, flux, np.nan), area, land)
    assert north.area_weighted_land == pytest.approx(np.pi / 8.0, rel=1e-6)
    assert north.unweighted_land == pytest.approx(1.0 / np.pi, rel=1e-6)


def test_tables_by_latitude_inputs_and_critical_values(demo: Path) -> None:
    rows, areas = table(demo, "flux_by_latitude"), table(demo, "areas")
    globe = areas[areas["kind"] == "globe"].set_index("layers")
    for column in ("land_area_km2", "valid_area_km2", "total_Tg_C_yr-1"):
        assert rows[column].sum() == pytest.approx(globe[column]["0-200 cm"], rel=1e-12)
    for layers in globe.index:
        flux = rows[f"mean_flux_{layers}_t_C_km-2_yr-1"].fillna(0.0) @ rows["valid_area_km2"]
        assert flux / 1e6 == pytest.approx(globe["total_Tg_C_yr-1"][layers], rel=1e-12)
    band = areas[(areas["area"] == "30S to 30N") & (areas["layers"] == "0-200 cm")].iloc[0]
    inside = rows["latitude_degrees_north"].abs() < 30.0
    assert band["total_Tg_C_yr-1"] == pytest.approx(rows["total_Tg_C_yr-1"][inside].sum())
    inputs = table(demo, "static_inputs").set_index(["input", "layers"])
    texture = sum(inputs["mean_area_weighted_unit"].loc[name] for name in ("clay", "silt", "sand"))
    assert texture.to_numpy() == pytest.approx(1.0, rel=1e-6)
    density = inputs.loc["bulk_density"]
    assert density.loc["0-10 cm", "mean_area_weighted_unit"] == pytest.approx(1320.0)
    assert density.loc["100-200 cm", "mean_area_weighted_unit"] == pytest.approx(1380.0)
    trends = table(demo, "trends")
    assert set(trends["years_count"]) == {16}
    known = trends["statistic"].notna()
    exceeds = trends["statistic"] > trends["critical_statistic"]
    assert (exceeds == (trends["p"] < 0.05))[known].all()
    rises = np.where(exceeds, np.sign(trends["slope_of_total_Tg_C_yr-2"]), 0.0)
    assert (trends["significant_sign_1"] == rises)[known].all()
    assert critical_statistic(AnalysisChoices(trend="theil_sen"), 16) == pytest.approx(1.959964)
    masked = table(demo, "masked")
    whole = masked[masked["layers"] == "0-200 cm"].pivot_table("area_km2", "mask", "kind", "sum")
    assert (whole["climate_group"] - whole["globe"]).abs().max() < 1e-3


@pytest.mark.parametrize(("years", "what"), [(1, "1 of the 3"), (2, "2 of the 3")])
def test_few_years_have_zones_but_no_trends(years: int, what: str) -> None:
    found, maps = analysed(planet(years))
    assert not maps
    assert what in found.notes[0]
    assert set(found.tables) >= {"areas"}


def test_empty_zones_missing_cells_and_constant_series_have_defined_results() -> None:
    fields = planet(noise=0.0, control=np.zeros((3, 3)), soil_moisture=np.zeros((3, 3)),
                    soil_temperature=np.zeros((3, 3)))  # fmt: skip
    flux = fields.fluxes["carbon_sink_flux"].copy()
    flux[:, :, 0, 0] = np.nan
    found, maps = analysed(AnnualFields(fields.fluxes.assign(carbon_sink_flux=flux), None))
    assert maps["trend_p", "control", "0-40 cm"][1:].tolist() == [1.0] * 8
    assert np.isnan(maps["trend_p", "control", "0-40 cm"][0])
    assert np.isnan(maps["relative_contribution", "residual", "0-40 cm"]).all()
    assert maps["main_control", "0-40 cm"].tolist() == [0] * 9
    rows = found.tables["trends"].set_index(["series", "area", "layers"])
    empty = rows.loc[("control", "E polar", "0-40 cm")]
    assert empty["cells_count"] == 0 and empty["slope_of_total_Tg_C_yr-2"] == 0.0
    assert np.isnan(empty["rising_significantly_area_percent"])
    assert rows.loc[("control", "globe", "0-40 cm")]["cells_count"] == 8


def test_without_experiments_or_drivers_the_notes_say_what_is_missing() -> None:
    fields = planet()
    bare = fields.fluxes.drop_vars(["carbon_sink_flux_by_experiment", "experiment",
                                    "soil_moisture_annual_mean", "soil_temperature_annual_mean"])  # fmt: skip
    found, _ = analysed(AnnualFields(bare, None))
    text = " ".join(found.notes)
    assert "[experiments] run" in text and "driver_means = true" in text
    assert "relative_contributions" not in found.tables
    with pytest.raises(StoreError, match="driver_means"):
        AnnualFields(bare, None).state("soil_moisture")
    with pytest.raises(StoreError, match="experiments"):
        AnnualFields(bare, None).flux("soil_co2_only")


def test_regions_and_bands_take_the_cells_whose_centre_lies_inside(tmp_path: Path) -> None:
    fields = planet()
    square = {
        "type": "Polygon",
        "coordinates": [[[-1, -1], [11, -1], [11, 11], [-1, 11], [-1, -1]]],
    }
    file = tmp_path / "regions.geojson"
    file.write_text(json.dumps({"type": "FeatureCollection", "features": [
        {"type": "Feature", "properties": {"name": "square"}, "geometry": square}]}))  # fmt: skip
    areas = {area.name: area for area in areas_of(fields, [[-5.0, 5.0]], str(file))}
    assert np.flatnonzero(areas["square"].cells).tolist() == [3, 4, 6, 7]
    assert np.flatnonzero(areas["5S to 5N"].cells).tolist() == [3, 4, 5]
    found, _ = analysed(fields, regions=str(file))
    assert "square" in set(found.tables["areas"]["area"])
    # The same land across the date line, and by longitudes that go on beyond it.
    for turn in (-360, 360):
        moved = {"type": "Polygon",
                 "coordinates": [[[x + turn, y] for x, y in square["coordinates"][0]]]}  # fmt: skip
        file.write_text(json.dumps({"type": "FeatureCollection", "features": [
            {"type": "Feature", "properties": {"name": "square"}, "geometry": moved}]}))  # fmt: skip
        (area,) = read_regions(str(file), fields.longitude, fields.latitude)
        assert np.flatnonzero(area.cells).tolist() == [3, 4, 6, 7]
    for wrong in ("{", '{"type": "FeatureCollection", "features": []}',
                  '{"type": "Point", "coordinates": [0, 0]}'):  # fmt: skip
        file.write_text(wrong)
        with pytest.raises(InputError, match="regions"):
            read_regions(str(file), fields.longitude, fields.latitude)


def test_relative_to_the_total_is_a_choice() -> None:
    parts = contributions(np.array([0.5]), np.array([1.0]), np.array([1.0]),
                          AnalysisChoices(relative_to="total"))  # fmt: skip
    assert [part[0] for part in parts] == [200.0, 200.0, -300.0]


def test_the_command_prints_trends_and_takes_other_choices(
    demo: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    import tomli_w

    demo = Path(shutil.copytree(demo, tmp_path / "demo"))
    before = (demo / "analysis/trends.csv").read_text()
    study = tmp_path / "study.toml"
    study.write_text(tomli_w.dumps({**demo_content(5.0), "analysis": {"alpha": 1e-6}}))
    app(["analyse", str(demo), "--study", str(study)], result_action="return_value")
    text = capsys.readouterr().out
    assert "0-200 cm" in text and "Tg C yr-2" in text
    after = (demo / "analysis/trends.csv").read_text()
    assert "# analysis: alpha = 1e-06" in after and "# analysis: alpha = 0.05" in before
    with pytest.raises(StoreError, match=r"no run\.json"):
        analyse(tmp_path)
