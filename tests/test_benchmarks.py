"""The benchmarks run, give what their page needs, and the page in docs is that of their results.

Nothing here looks at a time: at the tiny size the times mean nothing.
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "benchmarks"
NAMES = (
    "naive", "accuracy", "kernel", "readings", "start", "column", "trends", "reading", "earth",
    "studies",
)  # fmt: skip
# Compiled, or read, in the full size only.
NOT_TINY = ("float64", "588 NetCDF files")


def call(script: str, *arguments: str) -> None:
    """Run a script of the benchmarks."""
    done = subprocess.run(
        [sys.executable, str(FOLDER / script), *arguments], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-4000:]


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """All benchmarks at their tiny size, run once."""
    place = tmp_path_factory.mktemp("benchmarks")
    call("run_all.py", "--size", "tiny", "--only", *NAMES, "--out", str(place / "results.json"),
         "--page", str(place / "page.md"))  # fmt: skip
    return place


@pytest.fixture(scope="module")
def results(folder: Path) -> dict[str, Any]:
    return json.loads((folder / "results.json").read_text(encoding="utf-8"))


def numbers(found: Any) -> list[float]:
    """Every number in results."""
    if isinstance(found, dict):
        return [value for item in found.values() for value in numbers(item)]
    if isinstance(found, list):
        return [value for item in found for value in numbers(item)]
    return [found] if isinstance(found, int | float) else []


def test_every_benchmark_gives_numbers(results: dict[str, Any]) -> None:
    assert set(results) == {"size", "machine", *NAMES}
    assert {"processor", "cores", "memory_GB", "versions"} <= set(results["machine"])
    for name in NAMES:
        assert numbers(results[name]), name
        assert all(math.isfinite(value) for value in numbers(results[name])), name


def test_what_is_written_plainly_is_the_same_model(results: dict[str, Any]) -> None:
    found = results["naive"]["largest_relative_difference_to_saprolite_float64"]
    assert set(found) == {"plain NumPy", "plain xarray", "xarray + Dask script"}
    assert max(found.values()) < 1e-9
    script = results["earth"]["netcdf"]["script"]
    # The run is in float32.
    assert script["largest_relative_difference_of_a_year_to_the_run"] < 1e-6
    assert script["largest_difference_of_p"] < 1e-4
    assert script["flips_of_significance"] == 0 < script["series_with_a_trend"]


def test_accuracy_of_both_precisions(results: dict[str, Any]) -> None:
    found = results["accuracy"]
    assert found["float64_to_plain_equations_largest_relative_difference"] < 1e-13
    assert found["float32_to_float64"]["global_sum_largest_relative_difference"] < 1e-6
    assert found["float32_to_float64"]["flips_of_significance"] == 0
    assert len(found["series"]) == 9
    for row in results["readings"]["readings"].values():
        assert row["float64_to_plain_equations_largest_relative_difference"] < 1e-13


def test_the_earth_is_read_computed_and_compared(results: dict[str, Any]) -> None:
    earth = results["earth"]
    for row in earth["cases"]:
        assert row["cells"] > 0
        assert {"computing", "trends"} <= set(row["run"]["seconds_by_stage"])
        assert row["run"]["peak_private_GB"] > 0.0
        # moisture and temperature of four layers and evapotranspiration, float32, and what is static
        assert row["run"]["inputs_GB"] * 1e9 > 4 * 9 * 12 * row["years"] * row["cells"]
    assert earth["netcdf"]["months"] == 36
    assert earth["netcdf"]["number_of_script_runs"] == 5


def test_the_page_says_everything(folder: Path, results: dict[str, Any]) -> None:
    text = (folder / "page.md").read_text(encoding="utf-8")
    for heading in ("Against what it should reach", "The fused kernel", "Each reading", "Accuracy",
                    "The same formulas written plainly", "The Earth", "From monthly NetCDF files",
                    "Start", "Column", "Trends", "Reading"):  # fmt: skip
        assert heading in text
    lines = [line for line in text.splitlines() if line.endswith("| not measured |")]
    assert all(any(part in line for part in NOT_TINY) for line in lines), lines
    for line in text.splitlines():
        assert line.count("|") == 0 or line.startswith("|"), line


def test_the_page_in_docs_is_that_of_the_results(tmp_path: Path) -> None:
    call("page.py", str(FOLDER / "results.json"), str(tmp_path / "page.md"))
    written = (ROOT / "docs" / "benchmarks.md").read_text(encoding="utf-8")
    assert (tmp_path / "page.md").read_text(encoding="utf-8") == written
