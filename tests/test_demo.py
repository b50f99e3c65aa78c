"""The demo planet: real land, the same path as data, the same planet at every resolution."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import saprolite as sap
from saprolite import workflow
from saprolite.inputs.demo import DemoPlanet, demo_climate
from saprolite.study import Study
from saprolite.study_template import demo_content

DEMO_TOTAL = 63.124337408258654


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("demo") / "out"
    content = demo_content(2.0) | {"first_year": 2015, "last_year": 2018}
    sap.run(Study.of(content, Path()), out)
    return out


def test_headline_is_that_of_the_readings_on_real_forcing(finished: Path) -> None:
    """Class means of the real forcing must give about the real total (64 Tg, equal shares)."""
    summary = json.loads((finished / "summary.json").read_text())
    assert summary["global_total_Tg_C_yr-1"] == pytest.approx(64.0, rel=0.1)
    shares = [row["share_percent"] for row in summary["by_climate_group"]][:4]
    assert shares == pytest.approx([49.3, 18.8, 20.5, 10.4], abs=4.0)
    assert "not data" in summary["title"]
    # A tripwire: this package's own number, 2015 to 2018, of the plain equations in float64; float32
    # promises sums within 1e-6.
    assert summary["global_total_Tg_C_yr-1"] == pytest.approx(DEMO_TOTAL, rel=1e-6)
    assert any("illustration" in note for note in summary["notes"])


def test_every_output_says_that_it_is_not_data(finished: Path) -> None:
    from PIL import Image

    for path in (finished / "figures").glob("*.png"):
        assert "not data" in Image.open(path).text["Description"], path
    for path in (finished / "tables").glob("*.csv"):
        assert "not data" in path.read_text(), path
    assert "not data" in sap.open(finished).attrs["comment"]
    assert any(
        "not data" in note for note in json.loads((finished / "run.json").read_text())["notes"]
    )


def test_land_is_the_land_of_the_earth() -> None:
    planet = DemoPlanet(1.0)
    area = planet.grid.areas()
    # 135 Mkm2 north of 60 S; the class map counts lakes and a rim of coast as land.
    assert area[planet.land()].sum() == pytest.approx(135e6, rel=0.05)
    for lat, lon, land in ((52.5, 13.5, True), (-3.5, -60.5, True), (0.5, -30.5, False),
                           (-25.5, 134.5, True), (40.5, -40.5, False)):  # fmt: skip
        row, column = round(lat + 59.5), round(lon + 179.5)
        assert planet.land()[row, column] == land
    classes = demo_climate().data["climate_class"]
    assert int(classes.sel(lat=30.0, lon=31.2, method="nearest")) == 4


@pytest.mark.parametrize("resolution", [0.5, 2.0, 5.0])
def test_forcing_is_physical_and_does_not_depend_on_the_order_of_years(resolution: float) -> None:
    planet = DemoPlanet(resolution)
    cells = np.flatnonzero(planet.land() & ~planet.land_ice())
    first = planet.read_year(2018, cells)
    planet.read_year(1970, cells)
    for a, b in zip(first, DemoPlanet(resolution).read_year(2018, cells), strict=True):
        assert (a == b).all()
        assert np.isfinite(a).all()
    assert 0.02 <= first.soil_moisture.min() <= first.soil_moisture.max() <= 0.6
    assert 230.0 < first.soil_temperature.min() < first.soil_temperature.max() < 320.0


def test_the_trends_are_the_documented_ones() -> None:
    planet = DemoPlanet(5.0)
    cells = np.flatnonzero(planet.land())
    latitude = np.repeat(planet.grid.lat, planet.grid.lon.size)[cells]
    years = np.arange(1970, 2019)
    warm = np.array(
        [planet.read_year(year, cells).soil_temperature[:, 3].mean(axis=0) for year in years]
    )
    slope = np.polyfit(years, warm, 1)[0]
    expected = 0.012 + 0.024 * np.sin(np.deg2rad(latitude)) ** 2
    # The anomalies of the deepest layer (30 % of 0.6 K) leave less than a tenth of a K in 49 years.
    assert np.abs(slope - expected).max() < 0.1 / 24.0


def test_masks_follow_land_ice(finished: Path) -> None:
    fluxes = sap.open(finished)
    ice = (fluxes["missing_inputs"].values & 1) > 0
    assert ice.sum() > 20
    assert np.isnan(fluxes["carbon_sink_flux"].values[..., ice]).all()


def test_the_demo_planet_can_run_every_experiment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    studies: list[Study] = []
    monkeypatch.setattr(workflow, "run", lambda study, *_, **__: studies.append(study))
    workflow.demo(tmp_path, resolution_deg=5.0)
    workflow.demo(tmp_path, resolution_deg=5.0, experiments=True)
    assert [len(study.experiments.run) for study in studies] == [0, 5]
