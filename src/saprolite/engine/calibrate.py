"""How long a run will take: a little of each of its stages timed on this machine, and scaled."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.engine.fits import fits_of
from saprolite.engine.frames import Frame
from saprolite.engine.kernels import Block, Kernel, is_climatology, kernel_of
from saprolite.engine.plan import Plan, Seconds
from saprolite.engine.reduce import series_of, why_no_trends
from saprolite.inputs import Prepared
from saprolite.sources.forcing import Forcing, ForcingYear, HeldForcing
from saprolite.stages import Report
from saprolite.stores import map_chunk, write_chunk
from saprolite.threads import cores

Array = npt.NDArray[Any]
# Cells that are computed: slices from south to north, so that every climate has its part.
_SLICES, _PATHWAY_CELLS, _COLUMN_CELLS = 4, 8192, 1024
_TREND_SERIES = 50_000


def calibrated(plan: Plan, prepared: Prepared, report: Report) -> Plan:
    """The plan with its estimated times; reads a year of the forcing, writes a map into a
    temporary folder, and compiles what the run needs."""
    # Not the first year: it has been read, and may be held.
    year, read = _timed(lambda: prepared.read_year(prepared.study.last_year))
    report("calibrating", 1, 4)
    held = replace(prepared, forcing=_HeldYear(prepared.forcing, prepared.source_cells, year))
    kernel = kernel_of(held)
    kernel.warm_up(report)
    compute = _seconds_of_blocks(kernel, prepared)
    report("calibrating", 2, 4)
    write, reread, item = _seconds_of_a_map(prepared)
    report("calibrating", 3, 4)
    threads = min(plan.workers, cores())
    reads = len(prepared.study.years) + int(prepared.previous_year)
    blocks = 1 if is_climatology(prepared) else len(prepared.study.years)
    # Forcing that is not stored is read anew for every band.
    passes = 1 if plan.stores_forcing else plan.bands
    written = sum(array.stored_bytes for array in plan.arrays)
    kept = plan.forcing_bytes if plan.stores_forcing else 0
    seconds = Seconds(
        inputs=(read * reads * passes + write / item * kept) / threads,
        compute=compute * blocks / threads,
        write=write / item * written / threads,
        trends=_seconds_of_trends(kernel, prepared, reread / item) / threads,
    )
    report("calibrating", 4, 4)
    return replace(plan, seconds=seconds)


class _HeldYear(HeldForcing):
    """A forcing whose every year is one that has been read."""

    def __init__(self, source: Forcing, cells: npt.NDArray[np.int64], values: ForcingYear) -> None:
        super().__init__(source, cells)
        self._values = values

    def read_year(self, year: int, cells: npt.NDArray[np.int64]) -> ForcingYear:  # noqa: ARG002
        """The year at cells that follow one another."""
        part = self.part(cells)
        return ForcingYear(*(array[..., part] for array in self._values))


def _seconds_of_blocks(kernel: Kernel, prepared: Prepared) -> float:
    """Computing a year of all cells on one thread, s."""
    total = prepared.cells.size
    columns = prepared.column is not None
    size = min(total, _COLUMN_CELLS if columns else _PATHWAY_CELLS)
    each = max(1, size // _SLICES)
    seconds, done = 0.0, 0
    for number in range(_SLICES):
        start = min(total * (2 * number + 1) // (2 * _SLICES), total - each)
        block = Block(number, prepared.study.first_year, slice(0, 0), slice(start, start + each))
        if not columns:
            kernel.block(block)  # so that the base year's factors are there
        seconds += _timed(partial(kernel.block, block))[1]
        done += each
    return seconds * total / done


def _seconds_of_a_map(prepared: Prepared) -> tuple[float, float, int]:
    """Writing and reading a map of all layers, s, and the bytes of it on the disk."""
    layers = len(prepared.layer_edges) - 1
    area = prepared.grid.lat.size * prepared.grid.lon.size
    frame = Frame.of(prepared.cells, layers, area, np.dtype("<f8"))
    values = np.random.default_rng(0).random((layers, prepared.cells.size))
    data = frame.fixed.copy()
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "c").mkdir()

        def write() -> None:
            frame.fill(values, data)
            write_chunk(place, (0,), data)

        def read() -> None:
            frame.take(map_chunk(place, (0,), np.uint8, (data.size,)), values)

        frame.fill(values, data)  # compiles
        frame.take(data, values)
        return _timed(write)[1], _timed(read)[1], data.size


def _seconds_of_trends(kernel: Kernel, prepared: Prepared, per_byte: float) -> float:
    """Trends of all series on one thread, s: reading the annual maps back, and the regressions."""
    years = prepared.study.years
    if why_no_trends(prepared, list(years)):
        return 0.0
    values = np.random.default_rng(0).random((len(years), _TREND_SERIES), np.float32)
    seconds = 0.0
    for fit in fits_of(prepared.study, years):
        fill, found = fit.fitter(years), fit.room(_TREND_SERIES)
        fill(values, 0, fit.part(found, slice(0, 1)))  # compiles
        seconds += _timed(partial(fill, values, 0, found))[1]
    layers, series = len(prepared.layer_edges) - 1, len(series_of(kernel.extras))
    # The control in float64, the others in float32.
    maps = (4 + 4 * series) * layers * len(years) * prepared.cells.size
    fitted = series * (layers + 1) * prepared.cells.size
    return per_byte * maps + seconds * fitted / _TREND_SERIES


def _timed(work: Callable[[], Any]) -> tuple[Any, float]:
    began = time.perf_counter()
    found = work()
    return found, time.perf_counter() - began
