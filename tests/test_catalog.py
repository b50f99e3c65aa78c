"""The catalogue: closed, complete, tagged; and what saprolite data check says of files."""

from __future__ import annotations

import gzip
import importlib
import re
import shutil
import tomllib
from importlib import resources
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from saprolite.data_commands import app
from saprolite.errors import InputError
from saprolite.sources.catalog import Product, catalog, entry, product, published
from saprolite.sources.recognise import survey

# The products of the study, section by section of its list of data products.
OF_THE_STUDY = {
    "gldas_noah_monthly": {"noah025-v20", "noah025-v21", "noah10-v21", "noah025-early"},
    "gldas_noah_3hourly": {"noah025-v21"}, "gldas_landmask": {"p4-025"}, "gldas_points": {"hawaii"},
    "et_basins": {"basins"}, "mod16": {"ntsg-0p05", "lpdaac-v061"}, "era5_climatology": {"mean-0p5"},
    "era5_land": {"monthly-0p1"},
    "koeppen_geiger": {"beck2018", "beck2023"}, "koeppen_rubel": {"0p5"},
    "ito_wagai": {"hd-v1r1"}, "claquin1999": {"table"}, "gminer30": {"gminer30"},
    "journet2014": {"map"}, "emit_l3": {"asa"}, "ds801": {"appendices"}, "glim": {"cesm-1deg"},
    "phreeqc_databases": {"dat"},
    "wise_texture": {"lpjguess-0p5"}, "gsde": {"5min"}, "soilgrids": {"5km", "1km", "250m"},
    "hwsd": {"v20"}, "wise30sec": {"v1"}, "wise_profiles": {"v31"},
    "pelletier": {"v1"}, "shangguan": {"250m"}, "camels_us": {"v20"},
    "cmip": {"esgf"}, "cmip5_tables": {"csv"}, "cmip5_examples": {"xclim"}, "rcp45_co2": {"annual"},
    "ncld": {"clad"}, "norway_critical_loads": {"resa2"}, "scan": {"hawaii"}, "ismn": {"stm"},
}  # fmt: skip


def test_every_product_of_the_study_is_there() -> None:
    assert {name: set(item.editions) for name, item in published().items()} == OF_THE_STUDY


@pytest.mark.parametrize("name", OF_THE_STUDY)
def test_a_product_says_all_that_is_needed(name: str) -> None:
    item = product(name)
    assert item.title and item.provider and item.licence and item.citation
    if item.reader:
        assert importlib.import_module(item.reader).__doc__
    for key, edition in item.editions.items():
        get = edition.get
        assert re.fullmatch(r"[a-z0-9-]+", key)
        if get.via == "manual":
            assert get.page.startswith("http")
        if get.via == "pooch":
            names = [file.name for file in get.all_files()]
            assert len(set(names)) == len(names)
            assert not any("{" in file.name + file.url for file in get.all_files())
        assert edition.file or get.via != "none"


def test_names_are_of_one_product_only() -> None:
    names = [name for products in catalog().values() for name in products]
    assert len(set(names)) == len(names)


def test_recalled_facts_say_so() -> None:
    """The DOIs that the list of data products marks as recalled or as read."""
    editions = product("gldas_noah_monthly").editions
    for key, doi in (("noah025-v20", "10.5067/9SQ1B3ZXP2C5"), ("noah025-v21", "10.5067/SXAVCZFAQLNO"),
                     ("noah10-v21", "10.5067/LWTYSMP3VM5Z")):  # fmt: skip
        assert (editions[key].doi, editions[key].doi_confidence) == (doi, "U")
    assert product("pelletier").doi_confidence == "R"
    assert product("ncld").confidence == product("wise30sec").confidence == "U"
    assert product("mod16").confidence == "U"


def test_licences_that_forbid_passing_on() -> None:
    kept = {name for name, item in published().items() if not item.redistribution}
    assert kept == {"hwsd", "wise_texture", "wise_profiles", "wise30sec", "gsde", "ismn"}


def raw(name: str) -> dict[str, Any]:
    for source in resources.files("saprolite.sources").joinpath("catalog").iterdir():
        content = tomllib.loads(source.read_text(encoding="utf-8"))
        if name in content:
            return content[name]  # type: ignore[no-any-return]
    raise AssertionError(name)


@pytest.mark.parametrize("spoil", [
    lambda x: x.pop("licence"),
    lambda x: x.update(license="x"),
    lambda x: x.update(confidence="sure"),
    lambda x: x.update(doi="10.1/x"),
    lambda x: x["editions"]["noah10-v21"].pop("doi_confidence"),
    lambda x: x["variables"]["Evap_tavg"].pop("unit"),
    lambda x: x["variables"]["Evap_tavg"].pop("confidence"),
    lambda x: x["editions"]["noah10-v21"].pop("get"),
    lambda x: x["editions"]["noah10-v21"]["get"].update(via="ftp"),
    lambda x: x["editions"]["noah10-v21"]["get"].pop("short_name"),
    lambda x: x["editions"]["noah10-v21"].pop("bytes_confidence"),
    lambda x: x["editions"]["noah10-v21"].update(file="("),
    lambda x: x["editions"]["noah10-v21"].update(
        get={"via": "pooch", "confidence": "R", "files": [{"name": "a", "url": "u", "hash": "beef"}]}),
    lambda x: x["editions"]["noah10-v21"].update(
        get={"via": "pooch", "confidence": "R", "files": [{"name": "a"}]}),
])  # fmt: skip
def test_the_catalogue_is_closed(spoil: Any) -> None:
    content = raw("gldas_noah_monthly")
    Product.model_validate(content)
    spoil(content)
    with pytest.raises((ValidationError, re.error)):
        Product.model_validate(content)


def test_entry_keeps_what_a_run_writes() -> None:
    common = {
        "product": "gldas_noah_monthly",
        "title": "GLDAS Noah Land Surface Model L4 monthly",
        "provider": "NASA GSFC / GES DISC",
        "licence": "NASA Earth science data: open",
        "citation": "Rodell et al. 2004, BAMS 85, 381, doi:10.1175/BAMS-85-3-381",
    }
    assert entry("gldas_noah_monthly") == common  # versions differ in their DOI
    months = [Path(f"x/GLDAS_NOAH10_M.A20010{month}.021.nc4") for month in range(1, 10)]
    assert entry("gldas_noah_monthly", months) == common | {
        "edition": "noah10-v21", "version": "2.1", "doi": "10.5067/LWTYSMP3VM5Z",
    }  # fmt: skip
    mixed = [*months, Path("GLDAS_NOAH025_M.A200110.020.nc4")]
    assert entry("gldas_noah_monthly", mixed) == common
    assert entry("koeppen_geiger", [Path("k.tif")])["doi"] == "10.1038/s41597-023-02549-6"
    old = entry("koeppen_geiger", [Path("Beck_KG_V1_present_0p5.tif")])
    assert (old["edition"], old["doi"]) == ("beck2018", "10.6084/m9.figshare.6396959")
    for products in catalog().values():
        for name in products:
            assert {"product", "title", "provider", "licence", "citation"} <= set(entry(name))


# What is there ----------------------------------------------------------------------------------


def test_every_sample_file_is_recognised(data: Path) -> None:
    found = survey(data)
    unknown = {item.path.name for item in found.files if not item.product}
    assert unknown == {"README.md", "SHA256SUMS", "Beck_KG_V1_legend.txt", "NOTICE.TXT"}
    assert [problem.found for problem in found.problems] == [
        "months missing: 2012-04, 2012-05, 2012-06"
    ]
    stack = next(item for item in found.files if item.path.name.startswith("gldas_noah10_m_v21"))
    assert (stack.product, stack.by, len(stack.months)) == ("gldas_noah_monthly", "contents", 132)


def month(
    folder: Path, text: str, version: str = "021", grid: str = "10", ending: str = ""
) -> Path:
    """A small file in the layout of a GLDAS month."""
    path = folder / f"GLDAS_NOAH{grid}_M.A{text}.{version}.nc4{ending}"
    folder.mkdir(parents=True, exist_ok=True)
    with netCDF4.Dataset(path, "w") as dataset:
        dataset.createDimension("time", 1)
        time = dataset.createVariable("time", "f8", ("time",))
        time.units = "days since 2000-01-01 00:00:00"
        time[:] = netCDF4.date2num(
            netCDF4.num2date(0, f"days since {text[:4]}-{text[4:]}-01"), time.units
        )
        for name in product("gldas_noah_monthly").signature:
            dataset.createVariable(name, "f4", ("time",))[:] = 1.0
    return path


def only_problem(path: Path, years: range | None = None) -> str:
    (problem,) = survey(path, years).problems
    return f"{problem.where}: {problem.found} / {problem.accepted} / {problem.next_step}"


def test_a_whole_folder(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for number in range(1, 13):
        month(tmp_path, f"2001{number:02d}", ending=".SUB.nc4" if number == 5 else "")
    found = survey(tmp_path, range(2001, 2002))
    assert found.problems == []
    assert found.lines == ["gldas_noah_monthly/noah10-v21: 12 files, by name; 2001-01 to 2001-12"]
    app(["check", str(tmp_path), "--years", "2001"], result_action="return_value")
    assert "no problem found" in capsys.readouterr().out
    with pytest.raises(InputError, match=r"2002-01, 2002-02, .* and 6 more"):
        app(["check", str(tmp_path), "--years", "2001-2002"], result_action="return_value")


def test_what_is_wrong_with_months(tmp_path: Path) -> None:
    for text in ("200011", "200101", "200102"):
        month(tmp_path / "hole", text)
    assert "months missing: 2000-12" in only_problem(tmp_path / "hole")
    month(tmp_path / "two", "200101")
    month(tmp_path / "two", "200101", ending=".SUB.nc4")
    assert "months there twice: 2001-01" in only_problem(tmp_path / "two")
    month(tmp_path / "mixed", "200101", grid="025")
    month(tmp_path / "mixed", "200101", grid="025", version="020")
    assert "a mixture: noah025-v20, noah025-v21" in only_problem(tmp_path / "mixed")
    month(tmp_path / "newer", "200101", version="022")
    text = only_problem(tmp_path / "newer")
    assert "does not have" in text
    assert "saprolite data show gldas_noah_monthly" in text
    early = month(tmp_path / "early", "200101", grid="025")
    early.rename(early.with_name("GLDAS_NOAH025_M_EP.A200101.021.nc4"))
    assert "an early product" in only_problem(tmp_path / "early")
    wrong = month(tmp_path / "renamed", "200101")
    wrong.rename(wrong.with_name("GLDAS_NOAH10_M.A200102.021.nc4"))
    assert "the month 200101 / 200102" in only_problem(tmp_path / "renamed")
    other = tmp_path / "other/GLDAS_NOAH10_M.A200101.021.nc4"
    other.parent.mkdir()
    with netCDF4.Dataset(other, "w") as dataset:
        dataset.createVariable("tas", "f4", ())
    assert "SoilMoi0_10cm_inst" in only_problem(tmp_path / "other")


@pytest.mark.parametrize("sample", [
    "gldas/noah10_monthly_v21/GLDAS_NOAH10_M.A201201.021.nc4",
    "koppen/koppen_geiger_0p1_1991-2020.tif",
    "koppen/rubel2017_climatezones_0p5deg.csv.gz",
    "critical_loads/norway_resa2_cla.csv",
    "soil/soilgrids_sample/Clay_5_15.tif",
])  # fmt: skip
def test_truncated_files_are_told(data: Path, tmp_path: Path, sample: str) -> None:
    source = data / sample
    content = source.read_bytes()
    copy = tmp_path / source.name
    for length in (len(content) - 1, len(content) * 9 // 10, len(content) // 3, 40, 0):
        copy.write_bytes(content[:length])
        found = survey(copy)
        assert found.problems, f"{length} of {len(content)} bytes"
        assert all(source.name in problem.where for problem in found.problems)
    copy.write_bytes(content)
    assert survey(copy).problems == []


def test_login_pages_in_the_place_of_all_months_are_told_once(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for month in range(1, 13):
        page = tmp_path / f"GLDAS_NOAH10_M.A2001{month:02d}.021.nc4"
        page.write_text("<!DOCTYPE html><html>log in</html>")
    with pytest.raises(InputError, match=r"is not complete \(1 problem\)") as caught:
        app(["check", str(tmp_path)], result_action="return_value")
    assert (
        "GLDAS_NOAH10_M.A200101.021.nc4 and 11 more files (GLDAS_NOAH10_M.A200102.021.nc4, "
        in str(caught.value)
    )
    assert "12 files, by name" in capsys.readouterr().out


def test_a_login_page_and_an_unfinished_download(tmp_path: Path) -> None:
    path = tmp_path / "GLDAS_NOAH10_M.A200101.021.nc4"
    path.write_text("\n<!DOCTYPE html><html>log in</html>")
    assert "a web page" in only_problem(path)
    shutil.rmtree(tmp_path)
    (tmp_path / ".saprolite-get").mkdir(parents=True)
    (tmp_path / ".saprolite-get/BD5min.nc.part").write_bytes(b"12")
    assert any(
        "an unfinished download (2 bytes)" in item.found for item in survey(tmp_path).problems
    )


def test_contents_tell_where_names_do_not(data: Path, tmp_path: Path) -> None:
    for sample, expected in (
        ("koppen/rubel2017_climatezones_0p5deg.csv.gz", "koeppen_rubel"),
        ("critical_loads/norway_resa2_cla.csv", "norway_critical_loads"),
        ("site_timeseries/scan_hawaii_monthly_soil_2005-2025.csv.gz", "scan"),
        ("soil/wise_profiles/isric_wise3_horizons.csv.gz", "wise_profiles"),
        (
            "soil/wise5min_0p5deg/soilmap_center_interpolated.remapv10_old_62892_gL.dat",
            "wise_texture",
        ),
        ("mineralogy/usgs_ds801_mineralogy_geochemistry.csv.gz", "ds801"),
    ):
        content = (data / sample).read_bytes()
        copy = tmp_path / "renamed.csv"
        copy.write_bytes(gzip.decompress(content) if sample.endswith(".gz") else content)
        (found,) = survey(copy).files
        assert (found.product, found.by) == (expected, "contents")


@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    ending=st.sampled_from([".nc", ".nc4", ".tif", ".csv", ".csv.gz", ".zip", ".stm", ".dat", ""]),
    content=st.one_of(
        st.binary(max_size=300),
        st.binary(max_size=200).map(lambda tail: b"II*\0\x08\0\0\0" + tail),
        st.binary(max_size=200).map(lambda tail: b"MM\0+\0\x08\0\0" + tail),
        st.binary(max_size=200).map(lambda tail: b"\x89HDF\r\n\x1a\n" + tail),
        st.binary(max_size=200).map(lambda tail: b"CDF\x01" + tail),
        st.binary(max_size=200).map(gzip.compress),
    ),
)
def test_any_bytes_are_looked_at_without_a_crash(
    tmp_path: Path, ending: str, content: bytes
) -> None:
    path = tmp_path / f"any{ending}"
    path.write_bytes(content)
    found = survey(path)
    assert found.problems
    path.unlink()


def test_unknown_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such file or folder"):
        survey(tmp_path / "none")
    with pytest.raises(InputError, match="an empty folder"):
        survey(tmp_path)
    np.save(tmp_path / "x.npy", np.zeros(3))
    assert "nothing of the catalogue: x.npy" in only_problem(tmp_path)
    month(tmp_path, "200101")
    found = survey(tmp_path)
    assert found.problems == []
    assert "not recognised: 1 files: x.npy" in found.lines


def test_the_page_of_products_is_that_of_the_catalogue() -> None:
    """``python tools/list_products.py`` writes it."""
    import importlib.util

    root = Path(__file__).parents[1]
    spec = importlib.util.spec_from_file_location("list_products", root / "tools/list_products.py")
    assert spec is not None and spec.loader is not None
    tool = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(tool)
    text = (root / "docs/data.md").read_text(encoding="utf-8")
    assert tool.page(text) == text
    for name in published():
        assert f"`{name}`" in text
