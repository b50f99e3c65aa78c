"""Readings of a study beside each other, and how they fit a target: computed, written, drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import xarray as xr

from saprolite.analysis.readings import readings_dataset, readings_table, verdict
from saprolite.analysis.targets import Target
from saprolite.engine.readings import run_readings
from saprolite.models import Reading
from saprolite.places import Place, make_folder, writing
from saprolite.report.figures.readings import draw_readings
from saprolite.sources.files import HDF5_LOCK
from saprolite.stages import Report, quiet
from saprolite.stores import write_text
from saprolite.study import Study

DATASET = "readings.nc"


@dataclass(frozen=True)
class Comparison:
    """What was found: the table, everything that was kept, and lines that say what it means."""

    table: pd.DataFrame
    readings: xr.Dataset
    lines: tuple[str, ...]


def compare_readings(
    study: Study,
    readings: Mapping[str, Reading],
    target: Target | None = None,
    tolerance: float = 0.2,
    notes: tuple[str, ...] = (),
    report: Callable[[str, int, int], None] = lambda *_: None,
) -> Comparison:
    """Run a study under every reading and compare them with a target.

    Parameters
    ----------
    study
        A study of the CO2 pathway.
    readings
        The readings by name.
    target
        What they are measured against; None for nothing.
    tolerance
        A reading fits the shares of the climate groups A to D up to this rms of ln share.
    notes
        Further lines for the outputs.
    report
        Called with (stage, done, total).
    """
    found = run_readings(study, readings, report)
    dataset = readings_dataset(found)
    table = readings_table(dataset, target, tolerance)
    lines = (*verdict(table, dataset, target, tolerance), *notes, *found.notes)
    return Comparison(table, dataset, lines)


def write_readings(
    comparison: Comparison,
    folder: Path,
    target: Target | None = None,
    tolerance: float = 0.2,
    report: Report = quiet,
) -> list[Place]:
    """Write readings.csv, readings.nc and the figure; files of the same names are replaced."""
    report("tables, figure", 0, 1)
    dataset = comparison.readings
    first, last = dataset.attrs["period"]
    title = f"Readings of: {dataset.attrs['title']}"
    head = [title, f"means over {first}-{last}", *comparison.lines]
    paths = [folder / "readings.csv", folder / DATASET]
    text = "".join(f"# {line}\n" for line in head) + comparison.table.to_csv(index=False)
    write_text(paths[0], text)
    with writing(paths[1]), HDF5_LOCK:
        make_folder(folder)
        paths[1].unlink(missing_ok=True)
        dataset.to_netcdf(paths[1], engine="netcdf4")
    drawn = draw_readings(
        comparison.table, folder / "figures", title=title, notes=head[1:], target=target,
        tolerance=tolerance,
    )  # fmt: skip
    report("tables, figure", 1, 1)
    return [*paths, *drawn]
