"""How much memory a run holds at its peak, counted from its sizes, and how much there is."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

# The interpreter with its libraries and compiled code, and what threads hold in passing.
_BASE = 300_000_000
# Numbers of each layer of a soil column while it is solved: unknowns, constants, intermediate ones;
# and those for each mineral.
_COLUMN_NUMBERS, _COLUMN_NUMBERS_PER_MINERAL = 100, 8
_MARGIN = 1.1


class Sizes(NamedTuple):
    """What the memory of a run depends on.

    ``map_cells`` and ``band_cells``: cells of the map, and land cells, of the largest band;
    ``labels``: maps of a year and layer besides the flux and its ``parts``; ``cycle_orders`` and
    ``cycle_bundles``: factors of the base year, 0 without experiments; ``lanes``: soil columns
    solved at a time, 0 for the CO2 pathway; ``shares_results``: whether the years of a band have
    one result, which is held; ``real``: bytes of a number of the arithmetic; ``held``: bytes that
    the forcing holds all along, such as the ratios of a scaling; ``fitted``: numbers of the fits of
    a series.
    """

    cells: int
    read_cells: int
    map_cells: int
    band_cells: int
    bands: int
    layers: int
    years: int
    minerals: int
    parts: int
    labels: int
    cycle_orders: int
    cycle_bundles: int
    previous_year: bool
    stores_forcing: bool
    lanes: int
    shares_results: bool
    real: int
    held: int = 0
    fitted: int = 4


class Memory(NamedTuple):
    """Bytes: of the process itself, of what all workers share, of each worker, of the trends at
    the end, and at the peak of the run."""

    process: int
    shared: int
    worker: int
    reduction: int
    peak: int


def memory_of(sizes: Sizes, workers: int) -> Memory:
    """The memory of a run with so many workers: the sum of its large arrays, and a tenth more."""
    s = sizes
    forcing = 4 * 12 * (2 * s.layers + 1)
    maps = s.layers * s.map_cells * (8 + s.real)  # the bytes of a map of either kind
    statics = s.cells * (8 * s.layers * (3 * s.minerals + s.parts + 8) + 64)
    cycle = 12 * s.real * (
        s.cycle_orders + s.layers * (s.cycle_bundles + 2) if s.cycle_orders else 0
    )  # fmt: skip
    result = s.layers * (8 * (s.parts + 1) + s.real * s.labels)
    worker = maps + s.band_cells * result + forcing * s.band_cells * (2 if s.previous_year else 1)
    if s.lanes:
        numbers = _COLUMN_NUMBERS + _COLUMN_NUMBERS_PER_MINERAL * s.minerals
        solving = 8 * s.layers * numbers * min(s.lanes, s.band_cells)
        # Means over time are made of all cells.
        worker = maps + s.band_cells * result + s.cells * (forcing + 8 * 8 * s.layers) + solving
    # What the blocks of a band share is held for a band of each worker, and the next one.
    # Water takes next to nothing of a map, but where land is scattered.
    frames = maps * s.bands
    by_band = s.band_cells * (cycle + (result if s.shares_results else 0))
    shared = s.held + statics + frames + by_band * min(s.bands, workers + 1)
    if s.previous_year:
        # Evapotranspiration of the years that workers are at, and the one before.
        shared += 4 * 12 * s.cells * min(s.years, workers + 1)
    reduction = (
        8 * s.band_cells * (s.years * s.layers + s.fitted * (s.layers + 1))
        + 8 * s.layers * s.cells * s.parts
        + workers * 2 * maps
    )
    storing = workers * forcing * (s.cells + s.read_cells) if s.stores_forcing else 0
    grown = shared + max(workers * worker, reduction, storing)
    peak = round(_BASE + _MARGIN * grown)
    return Memory(_BASE, shared, worker, reduction, peak)


def memory_limit(chosen_gb: float | None) -> tuple[int | None, str]:
    """Bytes that a run may hold, and who says so; None where the system does not tell."""
    if chosen_gb is not None:
        return round(chosen_gb * 1e9), "engine.memory_gb"
    found = [size for size in (_available(), _container()) if size is not None]
    return (min(found) if found else None), "free on this machine"


def _available() -> int | None:
    """What new programs can have without swapping; elsewhere than on Linux, all there is."""
    meminfo = Path("/proc/meminfo")
    if meminfo.is_file():
        for line in meminfo.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None


def _container() -> int | None:
    """What is left of the limit of a container (control groups, version 2, then 1)."""
    for limit, used in (
        ("/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory.current"),
        (
            "/sys/fs/cgroup/memory/memory.limit_in_bytes",
            "/sys/fs/cgroup/memory/memory.usage_in_bytes",
        ),
    ):
        try:
            most = int(Path(limit).read_text(encoding="ascii"))
            return max(0, most - int(Path(used).read_text(encoding="ascii")))
        except (OSError, ValueError):
            continue
    return None
