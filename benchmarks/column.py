"""Time of a cold layer solution: compiled, vectorised NumPy, and scipy's brentq layer by layer.

    python benchmarks/column.py [--quick] [--out FILE]

Times are the least of the rounds, the solvers taken in turn; on a shared machine the
ratios are what counts. The compiled times are those of whole solutions: all rates, ions and fluxes.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable

import numpy as np
from harness import benchmark
from scipy.optimize import brentq

from saprolite.column.chemistry import GREATEST_PH, LEAST_PH
from saprolite.column.columns import PRESCRIBED, Columns
from saprolite.column.compiled import compile_solver, compiled_steady_state, evaluations
from saprolite.column.layer import Ions, _Balance, layer_chemistry, surface_constants
from saprolite.column.solve import _layers, rate_law, steady_state
from saprolite.constants import LN10
from saprolite.models import ColumnReading
from saprolite.models.rate_law import ProfileLaw

LAYERS = 4
# Profiles and rounds.
SIZES = {"full": (20_000, 9), "quick": (4_000, 2), "tiny": (200, 1)}
RATIO = np.array([0.75])
MINERALS = (
    "k_feldspar", "oligoclase", "anorthite", "hornblende", "epidote", "biotite", "muscovite",
    "chlorite", "vermiculite", "apatite", "clinopyroxene", "albite", "illite", "forsterite",
    "kaolinite",
)  # fmt: skip
TST_MINERALS = ("illite", "smectite", "chlorite", "mica", "biotite", "albite", "k_feldspar")


def profiles(count: int, minerals: tuple[str, ...]) -> Columns:
    """Random profiles over the range of soils."""
    random = np.random.default_rng(0)
    shape = (LAYERS, count)

    def between(low: float, high: float) -> np.ndarray:
        return random.uniform(low, high, shape)

    shares = random.dirichlet(np.ones(len(minerals)), size=shape).transpose(2, 0, 1)
    wetted = between(2e5, 4e6) * between(0.05, 0.6) * between(0.2, 0.95)
    rain = random.uniform(0.5, 2.5, count)
    lost = rain * random.uniform(0.2, 0.8, count)
    upward = np.cumsum(random.dirichlet(np.ones(LAYERS), size=count).T, axis=0)
    ions = ("Ca", "Mg", "K", "Na", "NH4", "NO3", "SO4", "Cl")
    uptake = {name: between(0, 1) * 10 ** between(-6.5, -5.0) for name in ("Ca", "Mg", "K", "N")}
    return Columns(
        names=tuple(str(lane) for lane in range(count)),
        layer_names=tuple(("1", "2", "3", "4") for _ in range(count)),
        minerals=minerals,
        thickness=between(0.05, 0.6),
        temperature=between(272.0, 303.0),
        pressure=10 ** between(-3.4, -1.3),
        doc=10 ** between(-3.5, -1.0),
        log_gibbsite=between(6.0, 9.5),
        gibbsite_exponent=np.full(shape, 3.0),
        nitrification=between(0.0, 1.0),
        surface=shares * between(0.1, 0.8) * wetted,
        percolation=rain - lost * upward,
        deposition={name: 10 ** random.uniform(-6.5, -4.3, count) for name in ions},
        uptake={**uptake, "Na": np.zeros(shape)},
        prescribed={name: np.full(shape, np.nan) for name in PRESCRIBED},
        present=np.ones(shape, bool),
    )


def least(action: Callable[[], object], rounds: int = 3) -> float:
    """Shortest time of some rounds, s."""
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        action()
        times.append(time.perf_counter() - began)
    return min(times)


def one_at_a_time(columns: Columns, reading: ColumnReading) -> None:
    """The first layer of each profile by scipy's brentq on the same equation."""
    law = rate_law(reading, columns.minerals)
    for lane in range(columns.size):
        own = columns.part(slice(lane, lane + 1))
        layer = next(_layers(own, own.inflow()))
        balance = _Balance(law, layer, Ions.of(layer), surface_constants(law, layer))
        chemistry = layer_chemistry(reading, layer)
        brentq(
            lambda x, b=balance, c=chemistry: b.imbalance(c, RATIO, np.array([x]))[0][0],
            -LN10 * GREATEST_PH,
            -LN10 * LEAST_PH,
        )


def steps_of(columns: Columns, law: ProfileLaw) -> dict[str, float]:
    """Evaluations of a layer, the search of its tile's slowest lane."""
    double, single = evaluations(columns, law).mean(axis=1)
    return {"evaluations_per_layer": float(double), "float32_evaluations_per_layer": float(single)}


def agreement(columns: Columns, reading: ColumnReading, law: ProfileLaw) -> dict[str, float]:
    """Largest differences between the two solvers."""
    slow, fast = steady_state(columns, reading, law), compiled_steady_state(columns, law)
    some = slow.rates > 0.0
    return {
        "same_layers_found": float((slow.found == fast.found).mean()),
        "largest_difference_pH": float(np.nanmax(np.abs(slow.ph - fast.ph))),
        "largest_relative_difference_of_rates": float(
            np.nanmax(np.abs(fast.rates[some] / slow.rates[some] - 1.0))
        ),
    }


def measured(count: int, rounds: int) -> dict[str, float]:
    """Times of a layer, ns, and their ratios, taken in turn in one run."""
    reading = ColumnReading()
    columns, few, fewer = (
        profiles(count, MINERALS),
        profiles(2048, MINERALS),
        profiles(50, MINERALS),
    )
    law = rate_law(reading, MINERALS)
    assert isinstance(law, ProfileLaw)
    compile_solver(law)
    times = dict.fromkeys(("one_thread", "two_threads", "numpy", "brentq"), math.inf)
    actions: dict[str, tuple[Callable[[], object], int]] = {
        "one_thread": (lambda: compiled_steady_state(columns, law, 1), LAYERS * count),
        "two_threads": (lambda: compiled_steady_state(columns, law, 2), LAYERS * count),
        "numpy": (lambda: steady_state(few, reading, law), LAYERS * few.size),
        "brentq": (lambda: one_at_a_time(fewer, reading), fewer.size),
    }
    for _ in range(rounds):
        for name, (action, layers) in actions.items():
            times[name] = min(times[name], 1e9 * least(action, 1) / layers)
    return {
        **{f"{name}_ns_per_layer": value for name, value in times.items()},
        "numpy_over_two_threads": times["numpy"] / times["two_threads"],
        "brentq_over_two_threads": times["brentq"] / times["two_threads"],
        **steps_of(few, law),
        **agreement(few, reading, law),
    }


def measure(size: str) -> dict[str, float]:
    """Times, ratios and agreement."""
    count, rounds = SIZES[size]
    witch = profiles(max(1, count // 100), TST_MINERALS)
    seconds = least(lambda: steady_state(witch, ColumnReading(model="witch-type")), 1)
    results = measured(count, rounds)
    results["witch_type_numpy_ns_per_layer"] = 1e9 * seconds / (LAYERS * witch.size)
    return results


if __name__ == "__main__":
    benchmark(measure, __doc__)
