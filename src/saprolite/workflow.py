"""A study from its file to its figures: what ``saprolite run`` and ``saprolite.run`` do."""

from __future__ import annotations

import importlib
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from saprolite.engine.lock import RunLock
from saprolite.engine.run import compute_locked
from saprolite.engine.state import (
    FINISHED,
    checksums_of,
    finished_state,
    peak_memory_bytes,
    state_of,
    write_state,
)
from saprolite.errors import Problem, StoreError
from saprolite.inputs import Prepared, prepare
from saprolite.inputs.store import check_all_years
from saprolite.places import Place, inside, place, write_text
from saprolite.stages import Report, quiet
from saprolite.stores import open_dataset, write_json
from saprolite.study import Study
from saprolite.study_template import EXPERIMENTS, demo_content

if TYPE_CHECKING:
    import xarray as xr

    from saprolite.column.pit import Pits
    from saprolite.engine.packing import Packing
    from saprolite.engine.plan import Plan


def check(study: str | Path | Study, report: Report = quiet) -> Prepared:
    """Find everything that is wrong with a study and its inputs; compute and write nothing.

    Reads every input, all years of forcing too, and raises an error that names everything that is
    wrong. Returns the prepared inputs.
    """
    prepared = prepare(_study(study))
    _check_regions(prepared)
    check_all_years(prepared, report)
    return prepared


def plan(study: str | Path | Study, out: str | Place | None = None, report: Report = quiet) -> Plan:
    """What a run will read, compute, write and hold in memory; nothing is written to ``out``.

    Parameters
    ----------
    study
        A study file, or a checked :class:`saprolite.Study`.
    out
        Folder of the results, to look at the space on its disk; by default that of ``run``, and
        none for a Study object.
    report
        Called with (stage, done, total) as the calibration goes on.

    Returns
    -------
    A frozen dataclass: sizes in bytes, bands and workers, estimated ``seconds`` of each stage from
    a short calibration (None where the run does not fit), and ``problems``: what does not fit, with
    the number to change. ``plan.require()`` raises them as an error.

    Raises
    ------
    SaproliteError
        For a study or an input that is wrong; see its message.
    """
    from saprolite.engine.calibrate import calibrated
    from saprolite.engine.plan import plan_of

    chosen = _study(study)
    prepared = prepare(chosen)
    folder = place(out) if out is not None else None
    if out is None and not isinstance(study, Study):
        folder = _default_folder(study)
    found = plan_of(prepared, out=folder)
    return found if found.problems else calibrated(found, prepared, report)


def run(
    study: str | Path | Study,
    out: str | Place | None = None,
    *,
    restart: bool = False,
    report: Report = quiet,
    workers: int | None = None,
    client: Any = None,
) -> xr.Dataset:
    """Run a study into a folder, or finish or reopen the run that is there.

    Parameters
    ----------
    study
        A study file, or a checked :class:`saprolite.Study`.
    out
        Folder of the results, a local one or any URL that fsspec knows, such as
        ``s3://bucket/folder``; by default ``runs/NAME`` beside the working directory, with the
        name of the study file.
    restart
        Start over in a folder that holds a run.
    report
        Called with (stage, done, total) as the run goes on.
    workers
        Threads that compute, in the place of ``engine.workers`` of the study.
    client
        A ``dask.distributed.Client``: its cluster computes, in the place of threads. Its workers
        must see the inputs and ``out`` under the same paths or URLs.

    Returns
    -------
    The fluxes of the run, lazily read from its store.

    Raises
    ------
    IncompleteRunError
        If blocks failed: it names them and why. The same call computes them alone.
    SaproliteError
        For a study or an input that is wrong, or a folder that cannot be used; see its message.
    """
    chosen = _study(study)
    if workers is not None:
        chosen = chosen.with_workers(workers)
    folder = place(out) if out is not None else _default_folder(study)
    with RunLock(folder) as lock:
        state = compute_locked(chosen, folder, restart, report, lock, client)
        if state["status"] != FINISHED:
            computed = time.monotonic()
            summary = _summarise(folder, report)
            state |= _outputs(folder, summary)
            state["wall_time_s"] += time.monotonic() - computed
            peaks = (peak_memory_bytes(), state.get("peak_memory_bytes"))
            state["peak_memory_bytes"] = max((peak for peak in peaks if peak), default=None)
            state["status"] = FINISHED
            lock.check()
            write_state(folder, state)
    return open(folder)


def packing(
    study: str | Path | Study, to: str | Place | None = None, *, restart: bool = False
) -> Packing:
    """What packing the forcing of a study will do; ``.pack(report)`` does it.

    Parameters
    ----------
    study
        A study file, or a checked :class:`saprolite.Study`.
    to
        Folder of the store, a local one or any URL that fsspec knows; by default that of
        ``[inputs.packed]``, or ``packed/NAME`` with the name of the study file.
    restart
        Pack anew, whatever the store holds.

    Raises
    ------
    SaproliteError
        For a study or files that are wrong, or a store that was packed from something else; see its
        message. Nothing is written.
    """
    from saprolite.engine.packing import packing_of

    chosen = _study(study)
    if to is not None:
        return packing_of(chosen, place(to), restart)
    if chosen.inputs.packed is not None:
        return packing_of(chosen, place(chosen.inputs.packed.path), restart)
    return packing_of(chosen, _default_folder(study, "packed"), restart)


def summarise(out: Place, report: Report = quiet) -> dict[str, Any]:
    """Write the summary, tables and figures of a run whose fluxes are stored."""
    with RunLock(out) as lock:
        lock.take()
        summary = _summarise(out, report)
        state = state_of(out)
        if state["status"] == FINISHED:
            write_state(out, {**state, **_outputs(out, summary)})
        return summary


def _summarise(out: Place, report: Report) -> dict[str, Any]:
    from saprolite.analysis import csv_text, headline, read_maps, tables
    from saprolite.report.figures import draw_all

    state = state_of(out)
    maps = read_maps(open_dataset(out / "fluxes.zarr"))
    summary = headline(maps, state)
    write_json(out / "summary.json", summary)
    written = [out / "summary.json"]
    for name, table in tables(maps, summary).items():
        written.append(out / "tables" / f"{name}.csv")
        write_text(written[-1], csv_text(table, summary))
    written += draw_all(maps, out / "figures", report)
    return {**summary, "outputs": [inside(out, path) for path in written]}


def _outputs(out: Place, summary: dict[str, Any]) -> dict[str, Any]:
    """What the state of a finished run says of its outputs: their names and checksums."""
    names = sorted(summary["outputs"])
    return {"outputs": names, "outputs_crc32c": checksums_of(out, names)}


def demo(
    out: str | Place,
    *,
    resolution_deg: float = 2.0,
    experiments: bool = False,
    restart: bool = False,
    report: Report = quiet,
) -> xr.Dataset:
    """Run the demo planet, 1970 to 2018: no download, no data, the same path as real inputs.

    With ``experiments`` each driver alone, and what each contributes, is run in the same pass; the
    figures of drivers need them.
    """
    content = demo_content(resolution_deg)
    if experiments:
        content["experiments"] = {"run": list(EXPERIMENTS)}
    return run(Study.of(content, Path.cwd(), "demo"), out, restart=restart, report=report)


def write_pits(pits: Pits, out: str | Path, report: Report = quiet) -> list[Path]:
    """Write solved soil pits into a folder: tables, everything as JSON, a figure of each site.

    Files of the same names are replaced. Returns what was written.
    """
    from saprolite.column.pit_files import write_tables
    from saprolite.report.figures.pit import draw_pits

    folder = Path(out)
    return [*write_tables(pits, folder), *draw_pits(pits, folder / "figures", report)]


def open(out: str | Place) -> xr.Dataset:
    """The fluxes of a run folder, lazily read; ``attrs["status"]`` says whether it is finished.

    ``ds.saprolite`` has its maps, zones and totals (:mod:`saprolite.accessor`).
    The folder may be a local one or any URL that fsspec knows.
    """
    importlib.import_module("saprolite.accessor")  # registers ds.saprolite
    folder = place(out)
    state = state_of(folder)
    dataset = open_dataset(folder / "fluxes.zarr")
    return dataset.assign_attrs(status=state["status"])


def open_finished(out: str | Place) -> xr.Dataset:
    """The fluxes of a finished run; ``StoreError`` for one that is not, whose years may lack."""
    finished_state(place(out))
    return open(out)


def _check_regions(prepared: Prepared) -> None:
    """What the analysis will only need when all is computed; a run that is there may have other
    choices."""
    from saprolite.analysis.areas import read_regions

    regions, grid = prepared.study.analysis.regions, prepared.grid
    if regions is not None:
        rows, columns = np.divmod(prepared.cells, grid.lon.size)
        read_regions(regions, grid.lon[columns], grid.lat[rows])


def _study(study: str | Path | Study) -> Study:
    return study if isinstance(study, Study) else Study.read(study)


def _default_folder(study: str | Path | Study, parent: str = "runs") -> Path:
    if isinstance(study, Study):
        raise StoreError(
            "No folder for the results (1 problem)",
            [Problem("out, to", "nothing", "a folder", "name a folder with a Study object")],
        )
    return Path(parent) / Path(study).stem
