"""The figures of a study: their numbers are those of the analysis, dots are where p is small."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import cartopy.crs as ccrs
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from cmcrameri import cm
from hypothesis import given
from hypothesis import strategies as st
from matplotlib.colors import Normalize, to_rgb
from matplotlib.figure import Figure
from PIL import Image

import saprolite as sap
from saprolite.analysis.analysed import Analysed
from saprolite.analysis.splices import splices
from saprolite.analysis_workflow import analyse
from saprolite.inputs.evapotranspiration import _spans
from saprolite.report.figures import offset
from saprolite.report.figures.panels import diverging, significance
from saprolite.report.figures.study import FIGURES, draw_study
from saprolite.report.figures.synergy import rounded
from saprolite.report.figures.world_map import (
    NO_DATA,
    _along_parallels,
    _by_point,
    coloured,
    map_axes,
    paint,
    repaint,
    stipple,
)
from saprolite.sources.gldas_seam import SplicedGldas
from saprolite.stores import open_dataset
from saprolite.study import Study
from saprolite.study_analysis import AnalysisChoices
from saprolite.study_template import demo_content

LAYERS = ["0-10 cm", "10-40 cm", "40-100 cm", "100-200 cm"]
COLUMN = "0-200 cm"


def study(**changes: Any) -> Study:
    experiments = {"experiments": {"run": ["soil_moisture", "soil_temperature"]}}
    return Study.of({**demo_content(10.0), "last_year": 1979, **experiments, **changes}, Path())


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small planet, analysed and drawn."""
    out = tmp_path_factory.mktemp("figures") / "demo"
    sap.run(study(), out)
    assert analyse(out).notes == []
    return out


def read(path: Path) -> pd.DataFrame:
    return pd.read_csv(path, comment="#")


def numbers(out: Path, name: str) -> pd.DataFrame:
    return read(out / "figures" / f"{name}.csv")


def stored(out: Path, table: pd.DataFrame, name: str, **labels: str) -> np.ndarray:
    """A map of the analysis at the cells of a table."""
    array = open_dataset(out / "analysis.zarr")[name].load()
    for dim, label in labels.items():
        array = array[[str(one) for one in array[dim].values].index(label)]
    cells = {
        "lat": xr.DataArray(table["latitude_degrees_north"]),
        "lon": xr.DataArray(table["longitude_degrees_east"]),
    }
    return np.asarray(array.sel(cells).values)


def run_of(out: Path, **choices: Any) -> Analysed:
    state = json.loads((out / "run.json").read_text())
    heading = {"title": state["title"], "reading": "r", "notes": state["notes"]}
    tables = {path.stem: read(path) for path in (out / "analysis").glob("*.csv")}
    return Analysed.read(out, tables, AnalysisChoices(**choices), heading)


def test_every_figure_is_there_and_says_what_it_is_of(drawn: Path) -> None:
    assert len(FIGURES) == 9
    for figure in FIGURES:
        path = drawn / "figures" / f"{figure.name}.png"
        about = Image.open(path).text["Description"]
        for words in ("not data", "1970-1979", "eading: canonical"):
            assert words in about, (path, words)
        assert path.with_suffix(".pdf").read_bytes()[:5] == b"%PDF-"
        found = {path.name for path in (drawn / "figures").glob(f"{figure.name}[_.]*")}
        assert found == {*figure.files}
        for file in path.parent.glob(f"{figure.name}_*.csv"):
            head = [line for line in file.read_text().splitlines() if line.startswith("# ")]
            assert any("not data" in line for line in head)
            assert any("alpha = 0.05" in line for line in head)
    masks = Image.open(drawn / "figures" / "fig_09_offset.png").text["Description"]
    assert "soil dries where the trend of its annual mean moisture is below 0, significant" in masks


def test_numbers_of_maps_are_those_of_the_run_and_its_analysis(drawn: Path) -> None:
    land = int((sap.open(drawn)["land"].values > 0).sum())
    flux = numbers(drawn, "fig_02_flux_by_layer_maps")
    mean = sap.open(drawn)["carbon_sink_flux"].mean("year", skipna=False).values
    valid = sap.open(drawn)["land"].values > 0
    for layer, name in enumerate(LAYERS):
        column = flux[f"flux_{name}_t_C_km-2_yr-1"]
        assert column.to_numpy() == pytest.approx(mean[layer][valid], rel=1e-6, nan_ok=True)
    trends = numbers(drawn, "fig_04_trends_by_layer_maps")
    assert len(flux) == len(trends) == land
    for name in LAYERS:
        slope = stored(drawn, trends, "trend_slope", series="control", layers=name)
        p = stored(drawn, trends, "trend_p", series="control", layers=name)
        assert trends[f"slope_{name}_kg_C_km-2_yr-2"].to_numpy() == pytest.approx(
            1000.0 * slope, rel=1e-12, nan_ok=True
        )
        assert trends[f"p_{name}_1"].to_numpy() == pytest.approx(p, rel=1e-12, nan_ok=True)
    for figure, state, unit in (("fig_s1", "soil_moisture", "m3_m-3_yr-1"),
                                ("fig_s2", "soil_temperature", "K_yr-1")):  # fmt: skip
        table = numbers(drawn, f"{figure}_trend_of_{state}_maps")
        for name in LAYERS:
            expected = stored(drawn, table, f"{state}_trend_slope", layers=name)
            assert table[f"slope_{name}_{unit}"].to_numpy() == pytest.approx(
                expected, rel=1e-12, nan_ok=True
            )


def test_contributions_and_masks_are_those_of_the_analysis(drawn: Path) -> None:
    table = numbers(drawn, "fig_09_offset_maps")
    found = {
        driver: stored(drawn, table, "relative_contribution", driver=driver, layers=COLUMN)
        for driver in ("soil_moisture", "soil_temperature")
    }
    for figure, driver in (("fig_05", "soil_moisture"), ("fig_06", "soil_temperature")):
        shown = numbers(drawn, f"{figure}_contribution_of_{driver}_maps")
        column = shown[f"relative_contribution_{COLUMN}_percent"].to_numpy()
        assert column == pytest.approx(found[driver], rel=1e-12, nan_ok=True)
        zones = numbers(drawn, f"{figure}_contribution_of_{driver}_by_zone_and_layer")
        assert set(zones["layers"]) == {*LAYERS, COLUMN}
        whole = zones[(zones["area"] == "globe") & (zones["layers"] == COLUMN)]
        table_of = read(drawn / "analysis" / "relative_contributions.csv")
        same = table_of[(table_of["area"] == "globe") & (table_of["layers"] == COLUMN)
                        & (table_of["driver"] == driver)]  # fmt: skip
        name = "mean_area_weighted_percent"
        assert whole[name].tolist() == same[name].tolist()
    moisture, temperature = found["soil_moisture"], found["soil_temperature"]
    dries = stored(drawn, table, "soil_moisture_trend_slope", layers=COLUMN) < 0.0
    warms = stored(drawn, table, "soil_temperature_trend_slope", layers=COLUMN) > 0.0
    panels = [np.where(dries, moisture, np.nan),
              np.where(dries & (moisture < 0.0), temperature, np.nan),
              np.where(warms, temperature, np.nan),
              np.where(warms & (temperature > 0.0), moisture, np.nan)]  # fmt: skip
    assert 0 < dries.sum() < dries.size
    for column, expected in zip(table.columns[2:], panels, strict=True):
        assert table[column].to_numpy() == pytest.approx(expected, rel=1e-12, nan_ok=True)


def test_series_and_their_lines_are_those_of_the_trends(drawn: Path) -> None:
    series = numbers(drawn, "fig_03_totals_series")
    trends = read(drawn / "analysis" / "trends.csv")
    here = trends[(trends["series"] == "control") & (trends["kind"] == "globe")]
    for row in here.set_index("layers").loc[[*LAYERS, COLUMN]].reset_index().to_dict("records"):
        total = series[f"{row['layers']} total_Tg_C_yr-1"].to_numpy()
        line = series[f"{row['layers']} trend_line_Tg_C_yr-1"].to_numpy()
        slope, intercept = np.polyfit(series["year"], total, 1)
        assert line == pytest.approx(slope * series["year"] + intercept, rel=1e-9)
        assert row["slope_of_total_Tg_C_yr-2"] == pytest.approx(slope, rel=1e-6)
        assert total.mean() == pytest.approx(row["mean_total_Tg_C_yr-1"], rel=1e-9)


def test_classes_and_their_shares(drawn: Path) -> None:
    cells = numbers(drawn, "fig_08_synergy_and_control_maps")
    codes = open_dataset(drawn / "analysis.zarr")
    for kind in ("synergy", "main_control"):
        shares = numbers(drawn, f"fig_08_synergy_and_control_{kind}_shares")
        assert shares["area_percent"].sum() == pytest.approx(100.0, abs=1e-9)
        names = np.array(codes[kind].attrs["flag_meanings"].split())
        expected = names[stored(drawn, cells, kind, layers=COLUMN)]
        assert cells[f"{kind}_class"].tolist() == expected.tolist()


@given(st.lists(st.floats(0.0, 1e6), min_size=1, max_size=6).filter(lambda sizes: sum(sizes) > 1.0))
def test_rounded_shares_add_up(sizes: list[float]) -> None:
    shares = 100.0 * np.array(sizes) / sum(sizes)
    found = rounded(shares.tolist())
    assert sum(round(100.0 * share) for share in found) == 10_000
    assert np.abs(np.array(found) - shares).max() < 0.0101


def grid(cell: float = 10.0) -> Any:
    lon, lat = np.arange(-180.0, 181.0, cell), np.arange(-60.0, 91.0, cell)
    return SimpleNamespace(lon_edges=lon, lat_edges=lat,
                           land=np.ones((lat.size - 1, lon.size - 1), bool))  # fmt: skip


def test_dots_lie_where_the_flag_is_and_nowhere_else() -> None:
    maps = grid()
    sure = np.random.default_rng(1).random(maps.land.shape) < 0.3
    axes = map_axes(Figure(), 111, maps)
    stipple(axes, maps, sure, 3.0)
    (dots,) = axes.collections
    x, y = np.asarray(dots.get_offsets()).T
    lon, lat, _ = ccrs.PlateCarree().transform_points(axes.projection, x, y).T
    row = ((lat + 60.0) // 10.0).astype(int)
    column = ((lon + 180.0) // 10.0).astype(int)
    assert x.size > 500
    assert sure[row, column].all()
    tropics = np.arange(3, 9)  # where cells are larger than the lattice: none is left out
    dotted = np.zeros_like(sure)
    dotted[row, column] = True
    assert (dotted[tropics] == sure[tropics]).all()
    stipple(axes, maps, np.zeros_like(sure), 3.0)
    assert len(axes.collections[1].get_offsets()) == 0


@pytest.mark.parametrize("middle", [0.0, 150.0, -73.125])
def test_along_parallels_points_are_where_the_projection_has_them(middle: float) -> None:
    projection = ccrs.EqualEarth(middle)
    half = projection.transform_point(middle + 180.0 - 1e-9, 0.0, ccrs.PlateCarree())[0]
    x, y = np.meshgrid(np.linspace(-1.02 * half, 1.02 * half, 301), np.linspace(-8.6e6, 8.6e6, 201))
    lon, lat, known = _along_parallels(projection, x, y)
    exact_lon, exact_lat, exact_known = _by_point(projection, x, y)
    # As _by_point takes what lies up to 1 km outside for inside, at the border they may differ.
    far = np.abs(np.abs(lon - middle) - 180.0) * 111.0 > 5.0
    assert (known == exact_known)[far].all()
    assert 0.1 < (~known).mean() < 0.4
    both = known & exact_known
    turned = np.mod(lon - exact_lon + 180.0, 360.0) - 180.0
    assert np.abs(turned[both]).max() < 1e-6
    assert np.abs(lat - exact_lat)[both].max() < 1e-9


def test_a_painted_map_takes_other_colours() -> None:
    maps = grid()
    first, second = np.random.default_rng(3).random((2, *maps.land.shape, 4))
    axes, again = map_axes(Figure(), 111, maps), map_axes(Figure(), 111, maps)
    paint(axes, maps, first, 3.0)
    paint(again, maps, second, 3.0)
    expected = np.asarray(again.images[0].get_array())
    assert not np.array_equal(axes.images[0].get_array(), expected)
    repaint(axes, maps, second)
    np.testing.assert_array_equal(axes.images[0].get_array(), expected)


def test_every_pixel_has_the_colour_of_its_cell_and_water_is_white() -> None:
    maps = grid()
    values = np.random.default_rng(2).random(maps.land.shape)
    values[5, 7] = np.nan
    maps.land[8:10, 10:13] = False
    axes = map_axes(Figure(), 111, maps)
    colours = coloured(values, cm.batlow, Normalize(0.0, 1.0))
    paint(axes, maps, colours, 6.0)
    image = np.asarray(axes.images[0].get_array())
    (west, east), (south, north) = axes.get_xlim(), axes.get_ylim()

    def at(row: int, column: int) -> list[int]:
        x, y = axes.projection.transform_point(
            -175.0 + 10.0 * column, -55.0 + 10.0 * row, ccrs.PlateCarree()
        )
        i = int((y - south) / (north - south) * image.shape[0])
        j = int((x - west) / (east - west) * image.shape[1])
        return [int(part) for part in image[i, j]]

    for row in range(14):
        for column in range(36):
            expected = [255] * 4 if not maps.land[row, column] else None
            if expected is None:
                expected = [round(255 * float(part)) for part in colours[row, column]]
            assert at(row, column) == pytest.approx(expected, abs=1), (row, column)
    assert at(5, 7)[:3] == pytest.approx([round(255 * part) for part in to_rgb(NO_DATA)])
    assert image[-1, 0, 3] == 0  # beyond the edge of the Earth


def test_maps_are_equal_area() -> None:
    for maps in (grid(), SimpleNamespace(lon_edges=np.arange(60.0, 101.0, 10.0),
                                         lat_edges=np.arange(0.0, 61.0, 10.0))):  # fmt: skip
        projection = map_axes(Figure(), 111, maps).projection
        sizes = []
        for lat in (5.0, 30.0, 55.0):
            lon = 70.0 + np.array([-0.01, 0.01, 0.01, -0.01])
            up = lat + np.array([-0.01, -0.01, 0.01, 0.01])
            x, y, _ = projection.transform_points(ccrs.Geodetic(), lon, up).T
            shoelace = x @ np.roll(y, -1) - y @ np.roll(x, -1)
            a2, e2 = 6378137.0**2, 0.00669437999014
            sine = np.sin(np.deg2rad(lat))
            on_earth = a2 * (1 - e2) * np.cos(np.deg2rad(lat)) / (1 - e2 * sine**2) ** 2
            sizes.append(shoelace / on_earth)
        assert sizes == pytest.approx([sizes[0]] * 3, rel=1e-3)


def test_scales_are_symmetric_and_say_what_lies_beyond() -> None:
    values = np.array([[-1.0, 1.0, np.nan], [1.0, 1.0, -1.0]])
    scale = diverging(cm.vik, [values])
    assert (scale.norm.vmin, scale.norm.vmax) == (-1.0, 1.0)
    assert scale.extend == "neither"
    spike = np.append(np.linspace(-1.0, 1.0, 999), 50.0)
    scale = diverging(cm.vik, [spike])
    assert scale.norm.vmin == -scale.norm.vmax
    assert scale.norm.vmax < 2.0
    assert scale.extend == "both"


def test_captions_follow_the_choices(drawn: Path, tmp_path: Path) -> None:
    run = run_of(drawn, masks="significant", alpha=0.01, relative_to="total")
    offset.draw(run, tmp_path, "masks")
    about = Image.open(tmp_path / "masks.png").text["Description"].replace("\u00a0", " ")
    assert "moisture is below 0 with p < 0.01" in about
    assert "in percent of the size of the trend of the control" in about
    shown = read(tmp_path / "masks_maps.csv").iloc[:, 2].notna().sum()
    assert shown < numbers(drawn, "fig_09_offset_maps").iloc[:, 2].notna().sum()
    other = run_of(drawn, trend="theil_sen", false_discovery="benjamini_hochberg")
    assert "Theil-Sen, Mann-Kendall, adjusted for false discovery" in significance(other)


def test_what_cannot_be_drawn_is_left_out_and_said(drawn: Path, tmp_path: Path) -> None:
    run = run_of(drawn)
    few = replace(
        run,
        tables={"latitude_features": run.tables["latitude_features"]},
        store=run.store.drop_vars("soil_moisture_trend_slope"),
    )
    for ending in (".png", "_maps.csv", "_mine.csv"):
        (tmp_path / f"fig_04_trends_by_layer{ending}").write_bytes(b"of an earlier analysis")
    done = []
    written, notes = draw_study(few, tmp_path, lambda *about: done.append(about))
    assert "no fig_04_trends_by_layer: it needs trends" in notes
    assert "no fig_08_synergy_and_control: it needs relative contributions" in notes
    assert "no fig_s1_trend_of_soil_moisture: it needs trends of soil_moisture" in notes
    names = {path.name for path in tmp_path.glob("*.png")}
    assert names == {"fig_02_flux_by_layer.png", "fig_s2_trend_of_soil_temperature.png"}
    assert len(notes) == 7
    left = {path.name for path in tmp_path.iterdir()} - {path.name for path in written}
    assert left == {"fig_04_trends_by_layer_mine.csv"}
    assert done[-1] == ("figures", 9, 9)


def test_splices_are_known_from_what_the_sources_say_of_themselves() -> None:
    side: Any = SimpleNamespace(notes=())
    notes = [*SplicedGldas(side, side, 2000).notes]
    covered = [*range(2001, 2015)]
    others = [*range(1998, 2001), *range(2015, 2018)]
    notes.append(f"evapotranspiration: in {_spans(others)} the forcing's, spliced as it is")
    assert covered[0] - 1 in others
    found = [(splice.year, splice.what) for splice in splices(notes, range(1998, 2018))]
    assert found == [(2000, "GLDAS 2.0 to 2.1"), (2001, "evapotranspiration"),
                     (2015, "evapotranspiration")]  # fmt: skip
    assert splices(notes, range(2003, 2010)) == []
    assert splices([], []) == []
