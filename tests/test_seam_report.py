"""The overlap report: its statistics on the real basin series, its files on generated months."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import tomli_w
import xarray as xr

from saprolite import cli
from saprolite.comparison.seam import ratio_of, ratio_statistics, seam_table
from saprolite.comparison.seam_outputs import NAME, write_seam
from saprolite.equations import linear_trend
from saprolite.errors import StudyError
from saprolite.sources.gldas_files import UNITS
from saprolite.sources.overlap import RatioRule, adjusted, common_means, ratio_or_difference
from saprolite.study import Study
from saprolite.testing.gldas import write_gldas_months
from saprolite.testing.gldas_values import Seam
from world import World

FILES = {"2.0": "ET_GLDAS20_NOAH36_monthly", "2.1": "ET_GLDAS21_NOAH36_monthly", "mod16": "ET_MOD16_monthly"}  # fmt: skip


@pytest.fixture(scope="module")
def basins(data: Path) -> dict[str, pd.DataFrame]:
    """Monthly evapotranspiration, mm month-1, of the basins that MOD16 has, 2001 to 2014."""
    tables = {
        name: pd.read_csv(data / "et" / "basins" / f"{file}.csv", index_col="name")
        for name, file in FILES.items()
    }
    months = [f"{year}-{month:02d}-01" for year in range(2001, 2015) for month in range(1, 13)]
    known = tables["mod16"][months].notna().all(axis=1)
    return {name: table.loc[known, months] for name, table in tables.items()}


def test_the_ratio_of_the_real_basins(basins: dict[str, pd.DataFrame]) -> None:
    """ET(2.1)/ET(2.0) of 156 basins, 2001 to 2014: mean 1.15, median 1.14, quartiles 1.09 to 1.19,
    range 0.80 to 2.37."""
    annual = {name: table.to_numpy().sum(axis=1) / 14.0 for name, table in basins.items()}
    found = ratio_statistics(ratio_of(annual["2.1"], annual["2.0"], 1.0))
    assert found.number == 156
    assert round(found.mean, 2) == 1.15
    assert round(found.median, 2) == 1.14
    assert (round(found.lower_quartile, 2), round(found.upper_quartile, 2)) == (1.09, 1.19)
    assert (round(found.smallest, 2), round(found.largest, 2)) == (0.80, 2.37)
    assert annual["2.0"].mean() == pytest.approx(551, abs=1)
    assert annual["2.1"].mean() == pytest.approx(627, abs=1)


def test_scaling_of_the_real_basins_takes_the_step_away(basins: dict[str, pd.DataFrame]) -> None:
    """By calendar month over 2001 to 2014: every basin's mean agrees to rounding."""
    shape = (-1, 14, 12)
    old, new = (
        np.moveaxis(basins[version].to_numpy().reshape(shape), 1, 0) for version in ("2.0", "2.1")
    )
    means = common_means(old, new)
    adjustment = ratio_or_difference(means.base, means.target, RatioRule(0.26))
    assert adjusted(old, adjustment).mean(axis=0) == pytest.approx(new.mean(axis=0), rel=1e-12)
    assert 0.0 < adjustment.added.mean() < 0.1  # months with hardly any evapotranspiration


def test_the_ratio_of_the_real_basins_drifts(basins: dict[str, pd.DataFrame]) -> None:
    """2.1 rises against 2.0 from 1.07 to 1.20: scaled by the first half, the second is 6 % low."""
    by_year = {
        name: table.to_numpy().reshape(-1, 14, 12).sum(axis=2).mean(axis=0)
        for name, table in basins.items()
    }
    ratio = by_year["2.1"] / by_year["2.0"]
    assert ratio[[0, -1]] == pytest.approx([1.070, 1.198], abs=1e-3)
    assert linear_trend(ratio).p < 1e-5
    old, new = (
        np.moveaxis(basins[version].to_numpy().reshape(-1, 14, 12), 1, 0)
        for version in ("2.0", "2.1")
    )
    means = common_means(old[:7], new[:7])
    half = ratio_or_difference(means.base, means.target, RatioRule(0.26))
    scaled = adjusted(old[7:], half)
    assert scaled.sum() / new[7:].sum() == pytest.approx(0.939, abs=1e-3)


@pytest.fixture(scope="module")
def study_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("seam")
    seam = Seam(evapotranspiration=1.2, soil_moisture=1.05, soil_temperature=0.4)
    for version in ("2.0", "2.1"):
        write_gldas_months(
            folder / version, range(2001, 2006), 10.0, version, seam=seam, fields=UNITS
        )
    content = World(folder, years=range(2001, 2006)).study()
    content["inputs"]["forcing"] = {
        "product": "gldas", "seam": "2.1-only",
        "path_2_0": str(folder / "2.0"), "path_2_1": str(folder / "2.1"),
    }  # fmt: skip
    path = folder / "study.toml"
    path.write_text(tomli_w.dumps(content), encoding="utf-8")
    return path


def test_the_report_finds_the_known_seam(study_file: Path, tmp_path: Path) -> None:
    found, written = write_seam(Study.read(study_file), tmp_path)
    assert [path.name for path in written] == [f"{NAME}.nc", f"{NAME}.csv", f"{NAME}.png"]
    assert all(path.stat().st_size > 1000 for path in written)
    assert found.years == tuple(range(2001, 2006))
    table = seam_table(found)
    years, table = table[table["kind"] == "year"], table[table["kind"] != "year"]
    assert years["name"].tolist() == ["2001", "2002", "2003", "2004", "2005"]
    assert years["ratio_of_area_means_1"].to_numpy() == pytest.approx(1.2, rel=1e-6)
    assert table["ratio_of_area_means_1"].dropna().to_numpy() == pytest.approx(1.2, rel=1e-6)
    assert table["soil_moisture_ratio_of_area_means_1"].to_numpy() == pytest.approx(1.05, rel=1e-6)
    assert table["soil_temperature_difference_K"].to_numpy() == pytest.approx(0.4, abs=1e-4)
    for kind in ("latitude_band", "climate_group"):
        part = table[table["kind"] == kind]
        assert part["cells"].sum() == found.cells.size
        assert part["area_km2"].sum() == pytest.approx(found.area.sum(), rel=1e-12)
    assert "40N to 50N" in set(table["name"])
    read = pd.read_csv(tmp_path / f"{NAME}.csv", comment="#")
    assert len(read) == len(table) + len(years)
    with xr.open_dataset(tmp_path / f"{NAME}.nc") as maps:
        ratio = maps["evapotranspiration_ratio"]
        assert int(np.isfinite(ratio).sum()) == np.isfinite(found.ratio).sum()
        assert np.nanmax(np.abs(ratio - 1.2)) < 1e-5
        assert maps["evapotranspiration_2_1"].attrs["units"] == "mm yr-1"
        assert "quartiles 1.200 to 1.200" in maps.attrs["comment"]


def test_the_command(study_file: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    cli.seam(study_file, out=tmp_path)
    assert "ratio of evapotranspiration over" in capsys.readouterr().out
    assert (tmp_path / f"{NAME}.png").is_file()


def test_another_forcing_has_no_seam(tmp_path: Path) -> None:
    content = World(tmp_path).study()
    content["inputs"]["forcing"] = {"product": "demo"}
    with pytest.raises(StudyError, match="both versions of GLDAS Noah monthly"):
        write_seam(Study.of(content, tmp_path), tmp_path)


def test_statistics_without_a_ratio() -> None:
    assert ratio_statistics(np.array([np.nan])).number == 0
    assert np.isnan(ratio_of(np.array([1.0]), np.array([0.0]), 0.0)).all()
