"""Compiled loops over the values of a month: from bytes to numbers, and their spread.

This module imports Numba: it is imported where a year of a gridded product is read, not before.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit, types

from saprolite.numba_start import load_registries

load_registries()
_COMPILED: dict[str, Any] = {"nogil": True, "cache": True, "error_model": "numpy"}
_INFINITY = np.float32(np.inf)
_LANES = 16
_BYTES = types.Array(types.uint8, 1, "C", readonly=True)  # bytes that nobody may change, or may
_RUNS = types.int64[::1]


@njit(
    types.void(
        _BYTES, types.int64, types.int64, _RUNS, _RUNS, types.float32[::1], types.uint32[::1]
    ),
    **_COMPILED,
)
def gather_shuffled(
    data: npt.NDArray[np.uint8],
    count: int,
    first: int,
    starts: npt.NDArray[np.int64],
    stops: npt.NDArray[np.int64],
    fills: npt.NDArray[np.float32],
    out: npt.NDArray[np.uint32],
) -> None:
    """Little-endian float32 values of runs of elements, from a chunk that HDF5 has shuffled.

    ``data`` holds the first bytes of its ``count`` elements, then the second bytes, the third and
    the fourth; the runs ``starts`` to ``stops`` are counted from element ``first``. ``out`` gets
    the values of all runs in order, as bits; a value among ``fills`` becomes NaN.
    """
    at = 0
    for run in range(starts.size):
        begin, length = first + starts[run], stops[run] - starts[run]
        byte0 = data[begin : begin + length]
        byte1 = data[begin + count : begin + count + length]
        byte2 = data[begin + 2 * count : begin + 2 * count + length]
        byte3 = data[begin + 3 * count : begin + 3 * count + length]
        target = out[at : at + length]
        for k in range(length):
            target[k] = (
                np.uint32(byte0[k])
                | (np.uint32(byte1[k]) << np.uint32(8))
                | (np.uint32(byte2[k]) << np.uint32(16))
                | (np.uint32(byte3[k]) << np.uint32(24))
            )
        at += length
    values = out.view(np.float32)
    for fill in fills:
        for k in range(values.size):
            value = values[k]
            values[k] = np.float32(np.nan) if value == fill else value


@njit(forceinline=True, error_model="numpy")
def _include(
    value: np.float32,
    chosen: bool,
    lane: int,
    number: npt.NDArray[np.int64],
    smallest: npt.NDArray[np.float32],
    largest: npt.NDArray[np.float32],
    total: npt.NDArray[np.float64],
) -> None:
    counts = chosen & (value == value)
    low = value if counts else _INFINITY
    high = value if counts else -_INFINITY
    smallest[lane] = low if low < smallest[lane] else smallest[lane]
    largest[lane] = high if high > largest[lane] else largest[lane]
    total[lane] += np.float64(value if counts else np.float32(0.0))
    number[lane] += counts


@njit("Tuple((i8, f4, f4, f8))(f4[::1], b1[::1])", **_COMPILED)
def spread(
    values: npt.NDArray[np.float32], chosen: npt.NDArray[np.bool_]
) -> tuple[int, float, float, float]:
    """Number, smallest, largest and sum (float64) of the chosen values that are not NaN.

    Every lane has sums of its own, so that the processor adds a vector at a time: a single sum
    would wait for itself.
    """
    number, total = np.zeros(_LANES, np.int64), np.zeros(_LANES, np.float64)
    smallest, largest = np.full(_LANES, _INFINITY), np.full(_LANES, -_INFINITY)
    whole = values.size // _LANES * _LANES
    for start in range(0, whole, _LANES):
        for lane in range(_LANES):
            k = start + lane
            _include(values[k], chosen[k], lane, number, smallest, largest, total)
    for k in range(whole, values.size):
        _include(values[k], chosen[k], 0, number, smallest, largest, total)
    return number.sum(), smallest.min(), largest.max(), total.sum()
