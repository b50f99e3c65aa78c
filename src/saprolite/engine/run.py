"""The gridded run: prepare, compute year by year, reduce; resumable at any moment."""

from __future__ import annotations

import shutil
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from saprolite.engine.blocks import COUNTS, Statics, compute_year
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
from saprolite.inputs.store import write_inputs
from saprolite.models import CO2Pathway
from saprolite.models.explain import flagged_numbers, unverified_numbers
from saprolite.stores import write_text
from saprolite.study import Study

Report = Callable[[str, int, int], None]
OWN_FILES = (
    "run.json", "study.toml", "ledger.jsonl", "summary.json", "inputs.zarr", "fluxes.zarr",
    "tables", "figures",
)  # fmt: skip


def compute(study: Study, out: Path, restart: bool, report: Report) -> dict[str, Any]:
    """Bring a run folder to the point where every flux is stored; returns its state.

    The same call goes on where an interrupted run stopped, and returns at once when the fluxes are
    complete. ``StoreError`` if the folder holds the run of another study, unless ``restart``.
    """
    began = time.monotonic()
    if restart:
        _remove_own(out)
    before = read_state(out)
    _refuse_foreign_folder(out, before)
    report("checking inputs", 0, 1)
    prepared = prepare(study)
    digests = input_digests(prepared.files)
    mark = fingerprint(study, digests)
    if before and before.get("fingerprint") != mark:
        raise StoreError(
            "The folder holds another run (1 problem)",
            [Problem(str(out), f"a run of {before.get('title')!r} with another study, other inputs "
                     "or another version", "an empty folder, or the same study and inputs",
                     "give another --out, or --restart to start over in this one")],
        )  # fmt: skip
    if before and before["status"] == FINISHED:
        return before
    model = CO2Pathway.of(study.chosen_reading, tuple(study.minerals.names))
    state = before or _new_state(study, prepared, model, digests, mark)
    write_text(out / "study.toml", study.to_toml())
    write_state(out, state)

    prepared = write_inputs(out / "inputs.zarr", prepared, mark, report)
    ledger = Ledger(out / "ledger.jsonl")
    store, done = _flux_store(out / "fluxes.zarr", prepared, model, digests, ledger)
    statics = Statics.of(model, prepared.soil)
    for number, year in enumerate(study.years):
        if year not in done:
            block_began = time.monotonic()
            flux, block_counts = compute_year(model, statics, prepared, year)
            checksum = store.write_year(year, flux)
            ledger.add(Entry(year, time.monotonic() - block_began, block_counts, checksum))
        report("computing", number + 1, len(study.years))
    store.write_means_by_mineral(model, statics.mineral_shares(model))

    total: Counter[str] = Counter(dict.fromkeys(COUNTS, 0))
    for entry in ledger.entries().values():
        total.update(entry.counts)
    state["counts_of_clipped_values"] = dict(total)
    state["years_used"] = store.used_years()
    state["wall_time_s"] = state.get("wall_time_s", 0.0) + time.monotonic() - began
    write_state(out, state)
    return state


def _new_state(
    study: Study, prepared: Prepared, model: CO2Pathway, digests: dict[str, str], mark: str
) -> dict[str, Any]:
    return {
        "status": UNFINISHED,
        "title": study.title,
        "fingerprint": mark,
        "period": [study.first_year, study.last_year],
        "versions": versions(),
        "reading": model.reading.as_dict(),
        "reading_summary": model.reading.summary(),
        "unverified_numbers": unverified_numbers(model),
        "numbers_with_a_warning": flagged_numbers(model),
        "notes": list(prepared.notes),
        "products": prepared.products,
        "inputs_sha256": digests,
        "land_cells": int(prepared.cells.size),
        "land_area_km2": float(prepared.area.sum()),
        "missing_inputs_by_cause": counts(prepared.missing, prepared.area),
    }


def _flux_store(
    path: Path, prepared: Prepared, model: CO2Pathway, digests: dict[str, str], ledger: Ledger
) -> tuple[FluxStore, set[int]]:
    """The store and the years in it that are whole: in the ledger, and as it says on the disk."""
    entries = ledger.entries()
    if entries and path.is_dir():
        store = FluxStore.open(path, prepared)
        return store, {year for year, entry in entries.items()
                       if store.checksum(year) == entry.checksum}  # fmt: skip
    ledger.path.unlink(missing_ok=True)
    return FluxStore.create(path, prepared, model, digests), set()


def _refuse_foreign_folder(out: Path, state: dict[str, Any] | None) -> None:
    if state is None and out.is_dir() and any((out / name).exists() for name in OWN_FILES):
        found = ", ".join(name for name in OWN_FILES if (out / name).exists())
        raise StoreError(
            "The folder is in use (1 problem)",
            [Problem(str(out), f"{found} but no run.json", "an empty folder or a run of saprolite",
                     "give another --out")],
        )  # fmt: skip


def _remove_own(out: Path) -> None:
    """Remove what a run wrote, and nothing else; only where a run.json says that it is a run."""
    if not (out / "run.json").is_file():
        return
    for name in reversed(OWN_FILES):
        path = out / name
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
