"""Every preset and every choice of a reading: time of a layer-month, compiling, and error.

python benchmarks/readings.py [--quick] [--out FILE]
"""

from __future__ import annotations

import time
from functools import partial
from typing import Any

from accuracy import error_of_float64
from harness import benchmark, in_turn, say
from run_blocks import blocks_of, compute_all, ready

import world
from saprolite.models import CHOICES, PRESETS, Reading
from saprolite.study import Study
from saprolite.study_template import demo_content

SIZES = {"full": (4096, 2, 5), "quick": (1024, 1, 2), "tiny": (36, 1, 1)}
# What some choices cannot be without.
COMPANIONS: dict[str, dict[str, Any]] = {
    "pco2_limit": {"pco2_limit_value": 0.02},
    "coarse_sand": {"coarse_sand_share": 0.4},
    "degree_days": {"frozen_action": "annual_factor"},
}
LAYERS = 4


def readings(size: str) -> dict[str, dict[str, Any]]:
    """The presets, and the canonical reading with each other choice in turn."""
    found: dict[str, dict[str, Any]] = {name: {"preset": name} for name in PRESETS}
    if size != "full":
        return dict(list(found.items())[: 1 if size == "tiny" else None])
    canonical = Reading().as_dict()
    for name, accepted in CHOICES.items():
        for value in accepted:
            if value != canonical[name]:
                companions = COMPANIONS.get(name, {}) | COMPANIONS.get(value, {})
                found[f"{name} = {value}"] = {name: value, **companions}
    found["five groups of minerals"] = world.FIVE_GROUPS_READING
    return found


def study_of(reading: dict[str, Any], years: int, precision: str) -> Study:
    """A study under a reading; the air's CO2 is named where the reading asks for it."""
    sections: dict[str, Any] = {"reading": reading, "engine": {"precision": precision}}
    if reading.get("atmosphere") == "series":
        sections["inputs"] = {
            **demo_content()["inputs"], "atmospheric_co2": {"path": "in memory"},
        }  # fmt: skip
    return world.study(years, **sections)


def measure(size: str) -> dict[str, Any]:
    """One row for each reading: control alone, one thread."""
    cells, years, rounds = SIZES[size]
    land = world.patch(cells, world.study(years))
    per_layer_month = 1e9 / (12 * years * LAYERS * cells)
    rows = {}
    for name, reading in readings(size).items():
        say(f"reading: {name}")
        actions, began = {}, time.perf_counter()
        for precision in ("float32", "float64"):
            prepared = world.of_reading(land, study_of(reading, years, precision))
            actions[precision] = partial(compute_all, ready(prepared), blocks_of(prepared), 1)
        until_ready = time.perf_counter() - began
        times = in_turn(actions, rounds)
        exact = world.of_reading(land, study_of(reading, 1, "float64"))
        rows[name] = {
            "float32_ns_per_layer_month": per_layer_month * times["float32"]["least_s"],
            "float64_ns_per_layer_month": per_layer_month * times["float64"]["least_s"],
            "seconds_until_both_are_compiled_or_loaded": until_ready,
            "float64_to_plain_equations_largest_relative_difference": error_of_float64(exact)[0],
        }
    return {"cells": cells, "months": 12 * years, "readings": rows}


if __name__ == "__main__":
    benchmark(measure, __doc__)
