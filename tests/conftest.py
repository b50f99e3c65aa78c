"""Shared fixtures: the sample data where they are, and a small world in the format of GLDAS."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings

from world import World

settings.register_profile("default", deadline=None, print_blob=True)
settings.load_profile("default")

DATA_VARIABLE = "SAPROLITE_DATA"
_BESIDE = Path(__file__).parents[2] / "shared" / "data"


@pytest.fixture(scope="session")
def data() -> Path:
    """The sample data; skipped where they are absent, unless SAPROLITE_DATA promises them."""
    promised = os.environ.get(DATA_VARIABLE)
    folder = Path(promised) if promised else _BESIDE
    if not folder.is_dir():
        if promised:
            pytest.fail(f"{DATA_VARIABLE} is set, but {folder} is not there")
        pytest.skip(f"sample data not found at {folder}; set {DATA_VARIABLE}")
    return folder


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item, call: pytest.CallInfo[None]):
    """With the data promised, a skip is a failure."""
    outcome = yield
    report = outcome.get_result()
    if os.environ.get(DATA_VARIABLE) and report.skipped and not hasattr(report, "wasxfail"):
        report.outcome = "failed"
        report.longrepr = f"{item.nodeid} was skipped although {DATA_VARIABLE} is set"


@pytest.fixture(scope="session", autouse=True)
def caches(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A folder of caches of the tests' own."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SAPROLITE_CACHE", str(tmp_path_factory.mktemp("caches")))
        yield


@pytest.fixture(scope="session", autouse=True)
def coarse_figures() -> Iterator[None]:
    """The figures of runs and studies in few pixels: drawing takes a third of the time."""
    from saprolite.report.figures import page, style, world_map

    with pytest.MonkeyPatch.context() as patch:
        for module in (page, world_map):
            patch.setattr(module, "PIXELS_PER_INCH", 60.0)
        patch.setattr(style, "DOTS_PER_INCH", 60.0)
        yield


@pytest.fixture
def world(tmp_path: Path) -> World:
    """Two years of a small world, one file a month."""
    return World(tmp_path / "world").write()


@pytest.fixture(scope="session")
def analysed_demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo planet with all experiments, 16 years, analysed; not to be changed."""
    import saprolite as sap
    from saprolite.analysis_workflow import analyse
    from saprolite.study import Study
    from saprolite.study_template import demo_content

    out = tmp_path_factory.mktemp("analysed") / "demo"
    drivers = ["soil_moisture", "soil_temperature", "soil_co2", "frozen_soil", "shapley"]
    content = {**demo_content(5.0), "experiments": {"run": drivers}, "last_year": 1985}
    sap.run(Study.of(content, Path()), out)
    analyse(out)
    return out
