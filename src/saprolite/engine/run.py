"""The gridded run: check, prepare, compute block by block, reduce; resumable at any moment."""

from __future__ import annotations

import time
from collections.abc import Generator
from contextlib import closing
from typing import Any

from saprolite.engine.banded_maps import rows_of_bands
from saprolite.engine.cluster import Task, on_cluster, own_files, refuse_unfit_workers
from saprolite.engine.failures import refuse_incomplete
from saprolite.engine.finish import finish
from saprolite.engine.folder import (
    refuse_another_run,
    refuse_changed_inputs,
    refuse_foreign_folder,
    remove_own,
    stamps,
)
from saprolite.engine.kernels import Block, Kernel, kernel_of
from saprolite.engine.ledger import DONE, Entry, Ledger
from saprolite.engine.lock import RunLock
from saprolite.engine.plan import Plan, plan_of
from saprolite.engine.state import (
    FINISHED,
    INCOMPLETE,
    UNFINISHED,
    checksums_of,
    described_inputs,
    digests_of,
    fingerprint,
    read_state,
    versions,
    write_state,
)
from saprolite.engine.store import FluxStore
from saprolite.engine.turns import in_turns
from saprolite.engine.workers import BlockWork, on_threads
from saprolite.errors import InputError, Problem, StoreError
from saprolite.inputs import Prepared, counts, prepare
from saprolite.inputs.packed_manifest import Digests
from saprolite.inputs.store import check_all_years, inputs_are_written, write_inputs
from saprolite.models.explain import flagged_numbers, unverified_numbers
from saprolite.models.explain_column import column_flagged, column_unverified
from saprolite.places import Place, sweep, write_text, writing
from saprolite.sources.kept import FOLDER
from saprolite.stages import Report
from saprolite.stores import DAMAGED
from saprolite.study import Study

# The state is written at the ends of a run; in between only so that its wall time is kept.
STATE_SECONDS = 5.0


def compute(study: Study, out: Place, restart: bool, report: Report) -> dict[str, Any]:
    """Bring a run folder to the point where every flux is stored; returns its state."""
    with RunLock(out) as lock:
        return compute_locked(study, out, restart, report, lock)


def compute_locked(
    study: Study,
    out: Place,
    restart: bool,
    report: Report,
    lock: RunLock,
    client: Any = None,
) -> dict[str, Any]:
    """Bring a run folder to the point where every flux is stored; returns its state.

    The same call goes on where an interrupted run stopped, and returns at once when the run is
    finished and its stores are whole. Blocks are computed on the threads of this machine, or on
    the cluster of a Dask ``client``. ``lock`` is taken before anything is written, and is held on.

    Raises
    ------
    StoreError
        If the folder holds the run of another study (unless ``restart``), is being written, or
        cannot be written.
    InputError
        For wrong inputs: before anything is removed, and without leaving anything behind.
    EngineError
        If the run does not fit this machine, or the cluster does not fit the run.
    IncompleteRunError
        If blocks failed; the others are stored.
    """
    clock = _Clock()
    before = read_state(out)
    refuse_foreign_folder(out, before)
    if before and (restart or before["status"] != FINISHED):
        lock.take()
        before = read_state(out)
    prepared = prepare(study)
    seen = stamps(prepared)
    digests = digests_of(prepared)
    mark = fingerprint(study, digests)
    ledger = Ledger(out / "ledger.jsonl")
    if before and not restart:
        refuse_another_run(out, before, mark, study, digests)
        if before["status"] == FINISHED:
            if _is_whole(out, before, prepared, ledger):
                return before
            refuse_another_run(out, {**before, "status": UNFINISHED}, mark, study, digests)
    plan = plan_of(prepared, out=out)
    plan.require()
    if before and restart and not inputs_are_written(out / "inputs.zarr", mark):
        check_all_years(prepared, report)
    lock.take()
    if read_state(out) != before:
        raise _begun_meanwhile(out)
    sweep(out)
    if before and restart:
        remove_own(out, before)
        before = None

    state = {**(before or _new_state(study, prepared, digests, mark)), "status": UNFINISHED}
    clock.start_from(state)
    write_state(out, state)
    write_text(out / "study.toml", study.to_toml())
    try:
        prepared = write_inputs(out / "inputs.zarr", prepared, mark, report)
        lock.check()
    except InputError:
        if before is None:
            remove_own(out, state)
            lock.discard()
        raise
    kernel = kernel_of(prepared)
    store, done = _flux_store(out, prepared, kernel, digests, mark, ledger, plan)
    state["engine"] = {"bands": store.bands, **_engine(plan, client)}
    state["notes"] = [*prepared.notes, *_kept_bands(prepared, store)]
    todo = [block for block in store.blocks if block.number not in done]
    work = BlockWork(kernel, store, prepared, lock.check)
    lines = _lines(work, todo, out, lock, mark, plan, client, report)
    report("computing", len(done), len(store.blocks))
    with closing(lines):
        for number, line in enumerate(lines, len(done) + 1):
            lock.check()
            ledger.add(line)
            if clock.is_due():
                clock.write_into(state)
                write_state(out, state)
            report("computing", number, len(store.blocks))
    clock.write_into(state)
    again = f"start over: saprolite run STUDY.toml --out {out} --restart"
    refuse_changed_inputs(seen, stamps(prepared), again)
    _refuse_failed_blocks(out, prepared, store, ledger, state)
    finish(prepared, kernel, store, ledger, state, report)
    clock.write_into(state)
    write_state(out, state)
    return state


def _lines(
    work: BlockWork,
    todo: list[Block],
    out: Place,
    lock: RunLock,
    mark: str,
    plan: Plan,
    client: Any,
    report: Report,
) -> Generator[Entry, None, None]:
    """Ledger lines of the blocks that there are to do, as they are finished."""
    if not todo:
        return
    if client is None:
        work.kernel.warm_up(report)
        shares = work.kernel.shares_bands
        blocks = in_turns(todo, work.store.bands, plan.workers, shares)
        yield from on_threads(work, blocks, plan.workers)
        return
    files = own_files(work.prepared)
    task = Task.of(work.prepared.study, str(out), lock.token, mark, files)
    refuse_unfit_workers(client, task, files)
    with writing(out / FOLDER):
        work.prepared.keeper.give(out / FOLDER)
    yield from on_cluster(client, task, todo, work.store.bands, work.kernel.shares_bands)


def _refuse_failed_blocks(
    out: Place, prepared: Prepared, store: FluxStore, ledger: Ledger, state: dict[str, Any]
) -> None:
    """End a run as incomplete if blocks failed, and say which and why."""
    lines = ledger.entries()
    failed = [
        (block, lines[block.number])
        for block in store.blocks
        if block.number in lines and lines[block.number].status != DONE
    ]
    lost = [block for block in store.blocks if block.number not in lines]
    if lost:
        raise StoreError(
            "The ledger of the run was changed while it was written (1 problem)",
            [Problem(str(ledger.path), f"no line for {len(lost)} blocks that were computed",
                     "a file that saprolite alone writes", "the same command then goes on")],
        )  # fmt: skip
    state["failed_blocks"] = [block.number for block, _ in failed]
    if failed:
        write_state(out, {**state, "status": INCOMPLETE})
        refuse_incomplete(str(out), failed, prepared)


def _kept_bands(prepared: Prepared, store: FluxStore) -> list[str]:
    """A note if the store of an earlier call is cut otherwise than the study now asks for."""
    asked = prepared.study.engine.bands
    if asked is None:
        return []
    height = prepared.grid.shape[0]
    rows = rows_of_bands(height, asked)
    wanted = [slice(start, min(start + rows, height)) for start in range(0, height, rows)]
    if all(band.rows in wanted for band in store.maps.bands):
        return []
    return [f"the run goes on with the bands of cells that it was begun with, {store.bands}; the "
            f"study asks for {asked} (--restart begins anew)"]  # fmt: skip


def _engine(plan: Plan, client: Any) -> dict[str, Any]:
    if client is None:
        return {"workers": plan.workers}
    return {"scheduler": str(client.scheduler.address)}


class _Clock:
    """Wall time of all calls of a run together."""

    def __init__(self) -> None:
        self._began = time.monotonic()
        self._before = 0.0
        self._written = self._began

    def start_from(self, state: dict[str, Any]) -> None:
        self._before = float(state.get("wall_time_s", 0.0))

    def is_due(self) -> bool:
        return time.monotonic() - self._written > STATE_SECONDS

    def write_into(self, state: dict[str, Any]) -> None:
        self._written = time.monotonic()
        state["wall_time_s"] = self._before + self._written - self._began


def _new_state(study: Study, prepared: Prepared, digests: Digests, mark: str) -> dict[str, Any]:
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
        "analysis": study.analysis.model_dump(exclude_none=True),
        "versions": versions(),
        "reading": prepared.model.reading.as_dict(),
        **column,
        "reading_summary": prepared.study.summary,
        "unverified_numbers": unverified,
        "numbers_with_a_warning": flagged,
        "notes": list(prepared.notes),
        "inputs": described_inputs(prepared.products, digests),
        "inputs_sha256": digests,
        "land_cells": int(prepared.cells.size),
        "land_area_km2": float(prepared.area.sum()),
        "missing_inputs_by_cause": counts(prepared.missing, prepared.area, prepared.causes),
    }


def _flux_store(
    out: Place,
    prepared: Prepared,
    kernel: Kernel,
    digests: Digests,
    mark: str,
    ledger: Ledger,
    plan: Plan,
) -> tuple[FluxStore, set[int]]:
    """The store and the blocks in it that are whole: in the ledger, and as it says on the disk."""
    path = out / "fluxes.zarr"
    lines = ledger.entries()
    if lines:
        try:
            store = FluxStore.open(path, prepared, mark)
            return store, store.whole_blocks(lines)
        except DAMAGED:
            pass  # another run's, or what is left of one being made or removed: make it anew
    ledger.clear()
    return FluxStore.create(path, prepared, kernel.extras, digests, mark, plan.bands), set()


def _is_whole(out: Place, state: dict[str, Any], prepared: Prepared, ledger: Ledger) -> bool:
    """Whether a finished run still has everything that it wrote; writes nothing itself."""
    if checksums_of(out, state["outputs"]) != state["outputs_crc32c"]:
        return False
    if not inputs_are_written(out / "inputs.zarr", state["fingerprint"]):
        return False
    try:
        store = FluxStore.open(out / "fluxes.zarr", prepared, state["fingerprint"])
        statics = store.static_checksum() == state["static_maps_sha256"]
        return statics and len(store.whole_blocks(ledger.entries())) == len(store.blocks)
    except DAMAGED:
        return False


def _begun_meanwhile(out: Place) -> StoreError:
    return StoreError(
        "Another run was begun in the folder (1 problem)",
        [Problem(str(out), "a run.json that changed while this run checked its inputs",
                 "one run at a time in a folder",
                 "the same command goes on with that run if it is the same; else another --out")],
    )  # fmt: skip
