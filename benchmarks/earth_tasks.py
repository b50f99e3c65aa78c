"""The steps of the Earth benchmark, each done in a process of its own.

    python benchmarks/earth_tasks.py --task NAME --given JSON

prints one line of JSON; ``earth.py`` calls it.
"""

from __future__ import annotations

import json
import resource
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from bandwidth import read_once
from harness import PrivateMemory, tasks
from naive import write_soil

import world
from saprolite.engine.run import compute
from saprolite.engine.state import UNFINISHED, read_state, write_state
from saprolite.inputs import Prepared, prepare
from saprolite.inputs.store import stored_inputs
from saprolite.study import Study
from saprolite.study_template import demo_content

PREPARING = "preparing, opening and checking"
COMPUTING = ("computing", "trends")
KEPT = ("inputs.zarr", "run.json", "study.toml")
FORCING = ("soil_moisture", "soil_temperature", "evapotranspiration")
# What a run computes besides the control.
EXPERIMENTS: dict[str, dict[str, Any]] = {
    "all": {"run": [*world.EXPERIMENTS, "shapley"]},
    "single drivers": {"run": list(world.EXPERIMENTS)},
    "control": {"run": []},
}
CONSTANT_SOIL: dict[str, Any] = {
    "texture": {"product": "constant", "clay": 0.3, "silt": 0.3, "sand": 0.4},
    "minerals": {
        "product": "constant",
        "shares": {"chlorite": 0.05, "smectite": 0.2, "mica": 0.05, "illite": 0.2,
                   "vermiculite": 0.1},
    },
    "thickness": {"product": "constant", "metres": 1.5},
}  # fmt: skip


class Stages:
    """Time by stage of a run: what passes before a report belongs to the stage that reports."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._last = time.perf_counter()

    def __call__(self, stage: str, done: int, _total: int) -> None:
        """A report of the run; the first of a stage that has done nothing yet only begins it."""
        self.close(stage if done else PREPARING)

    def close(self, stage: str) -> None:
        """Give the time since the last report to a stage."""
        now = time.perf_counter()
        self.seconds[stage] = self.seconds.get(stage, 0.0) + now - self._last
        self._last = now


def earth_study(resolution: float, years: int, workers: int, experiments: str = "all") -> Study:
    """Experiments on the made-up Earth, its forcing stored."""
    return world.study(
        years, resolution, experiments=EXPERIMENTS[experiments],
        engine={"workers": workers}, output={"store_forcing": "always"},
    )  # fmt: skip


def files_study(
    folder: str, first: int, years: int, workers: int, experiments: str = "all"
) -> Study:
    """Experiments from monthly NetCDF files, read directly."""
    inputs = demo_content()["inputs"] | CONSTANT_SOIL
    inputs["forcing"] = {"product": "gldas", "path": folder}
    content = demo_content() | {
        "first_year": first, "last_year": first + years - 1, "inputs": inputs,
        "experiments": EXPERIMENTS[experiments], "engine": {"workers": workers},
        "output": {"store_forcing": "never"},
    }  # fmt: skip
    return Study.of(content, Path())


def run(out: str, **earth: Any) -> dict[str, Any]:
    """Compute a run of the Earth in a folder, from its stored inputs where they are there."""
    with world.in_place_of_the_demo_planet():
        return _computed(earth_study(**earth), Path(out))


def run_files(out: str, **files: Any) -> dict[str, Any]:
    """Compute a run from NetCDF files."""
    return _computed(files_study(**files), Path(out))


def _computed(study: Study, out: Path) -> dict[str, Any]:
    _keep_inputs_alone(out)
    stages = Stages()
    began = time.perf_counter()
    with PrivateMemory() as memory:
        compute(study, out, False, stages)
    seconds = time.perf_counter() - began
    stages.close("finishing")
    return {
        "seconds": seconds,
        "computing_and_trends_s": sum(stages.seconds.get(name, 0.0) for name in COMPUTING),
        "seconds_by_stage": stages.seconds,
        "peak_private_GB": memory.peak_bytes / 1e9,
        "inputs_GB": _gigabytes(out / "inputs.zarr"),
        "fluxes_GB": _gigabytes(out / "fluxes.zarr"),
    }


def _keep_inputs_alone(out: Path) -> None:
    """Take away what a run has computed: the next one begins with the stored inputs."""
    state = read_state(out)
    if state is None:
        return
    for path in out.iterdir():
        if path.name not in KEPT:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    write_state(out, {**state, "status": UNFINISHED})


def _gigabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file()) / 1e9


def read_with_xarray(out: str) -> dict[str, Any]:
    """Only read the stored forcing, a year at a time, with xarray and zarr."""
    data = xr.open_zarr(Path(out) / "inputs.zarr", consolidated=False, chunks=None)
    began = time.perf_counter()
    for start in range(0, data.sizes["month"], 12):
        year = data.isel(month=slice(start, start + 12))
        for name in FORCING:
            read_once(year[name].values.ravel())
    return {"seconds": time.perf_counter() - began}


def read_with_saprolite(out: str, resolution: float, years: int, workers: int) -> dict[str, Any]:
    """Only read the stored forcing with the engine's reader, every byte, by threads."""
    with world.in_place_of_the_demo_planet():
        source = prepare(earth_study(resolution, years, workers))
    prepared = stored_inputs(Path(out) / "inputs.zarr", source)
    seconds = []
    for _ in range(3):
        began = time.perf_counter()
        with ThreadPoolExecutor(workers) as pool:
            list(pool.map(lambda year: _read_year(prepared, year), prepared.study.years))
        seconds.append(time.perf_counter() - began)
    return {"seconds": min(seconds), "cells": int(prepared.cells.size)}


def _read_year(prepared: Prepared, year: int) -> None:
    for values in prepared.read_year(year):
        read_once(values.ravel())


def soil(folder: str, first: int, years: int, path: str) -> dict[str, Any]:
    """The soil of a study as the file that the stand-alone script reads."""
    prepared = prepare(files_study(folder, first, years, 1))
    write_soil(prepared, Path(path))
    return {"cells": int(prepared.cells.size)}


def script(pattern: str, soil: str, out: str, run: str) -> dict[str, Any]:
    """The stand-alone script: time, peak memory, and its sums and p of trends beside a run's."""
    # As of a run, the time begins behind the imports; runs are not to find SciPy imported.
    import xarray_dask_script

    began = time.perf_counter()
    xarray_dask_script.main(pattern, soil, out)
    seconds = time.perf_counter() - began
    peak = 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    ours = xr.open_zarr(Path(run) / "fluxes.zarr", consolidated=False, chunks=None)
    dims = ("layer", "lat", "lon")
    with xr.open_dataset(out) as theirs:
        sums = [data["carbon_sink_flux"].sum(dims).values for data in (theirs, ours)]
        p = theirs["p"].values, ours["trend_p"].sel(series="control").values
    fitted = np.isfinite(p[0]) & np.isfinite(p[1])
    return {
        "seconds": seconds,
        "peak_resident_GB": peak / 1e9,
        "largest_relative_difference_of_a_year_to_the_run": float(
            np.abs(sums[0] / sums[1] - 1.0).max()
        ),
        "series_with_a_trend": int(fitted.sum()),
        "largest_difference_of_p": float(np.abs(p[0] - p[1])[fitted].max()),
        "flips_of_significance": int(((p[0] < 0.05) != (p[1] < 0.05))[fitted].sum()),
    }


if __name__ == "__main__" and not tasks(
    run=run, run_files=run_files, read_with_xarray=read_with_xarray,
    read_with_saprolite=read_with_saprolite, soil=soil, script=script,
):  # fmt: skip
    raise SystemExit(json.dumps({"error": "give --task and --given"}))
