"""How far the kernel is from the equations as they are written, and float32 from float64.

    python benchmarks/accuracy.py [--quick] [--out FILE]

Global sums are weighted by area; a flip is a series whose trend is significant (p < 0.05) in one
precision and not in the other.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from harness import benchmark, say
from naive import largest_difference
from run_blocks import annual_flux, annual_series

import world
from saprolite import equations as eq
from saprolite.constants import FREEZING_POINT
from saprolite.inputs import Prepared
from saprolite.models import Drivers, month_seconds

Array = npt.NDArray[np.float64]
SIZES = {"full": (20_000, 49), "quick": (2_000, 20), "tiny": (36, 4)}
SIGNIFICANT = 0.05
_FREEZING_STORED = np.float32(FREEZING_POINT)
SECTIONS: dict[str, Any] = {"experiments": {"run": [*world.EXPERIMENTS, "shapley"]}}


def plain_equations(prepared: Prepared, year: int) -> Array:
    """Annual flux by group from the functions of ``saprolite.equations`` on whole NumPy arrays."""
    model, soil = prepared.model, prepared.soil
    calendar = model.reading.calendar
    moisture, kelvin, rate = (values.astype(np.float64) for values in prepared.read_year(year))
    before = None
    if model.reading.et_mode == "trailing12":
        earlier = prepared.read_year(year - 1).evapotranspiration.astype(np.float64)
        before = earlier * np.array(month_seconds(calendar, year - 1))[:, None]
    seconds = month_seconds(calendar, year)
    drivers = Drivers(
        moisture, kelvin, rate * np.array(seconds)[:, None], seconds, before,
        prepared.atmospheric_co2.get(year),
    )  # fmt: skip
    groups = model.group_factors(model.static_factors(soil))
    return np.stack(model.annual_flux(groups, drivers, soil.bulk_density))


def error_of_float64(prepared: Prepared) -> tuple[float, int]:
    """Largest relative difference of the kernel in float64 from the plain equations, and how many
    layer-years are left out.

    What is 273.15 K in a file is a float32 that lies 6e-6 K below: the kernel takes it as not
    frozen, the plain equations on the float32 as frozen. A layer-year with such a month is left
    out here; the tests compare both on what the file means.
    """
    plain = np.stack([plain_equations(prepared, year) for year in prepared.study.years])
    ours = annual_flux(prepared)
    left_out = 0
    for number, year in enumerate(prepared.study.years):
        border = (prepared.read_year(year).soil_temperature == _FREEZING_STORED).any(axis=0)
        plain[number][:, border] = ours[number][:, border]
        left_out += int(border.sum())
    return largest_difference(plain, ours), left_out


def measure(size: str) -> dict[str, Any]:
    """Both comparisons on random soils."""
    cells, years = SIZES[size]
    land = world.patch(cells, world.study(years))
    say(f"accuracy: {cells} cells, {years} years")
    found = {}
    for precision in ("float32", "float64"):
        chosen = world.study(years, engine={"precision": precision}, **SECTIONS)
        found[precision] = annual_series(world.of_reading(land, chosen))
    single, double = found["float32"], found["float64"]
    exact = world.of_reading(land, world.study(min(years, 5), engine={"precision": "float64"}))
    flips, series = _flips(single, double)
    difference, left_out = error_of_float64(exact)
    return {
        "cells": cells,
        "years": years,
        "series": sorted(double),
        "float64_to_plain_equations_largest_relative_difference": difference,
        "layer_years_left_out_at_the_border_of_freezing": left_out,
        "float32_to_float64": {
            "global_sum_largest_relative_difference": _global_sums(single, double, land.area),
            "annual_flux_relative_difference_of_999_in_1000": _annual(
                single["control"], double["control"]
            ),
            "series_with_a_trend": series,
            "flips_of_significance": flips,
            "flips_per_100_000_series": 1e5 * flips / series,
        },
    }


def _global_sums(single: dict[str, Array], double: dict[str, Array], area: Array) -> float:
    """Largest over series and years; contributions are measured against the control."""
    control = (double["control"] * area).sum(axis=(1, 2))
    largest = 0.0
    for name, values in double.items():
        whole = (values * area).sum(axis=(1, 2))
        scale = control if "contribution" in name else whole
        difference = (single[name] * area).sum(axis=(1, 2)) - whole
        largest = max(largest, float(np.abs(difference / scale).max()))
    return largest


def _annual(single: Array, double: Array) -> float:
    flowing = double > 0.0
    return float(np.quantile(np.abs(single[flowing] / double[flowing] - 1.0), 0.999))


def _flips(single: dict[str, Array], double: dict[str, Array]) -> tuple[int, int]:
    """Flips and series: every layer and the column of every cell, every array."""
    flips = series = 0
    for name, values in double.items():
        for one, other in ((single[name], values), (single[name].sum(1), values.sum(1))):
            ours, theirs = _is_significant(one), _is_significant(other)
            flips += int((ours != theirs).sum())
            series += ours.size
    return flips, series


def _is_significant(values: Array) -> npt.NDArray[np.bool_]:
    return np.asarray(eq.linear_trend(np.moveaxis(values, 0, -1)).p < SIGNIFICANT)


if __name__ == "__main__":
    benchmark(measure, __doc__)
