"""The seam between GLDAS 2.0 and 2.1: known ratios come back, steps and false trends go away."""

from __future__ import annotations

import shutil
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from saprolite.engine.plan import plan_of
from saprolite.equations import linear_trend, linear_trend_with_break
from saprolite.errors import InputError, SaproliteError, StudyError
from saprolite.inputs.gldas_forcing import gldas_forcing
from saprolite.inputs.prepare import prepare
from saprolite.sources import gldas_seam
from saprolite.sources.gldas import open_gldas
from saprolite.sources.gldas_files import EVAPOTRANSPIRATION, UNITS
from saprolite.sources.gldas_seam import SplicedGldas
from saprolite.study import Study
from saprolite.study_parts import GldasForcing
from saprolite.testing.gldas import write_gldas_months
from saprolite.testing.gldas_values import Seam
from world import World

TRUE = Seam(evapotranspiration=1.15, soil_moisture=1.05, soil_temperature=0.4)
RESOLUTION = 10.0
OLD, NEW = range(1990, 2007), range(2000, 2012)
SECONDS = np.array([31.0, 28.25, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])[:, None] * 86400.0


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both versions in one folder: 2.0 from 1990 to 2006, 2.1 from 2000 to 2011."""
    made = tmp_path_factory.mktemp("gldas")
    for version, years in (("2.0", OLD), ("2.1", NEW)):
        write_gldas_months(made, years, RESOLUTION, version, seam=TRUE, fields=UNITS)
    return made


def forcing(folder: Path, years: range = range(1990, 2012), **fields: Any) -> SplicedGldas:
    spec = GldasForcing(product="gldas", path=str(folder), **fields)
    found = gldas_forcing(spec, years).forcing
    assert isinstance(found, SplicedGldas)
    return found


def soil(source: Any) -> np.ndarray:
    return np.flatnonzero(source.land() & ~source.land_ice())


def annual(source: Any, years: range) -> np.ndarray:
    """Evapotranspiration in mm yr-1, (cell, year)."""
    cells = soil(source)
    rates = [source.read_year(year, cells).evapotranspiration.astype(float) for year in years]
    return np.stack([(rate * SECONDS).sum(axis=0) for rate in rates], axis=-1)


def test_scaled_the_older_version_is_the_newer_one(folder: Path) -> None:
    """Each value of 2.0 in the overlap, and before it, becomes what 2.1 would have: the files are
    rounded to 6e-8, and so is each factor."""
    scaled = forcing(folder, seam="scale")
    cells = soil(scaled)
    truth = open_gldas(folder, NEW, version="2.1")
    found = scaled.scaling
    assert found is not None
    assert found.overlap == tuple(range(2000, 2007))
    for year in (2000, 2003):
        made = found.of(scaled.older.read_year(year, cells), cells)
        real = truth.read_year(year, cells)
        assert made.soil_moisture == pytest.approx(real.soil_moisture, rel=1e-6)
        assert made.soil_temperature == pytest.approx(real.soil_temperature, abs=1e-4)
        ratio = ~found.evapotranspiration.added[:, np.searchsorted(found.cells, cells)]
        assert 0.5 < ratio.mean() < 1.0
        assert made.evapotranspiration[ratio] == pytest.approx(
            real.evapotranspiration[ratio], rel=1e-6
        )
        small = np.abs(made.evapotranspiration - real.evapotranspiration)[~ratio]
        assert small.max() < 0.15 * 1e-7  # of a rate below 1e-7 the difference was added


def test_the_known_ratios_come_back_exactly(folder: Path) -> None:
    found = forcing(folder, seam="scale").scaling
    assert found is not None
    ice = np.isin(found.cells, np.flatnonzero(open_gldas(folder, NEW, version="2.1").land_ice()))
    wet, warm, rate = found.soil_moisture, found.soil_temperature, found.evapotranspiration
    assert not wet.added.any()
    assert wet.size[..., ~ice] == pytest.approx(TRUE.soil_moisture, rel=3e-7)
    assert wet.size[..., ice] == pytest.approx(1.0, rel=1e-7)
    assert warm.added.all()
    assert warm.size == pytest.approx(TRUE.soil_temperature, abs=6e-5)
    assert rate.size[~rate.added] == pytest.approx(TRUE.evapotranspiration, rel=3e-7)
    assert found.by_year == pytest.approx([1.15] * 7, rel=1e-6)
    counts = found.rate_counts
    assert counts.small_base == rate.added.sum() > 0
    assert (counts.out_of_limits, counts.unknown) == (0, 0)


def test_spliced_there_is_a_step_and_a_false_trend_and_scaled_there_is_not(folder: Path) -> None:
    years = range(1990, 2010)
    series = {
        seam: annual(forcing(folder, years, seam=seam), years).mean(axis=0)
        for seam in ("splice", "scale")
    }
    step = {name: values[10:].mean() / values[:10].mean() for name, values in series.items()}
    assert step["splice"] == pytest.approx(1.15 * step["scale"], rel=1e-3)
    assert step["scale"] == pytest.approx(1.0, abs=0.01)
    truth = linear_trend(series["scale"])
    false = linear_trend(series["splice"])
    assert false.p < 1e-6
    assert false.slope > 10.0 * abs(truth.slope)
    broken = linear_trend_with_break(series["splice"], 10)
    assert broken.slope == pytest.approx(
        linear_trend_with_break(series["scale"], 10).slope, rel=0.2
    )
    assert abs(broken.slope) < 0.1 * false.slope
    assert broken.step == pytest.approx(series["scale"].mean() * (1.0 - 1.0 / 1.15), rel=0.05)
    demo = annual(open_gldas(folder, NEW, version="2.1"), range(2000, 2010)).mean(axis=0)
    assert series["splice"][10:] == pytest.approx(demo, rel=1e-6)
    assert series["scale"][10:] == pytest.approx(demo, rel=1e-6)


def test_the_newer_version_may_be_brought_to_the_older(folder: Path) -> None:
    found = forcing(folder, range(2000, 2012), seam="scale", scaled_version="2.1")
    cells = soil(found)
    old = found.older.read_year(2004, cells)
    new = found.read_year(2004, cells)
    assert new.soil_moisture == pytest.approx(old.soil_moisture, rel=1e-6)
    assert new.soil_temperature == pytest.approx(old.soil_temperature, abs=1e-4)
    assert "GLDAS 2.1 scaled to 2.0" in " ".join(found.notes)


def test_a_seam_of_another_year(folder: Path) -> None:
    found = forcing(folder, seam="splice", seam_year=2005)
    cells = soil(found)
    old = open_gldas(folder, OLD, version="2.0")
    assert (found.read_year(2004, cells)[2] == old.read_year(2004, cells)[2]).all()
    assert (found.read_year(2005, cells)[2] != old.read_year(2005, cells)[2]).any()


def test_one_version_alone_out_of_a_folder_of_both(folder: Path) -> None:
    for seam, years in (("2.0-only", range(1995, 2005)), ("2.1-only", range(2001, 2005))):
        spec = GldasForcing(product="gldas", path=str(folder), seam=seam)
        opened = gldas_forcing(spec, years, years.start - 1)
        assert opened.notes == (f"forcing: GLDAS Noah {seam[:3]}",)
        assert opened.previous_year
        digits = "020" if seam == "2.0-only" else "021"
        assert all(f".{digits}." in file.name for file in opened.forcing.files)


def test_two_folders_give_what_one_folder_gives(folder: Path, tmp_path: Path) -> None:
    for name in ("020", "021"):
        (tmp_path / name).mkdir()
        for file in folder.glob(f"*.{name}.nc4"):
            (tmp_path / name / file.name).symlink_to(file)
    spec = GldasForcing(
        product="gldas", path_2_0=str(tmp_path / "020"), path_2_1=str(tmp_path / "021"),
        seam="scale", overlap_years=[2001, 2006],
    )  # fmt: skip
    apart = gldas_forcing(spec, range(1995, 2008)).forcing
    together = forcing(folder, range(1995, 2008), seam="scale", overlap_years=[2001, 2006])
    cells = soil(together)
    for one, other in zip(
        apart.read_year(1999, cells), together.read_year(1999, cells), strict=True
    ):
        assert np.array_equal(one, other, equal_nan=True)


def test_any_cells_on_any_thread_have_the_same_bits(folder: Path) -> None:
    found = forcing(folder, seam="scale")
    everywhere = np.arange(found.grid.lat.size * found.grid.lon.size)
    whole = found.read_year(1999, everywhere)
    water = ~found.land().ravel()
    assert np.isnan(whole.soil_moisture[..., water]).all()
    parts = np.array_split(everywhere, 7)
    with ThreadPoolExecutor(4) as pool:
        read = list(pool.map(lambda part: found.read_year(1999, part), parts))
    for name in whole._fields:
        joined = np.concatenate([getattr(part, name) for part in read], axis=-1)
        assert joined.dtype == np.float32
        assert np.array_equal(joined, getattr(whole, name), equal_nan=True)


def test_a_value_that_one_version_lacks_is_missing_and_counted(
    folder: Path, tmp_path: Path
) -> None:
    """Evapotranspiration of one cell is fill in every July of 2.0 that the overlap has."""
    import netCDF4

    spoiled = Path(shutil.copytree(folder, tmp_path / "spoiled"))
    row, column = np.divmod(soil(open_gldas(folder, NEW, version="2.1"))[40], 36)
    for year in range(2000, 2007):
        with netCDF4.Dataset(spoiled / f"GLDAS_NOAH100_M.A{year}07.020.nc4", "a") as dataset:
            dataset[EVAPOTRANSPIRATION][0, row, column] = -9999.0
    found = forcing(spoiled, seam="scale")
    cell = np.array([row * 36 + column])
    assert np.isnan(found.read_year(1995, cell).evapotranspiration[6]).all()
    assert np.isfinite(found.read_year(1995, cell).evapotranspiration[5]).all()
    assert "no evapotranspiration in both versions in 1 monthly means" in " ".join(found.notes)


@pytest.mark.parametrize(("seam", "words"), [
    ("splice", "spliced as they are: evapotranspiration steps by about +15 % at the seam"),
    ("scale", "GLDAS 2.0 scaled to 2.1 by cell and calendar month over 2000-2006 (7 years)"),
])  # fmt: skip
def test_the_choice_is_on_the_prepared_inputs(
    folder: Path, tmp_path: Path, seam: str, words: str
) -> None:
    content = World(folder, years=range(1998, 2002)).study(inputs__forcing__seam=seam)
    prepared = prepare(Study.of(content, tmp_path))
    assert words in " ".join(prepared.notes)
    assert prepared.products["forcing"] == "gldas_noah_monthly_spliced"
    both = {file.name.split(".")[-2] for file in prepared.files["forcing"]}
    assert both == {"020", "021"}


def refused(content: dict[str, Any]) -> str:
    with pytest.raises(SaproliteError) as caught:
        prepare(Study.of(content, Path.cwd()))
    return str(caught.value)


def study(folder: Path, years: range = range(1998, 2003), **forcing: Any) -> dict[str, Any]:
    content = World(folder, years=years).study()
    content["inputs"]["forcing"] = {"product": "gldas", "path": str(folder), **forcing}
    return content


def test_both_versions_without_a_choice_name_the_choices(folder: Path) -> None:
    message = refused(study(folder))
    assert "a mixture: NOAH100 version 020, NOAH100 version 021" in message
    assert 'seam = one of "splice", "scale", "2.0-only", "2.1-only"' in message
    assert "(1 problem)" in message


@pytest.mark.parametrize(("years", "fields", "words"), [
    (range(1998, 2003), {"seam": "blend"}, "'splice', 'scale', '2.0-only' or '2.1-only'"),
    (range(1998, 2003), {"seam": "2.1-only"}, "years from 2000 on, where GLDAS 2.1 begins"),
    (range(2010, 2018), {"seam": "2.0-only"}, "years up to 2014, where GLDAS 2.0 ends"),
    (range(1940, 1950), {"seam": "2.0-only"}, "years from 1948 on"),
    (range(2001, 2005), {"seam": "splice"}, "a seam within the study"),
    (range(2001, 2005), {"seam": "scale"}, "years of 2.0, the version that is scaled"),
    (range(1998, 2003), {"seam": "splice", "scaled_version": "2.0"}, "scaled_version"),
    (range(1998, 2003), {"seam": "splice", "overlap_years": [2000, 2004]}, "overlap_years"),
    (range(1998, 2003), {"seam": "scale", "overlap_years": [1999, 2004]}, "2000 to 2014"),
    (range(1998, 2003), {"seam": "scale", "overlap_years": [2004, 2001]}, "2000 to 2014"),
    (range(1998, 2003), {"seam": "scale", "seam_year": 1990}, "2000"),
    (range(1998, 2003), {"seam_year": 2000}, "2000 with no seam"),
    (range(1998, 2003), {"path_2_0": "x", "seam": "scale"}, "path and path_2_0"),
    (range(1998, 2003), {"path": None, "path_2_0": "x", "seam": "scale"}, "path_2_1"),
    (range(1998, 2003), {"path": None, "path_2_0": "x"}, "there is no default"),
    (range(1998, 2003), {"path": None}, "a folder of GLDAS Noah monthly"),
])  # fmt: skip
def test_choices_that_do_not_go_together(
    folder: Path, years: range, fields: dict[str, Any], words: str
) -> None:
    content = study(folder, years, **fields)
    content["inputs"]["forcing"] = {
        key: value for key, value in content["inputs"]["forcing"].items() if value is not None
    }
    with pytest.raises(StudyError) as caught:
        Study.of(content, Path.cwd())
    assert words in str(caught.value)


def test_files_that_a_choice_needs_and_lacks(folder: Path, tmp_path: Path) -> None:
    new = tmp_path / "new"
    new.mkdir()
    for file in folder.glob("*.021.nc4"):
        (new / file.name).symlink_to(file)
    message = refused(study(new, range(2001, 2005), seam="2.0-only"))
    assert "files of version 2.1 alone" in message
    assert "files of version 2.0 (.020.)" in message
    assert "months missing" not in message
    message = refused(study(new, seam="scale"))
    assert "whole years in both versions: none" in message
    message = refused(study(folder, seam="scale", overlap_years=[2004, 2008]))
    assert "months missing: 2007-01, 2007-02" in message
    (new / "GLDAS_NOAH100_M.A200103.020.nc4").symlink_to(folder / "GLDAS_NOAH100_M.A200103.020.nc4")
    assert "a mixture" in refused(study(new, range(2001, 2005)))


def test_another_grid_on_the_other_side(folder: Path, tmp_path: Path) -> None:
    write_gldas_months(tmp_path, range(1998, 2000), 5.0, "2.0", fields=UNITS)
    content = study(folder, seam="splice", path=None, path_2_0=str(tmp_path), path_2_1=str(folder))
    del content["inputs"]["forcing"]["path"]
    assert "0.25 or 1.0 degree" in refused(content)


def test_the_early_product_is_refused_or_flagged(tmp_path: Path) -> None:
    write_gldas_months(tmp_path, [2023], RESOLUTION, fields=UNITS)
    write_gldas_months(tmp_path, [2024], RESOLUTION, fields=UNITS, early=True)
    content = study(tmp_path, range(2023, 2025))
    message = refused(content)
    assert "early product: GLDAS_NOAH100_M_EP.A202401.021.nc4" in message
    assert 'early_product = "accept"' in message
    content["inputs"]["forcing"]["early_product"] = "accept"
    notes = " ".join(prepare(Study.of(content, Path.cwd())).notes)
    assert "the early product, made without GPCP precipitation, in 12 months" in notes
    write_gldas_months(tmp_path, [2024], RESOLUTION, fields=UNITS)
    with pytest.raises(InputError, match="each month once"):
        prepare(Study.of(content, Path.cwd()))


def test_the_choice_is_on_every_output_of_a_run(folder: Path, tmp_path: Path) -> None:
    """Store, inputs, summary and tables; the scaled run is that of the newer version alone."""
    import json

    import saprolite as sap

    runs = {}
    for name, years, fields in (
        ("scaled", range(1999, 2002), {"seam": "scale"}),
        ("newer", range(2000, 2002), {"seam": "2.1-only"}),
    ):
        content = study(folder, years, **fields)
        content["reading"] = {"et_mode": "annual"}
        runs[name] = sap.run(Study.of(content, tmp_path), tmp_path / name)
    words = "GLDAS 2.0 scaled to 2.1 by cell and calendar month over 2000-2006 (7 years)"
    assert words in runs["scaled"].attrs["comment"]
    assert "gldas_noah_monthly_spliced" in (tmp_path / "scaled/inputs.zarr/zarr.json").read_text()
    summary = json.loads((tmp_path / "scaled/summary.json").read_text(encoding="utf-8"))
    assert words in " ".join(summary["notes"])
    assert words in (tmp_path / "scaled/tables/annual.csv").read_text(encoding="utf-8")
    assert "forcing: GLDAS Noah 2.1" in runs["newer"].attrs["comment"]
    for year in (2000, 2001):
        one, other = (run["carbon_sink_flux"].sel(year=year).values for run in runs.values())
        assert np.array_equal(one, other, equal_nan=True)


def test_both_paths_start_from_the_data_root(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("SAPROLITE_DATA", raising=False)
    content = study(folder, seam="scale", path_2_0="old", path_2_1="new")
    del content["inputs"]["forcing"]["path"]
    resolved = Study.of({**content, "data_root": "data"}, tmp_path).inputs.forcing
    assert isinstance(resolved, GldasForcing)
    assert (resolved.path_2_0, resolved.path_2_1) == (
        str(tmp_path / "data/old"), str(tmp_path / "data/new"),
    )  # fmt: skip


def test_the_thresholds_of_a_study_are_used_and_named(folder: Path) -> None:
    """A ratio of 1.15 beyond the limits is a difference in every month; the means still agree."""
    fields = {
        "ratio_limits": [0.9, 1.1],
        "least_evapotranspiration": 0.0,
        "least_soil_moisture": 0.3,
    }
    found = forcing(folder, seam="scale", **fields)
    scaling = found.scaling
    assert scaling is not None
    assert scaling.evapotranspiration.added.mean() > 0.9
    wet = found.older.read_months([(year, 7) for year in range(2000, 2007)], scaling.cells)
    means = wet.soil_moisture.mean(axis=0, dtype=float)
    near = np.abs(means - 0.3) < 1e-6
    assert ((means < 0.3) == scaling.soil_moisture.added[6])[~near].all()
    notes = " ".join(found.notes)
    assert "more than 0 is divided by and it is within 0.9 to 1.1, else a difference" in notes
    assert "0.3 m3 m-3 or more is divided by" in notes
    for wrong in ({"ratio_limits": [1.5, 2.0]}, {"least_soil_moisture": -1.0}):
        with pytest.raises(StudyError):
            Study.of(study(folder, seam="scale", **wrong), Path.cwd())
    with pytest.raises(StudyError, match="ratio_limits"):
        Study.of(study(folder, seam="splice", ratio_limits=[0.5, 2.0]), Path.cwd())


def test_the_scaling_is_made_once_counted_and_given_to_workers(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SAPROLITE_CACHE", str(tmp_path / "caches"))
    made = Study.of(study(folder, seam="scale"), Path.cwd())
    first = prepare(made)
    cells = first.source_cells
    monkeypatch.setattr(gldas_seam, "scaling", lambda *_: pytest.fail("made again"))
    again = prepare(made)
    first.keeper.give(tmp_path / "run")
    monkeypatch.setenv("SAPROLITE_CACHE", str(tmp_path / "of a worker"))
    given = prepare(made, tmp_path / "run")
    for other in (again, given):
        assert other.notes == first.notes
        for one, two in zip(
            first.read_year(1999), other.forcing.read_year(1999, cells), strict=True
        ):
            assert np.array_equal(one, two, equal_nan=True)
    # Nine fields of twelve months, float32 and a mark, on the land of both.
    land = int(open_gldas(folder, NEW, version="2.1").land().sum())
    least = 12 * 9 * 5 * land
    assert least < first.held_bytes < 1.1 * least + 10_000
    plans = [plan_of(item).memory for item in (first, replace(first, held_bytes=0))]
    assert plans[0].shared - plans[1].shared == first.held_bytes
