"""How fast memory can be read once: the floor under every kernel."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor

import numba
import numpy as np
import numpy.typing as npt

MEGABYTES = {"full": 512, "quick": 128, "tiny": 4}
# Moisture and temperature of four layers and one evapotranspiration, float32, per layer-month.
INPUT_BYTES_PER_LAYER_MONTH = 4 * (4 + 4 + 1) / 4


@numba.njit(nogil=True, fastmath=True)
def read_once(values: npt.NDArray[np.float32]) -> np.float32:  # type: ignore[no-any-unimported]
    """The sum of an array, as fast as it comes out of memory."""
    total = np.float32(0.0)
    for index in range(values.size):
        total += values[index]
    return total


def read_by_threads(parts: list[npt.NDArray[np.float32]], workers: int) -> None:
    """Read arrays once, by threads."""
    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(read_once, parts))


def gigabytes_per_second(size: str, workers: int, rounds: int = 7) -> float:
    """Greatest rate of some rounds."""
    values = np.ones(MEGABYTES[size] * 250_000, np.float32)
    parts = np.array_split(values, 4 * workers)
    read_by_threads(parts, workers)
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        read_by_threads(parts, workers)
        times.append(time.perf_counter() - began)
    return values.nbytes / min(times) / 1e9


def floor_ns(rate: float) -> float:
    """Time to read the inputs of a layer-month once at a rate in GB s-1, ns."""
    return INPUT_BYTES_PER_LAYER_MONTH / rate
