"""What a run will read, compute, write and hold in memory, before it starts; how it is cut up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from saprolite.compiled.bundling import bundles_of
from saprolite.engine.banded_maps import rows_of_bands
from saprolite.engine.fits import COLUMN, LAYERS, fits_of
from saprolite.engine.kernels import Extra, extras_of, is_climatology, workers_of
from saprolite.engine.memory import Memory, Sizes, memory_limit, memory_of
from saprolite.engine.parts import parts_of
from saprolite.engine.reduce import series_of, why_no_trends
from saprolite.engine.store import BY_MINERAL, FLUX
from saprolite.errors import EngineError, Problem, raise_if_any
from saprolite.inputs import Prepared
from saprolite.inputs.store import forcing_bytes, keeps
from saprolite.places import Place, free_bytes
from saprolite.study_parts import Experiments

# A block of soil columns is to end within a minute, even with the slowest of the solvers.
_LONGEST_BLOCK_S, _SLOW_LAYER_S = 60.0, 2e-4
_BLOCKS_PER_WORKER = 4
# Of the water on a map little more than nothing is left; land hardly shrinks.
_WATER_SHARE, _LAND_SHARE = 0.01, 1.0
_FINEST_LAND_CELLS = 270_000  # of a product on quarter degrees


class ArrayPlan(NamedTuple):
    """An array that a run writes: numbers in it as a whole, their bytes, and about how many bytes
    lie on the disk, compressed (an estimate)."""

    name: str
    numbers: int
    bytes: int
    stored_bytes: int


class Seconds(NamedTuple):
    """Estimated times of the stages of a run, s, from a short calibration on this machine."""

    inputs: float
    compute: float
    write: float
    trends: float

    @property
    def total(self) -> float:
        """All of them together."""
        return sum(self)


@dataclass(frozen=True)
class Plan:
    """What a run will do; sizes in bytes.

    ``problems`` says what does not fit, each with the number to change; ``bands`` is the number of
    bands of latitude rows that a year is cut into at most, ``blocks`` how many pieces of work that
    makes. ``seconds`` is None until it is calibrated.
    """

    title: str
    grid: str
    cells: int
    years: range
    layers: int
    bands: int
    blocks: int
    workers: int
    files: int
    source_bytes: int
    forcing_bytes: int
    stores_forcing: bool
    arrays: tuple[ArrayPlan, ...]
    memory: Memory
    memory_limit: int | None
    memory_limit_from: str
    disk_free: int | None
    problems: tuple[Problem, ...]
    seconds: Seconds | None = None

    @property
    def written_bytes(self) -> int:
        """Bytes of all arrays, uncompressed, and of the stored forcing."""
        return sum(array.bytes for array in self.arrays) + self._kept

    @property
    def stored_bytes(self) -> int:
        """Bytes on the disk, about: compressed arrays, and the stored forcing as it is."""
        return sum(array.stored_bytes for array in self.arrays) + self._kept

    @property
    def _kept(self) -> int:
        return self.forcing_bytes if self.stores_forcing else 0

    def require(self) -> None:
        """Raise ``EngineError`` that lists everything that does not fit."""
        raise_if_any(EngineError, "The run does not fit", self.problems)


def plan_of(prepared: Prepared, out: Place | None = None) -> Plan:
    """The plan of a run from its prepared inputs; nothing is computed, nothing written.

    ``out``: the folder of the results, whose disk is looked at where it is local.
    """
    extras = extras_of(prepared)
    study, engine = prepared.study, prepared.study.engine
    workers = workers_of(prepared)
    limit, source = memory_limit(engine.memory_gb)
    bands = engine.bands or _chosen_bands(prepared, extras, workers, limit)
    memory = memory_of(_sizes(prepared, extras, bands), workers)
    arrays = tuple(_arrays(prepared, extras))
    kept = keeps(prepared)
    forcing = forcing_bytes(prepared)
    free = None if out is None else free_bytes(out)
    needed = sum(array.stored_bytes for array in arrays) + (forcing if kept else 0)
    problems = []
    if limit is not None and memory.peak > limit:
        problems.append(_memory_problem(prepared, extras, workers, bands, limit, source))
    if free is not None and needed > free + _own_bytes(out):
        problems.append(_disk_problem(prepared, out, needed, free))
    return Plan(
        title=study.title,
        grid=prepared.grid.describe(),
        cells=int(prepared.cells.size),
        years=study.years,
        layers=len(prepared.layer_edges) - 1,
        bands=bands,
        blocks=len(study.years) * len(_cells_of_bands(prepared, bands)),
        workers=workers,
        files=len(prepared.files["forcing"]),
        source_bytes=sum(file.stat().st_size for file in prepared.files["forcing"]),
        forcing_bytes=forcing,
        stores_forcing=kept,
        arrays=arrays,
        memory=memory,
        memory_limit=limit,
        memory_limit_from=source,
        disk_free=free,
        problems=tuple(problems),
    )


def _cells_of_bands(prepared: Prepared, bands: int) -> list[int]:
    """Land cells of every band that has any."""
    height, width = prepared.grid.shape
    rows = rows_of_bands(height, bands)
    counts = np.bincount(prepared.cells // (rows * width))
    return [int(count) for count in counts if count]


def _sizes(prepared: Prepared, extras: tuple[Extra, ...], bands: int) -> Sizes:
    height, width = prepared.grid.shape
    of_bands = _cells_of_bands(prepared, bands)
    study = prepared.study
    groups = prepared.model.groups if series_of(extras)[1:] else ()
    orders = [group.order for group in groups]
    coefficients = [group.coefficient for group in groups]
    columns = prepared.column is not None
    return Sizes(
        cells=int(prepared.cells.size),
        # Of a product that is averaged onto larger cells, a year of its own cells is held.
        read_cells=0 if study.grid.resolution_deg is None else _FINEST_LAND_CELLS,
        map_cells=rows_of_bands(height, bands) * width,
        band_cells=max(of_bands),
        bands=len(of_bands),
        layers=len(prepared.layer_edges) - 1,
        years=len(study.years),
        minerals=len(prepared.minerals),
        parts=len(parts_of(prepared).members),
        labels=sum(max(1, len(extra.labels)) for extra in extras),
        cycle_orders=len(set(orders)),
        cycle_bundles=bundles_of(orders, coefficients).number,
        previous_year=prepared.previous_year,
        stores_forcing=keeps(prepared),
        lanes=study.engine.cells_per_block if columns else 0,
        shares_results=is_climatology(prepared),
        real=4 if study.engine.precision == "float32" else 8,
        held=prepared.held_bytes,
        fitted=sum(len(fit.kind._fields) for fit in fits_of(study, study.years)),
    )


def _chosen_bands(
    prepared: Prepared, extras: tuple[Extra, ...], workers: int, limit: int | None
) -> int:
    """One band, unless memory asks for more, or soil columns that take long."""
    height = prepared.grid.shape[0]
    least = 1
    if prepared.column is not None:
        layers = len(prepared.layer_edges) - 1
        slow = prepared.cells.size * layers * _SLOW_LAYER_S / _LONGEST_BLOCK_S
        shared = workers * _BLOCKS_PER_WORKER / len(prepared.study.years)
        least = int(np.ceil(max(1.0, slow, shared)))
    for bands in _band_counts(min(least, height), height):
        fits = memory_of(_sizes(prepared, extras, bands), workers).peak
        if limit is None or fits <= limit:
            return bands
    return min(least, height)


def _band_counts(least: int, most: int) -> Iterator[int]:
    """Numbers of bands to try: each about a quarter more than the one before."""
    bands = least
    while bands < most:
        yield bands
        bands = max(bands + 1, bands * 5 // 4)
    yield most


def _arrays(prepared: Prepared, extras: tuple[Extra, ...]) -> Iterator[ArrayPlan]:
    layers, years = len(prepared.layer_edges) - 1, len(prepared.study.years)
    parts = parts_of(prepared)
    yield _array(prepared, FLUX, years * layers, 8)
    if parts.stored:
        yield _array(prepared, parts.array, years * len(parts.members) * layers, 8)
    for extra in extras:
        item = np.dtype(prepared.study.engine.precision if extra.labels else "f4").itemsize
        yield _array(prepared, extra.name, years * max(1, len(extra.labels)) * layers, item)
    yield _array(prepared, BY_MINERAL, len(prepared.minerals) * layers, 8)
    if why_no_trends(prepared, list(prepared.study.years)) is None:
        series = len(series_of(extras))
        for fit in fits_of(prepared.study, prepared.study.years):
            for statistic in fit.statistics:
                yield _array(prepared, fit.array(LAYERS, statistic), series * layers, 8)
                yield _array(prepared, fit.array(COLUMN, statistic), series, 8)


def _array(prepared: Prepared, name: str, maps: int, item: int) -> ArrayPlan:
    land = int(prepared.cells.size)
    whole = prepared.grid.lat.size * prepared.grid.lon.size
    stored = maps * item * (_LAND_SHARE * land + _WATER_SHARE * (whole - land))
    return ArrayPlan(name, maps * whole, maps * whole * item, round(stored))


def _memory_problem(
    prepared: Prepared,
    extras: tuple[Extra, ...],
    workers: int,
    bands: int,
    limit: int,
    source: str,
) -> Problem:
    def peak(workers: int, bands: int) -> int:
        return memory_of(_sizes(prepared, extras, bands), workers).peak

    height = prepared.grid.shape[0]
    enough = next((more for more in _band_counts(bands, height) if peak(workers, more) <= limit), 0)
    fewer = next((less for less in range(workers - 1, 0, -1) if peak(less, bands) <= limit), 0)
    advice = [f"engine.bands = {enough}"] if enough else []
    advice += [f"engine.workers = {fewer}"] if fewer else []
    advice += [f"engine.memory_gb = {_gb_up(peak(workers, bands))}, if the machine has it"]
    advice += _smaller(prepared)
    return Problem(
        "memory",
        f"{_gb(peak(workers, bands))} with {_count(workers, 'worker')} and {_count(bands, 'band')}",
        f"{_gb(limit)}, {source}",
        "set " + ", or ".join(advice),
    )


def _disk_problem(prepared: Prepared, out: Place | None, needed: int, free: int) -> Problem:
    advice = _smaller(prepared)
    if keeps(prepared):
        advice.append('output.store_forcing = "never"')
    return Problem(
        str(out),
        f"{_gb(free)} free",
        f"{_gb(needed)}, about",
        ", or ".join(["free space", "give another --out", *(f"set {item}" for item in advice)]),
    )


def _smaller(prepared: Prepared) -> list[str]:
    """Choices of a study that would make its run smaller."""
    found = []
    if prepared.study.experiments != Experiments():
        found.append("fewer names in experiments.run")
    if prepared.study.output.monthly:
        found.append("output.monthly = false")
    if prepared.study.output.driver_means:
        found.append("output.driver_means = false")
    return found


def _own_bytes(out: Place | None) -> int:
    """What the stores of an earlier call of the same run take already."""
    if not isinstance(out, Path):
        return 0
    stores = (out / "inputs.zarr", out / "fluxes.zarr")
    return sum(file.stat().st_size for store in stores for file in store.rglob("*")
               if file.is_file())  # fmt: skip


def _gb(size: float) -> str:
    return f"{size / 1e9:.2g} GB" if size < 1e10 else f"{size / 1e9:.0f} GB"


def _gb_up(size: float) -> str:
    return f"{np.ceil(size / 1e8) / 10.0:g}"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
