"""The studies that are published with the package, run to the end on files in every layout."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import tomli_w

import saprolite as sap
from saprolite.inputs import prepare
from saprolite.study import DATA_VARIABLE, Study
from saprolite.testing.study_inputs import write_scenario, write_study_inputs

STUDIES = Path(__file__).parents[1] / "studies"
OLDER, NEWER, SCENARIO = range(1998, 2000), range(2000, 2003), (2051, 2052)
RESOLUTION = 5.0


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("products")
    write_study_inputs(folder, OLDER, NEWER, RESOLUTION)
    write_scenario(folder, (OLDER[0], OLDER[-1]), SCENARIO)
    return folder


def shortened(name: str, folder: Path, years: tuple[int, int], **forcing: Any) -> Path:
    """A published study with another period, everything else as it is."""
    content = tomllib.loads((STUDIES / name).read_text(encoding="utf-8"))
    content |= {"first_year": years[0], "last_year": years[1]}
    content["inputs"]["forcing"] |= forcing
    content.get("experiments", {}).pop("base_year", None)
    path = folder / name
    path.write_text(tomli_w.dumps(content), encoding="utf-8")
    return path


@pytest.mark.parametrize("name", [path.name for path in sorted(STUDIES.glob("*-*.toml"))
                                  if path.name != "column-constants.toml"])  # fmt: skip
def test_a_published_study_is_a_study(name: str) -> None:
    study = Study.read(STUDIES / name)
    assert study.title
    assert study.years[0] == int(name.split("-")[1])
    assert study.years[-1] == int(name.split("-")[2].removesuffix(".toml"))


def test_the_global_study_runs_on_the_published_layouts(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(files))
    study = shortened("global-1970-2018.toml", tmp_path, (OLDER[0], NEWER[-1]))
    fluxes = sap.run(study, tmp_path / "out")
    total = fluxes["carbon_sink_flux"].sum(("layer", "lat", "lon"))
    assert fluxes.sizes["year"] == 5
    assert (total > 0.0).all()
    products = fluxes.attrs.get("notes", "")
    run = (tmp_path / "out" / "run.json").read_text(encoding="utf-8")
    for word in ("gldas_noah_monthly_spliced", "mod16", "ito_wagai", "pelletier", "gsde",
                 "koeppen_geiger", "splice"):  # fmt: skip
        assert word in run + str(products), word
    # The experiments add up: what the drivers contribute is the change since the base year.
    first = fluxes["carbon_sink_flux"].sel(year=OLDER[0])
    change = fluxes["carbon_sink_flux"] - first
    parts = fluxes["carbon_sink_contribution"].sum("driver")
    known = np.isfinite(change.values) & np.isfinite(parts.values)
    scale = float(first.max())
    assert known.any()
    assert np.abs(parts.values - change.values)[known].max() < 1e-5 * scale


def test_the_scenario_runs_on_the_published_layouts(
    files: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(DATA_VARIABLE, str(files))
    base = [OLDER[0], OLDER[-1]]
    study = shortened("rcp45-2051-2100.toml", tmp_path, SCENARIO, base_years=base)
    prepared = prepare(Study.read(study))
    assert prepared.products["forcing"] == "change_factors"
    assert any("change factors" in note for note in prepared.notes)
    fluxes = sap.run(study, tmp_path / "out")
    total = fluxes["carbon_sink_flux"].sum(("layer", "lat", "lon"))
    assert (total > 0.0).all()
    # The demo planet is 1.6 K warmer at the poles and 0.6 K at the equator, 53 years on.
    later = prepared.read_year(2051).soil_temperature
    content = tomllib.loads(study.read_text(encoding="utf-8"))
    content |= {"first_year": base[0], "last_year": base[1]}
    content["inputs"]["forcing"] = content["inputs"]["forcing"]["base"]
    past = prepare(Study.of(content, tmp_path))
    np.testing.assert_array_equal(past.cells, prepared.cells)
    earlier = np.mean([past.read_year(year).soil_temperature for year in base], axis=0)
    warming = np.nanmean(later - earlier)
    assert 0.5 < warming < 2.5
