"""The published studies, unchanged, on files in the layout of every product at 0.25 degree.

    python benchmarks/studies.py [--quick] [--folder FOLDER] [--out FILE]

The files are made (``saprolite.testing.study_inputs``): GLDAS 2.0 and 2.1, MOD16, Koeppen-Geiger,
GSDE, Ito & Wagai, Pelletier, and a climate model. Two years of GLDAS and one of MOD16 are made; the
others are copies of them under other dates, so that a trend means nothing. The full size takes 20
GB in FOLDER.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
import tomllib
from pathlib import Path
from typing import Any, NamedTuple

import netCDF4
import numpy as np
import tomli_w
from harness import FOLDER, PrivateMemory, add_size, give, in_fresh_process, say, tasks

import saprolite as sap
from saprolite.study import DATA_VARIABLE
from saprolite.testing.study_inputs import write_scenario, write_study_inputs

GLOBAL, SCENARIO = "global-1970-2018.toml", "rcp45-2051-2100.toml"
SEAM, MOD16_YEARS = 2000, (2001, 2014)


class Period(NamedTuple):
    """First and last years of the two studies, and the resolution of GLDAS in degrees."""

    past: tuple[int, int]
    future: tuple[int, int]
    resolution: float


PERIODS = {
    "full": Period((1970, 2018), (2051, 2100), 0.25),
    "quick": Period((1998, 2003), (2051, 2054), 1.0),
    "tiny": Period((1999, 2001), (2051, 2051), 10.0),
}


def measure(size: str, folder: Path) -> dict[str, Any]:
    """Both studies: seconds, peak memory, what they gave."""
    period = PERIODS[size]
    say(f"studies: writing files of {period.resolution:g} degree")
    _write(period, folder / "data")
    found = {}
    for name, years in ((GLOBAL, period.past), (SCENARIO, period.future)):
        say(f"studies: {name}")
        study = _study(name, years, period, folder)
        given = {"study": str(study), "data": str(folder / "data"), "out": str(folder / study.stem)}
        found[study.stem] = in_fresh_process("studies.py", "run", **given)
    return {"resolution_deg": period.resolution, "studies": found}


def run(study: str, data: str, out: str) -> dict[str, Any]:
    """Run a study from its files in an empty folder."""
    os.environ[DATA_VARIABLE] = data
    shutil.rmtree(out, ignore_errors=True)
    began = time.perf_counter()
    with PrivateMemory() as memory:
        fluxes = sap.run(study, out)
    seconds = time.perf_counter() - began
    flux = fluxes["carbon_sink_flux"]
    return {
        "years": fluxes.sizes["year"],
        "cells_with_a_flux": int(np.isfinite(flux.isel(year=0)).any("layer").sum()),
        "seconds": seconds,
        "peak_private_GB": memory.peak_bytes / 1e9,
    }


def _study(name: str, years: tuple[int, int], period: Period, folder: Path) -> Path:
    """The published study itself, if its years are asked for; else one of fewer years."""
    published = FOLDER.parent / "studies" / name
    content = tomllib.loads(published.read_text(encoding="utf-8"))
    if (content["first_year"], content["last_year"]) == years:
        return published
    content |= {"first_year": years[0], "last_year": years[1]}
    content.get("experiments", {}).pop("base_year", None)
    if "base_years" in content["inputs"]["forcing"]:
        content["inputs"]["forcing"]["base_years"] = [period.past[0], SEAM - 1]
    path = folder / name
    path.write_text(tomli_w.dumps(content), encoding="utf-8")
    return path


def _write(period: Period, data: Path) -> None:
    """The files of both studies; those that are there stay."""
    first, last = period.past
    if not (data / "pelletier").is_dir():
        write_study_inputs(data, [SEAM - 1], [SEAM + 1], period.resolution)
        write_scenario(data, (first, SEAM - 1), period.future)
    gldas = data / "gldas"
    for year in range(first, last + 1):
        made, version = (SEAM - 1, "v20") if year < SEAM else (SEAM + 1, "v21")
        _copy_months(gldas / f"noah025_{version}", made, year)
    for year in range(MOD16_YEARS[0], min(last, MOD16_YEARS[1]) + 1):
        for path in (data / "mod16").glob(f"*_{MOD16_YEARS[0]}M*.tif"):
            copy = path.with_name(path.name.replace(f"_{MOD16_YEARS[0]}M", f"_{year}M"))
            if not copy.exists():
                shutil.copyfile(path, copy)


def _copy_months(folder: Path, made: int, year: int) -> None:
    """A year of GLDAS whose fields are those of another one."""
    for path in folder.glob(f"*.A{made}*.nc4"):
        copy = path.with_name(path.name.replace(f".A{made}", f".A{year}"))
        if copy.exists():
            continue
        part = copy.with_suffix(".part")
        shutil.copyfile(path, part)
        with netCDF4.Dataset(part, "r+") as dataset:
            _move_to(dataset, made, year)
        part.replace(copy)


def _move_to(dataset: netCDF4.Dataset, made: int, year: int) -> None:
    """Another year in the time of a monthly file and in its borders."""
    origin = np.datetime64(dataset["time"].units.split()[2], "D")
    for name in ("time", "time_bnds"):
        if name in dataset.variables:
            days = np.asarray(dataset[name][:]).astype("timedelta64[D]")
            stamps = [str(stamp) for stamp in (origin + days).ravel()]
            moved = np.array([np.datetime64(f"{int(text[:4]) + year - made}{text[4:]}")
                              for text in stamps])  # fmt: skip
            dataset[name][:] = (moved - origin).astype(int).reshape(days.shape)


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    add_size(parser)
    parser.add_argument("--folder", type=Path, help="where files and runs go, and stay")
    parser.add_argument("--out", type=Path, help="file for the results (JSON); else printed")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as temporary:
        found = measure(options.size, (options.folder or Path(temporary)).resolve())
    give(found, options)


if __name__ == "__main__" and not tasks(run=run):
    main()
