"""The gridded run: prepare, compute year by year, reduce; resumable at any moment."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.engine.kernels import Kernel, compute_year, forcing_is_known, kernel_of
from saprolite.engine.ledger import Entry, Ledger
from saprolite.engine.state import (
    FINISHED,
    UNFINISHED,
    fingerprint,
    input_digests,
    read_state,
    versions,
    write_state,
)
from saprolite.engine.store import FluxStore
from saprolite.errors import Problem, StoreError
from saprolite.inputs import Prepared, counts, prepare
from saprolite.inputs.store import check_all_years, inputs_are_written, write_inputs
from saprolite.models.explain import flagged_numbers, unverified_numbers
from saprolite.models.explain_column import column_flagged, column_unverified
from saprolite.sources.catalog import entry
from saprolite.stores import DAMAGED, remove, write_text, writing
from saprolite.study import Study

Report = Callable[[str, int, int], None]
_FILES = ("study.toml", "ledger.jsonl", "summary.json", "inputs.zarr", "fluxes.zarr")
_FOLDERS = ("tables", "figures")


def compute(study: Study, out: Path, restart: bool, report: Report) -> dict[str, Any]:
    """Bring a run folder to the point where every flux is stored; returns its state.

    The same call goes on where an interrupted run stopped, and returns at once when the run is
    finished and its stores are whole. ``StoreError`` if the folder holds the run of another study,
    unless ``restart``. Everything is checked before anything is removed or written.
    """
    clock = _Clock()
    before = read_state(out)
    _refuse_foreign_folder(out, before)
    prepared = prepare(study)
    stamps = _stamps(prepared)
    digests = input_digests(prepared.files)
    mark = fingerprint(study, digests)
    if before and not restart:
        _refuse_another_run(out, before, mark)
    if not inputs_are_written(out / "inputs.zarr", mark):
        check_all_years(prepared, report)
    if before and restart:
        _remove_own(out, before)
        before = None
    state = before or _new_state(study, prepared, digests, mark)
    clock.start_from(state)

    ledger = Ledger(out / "ledger.jsonl")
    if state["status"] == FINISHED:
        if _is_whole(out, state, prepared, ledger):
            return state
        state["status"] = UNFINISHED
        _refuse_another_run(out, state, mark)
    with writing(out):
        out.mkdir(parents=True, exist_ok=True)
    write_state(out, state)
    write_text(out / "study.toml", study.to_toml())
    prepared = write_inputs(out / "inputs.zarr", prepared, mark, report)
    store, done = _flux_store(out / "fluxes.zarr", prepared, digests, ledger)
    kernel = kernel_of(prepared)
    for number, year in enumerate(study.years):
        if year not in done:
            began = time.monotonic()
            block = compute_year(kernel, year)
            checksum = store.write_year(year, block.parts, block.total)
            ledger.add(Entry(year, time.monotonic() - began, dict(block.counts), checksum))
            clock.write_into(state)
            write_state(out, state)
        report("computing", number + 1, len(study.years))
    mean = store.write_means_by_mineral(kernel.shares())

    total: Counter[str] = Counter(dict.fromkeys(kernel.counted, 0))
    for done_year in ledger.entries().values():
        total.update(done_year.counts)
    missing = _with_missing_results(prepared, kernel, mean)
    store.write_missing(missing)
    state["missing_inputs_by_cause"] = counts(missing, prepared.area, prepared.causes)
    state["counts_of_clipped_values"] = dict(total)
    state["static_maps_sha256"] = store.static_checksum()
    state["years_used"] = store.used_years()
    left_out = sorted(set(study.years) - set(state["years_used"]))
    if left_out:
        note = f"years without any value, left out of the means: {', '.join(map(str, left_out))}"
        state["notes"] = [*prepared.notes, note]
    _refuse_changed_inputs(out, stamps, _stamps(prepared))
    clock.write_into(state)
    write_state(out, state)
    return state


def _stamps(prepared: Prepared) -> dict[str, tuple[int, int]]:
    """Size and time of change of every input file."""
    files = [file for paths in prepared.files.values() for file in paths]
    found = {str(file): file.stat() for file in files if file.exists()}
    return {file: (stat.st_size, stat.st_mtime_ns) for file, stat in found.items()}


def _refuse_changed_inputs(
    out: Path, before: dict[str, tuple[int, int]], after: dict[str, tuple[int, int]]
) -> None:
    changed = [file for file, stamp in before.items() if after.get(file) != stamp]
    if changed:
        raise StoreError(
            "An input changed during the run (1 problem)",
            [Problem(", ".join(changed[:5]), "not the file that the run began with",
                     "input files that stay as they are",
                     f"start over: saprolite run STUDY.toml --out {out} --restart")],
        )  # fmt: skip


class _Clock:
    """Wall time of all calls of a run together."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._before = 0.0

    def start_from(self, state: dict[str, Any]) -> None:
        self._before = float(state.get("wall_time_s", 0.0))

    def write_into(self, state: dict[str, Any]) -> None:
        state["wall_time_s"] = self._before + time.monotonic() - self._began


def _with_missing_results(
    prepared: Prepared, kernel: Kernel, mean: npt.NDArray[np.float64]
) -> npt.NDArray[np.uint8]:
    """The causes of missing values, the forcing of all years looked at: a layer with complete
    static inputs and no mean over the years lacks a value of its forcing, or, in a soil column
    whose forcing is complete, has no steady state."""
    lacking = np.isnan(mean) & kernel.known()
    cells = lacking.any(axis=(0, 1)) & ~prepared.land_ice
    missing = prepared.missing
    unsolved = np.zeros_like(cells)
    if prepared.column is not None and cells.any():
        unsolved = cells & forcing_is_known(prepared)
    for cause, where in (("forcing", cells & ~unsolved), ("no_solution", unsolved)):
        if where.any():
            bit = np.uint8(1 << prepared.causes.index(cause))
            missing = missing | np.where(where, bit, 0).astype(np.uint8)
    return np.asarray(missing)


def _new_state(
    study: Study, prepared: Prepared, digests: dict[str, dict[str, str]], mark: str
) -> dict[str, Any]:
    column = {}
    unverified, flagged = unverified_numbers(prepared.model), flagged_numbers(prepared.model)
    if prepared.column is not None:
        column = {"column_reading": prepared.column.reading.as_dict()}
        unverified += column_unverified(prepared.column.law)
        flagged += column_flagged(prepared.column.law)
    return {
        "status": UNFINISHED,
        "title": study.title,
        "fingerprint": mark,
        "period": [study.first_year, study.last_year],
        "versions": versions(),
        "reading": prepared.model.reading.as_dict(),
        **column,
        "reading_summary": prepared.study.summary,
        "unverified_numbers": unverified,
        "numbers_with_a_warning": flagged,
        "notes": list(prepared.notes),
        "inputs": {role: entry(product) for role, product in prepared.products.items()},
        "inputs_sha256": digests,
        "land_cells": int(prepared.cells.size),
        "land_area_km2": float(prepared.area.sum()),
        "missing_inputs_by_cause": counts(prepared.missing, prepared.area, prepared.causes),
    }


def _flux_store(
    path: Path, prepared: Prepared, digests: dict[str, dict[str, str]], ledger: Ledger
) -> tuple[FluxStore, set[int]]:
    """The store and the years in it that are whole: in the ledger, and as it says on the disk."""
    if ledger.entries() and path.is_dir():
        try:
            store = FluxStore.open(path, prepared)
            store.static_maps()
            return store, _whole_years(store, ledger)
        except DAMAGED:
            pass  # what is left of a store that was being made or removed: make it anew
    ledger.path.unlink(missing_ok=True)
    return FluxStore.create(path, prepared, digests), set()


def _whole_years(store: FluxStore, ledger: Ledger) -> set[int]:
    return {year for year, done in ledger.entries().items() if _as_written(store, done)}


def _as_written(store: FluxStore, done: Entry) -> bool:
    try:
        return store.checksum(done.year) == done.checksum
    except DAMAGED:
        return False


def _is_whole(out: Path, state: dict[str, Any], prepared: Prepared, ledger: Ledger) -> bool:
    """Whether a finished run still has everything that it wrote."""
    if not all((out / name).is_file() for name in state["outputs"]):
        return False
    try:
        store = FluxStore.open(out / "fluxes.zarr", prepared)
        statics = store.static_checksum() == state["static_maps_sha256"]
        return statics and _whole_years(store, ledger) == set(prepared.study.years)
    except DAMAGED:
        return False


def _refuse_another_run(out: Path, before: dict[str, Any], mark: str) -> None:
    same = before["fingerprint"] == mark
    if same and (before["status"] == FINISHED or before["versions"] == versions()):
        return
    what = (
        "other versions of the libraries"
        if same
        else ("another study, other inputs or another version")
    )
    raise StoreError(
        "The folder holds another run (1 problem)",
        [Problem(str(out), f"a run of {before['title']!r} with {what}",
                 "an empty folder, or the same study, inputs and versions",
                 "give another --out, or --restart to start over in this one")],
    )  # fmt: skip


def _refuse_foreign_folder(out: Path, state: dict[str, Any] | None) -> None:
    """A folder that holds something of another program under a name that a run writes."""
    found = [name for name in (*_FILES, *_FOLDERS) if (out / name).exists()]
    if state is None and found:
        problem = f"{', '.join(found)} but no run.json"
    elif state is not None and not {"fingerprint", "status", "versions"} <= state.keys():
        problem = "a run.json that saprolite did not write"
    else:
        return
    raise StoreError(
        "The folder is in use (1 problem)",
        [Problem(str(out), problem, "an empty folder, or a run of saprolite",
                 "give another --out")],
    )  # fmt: skip


def _remove_own(out: Path, state: dict[str, Any]) -> None:
    """Remove what the run in a folder wrote, and nothing else; a crash leaves it unfinished."""
    with writing(out):
        write_state(out, {**state, "status": UNFINISHED})
        for name in (*_FILES, *state.get("outputs", ())):
            remove(out / name)
        for name in _FOLDERS:
            folder = out / name
            if folder.is_dir() and not folder.is_symlink() and not any(folder.iterdir()):
                folder.rmdir()
        remove(out / "run.json")
