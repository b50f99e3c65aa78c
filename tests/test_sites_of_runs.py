"""A run against sites and against other studies: hand examples, what is left out, every file."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import xarray as xr

import saprolite as sap
from saprolite import comparison_commands, workflow
from saprolite.analysis.maps import read_maps
from saprolite.analysis.references import comparisons, references, table_1
from saprolite.analysis.sites import LEFT_OUT, RATIO, RUN, SITE, compare_sites, half_diagonal_km
from saprolite.comparison.reference_outputs import write_references
from saprolite.comparison.site_outputs import write_sites
from saprolite.comparison.site_table import TEMPLATE, TableColumns, read_sites_table
from saprolite.errors import InputError
from saprolite.grid.nearest import nearest_points
from saprolite.sources.norway_critical_loads import cell_centres, read_norway
from saprolite.study import Study
from saprolite.study_template import demo_content

NORWAY = "critical_loads/norway_resa2_cla.csv"
LAND_MASK = "gldas/landmask/GLDASp4_landmask_025d.nc4"
BOUNDS = np.array([[0.0, 0.1], [0.1, 0.4], [0.4, 1.0], [1.0, 2.0]])


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> xr.Dataset:
    content = demo_content(5.0) | {"first_year": 2000, "last_year": 2002}
    return sap.run(Study.of(content, Path.cwd(), "demo"), tmp_path_factory.mktemp("demo") / "out")


def world(stoichiometry: str = "per_equivalent", **attributes: str) -> xr.Dataset:
    """Two cells of land at the equator, 1 degree apart; a flux of 1 and 2 t C km-2 per layer."""
    layers = np.ones((1, 4, 1, 2)) * np.array([1.0, 2.0])
    return xr.Dataset(
        {
            "carbon_sink_flux": (("year", "layer", "lat", "lon"), layers),
            "carbon_sink_flux_by_mineral": (("mineral", "layer", "lat", "lon"), layers),
            "cell_area": (("lat", "lon"), np.full((1, 2), 1.0e4)),
            "land": (("lat", "lon"), np.ones((1, 2), np.uint8)),
            "climate_class": (("lat", "lon"), np.array([[1, 4]], np.int16)),
            "depth_bounds": (("layer", "bounds"), BOUNDS),
            "lat_bounds": (("lat", "bounds"), np.array([[-0.5, 0.5]])),
            "lon_bounds": (("lon", "bounds"), np.array([[-0.5, 0.5], [0.5, 1.5]])),
        },
        {"lat": [0.0], "lon": [0.0, 1.0], "year": [2000], "mineral": ["illite"]},
        {"years_used": [2000], "title": "two cells", "notes": [], "reading_summary": "canonical",
         "reading": json.dumps({"stoichiometry": stoichiometry}), **attributes},
    )  # fmt: skip


def sites(*rows: tuple[float, float, float], **columns: object) -> pd.DataFrame:
    table = pd.DataFrame(rows, columns=["latitude_degrees_north", "longitude_degrees_east", SITE])
    return table.assign(site=[f"s{number}" for number in range(len(table))], **columns)


# The comparison ---------------------------------------------------------------------------------


def test_three_sites_by_hand() -> None:
    """Depth 25 cm is layer 1 and half of layer 2: 1.5 and 3 t C km-2, 1248.86 and 2497.71 eq ha-1."""
    rates = [1248.855, 12488.55, 2497.71]
    table = sites(
        (0.0, 0.1, rates[0]), (0.1, 0.0, rates[1]), (0.0, 1.2, rates[2]), region=["a", "b", "b"]
    )
    found = compare_sites(table, world(), depth_cm=25.0, farthest_km=60.0)
    np.testing.assert_allclose(found.table[RUN], [1248.855, 1248.855, 2497.71], rtol=1e-6)
    np.testing.assert_allclose(found.table[RATIO], [1.0, 0.1, 1.0], rtol=1e-6)
    everything = found.statistics.set_index("region").loc["all"]
    assert everything["n"] == 3
    assert everything["mean_ratio_1"] == pytest.approx(0.7, rel=1e-6)
    assert everything["median_ratio_1"] == pytest.approx(1.0, rel=1e-6)
    assert everything["ratio_of_means_1"] == pytest.approx(
        (1248.855 * 2 + 2497.71) / sum(rates), rel=1e-6
    )
    assert everything["log10_bias_1"] == pytest.approx(-1.0 / 3.0, rel=1e-6)
    assert everything["log10_scatter_1"] == pytest.approx(np.std([0, -1, 0], ddof=1), rel=1e-6)
    assert (everything["share_within_3_1"], everything["share_within_10_1"]) == (
        pytest.approx(2 / 3),
        1.0,
    )
    assert found.statistics["region"].tolist() == ["a", "b", "all"]
    assert found.statistics["n"].tolist() == [1, 2, 3]
    # One degree along the equator is 111.195 km on the authalic sphere.
    np.testing.assert_allclose(found.table["distance_to_cell_km"], [11.12, 11.12, 22.24], atol=0.01)
    text = " ".join(found.notes)
    for words in (
        "0-25 cm for 3 of 3",
        "share of depth",
        "per_equivalent",
        "1.2011 t C km-2",
        "within 60 km",
    ):
        assert words in text


def test_depths_that_the_table_states_and_those_that_it_does_not() -> None:
    table = sites(
        (0.0, 0.0, 100.0), (0.0, 0.0, 100.0), (0.0, 0.0, 100.0), depth_m=[0.1, np.nan, 9.0]
    )
    found = compare_sites(table, world(), depth_cm=40.0, farthest_km=60.0)
    assert found.table["compared_depth_cm"].tolist() == [10.0, 40.0, 200.0]
    np.testing.assert_allclose(found.table["run_flux_t_C_km-2_yr-1"], [1.0, 2.0, 4.0])
    assert any("0-40 cm for 1 of 3" in note for note in found.notes)
    assert any("1 sites state a depth below" in note for note in found.notes)


def test_both_stoichiometries_say_why_a_mol_is_an_equivalent() -> None:
    table = sites((0.0, 0.0, 100.0))
    for name in ("per_equivalent", "mineral_formula"):
        found = compare_sites(table, world(name), 10.0, 60.0)
        np.testing.assert_allclose(found.table[RUN], 1000.0 / 1.2011, rtol=1e-6)
        assert any(name in note for note in found.notes)


def test_a_column_run_must_count_base_cations() -> None:
    column = world(column_reading="{}")
    with pytest.raises(InputError, match="base_cations"):
        compare_sites(sites((0.0, 0.0, 1.0)), column, 10.0, 60.0)
    column["carbon_sink_flux"].attrs["carbon_sink"] = (
        "CO2 as charge of all base cations that weather"
    )
    assert compare_sites(sites((0.0, 0.0, 1.0)), column, 10.0, 60.0).statistics["n"].tolist() == [1]


def test_sites_are_left_out_by_cause() -> None:
    fluxes = world()
    fluxes["carbon_sink_flux"][:, :, 0, 1] = 0.0
    table = sites((50.0, 0.0, 1.0), (0.0, 0.0, 0.0), (0.0, 1.0, 5.0), (0.0, 0.0, 5.0))
    found = compare_sites(table, fluxes, 10.0)
    assert [bool(cause) for cause in found.table[LEFT_OUT]] == [True, True, True, False]
    row = found.statistics.iloc[-1]
    assert (row["n_sites"], row["n"]) == (4, 1)
    assert sum(row[name] for name in found.statistics if name.startswith("left out")) == 3
    assert found.table[RATIO].isna().tolist() == [True, True, True, False]


def test_the_default_distance_reaches_the_corners_of_a_cell() -> None:
    assert half_diagonal_km(read_maps(world())) == pytest.approx(78.63, abs=0.01)


@pytest.mark.parametrize(("depth", "distance", "message"), [
    (0.0, 60.0, "the run's depth"), (201.0, 60.0, "the run's depth"), (np.nan, 60.0, "the run's depth"),
    (50.0, 0.0, "above 0 km"),
])  # fmt: skip
def test_a_wrong_depth_or_distance(depth: float, distance: float, message: str) -> None:
    with pytest.raises(InputError, match=message):
        compare_sites(sites((0.0, 0.0, 1.0)), world(), depth, distance)


def test_everything_wrong_at_once() -> None:
    with pytest.raises(InputError, match="3 problems"):
        compare_sites(pd.DataFrame({"site": []}), world(), 500.0, -1.0)


def test_the_nearest_point_over_the_date_line() -> None:
    index, distance = nearest_points(
        np.array([0.0]), np.array([179.9]), np.zeros(2), np.array([0.0, -179.9])
    )
    assert index.tolist() == [1]
    assert distance[0] == pytest.approx(0.2 * 111.195, abs=0.01)


# Tables of users --------------------------------------------------------------------------------


def columns_file(folder: Path, text: str) -> Path:
    path = folder / "columns.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_table_with_columns_and_boxes(tmp_path: Path, run: xr.Dataset) -> None:
    """The run's own rates at its own cells: every ratio is 1; then halved: every ratio is 2."""
    maps = read_maps(run)
    rows, cols = (at[::9] for at in np.nonzero(maps.valid & (maps.column > 0.0)))
    eq = sap.equations.equivalents_from_carbon(maps.column[rows, cols])
    half = 2.0 * np.isin(np.arange(rows.size), np.arange(0, rows.size, 2)) + 1.0 * np.isin(
        np.arange(rows.size), np.arange(1, rows.size, 2))  # fmt: skip
    table = tmp_path / "t.csv"
    body = "".join(
        f"{maps.lat[r]},{maps.lon[c]},{v / h / 1000:.12g}\n"
        for r, c, v, h in zip(rows, cols, eq, half, strict=True)
    )
    table.write_text("Y,X,W\n" + body, encoding="utf-8")
    text = (
        'units = "keq ha-1 yr-1"\n[columns]\nlatitude = "Y"\nlongitude = "X"\n'
        'base_cation_weathering = "W"\n[regions.west]\nlatitude = [-90, 90]\nlongitude = [-180, 0]\n'
    )
    found, written = write_sites(
        run, table, columns_file(tmp_path, text), tmp_path / "o", depth_cm=200.0
    )
    np.testing.assert_allclose(found.table[RATIO], half, rtol=1e-9)
    assert found.statistics["region"].tolist()[-1] == "all"
    assert set(found.statistics["region"]) == {"west", "no region", "all"}
    assert {path.name for path in written} == {
        "sites.csv", "site_statistics.csv", "fig07a_sites.png", "fig07a_sites.pdf", "fig07b_site_ratios.png",
        "fig07b_site_ratios.pdf"}  # fmt: skip
    again = pd.read_csv(tmp_path / "o/sites.csv", comment="#")
    np.testing.assert_allclose(again[RATIO], half, rtol=1e-8)
    head = (tmp_path / "o/sites.csv").read_text(encoding="utf-8")
    assert "reading: canonical" in head
    assert "not data" in head
    assert (tmp_path / "o/fig07b_site_ratios.pdf").read_bytes()[:5] == b"%PDF-"


def test_the_template_is_a_description(tmp_path: Path) -> None:
    chosen = TableColumns.read(columns_file(tmp_path, TEMPLATE))
    assert chosen.columns["base_cation_weathering"] == "BCW"
    assert chosen.units == "eq ha-1 yr-1"


@pytest.mark.parametrize(("text", "message"), [
    ("units = ", "cannot be read"), ("[columns]\n", "units"), ('unit = "eq"\nunits = "eq ha-1 yr-1"\n[columns]\n', "did you mean"),
    ('units = "eq ha-1 yr-1"\n[columns]\nlatitude = "Y"\n', "base_cation_weathering"),
    ('units = "eq"\n[columns]\nlatitude="Y"\nlongitude="X"\nbase_cation_weathering="W"\n', "keq km-2 yr-1"),
    (TEMPLATE.replace("# [", "[").replace("# lat", "lat").replace("# lon", "lon"), "one of the two"),
])  # fmt: skip
def test_a_wrong_description(tmp_path: Path, text: str, message: str) -> None:
    table = tmp_path / "t.csv"
    table.write_text("Y,X,W\n1,2,3\n", encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_sites_table(table, columns_file(tmp_path, text))


def test_a_table_without_a_description_and_a_database(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("Y,X,W\n1,2,3\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"--columns FILE\.toml"):
        read_sites_table(table, None)
    (tmp_path / "ncld.accdb").write_bytes(b"Standard ACE DB")
    with pytest.raises(InputError, match="export its table"):
        read_sites_table(tmp_path / "ncld.accdb", columns_file(tmp_path, TEMPLATE))


# Norway -----------------------------------------------------------------------------------------


def test_the_cells_of_norway_are_land(data: Path) -> None:
    """Of the eight ways to count the cells of a block, by rows from the north-west has the least sea."""
    with xr.open_dataset(data / LAND_MASK) as mask:
        land = mask["GLDAS_mask"].isel(time=0).load()
    cells = read_norway(data / NORWAY).table["cell"].to_numpy()
    number = cells % 1000 - 1
    row, column = np.divmod(number, 4)

    def at_sea(row: np.ndarray, column: np.ndarray) -> float:
        lat, lon = cell_centres(cells - number + 4 * row + column)
        near = land.sel(lat=xr.DataArray(lat), lon=xr.DataArray(lon), method="nearest")
        return float((near.values != 1).mean())

    ways = [
        (a, b)
        for one, two in ((row, column), (column, row))
        for a in (one, 3 - one)
        for b in (two, 3 - two)
    ]
    inferred, *others = [at_sea(*way) for way in ways]
    assert inferred < 0.11
    assert min(others) > inferred + 0.01
    # Lista: of the southernmost block of the coast, the north and the east are land.
    lat, lon = cell_centres(np.array([58006001, 58006013]))
    assert (lat[0], lon[0]) == (58.4375, 6.125)
    assert {58006013, 58006014}.isdisjoint(cells)
    assert {58006001, 58006016} <= set(cells)


def test_norway_against_a_run(data: Path, run: xr.Dataset) -> None:
    table, left_out, notes = read_sites_table(data / NORWAY, None)
    assert (len(table), left_out) == (2304, {"no value": 2})
    found = compare_sites(table, run, 50.0)
    assert found.statistics["region"].tolist() == ["Norway", "all"]
    assert found.statistics["n"].iloc[0] > 2000
    assert any("inferred" in note for note in notes)


# Other studies ----------------------------------------------------------------------------------


def test_every_reference_has_a_source_and_a_confidence() -> None:
    table = references()
    assert table.index.is_unique
    assert (table["source"].str.len() > 3).all()
    assert (table["citation"].str.len() > 3).all()
    assert set(table["confidence"]) <= {"S", "R", "U", "C"}
    assert (table["low"] <= table["high"]).all()
    assert table.loc[table["source"].str.startswith("recalled"), "confidence"].eq("U").all()


def test_table_1_of_a_run(run: xr.Dataset) -> None:
    table = table_1(run, 50.0)
    assert len(table) == 8
    maps = read_maps(run)
    total = np.nansum(maps.layers * maps.area) / 1e9
    np.testing.assert_allclose(table["this_run"][:3], total, rtol=1e-12)
    assert table["printed_in_manuscript"].tolist() == [0.11086] * 3 + [0.7, 0.5, 44.0, 169.0, 47.0]
    mean = (maps.column * maps.area)[maps.valid].sum() / maps.area[maps.valid].sum()
    assert table["this_run"][4] == pytest.approx(mean, rel=1e-12)
    assert "unweighted" in table["weighting"][4]
    assert table["depth"].tolist() == ["0-200 cm"] * 5 + ["0-50 cm"] * 3
    np.testing.assert_allclose(table["ratio_high_1"], table["this_run"] / table["other_low"])
    assert (table["weighting"].str.len() > 10).all()
    with pytest.raises(InputError, match="the run's depth"):
        table_1(run, 300.0)


def test_the_manuscript_s_own_ratios_come_out() -> None:
    """A run of 110.86 Tg: 34.6 % of rocks, 18.5 % of 0.6 Pg, 0.872 of silicate, 0.924 of soil (X10 to X12)."""
    fluxes = world()
    fluxes["carbon_sink_flux"][:] = 110.86e6 / (4 * 2e4)
    table = comparisons(fluxes, 200.0)
    first = table[table["comparison"] == "CMP-01"].set_index("source")["ratio_low_1"]
    assert len(first) == 6
    np.testing.assert_allclose(
        sorted(table["ratio_low_1"][:6]),
        [0.18477, 0.34644, 0.46776, 0.87216, 0.92383, 1.1086],
        rtol=1e-4,
    )
    assert set(table["comparison"]) == {"CMP-01", "CMP-02", "CMP-03"}
    assert (
        table.loc[table["comparison"] == "CMP-02", "this_run"].isna().all()
    )  # one year has no trend


def test_trends_beside_other_studies(run: xr.Dataset) -> None:
    table = comparisons(run, 200.0)
    rows = table[table["comparison"] == "CMP-02"]
    slope = float(sap.equations.linear_trend(run["carbon_sink_total"].values[0]).slope)
    np.testing.assert_allclose(rows["this_run"][:2], slope, rtol=1e-12)
    np.testing.assert_allclose(rows["ratio_low_1"].iloc[0], slope / 0.1, rtol=1e-12)
    assert rows["unit"].tolist() == ["Tg C yr-2", "Tg C yr-2", "t C km-2 yr-2"]


@pytest.mark.parametrize(("columns", "number"), [(1000, 1), (80, 3)])
def test_tables_in_a_terminal_keep_the_keys_of_their_rows(
    run: xr.Dataset, tmp_path: Path, capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch, columns: int, number: int,
) -> None:  # fmt: skip
    """Where all columns fit, and where the last of them stand below the others."""
    monkeypatch.setenv("COLUMNS", str(columns))
    monkeypatch.setattr(workflow, "open_finished", lambda _: run)
    comparison_commands.references("demo", depth_cm=50.0, out=str(tmp_path))
    printed = capsys.readouterr().out
    blocks = printed.split("table1\n")[1].split("\ncomparisons\n")[0].split("\n\n")
    assert len(blocks) == number
    for block in blocks:
        assert block.count("\nsilicate    global") == 2
        assert block.count("\nforest soil Sweden       eq ha-1 yr-1") == 1
        assert max(map(len, block.splitlines())) <= columns
    assert "confidence" in blocks[-1]


def test_files_of_the_references(run: xr.Dataset, tmp_path: Path) -> None:
    _, written = write_references(run, tmp_path, 50.0)
    assert {path.name for path in written} == {
        "table1.csv", "table1.md", "comparisons.csv", "fig01_budget.csv", "fig01_budget.png", "fig01_budget.pdf"}  # fmt: skip
    table = pd.read_csv(tmp_path / "table1.csv", comment="#")
    assert len(table) == 8
    assert (tmp_path / "table1.md").read_text(encoding="utf-8").count("\n| ") == 10
    budget = pd.read_csv(tmp_path / "fig01_budget.csv", comment="#").set_index("id")
    assert budget.loc["this_run", "low"] == pytest.approx(table["this_run"][0], rel=1e-8)
