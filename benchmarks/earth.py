"""The whole Earth: 0.25 degree, 49 years, four layers, all experiments, trends; each step in a
process of its own.

    python benchmarks/earth.py [--quick] [--netcdf MONTHS] [--folder FOLDER] [--out FILE]

From the packed store, against only reading that store; against cells, years and workers; with
--netcdf also from that many generated monthly files (36 variables each), against the stand-alone
xarray + Dask script on the same files. The full size takes about 22 GB in FOLDER, and 27 MB more
for each month of --netcdf.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import netCDF4
import numpy as np
from harness import SIZES, add_size, cores, give, in_fresh_process, say
from targets import ALL_MONTHS
from world_025 import month_path, write_month

import world

TASKS = "earth_tasks.py"
DISTINCT_MONTHS = 24
RUN_OF_FILES = "run of files:"
KINDS = ("all", "single drivers", "control")


class Case(NamedTuple):
    """An Earth of a resolution (degrees) and a number of years."""

    resolution: float
    years: int


class Plan(NamedTuple):
    """The cases of a size; ``rounds``: runs of each, the least time counts; ``rounds_of_files``: of
    runs of files, one more where times mean something, as the first computes their digests."""

    main: Case
    cells: tuple[float, ...]
    years: tuple[int, ...]
    rounds: int
    rounds_of_files: int
    script_months: int
    resolution_of_files: float


PLANS = {
    "full": Plan(Case(0.25, 49), (1.0, 0.5), (12, 24), 3, 4, 60, 0.25),
    "quick": Plan(Case(1.0, 12), (2.0,), (6,), 2, 3, 36, 1.0),
    "tiny": Plan(Case(10.0, 3), (), (), 1, 1, 36, 10.0),
}


def measure(plan: Plan, folder: Path, months: int) -> dict[str, Any]:
    """Every step, in order."""
    workers = cores()
    cases = [plan.main, *(Case(resolution, plan.main.years) for resolution in plan.cells),
             *(Case(plan.main.resolution, years) for years in plan.years)]  # fmt: skip
    rows = [_case(case, folder, plan.rounds, workers) for case in cases]
    main = rows[0]
    out = _folder_of(plan.main, folder)
    one = _least(lambda: _run(plan.main, out, 1), plan.rounds) if workers > 1 else main["run"]
    control = _control_alone(plan.main, folder, plan.rounds, workers)
    results: dict[str, Any] = {
        "workers": workers,
        "cases": rows,
        "main_case_by_workers": {"1": one["seconds"], str(workers): main["run"]["seconds"]},
        "control_alone": control,
        "all_experiments_to_control_alone": main["run"]["seconds"] / control["seconds"],
        "computing_and_trends_to_reading": {
            "with zarr and xarray":
                main["run"]["computing_and_trends_s"] / main["read_with_xarray_s"],
            "with the reader of the engine":
                main["run"]["computing_and_trends_s"] / main["read_with_saprolite_s"],
        },
        "run_to_reading": {
            "with zarr and xarray": main["run"]["seconds"] / main["read_with_xarray_s"],
            "with the reader of the engine":
                main["run"]["seconds"] / main["read_with_saprolite_s"],
        },
    }  # fmt: skip
    if months:
        results["netcdf"] = _from_files(plan, folder, months, workers)
    return results


def _case(case: Case, folder: Path, rounds: int, workers: int) -> dict[str, Any]:
    """One Earth: made and computed once, then computed again from its store, and only read."""
    say(f"earth: {case.resolution} degree, {case.years} years")
    out = _folder_of(case, folder)
    shutil.rmtree(out, ignore_errors=True)
    first = _run(case, out, workers)
    again = _least(lambda: _run(case, out, workers), rounds)
    with_xarray = _least(lambda: in_fresh_process(TASKS, "read_with_xarray", out=str(out)), rounds)
    read = in_fresh_process(
        TASKS, "read_with_saprolite", out=str(out), workers=workers, **case._asdict()
    )
    return {
        **case._asdict(),
        "cells": read["cells"],
        "first_run": first,
        "run": again,
        "read_with_xarray_s": with_xarray["seconds"],
        "read_with_saprolite_s": read["seconds"],
        "microseconds_per_cell_and_year":
            1e6 * again["seconds"] / (read["cells"] * case.years),
    }  # fmt: skip


def _control_alone(case: Case, folder: Path, rounds: int, workers: int) -> dict[str, Any]:
    """The same Earth without experiments, from its store."""
    say("earth: the control alone")
    main = _folder_of(case, folder)
    out = main.with_name(f"{main.name}_control")
    shutil.rmtree(out, ignore_errors=True)
    _run(case, out, workers, "control")
    found = _least(lambda: _run(case, out, workers, "control"), rounds)
    shutil.rmtree(out)
    return found


def _folder_of(case: Case, folder: Path) -> Path:
    return folder / f"earth_{case.resolution}_{case.years}"


def _run(case: Case, out: Path, workers: int, experiments: str = "all") -> dict[str, Any]:
    return in_fresh_process(
        TASKS, "run", out=str(out), workers=workers, experiments=experiments, **case._asdict()
    )


def _least(action: Callable[[], dict[str, Any]], rounds: int) -> dict[str, Any]:
    """The fastest of some rounds; the greatest peak of memory of all."""
    return _least_in_turn({"": action}, rounds)[""]


def _least_in_turn(
    actions: dict[str, Callable[[], dict[str, Any]]], rounds: int
) -> dict[str, dict[str, Any]]:
    """The same of several actions, one after the other in every round: so their ratios are those of
    one machine, however busy."""
    found = [{name: action() for name, action in actions.items()} for _ in range(rounds)]
    best = {name: min((one[name] for one in found), key=lambda item: item["seconds"])
            for name in actions}  # fmt: skip
    for name, item in best.items():
        if "peak_private_GB" in item:
            item["peak_private_GB"] = max(one[name]["peak_private_GB"] for one in found)
    return best


def _from_files(plan: Plan, folder: Path, months: int, workers: int) -> dict[str, Any]:
    """The run from monthly NetCDF files, and the stand-alone script on some of them."""
    files = folder / f"months_{plan.resolution_of_files}"
    write_files(files, months, plan.resolution_of_files)
    subset = min(plan.script_months, months)
    few = folder / f"months_{plan.resolution_of_files}_few"
    shutil.rmtree(few, ignore_errors=True)
    few.mkdir()
    for path in sorted(files.glob("GLDAS*.nc4"))[:subset]:
        (few / path.name).symlink_to(path)
    soil = folder / "soil.nc"
    in_fresh_process(
        TASKS, "soil", folder=str(few), first=world.FIRST_YEAR, years=subset // 12, path=str(soil)
    )
    say(f"earth: {subset} months from NetCDF, and the xarray + Dask script on them")
    runs_of_few = _runs_of_files(few, folder, subset // 12, workers, KINDS)
    part = _least_in_turn(
        {**runs_of_few, "script": lambda: _script(few, soil, folder)}, plan.rounds_of_files
    )
    script, whole = part.pop("script"), part
    if months > subset:
        say(f"earth: {months} months from NetCDF")
        runs_of_all = _runs_of_files(files, folder, months // 12, workers, ("all", "control"))
        whole = _least_in_turn(runs_of_all, plan.rounds_of_files)
    runs = 1 + len(world.EXPERIMENTS)
    return {
        **({ALL_MONTHS: whole["all"]["seconds"]} if months == 588 else {}),
        "months": months,
        "run": whole["all"],
        "control_alone": whole["control"],
        "all_experiments_to_control_alone":
            whole["all"]["seconds"] / whole["control"]["seconds"],
        "months_of_the_script": subset,
        "runs_on_the_months_of_the_script": part,
        "script": script,
        "script_to_run": {
            "control": script["seconds"] / part["control"]["seconds"],
            "single drivers": runs * script["seconds"] / part["single drivers"]["seconds"],
            "all": runs * script["seconds"] / part["all"]["seconds"],
        },
        "number_of_script_runs": runs,
    }  # fmt: skip


def _runs_of_files(
    files: Path, folder: Path, years: int, workers: int, kinds: tuple[str, ...]
) -> dict[str, Callable[[], dict[str, Any]]]:
    """Runs from NetCDF files by kind, each into a folder of its own."""

    def run_of(kind: str) -> Callable[[], dict[str, Any]]:
        out = folder / f"{RUN_OF_FILES} {kind}"
        shutil.rmtree(out, ignore_errors=True)
        return lambda: in_fresh_process(
            TASKS, "run_files", out=str(out), folder=str(files), first=world.FIRST_YEAR,
            years=years, workers=workers, experiments=kind,
        )  # fmt: skip

    return {kind: run_of(kind) for kind in kinds}


def write_files(folder: Path, months: int, resolution: float) -> None:
    """Monthly files from the first year on; after two years their fields repeat."""
    folder.mkdir(parents=True, exist_ok=True)
    for index in range(months):
        path = _month_file(folder, resolution, index)
        if path.exists():
            continue
        if index % 60 == 0:
            say(f"earth: writing month {index + 1} of {months}")
        year, month = world.FIRST_YEAR + index // 12, index % 12 + 1
        if index < DISTINCT_MONTHS:
            write_month(path, year, month, resolution)
            continue
        part = path.with_suffix(".part")
        shutil.copyfile(_month_file(folder, resolution, index % DISTINCT_MONTHS), part)
        with netCDF4.Dataset(part, "r+") as dataset:
            days = np.datetime64(f"{year}-{month:02d}-01") - np.datetime64("2000-01-01")
            dataset["time"][:] = days.astype(int)
        part.replace(path)


def _month_file(folder: Path, resolution: float, index: int) -> Path:
    return month_path(folder, resolution, world.FIRST_YEAR + index // 12, index % 12 + 1)


def _script(files: Path, soil: Path, folder: Path) -> dict[str, Any]:
    """The stand-alone script, one experiment, and what it gives beside a run of the files."""
    return in_fresh_process(
        TASKS, "script", pattern=str(files / "GLDAS*.nc4"), soil=str(soil),
        out=str(folder / "script.nc"), run=str(folder / f"{RUN_OF_FILES} control"),
    )  # fmt: skip


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_size(parser)
    parser.add_argument("--netcdf", type=int, default=0, metavar="MONTHS",
                        help="months to generate and read as NetCDF, a multiple of 12")  # fmt: skip
    parser.add_argument("--folder", type=Path, help="where the stores and files go, and stay")
    parser.add_argument("--out", type=Path, help="file for the results (JSON); else printed")
    options = parser.parse_args()
    if options.netcdf % 12:
        parser.error("--netcdf: whole years, a multiple of 12")
    assert options.size in SIZES
    with tempfile.TemporaryDirectory() as temporary:
        folder = options.folder or Path(temporary)
        found = measure(PLANS[options.size], folder.resolve(), options.netcdf)
    give(found, options)


if __name__ == "__main__":
    main()
