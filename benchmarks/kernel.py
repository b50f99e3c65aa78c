"""The fused kernel: time of a layer-month, and ratios to the same formulas written plainly.

    python benchmarks/kernel.py [--quick] [--out FILE]

Inputs lie in memory; what is timed is a block of the engine without its store. Ratios are of times
taken in turn in this one process. The naive forms run on one core, as they do for a user.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

import bandwidth
from harness import benchmark, cores, in_turn, label, say
from naive import as_dataset, fields_of, kinetics_of, numpy_form, xarray_form
from run_blocks import blocks_of, compute_all, ready

import world
from saprolite.inputs import Prepared

LAYERS = 4
ALONE = list(world.EXPERIMENTS)


class Size(NamedTuple):
    """Cells, years and rounds of a case."""

    cells: int
    years: int
    rounds: int


SMALL = {"full": Size(4096, 10, 9), "quick": Size(4096, 3, 3), "tiny": Size(36, 2, 1)}
LARGE = {"full": Size(20_000, 49, 3), "quick": Size(5_000, 5, 2), "tiny": Size(36, 3, 1)}
CASES: dict[str, dict[str, Any]] = {
    "control, one group of minerals": {},
    "control, five groups": {"reading": world.FIVE_GROUPS_READING},
    "control and four single-driver experiments": {"experiments": {"run": ALONE}},
    "control, experiments and Shapley contributions": {"experiments": {"run": [*ALONE, "shapley"]}},
    "five groups, experiments and Shapley contributions": {
        "reading": world.FIVE_GROUPS_READING,
        "experiments": {"run": [*ALONE, "shapley"]},
    },
}
NAIVE_CASE = "control, five groups"
ALONE_CASE = "control and four single-driver experiments"
SHAPLEY_CASE = "control, experiments and Shapley contributions"
CONTROL_CASE = "control, one group of minerals"
# Every kernel takes seconds to compile: the tiny size leaves out what no ratio needs.
PRECISIONS = {"full": ("float32", "float64"), "quick": ("float32", "float64"), "tiny": ("float32",)}
UNCOMPARED = {"full": 0, "quick": 0, "tiny": 1}


def measure(size: str) -> dict[str, Any]:
    """All of it."""
    workers = sorted({1, cores()})
    rates = {str(count): bandwidth.gigabytes_per_second(size, count) for count in workers}
    floor = {count: bandwidth.floor_ns(rate) for count, rate in rates.items()}
    cases = list(CASES)[: len(CASES) - UNCOMPARED[size]]
    kinds = [(case, precision) for case in cases for precision in PRECISIONS[size]]
    return {
        "workers": workers,
        "one_read_of_the_inputs": {"GB_per_s": rates, "ns_per_layer_month": floor},
        "small": _cases(SMALL[size], kinds, workers, floor),
        "large": _cases(LARGE[size], kinds, workers, floor),
    }


def _cases(
    size: Size, kinds: list[tuple[str, str]], workers: list[int], floor: dict[str, float]
) -> dict[str, Any]:
    """Every kernel at one size, naive forms among them, the times taken in turn."""
    say(f"kernel: {size.cells} cells, {12 * size.years} months")
    land = world.patch(size.cells, world.study(size.years))
    actions: dict[str, Callable[[], object]] = {}
    for case, precision in kinds:
        prepared = _prepared(land, size.years, precision, CASES[case])
        kernel, blocks = ready(prepared), blocks_of(prepared)
        for count in workers:
            actions[_key(case, precision, count)] = partial(compute_all, kernel, blocks, count)
    for case in (CONTROL_CASE, NAIVE_CASE):
        actions |= _naive_forms(_prepared(land, size.years, "float64", CASES[case]), case)
    times = in_turn(actions, size.rounds)
    per_layer_month = 1e9 / (12 * size.years * LAYERS * size.cells)
    ns = {name: per_layer_month * taken["least_s"] for name, taken in times.items()}
    medians = {name: per_layer_month * taken["median_s"] for name, taken in times.items()}
    return {
        **size._asdict(),
        "ns_per_layer_month": ns,
        "median_ns_per_layer_month": medians,
        "ratios": _ratios(ns, {precision for _, precision in kinds}, workers, floor),
    }


def _key(case: str, precision: str, workers: int) -> str:
    return f"{case}, {label(precision, workers)}"


def _prepared(land: Prepared, years: int, precision: str, sections: dict[str, Any]) -> Prepared:
    return world.of_reading(land, world.study(years, engine={"precision": precision}, **sections))


def _naive_forms(prepared: Prepared, case: str) -> dict[str, Callable[[], object]]:
    fields, minerals = fields_of(prepared), kinetics_of(prepared.model)
    data = as_dataset(fields, prepared.study.first_year)
    return {
        f"{case}, plain NumPy": lambda: numpy_form(fields, minerals),
        f"{case}, plain xarray": lambda: xarray_form(data, minerals),
    }


def _ratios(
    ns: dict[str, float], precisions: set[str], workers: list[int], floor: dict[str, float]
) -> dict[str, dict[str, float]]:
    """What the times are to each other, by precision and threads."""
    labelled, plain = ns[f"{NAIVE_CASE}, plain xarray"], ns[f"{NAIVE_CASE}, plain NumPy"]
    one_labelled, one_plain = (ns[f"{CONTROL_CASE}, plain {form}"] for form in ("xarray", "NumPy"))
    found: dict[str, dict[str, float]] = {}
    compared = (NAIVE_CASE, CONTROL_CASE, ALONE_CASE, SHAPLEY_CASE)
    for precision in sorted(precisions):
        for count in workers:
            of = {case: ns[_key(case, precision, count)] for case in compared}
            read = floor[str(count)]
            ratios = {
                "plain xarray to kernel, five groups": labelled / of[NAIVE_CASE],
                "plain NumPy to kernel, five groups": plain / of[NAIVE_CASE],
                "plain xarray to kernel, one group": one_labelled / of[CONTROL_CASE],
                "plain NumPy to kernel, one group": one_plain / of[CONTROL_CASE],
                "five plain xarray runs to control and four experiments":
                    (1 + len(ALONE)) * one_labelled / of[ALONE_CASE],
                "kernel to one read of the inputs, one group": of[CONTROL_CASE] / read,
                "kernel to one read of the inputs, experiments": of[ALONE_CASE] / read,
                "experiments with Shapley to control alone": of[SHAPLEY_CASE] / of[CONTROL_CASE],
            }  # fmt: skip
            for name, value in ratios.items():
                found.setdefault(name, {})[label(precision, count)] = value
    return found


if __name__ == "__main__":
    benchmark(measure, __doc__)
