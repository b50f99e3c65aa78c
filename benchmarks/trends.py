"""Trends with p of many annual series: compiled, vectorised NumPy, and scipy one series at a time.

    python benchmarks/trends.py [--quick] [--out FILE]

As many series as layers and cells of twelve maps at 0.25 degree have, 49 years each, float32.
Ratios are of times for a series, taken in one process.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from harness import benchmark, cores, in_turn
from scipy import stats

from saprolite.compiled.trend import linear_trends
from saprolite.equations import linear_trend

YEARS = 49
SERIES = {"full": 2_918_592, "quick": 400_000, "tiny": 2_000}
# Series of those that are slow.
ONE_BY_ONE = {"full": 3000, "quick": 1000, "tiny": 50}
ALL_AT_ONCE = {"full": 200_000, "quick": 50_000, "tiny": 500}
ROUNDS = {"full": 5, "quick": 3, "tiny": 1}


def measure(size: str) -> dict[str, Any]:
    """Nanoseconds a series of each way, ratios to scipy's, and how far the answers differ."""
    values = series(SERIES[size])
    few = np.ascontiguousarray(values[:, : ONE_BY_ONE[size]].T)
    some = np.ascontiguousarray(values[:, : ALL_AT_ONCE[size]].T)
    numbers = np.arange(1, YEARS + 1)
    threads = cores()
    ways: dict[str, tuple[int, Callable[[], object]]] = {
        "scipy linregress, one by one": (len(few), lambda: [
            stats.linregress(numbers, one) for one in few
        ]),
        "equations.linear_trend (NumPy)": (len(some), lambda: linear_trend(some)),
        "compiled, 1 thread": (values.shape[1], lambda: linear_trends(values)),
        f"compiled, {threads} threads": (values.shape[1], lambda: linear_trends(values, threads)),
    }  # fmt: skip
    taken = in_turn({name: way for name, (_, way) in ways.items()}, ROUNDS[size])
    each = {name: 1e9 * taken[name]["least_s"] / count for name, (count, _) in ways.items()}
    slow = each["scipy linregress, one by one"]
    return {
        "years": YEARS,
        "series": values.shape[1],
        "seconds": {name: times["least_s"] for name, times in taken.items()},
        "ns_per_series": each,
        "times_faster_than_linregress": {name: slow / one for name, one in each.items()},
        "largest_relative_difference_to_linregress": differences(few),
    }


def series(count: int) -> np.ndarray:
    """Annual values (year, series) around 1, float32, with and without a trend."""
    random = np.random.default_rng(0)
    slope = 0.004 * random.standard_normal(count, np.float32)
    values = 0.1 * random.standard_normal((YEARS, count), np.float32)
    values += 1.0 + np.arange(YEARS, dtype=np.float32)[:, None] * slope
    return values


def differences(few: np.ndarray) -> dict[str, float]:
    """Largest relative difference of slope and p to those of linregress in float64."""
    found = linear_trends(np.ascontiguousarray(few.T))
    expected = [stats.linregress(np.arange(1, YEARS + 1), one.astype(float)) for one in few]
    pairs = {
        "slope": (found.slope, np.array([one.slope for one in expected])),
        "p": (found.p, np.array([one.pvalue for one in expected])),
    }
    return {
        name: float(np.abs(ours / theirs - 1.0).max()) for name, (ours, theirs) in pairs.items()
    }


if __name__ == "__main__":
    benchmark(measure, __doc__)
