"""The blocks of a study straight from its kernel: what the engine computes, without the stores."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache

import numpy as np
import numpy.typing as npt

from saprolite.engine.kernels import Block, Kernel, Result, kernel_of
from saprolite.inputs import Prepared

Array = npt.NDArray[np.float64]


def blocks_of(prepared: Prepared) -> list[Block]:
    """The years of a study, all rows in one block."""
    whole = slice(0, prepared.grid.lat.size), slice(0, prepared.cells.size)
    return [Block(number, year, *whole) for number, year in enumerate(prepared.study.years)]


def ready(prepared: Prepared) -> Kernel:
    """The kernel of a study, compiled."""
    kernel = kernel_of(prepared)
    kernel.warm_up(lambda *_: None)
    return kernel


@cache
def threads(workers: int) -> ThreadPoolExecutor:
    """Threads, kept as those of a run are: they live longer than a few blocks."""
    return ThreadPoolExecutor(workers)


def results(kernel: Kernel, blocks: list[Block], workers: int = 1) -> Iterator[Result]:
    """Compute blocks by threads, in order."""
    yield from threads(workers).map(kernel.block, blocks)


def compute_all(kernel: Kernel, blocks: list[Block], workers: int) -> None:
    """Compute blocks by threads and let the results go."""
    for _ in results(kernel, blocks, workers):
        pass


def annual_flux(prepared: Prepared) -> Array:
    """Flux by kinetic group, (year, group, layer, cell), t C km-2 yr-1."""
    kernel = ready(prepared)
    return np.stack([result.parts for result in results(kernel, blocks_of(prepared))])


def annual_series(prepared: Prepared) -> dict[str, Array]:
    """The total and every further array of a study by label, (year, layer, cell), float64."""
    kernel = ready(prepared)
    found: dict[str, list[Array]] = {}
    for result in results(kernel, blocks_of(prepared)):
        total = result.parts.sum(axis=0) if result.total is None else result.total
        found.setdefault("control", []).append(total)
        for extra in kernel.extras:
            for label, values in zip(extra.labels, result.extras[extra.name], strict=True):
                found.setdefault(f"{extra.name}: {label}", []).append(values.astype(np.float64))
    return {name: np.stack(years) for name, years in found.items()}
