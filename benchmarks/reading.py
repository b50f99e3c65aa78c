"""Reading monthly NetCDF files: ours against netCDF4 and xarray.open_mfdataset, ms per month.

    python benchmarks/reading.py [--quick] [--out FILE]

The files are made (world_025.py) and lie in the system's file cache. All readers give nine fields
of float32 on the land cells; ours also turns mass into water content and checks every range.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import netCDF4
import numpy as np
import numpy.typing as npt
import xarray as xr
from harness import benchmark, cores, in_fresh_process, in_turn, say, tasks
from world_025 import write_years

from saprolite.sources.gldas import open_gldas
from saprolite.sources.gldas_files import EVAPOTRANSPIRATION, MOISTURE, TEMPERATURE, UNITS

YEAR = 2000
# Resolution in degrees, years, rounds.
SIZES = {"full": (0.25, 2, 5), "quick": (0.5, 1, 3), "tiny": (5.0, 1, 1)}
OURS, OPENING = "saprolite", "saprolite, files opened and checked"
SCRIPTS = ("netCDF4", "open_mfdataset", "open_mfdataset, nothing compared")
Fields = dict[str, npt.NDArray[np.float32]]


def with_netcdf4(paths: list[Path], cells: npt.NDArray[np.int64]) -> Fields:
    """File by file, field by field."""
    result = {name: np.empty((len(paths), cells.size), np.float32) for name in UNITS}
    for index, path in enumerate(paths):
        with netCDF4.Dataset(path) as dataset:
            dataset.set_auto_mask(False)
            for name, rows in result.items():
                field = dataset[name][0].ravel()[cells]
                field[field == np.float32(-9999.0)] = np.nan
                rows[index] = field
    return result


def with_xarray(paths: list[Path], cells: npt.NDArray[np.int64], **options: Any) -> Fields:
    """The usual way of a script."""
    with xr.open_mfdataset(paths, **options) as dataset:
        fields = dataset[list(UNITS)].load()
    return {name: fields[name].values.reshape(len(paths), -1)[:, cells] for name in UNITS}


def actions(folder: Path, years: range) -> dict[str, Callable[[], object]]:
    """The readers by name, each of all months of some years."""
    paths = sorted(folder.glob("*.nc4"))
    gldas = open_gldas(folder, years)
    cells = np.flatnonzero(gldas.land())

    def opened() -> None:
        fresh = open_gldas(folder, years)
        for year in years:
            fresh.read_year(year, cells)

    alone: dict[str, Any] = {
        "combine": "nested", "concat_dim": "time", "data_vars": "minimal",
        "coords": "minimal", "compat": "override", "join": "override",
    }  # fmt: skip
    plain: dict[str, Any] = {"data_vars": "all", "coords": "different", "compat": "no_conflicts",
                             "join": "outer"}  # fmt: skip
    return {
        OURS: lambda: [gldas.read_year(year, cells) for year in years],
        OPENING: opened,
        SCRIPTS[0]: lambda: with_netcdf4(paths, cells),
        SCRIPTS[1]: lambda: with_xarray(paths, cells, **plain),
        SCRIPTS[2]: lambda: with_xarray(paths, cells, **alone),
    }


def disagreement(folder: Path) -> float:
    """Largest relative difference of ours from the fields of the other readers, one year."""
    paths = sorted(folder.glob(f"*.A{YEAR}*.nc4"))
    gldas = open_gldas(folder, [YEAR])
    cells = np.flatnonzero(gldas.land())
    year = gldas.read_year(YEAR, cells)
    ours = {name: year.soil_temperature[:, layer] for layer, name in enumerate(TEMPERATURE)}
    depths = np.diff(gldas.layer_edges)
    ours |= {
        name: year.soil_moisture[:, layer].astype(np.float64) * 1000.0 * depths[layer]
        for layer, name in enumerate(MOISTURE)
    }
    ours[EVAPOTRANSPIRATION] = year.evapotranspiration
    worst = 0.0
    for theirs in (with_netcdf4(paths, cells), with_xarray(paths, cells)):
        worst = max(worst, *(float(np.max(np.abs(ours[name] / theirs[name] - 1))) for name in ours))
    return worst


def on_cores(folder: str, first: int, last: int, rounds: int, count: int) -> dict[str, Any]:
    """Least wall times (s) of our reader and of netCDF4 in a process that may use some cores."""
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:count])
    readers = actions(Path(folder), range(first, last + 1))
    chosen = {name: readers[name] for name in (OURS, OPENING, SCRIPTS[0])}
    return {name: found["least_s"] for name, found in in_turn(chosen, rounds).items()}


def measure(size: str) -> dict[str, Any]:
    """Milliseconds per month of every reader, and how many times faster ours is."""
    resolution, number, rounds = SIZES[size]
    years = range(YEAR, YEAR + number)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        say(f"writing {12 * number} files of {resolution:g} degree")
        paths = write_years(folder, years.start, years.stop - 1, resolution)
        say("reading")
        readers = actions(folder, years)
        months = 12 * number
        per_month = {
            reader: 1000.0 * found["least_s"] / months
            for reader, found in in_turn(readers, rounds).items()
        }
        alone = {
            str(count): {
                reader: 1000.0 * seconds / months
                for reader, seconds in in_fresh_process(
                    "reading.py", "on_cores", folder=name, first=years.start,
                    last=years.stop - 1, rounds=rounds, count=count,
                ).items()
            }
            for count in range(1, min(2, cores()) + 1)
        }  # fmt: skip
        return {
            "resolution_deg": resolution,
            "months": months,
            "MB_per_file": paths[0].stat().st_size / 1e6,
            "largest_relative_difference": disagreement(folder),
            "ms_per_month": per_month,
            "ms_per_month_by_cores": alone,
            "times_faster": {
                reader: {ours: per_month[reader] / per_month[ours] for ours in (OURS, OPENING)}
                for reader in SCRIPTS
            },
        }


if __name__ == "__main__" and not tasks(on_cores=on_cores):
    benchmark(measure, __doc__ or "")
