"""Layer solutions per second: all profiles at once, against one profile at a time.

    python benchmarks/column.py [PROFILES]

Times are the least of three rounds; on a shared machine the ratios are what counts.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable

import numpy as np
from scipy.optimize import brentq

from saprolite.column.chemistry import GREATEST_PH, LEAST_PH
from saprolite.column.columns import PRESCRIBED, Columns
from saprolite.column.layer import Ions, _Balance, layer_chemistry, surface_constants
from saprolite.column.solve import _layers, rate_law, steady_state
from saprolite.constants import LN10
from saprolite.models import ColumnReading

LAYERS = 4
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


def main() -> None:
    """Print solutions per second and their ratio."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    for title, reading, minerals, number in (
        ("PROFILE, 15 minerals", ColumnReading(), MINERALS, count),
        ("PROFILE, activities off", ColumnReading(activity="off"), MINERALS, count),
        ("WITCH-type, 7 minerals", ColumnReading(model="witch-type"), TST_MINERALS, count // 10),
    ):
        columns = profiles(number, minerals)
        solved = steady_state(columns, reading)
        seconds = least(
            lambda c=columns, r=reading: steady_state(c, r), 3 if number == count else 1
        )
        layers = LAYERS * number
        print(
            f"{title:26s} {number} profiles, {100.0 * solved.found.mean():.1f} % of layers solved: "
            f"{layers / seconds:,.0f} layers per second, {1e6 * seconds / layers:.1f} us each"
        )
    few = profiles(100, MINERALS)
    reading = ColumnReading(activity="off")
    single = least(lambda: one_at_a_time(few, reading), 1) / 100
    columns = profiles(count, MINERALS)
    together = least(lambda: steady_state(columns, reading)) / (LAYERS * count)
    print(f"one layer by brentq: {1e6 * single:.0f} us, {single / together:.0f} times as long")


if __name__ == "__main__":
    main()
