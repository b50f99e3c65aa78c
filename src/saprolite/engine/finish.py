"""The end of a run: what needs all years, from the stored fields, in a fixed order."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.engine.kernels import Kernel, forcing_is_known
from saprolite.engine.ledger import Ledger
from saprolite.engine.reduce import why_no_trends, write_trends
from saprolite.engine.store import FluxStore
from saprolite.inputs import Prepared, counts
from saprolite.stages import Report


def finish(
    prepared: Prepared,
    kernel: Kernel,
    store: FluxStore,
    ledger: Ledger,
    state: dict[str, Any],
    report: Report,
) -> None:
    """Write means and causes of missing values, and put into the state what was counted."""
    mean = store.write_means_by_mineral(kernel.shares())
    without_trends = write_trends(store, prepared, kernel.extras, report)
    state["why_no_trends"] = why_no_trends(prepared, store.used_years())
    store.say_why_no_trends(state["why_no_trends"])
    total: Counter[str] = Counter(dict.fromkeys(kernel.counted, 0))
    for entry in ledger.entries().values():
        total.update(entry.counts)
    missing = _with_missing_results(prepared, kernel, mean)
    store.write_missing(missing)
    state["missing_inputs_by_cause"] = counts(missing, prepared.area, prepared.causes)
    state["counts_of_clipped_values"] = dict(total)
    state["static_maps_sha256"] = store.static_checksum()
    state["years_used"] = store.used_years()
    left_out = sorted(set(prepared.study.years) - set(state["years_used"]))
    if left_out:
        years = ", ".join(map(str, left_out))
        state["notes"] += [f"years without any value, left out of the means: {years}"]
    if without_trends is not None:
        state["notes"] += [without_trends]


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
