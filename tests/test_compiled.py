"""The compiled CO2 pathway against the plain equations, and what keeps it fast and honest."""

from __future__ import annotations

import itertools
import math
import os
import re
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numba import njit

from covering import COVERING, reading_of
from saprolite import equations as eq
from saprolite.compiled import pathway as fused
from saprolite.compiled.binding import bound, called, inlined, is_cached
from saprolite.compiled.bundling import Bundles
from saprolite.compiled.elementary import ELEMENTARY, REAL
from saprolite.compiled.pathway import DRIVERS, ForcingArrays, FusedPathway
from saprolite.compiled.pathway_choices import Wanted, stages_of
from saprolite.compiled.reachable import digest_of
from saprolite.equations import attribution
from saprolite.models import CO2Pathway, Drivers, Reading, month_seconds
from saprolite.models.profile import Group

LAYERS, YEAR, BASE_YEAR = 4, 2001, 2000
MINERALS = ("chlorite", "smectite", "mica", "illite", "vermiculite")
# Every stage that a kernel may be made of; "literal" gives each mineral its own A.
READINGS = {name: reading_of(choices) for name, choices in COVERING.items()}


def forcing(cells: int, seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A year of float32 forcing with dew, frost, dust-dry and flooded soil."""
    rng = np.random.default_rng(seed)
    moisture = rng.uniform(0.0, 0.9, (12, LAYERS, cells))
    temperature = rng.uniform(200.0, 330.0, (12, LAYERS, cells))
    temperature[:, :, ::3] = rng.uniform(272.0, 274.5, temperature[:, :, ::3].shape)
    water = rng.uniform(-5e-6, 9e-5, (12, cells))
    single = tuple(array.astype(np.float32) for array in (moisture, temperature, water))
    # As float64 this is frozen, in a file it is not: it has a test of its own.
    single[1][single[1] == np.float32(273.15)] = 273.2
    return single


def statics(model: CO2Pathway, cells: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Static factors by group, bulk density, and where static inputs are complete."""
    rng = np.random.default_rng(99)
    factors = rng.uniform(1e-10, 1e-7, (len(model.groups), LAYERS, cells))
    factors[:, -1, ::5] = 0.0  # no soil
    complete = np.ones((LAYERS + 1, cells), bool)
    return factors, rng.uniform(900.0, 1700.0, (LAYERS, cells)), complete


def drivers(model: CO2Pathway, year: int, now: Any, before: Any, air: float | None) -> Drivers:
    moisture, temperature, water = (array.astype(np.float64) for array in now)
    seconds = month_seconds(model.reading.calendar, year)
    amounts = np.stack([eq.monthly_amount(*pair) for pair in zip(water, seconds, strict=True)])
    earlier = month_seconds(model.reading.calendar, year - 1)
    previous = np.stack([eq.monthly_amount(*pair) for pair in
                         zip(before[2].astype(np.float64), earlier, strict=True)])  # fmt: skip
    return Drivers(moisture, temperature, amounts, seconds, previous, air)


def plain(
    model: CO2Pathway, factors: np.ndarray, given: Drivers, density: np.ndarray
) -> np.ndarray:
    return np.stack(model.annual_flux(list(factors), given, density))


def by_kernel(
    kernel: FusedPathway, now: Any, before: Any, cells: slice, base: Any = None, year: int = YEAR
) -> fused.YearOfFluxes:
    factors, density, complete = statics(kernel.model, now[0].shape[-1])
    part = ForcingArrays(*(a[..., cells] for a in now), before[2][..., cells])
    return kernel.year(
        part,
        year,
        400.0,
        density.astype(kernel.real),
        cells,
        kernel.scaled(factors),
        complete,
        base,
    )


@pytest.mark.parametrize(("name", "low", "high"), [
    ("exp", -700.0, 700.0), ("exp", -1.0, 1.0), ("log", -300.0, 300.0), ("log", -0.1, 0.1)])  # fmt: skip
@pytest.mark.parametrize(("precision", "kind"), [("float64", np.float64), ("float32", np.float32)])
def test_elementary_functions_are_exact_to_a_unit_in_the_last_place(
    name: str, low: float, high: float, precision: str, kind: Any
) -> None:
    if kind is np.float32:
        low, high = max(low, -86.0), min(high, 86.0)
    x = np.random.default_rng(1).uniform(low, high, 20_001)
    x = (np.exp(x) if name == "log" else x).astype(kind)
    ours, exact = (
        on_lanes(ELEMENTARY[precision][name], x),
        getattr(np, name)(x.astype(np.longdouble)),
    )
    assert ours.dtype == kind
    assert float(np.abs((ours - exact) / exact).max()) < 1.1 * np.finfo(kind).eps


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_elementary_functions_at_the_edges(precision: str) -> None:
    edges = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, -1.0, 2e4, -2e4],
                     np.float64 if precision == "float64" else np.float32)  # fmt: skip
    with np.errstate(all="ignore"):
        for name in ("exp", "log"):
            np.testing.assert_allclose(
                on_lanes(ELEMENTARY[precision][name], edges), getattr(np, name)(edges),
                rtol=2.0 * np.finfo(edges.dtype).eps,
            )  # fmt: skip
    smaller, larger = (ELEMENTARY[precision][name] for name in ("minimum", "maximum"))
    for a, b in itertools.product([np.nan, 1.0, 2.0], repeat=2):
        np.testing.assert_equal(smaller(a, b), np.minimum(a, b))
        np.testing.assert_equal(larger(a, b), np.maximum(a, b))


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("factor", [0.5, -0.35, 1.0, 3300.0, 8123.4])
def test_exp_of_a_product_errs_by_the_roundings_of_the_product(
    factor: float, precision: str
) -> None:
    kind = REAL[precision]
    reach = 700.0 if precision == "float64" else 86.0
    a = (np.random.default_rng(2).uniform(-reach, reach, 20_001) / factor).astype(kind)
    product = a.astype(np.longdouble) * np.longdouble(kind(factor))
    ours = on_lanes(_times(ELEMENTARY[precision]["exp_product"], kind(factor)), a)
    errors = (ours / np.exp(product) - 1.0) / np.finfo(kind).eps
    assert ours.dtype == kind
    assert (np.abs(errors) < 1.1 + 1.5 * np.abs(product)).all()
    assert abs(float(errors.mean())) < 0.02 * reach
    edges = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 2e9, -2e9], kind)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(
            on_lanes(_times(ELEMENTARY[precision]["exp_product"], kind(factor)), edges),
            np.exp(edges * kind(factor)),
        )


def _times(function: Any, factor: Any) -> Any:
    @njit(error_model="numpy")
    def of(value):
        return function(value, factor)

    return of


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_exp_reaches_the_largest_number_and_stops_above_the_smallest_normal_one(
    precision: str,
) -> None:
    kind = REAL[precision]
    info, random = np.finfo(kind), np.random.default_rng(3)
    greatest, least = math.log(float(info.max)), math.log(float(info.tiny))
    x = random.uniform(greatest - 2.0, greatest + 2.0, 5000).astype(kind)
    ours, exact = on_lanes(ELEMENTARY[precision]["exp"], x), np.exp(x.astype(np.longdouble))
    finite = exact <= info.max
    assert float(np.abs(ours / exact - 1.0)[finite].max()) < 1.1 * info.eps
    assert np.isinf(ours[~finite]).all()
    x = random.uniform(least - 2.0, least + 2.0, 5000).astype(kind)
    ours, exact = on_lanes(ELEMENTARY[precision]["exp"], x), np.exp(x.astype(np.longdouble))
    kept = exact > 1.0001 * math.sqrt(2.0) * float(info.tiny)
    assert float(np.abs(ours / exact - 1.0)[kept].max()) < 1.1 * info.eps
    assert (ours[exact < 0.9999 * math.sqrt(2.0) * float(info.tiny)] == 0.0).all()


def on_lanes(function: Any, x: np.ndarray) -> np.ndarray:
    @njit(error_model="numpy")
    def loop(values, result):
        for i in range(values.size):
            result[i] = function(values[i])

    result = np.empty_like(x)
    loop(x, result)
    return result


@given(st.floats(180.0, 350.0), st.floats(0.0, 2e4), st.floats(250.0, 320.0))
def test_a_bound_equation_is_the_plain_one(kelvin: float, coefficient: float, at: float) -> None:
    ours = bound(eq.temperature_factor)(kelvin, coefficient, at)
    exact = eq.temperature_factor(kelvin, coefficient, at)
    assert ours == pytest.approx(float(exact), rel=1e-13, abs=0.0)


def test_a_bound_equation_has_one_precision_throughout() -> None:
    single = np.float32
    for function, arguments in (
        (eq.temperature_factor, (single(280.0),)),
        (eq.log_soil_co2, (single(500.0),)),
        (eq.moisture_saturation, (single(0.3), single(1300.0))),
        (eq.unfrozen_weight_months, (single(280.0),)),
        (eq.unfrozen_weight_logistic, (single(280.0),)),
        (eq.annualised_month, (single(3.0),)),
        (eq.percentage_of_degrees, (single(3.0), single(4.0))),
        (eq.pair_change, tuple(single(n) for n in range(4))),
        (attribution._mean_gain_per_step, (eq.PairChange(*(single(n) for n in range(8))),)),
    ):
        compiled = bound(function, "float32")
        compiled(*arguments)
        for item in compiled.overloads.values():
            assert "float64" not in str(item.signature), function.__name__


@pytest.mark.parametrize("name", READINGS)
def test_every_stage_is_the_plain_equations(name: str) -> None:
    model = CO2Pathway.of(READINGS[name], MINERALS)
    cells = 700
    now, before = forcing(cells, 1), forcing(cells, 2)
    factors, density, _ = statics(model, cells)
    expected = plain(model, factors, drivers(model, YEAR, now, before, 400.0), density)
    assert np.isfinite(expected).all()
    found = by_kernel(FusedPathway(model, "float64", Wanted()), now, before, slice(0, cells))
    np.testing.assert_allclose(found.flux, expected, rtol=1e-13, atol=0.0)


# Order and coefficient of groups, by place; by what their experiments are bundled by.
BUNDLED = {
    "order": ((0, 0), (1, 0), (0, 1), (1, 1), (0, 2)),
    "coefficient": ((0, 0), (1, 0), (2, 1), (0, 2), (1, 1)),  # three of them
    "group": ((0, 0), (1, 1)),
    "one order": ((0, 0), (0, 1)),
}


def several_groups(bundled_by: str = "order") -> CO2Pathway:
    """Minerals that differ in order and in temperature coefficient."""
    model = CO2Pathway.of(Reading(), MINERALS)
    groups = tuple(Group(0.5 + 0.1 * order, 3000.0 + 400.0 * coefficient, (n,))
                   for n, (order, coefficient) in enumerate(BUNDLED[bundled_by]))  # fmt: skip
    return CO2Pathway(
        model.reading, model.minerals, model.rows, model.constants, model.co2_yield, groups
    )


def test_float32_is_close_cell_by_cell_and_closer_in_the_sum() -> None:
    model, cells = several_groups(), 3000
    now, before = forcing(cells, 3), forcing(cells, 4)
    double = by_kernel(FusedPathway(model, "float64", Wanted()), now, before, slice(0, cells)).flux
    single = by_kernel(FusedPathway(model, "float32", Wanted()), now, before, slice(0, cells)).flux
    assert single.dtype == np.float64
    np.testing.assert_allclose(single, double, rtol=5e-5, atol=0.0)
    assert single.sum() == pytest.approx(double.sum(), rel=1e-6)
    assert not np.array_equal(single, double)


@pytest.fixture(scope="module", params=["order", "group"])
def everything(request: pytest.FixtureRequest) -> FusedPathway:
    """All experiments, contributions and months of a model of several groups."""
    kernel = FusedPathway(several_groups(request.param), "float64", Wanted(True, True, True))
    assert kernel.bundles.by == request.param
    return kernel


def mixed(
    model: CO2Pathway, factors: np.ndarray, density: np.ndarray, of_now: Drivers, of_base: Drivers,
    changed: tuple[bool, ...],
) -> np.ndarray:  # fmt: skip
    """The product of factors by hand, where moisture, temperature, CO2 and frozen soil are changed:
    each from the year or from the base year."""
    total = np.zeros(density.shape)
    moisture, temperature, co2, frozen = (of_now if one else of_base for one in changed)
    for month, seconds in enumerate(of_now.seconds):
        wet = np.clip(eq.moisture_saturation(moisture.soil_moisture[month], density), 0.0, 1.0)
        kelvin = temperature.soil_temperature[month]
        unfrozen = frozen.soil_temperature[month] >= 273.15
        pressure = model.soil_co2(co2, month)
        for group, factor in zip(model.groups, factors, strict=True):
            warm = np.exp(group.coefficient * (1.0 / 281.15 - 1.0 / kelvin))
            total += factor * seconds * pressure**group.order * warm * wet * unfrozen
    return total


@pytest.mark.parametrize("precision", ["float64", "float32"])
@pytest.mark.parametrize("bundled_by", ["order", "coefficient", "one order"])
def test_experiments_of_bundles_are_the_sum_of_their_groups(
    bundled_by: str, precision: str
) -> None:
    """In tiles of a block that begins within the map; a static factor of one group is missing."""
    model, cells, part = several_groups(bundled_by), 1300, slice(37, 1290)
    now, base, before = forcing(cells, 15), forcing(cells, 16), forcing(cells, 17)
    factors, density, complete = statics(model, cells)
    factors[1, 1, ::7], factors[0, 2, ::11] = np.nan, 0.0
    kernel = FusedPathway(model, precision, Wanted(True, True))
    of_now = drivers(model, YEAR, now, before, 400.0)
    of_base = drivers(model, BASE_YEAR, base, before, 300.0)
    changes = [tuple(bool(bits >> n & 1) for n in range(4)) for bits in range(16)]
    outcomes = [mixed(model, factors, density, of_now, of_base, one)[:, part] for one in changes]
    common = density.astype(kernel.real), part, kernel.scaled(factors)
    of_part = [ForcingArrays(*(array[..., part] for array in year), before[2][..., part])
               for year in (now, base)]  # fmt: skip
    cycle = kernel.base_cycle(of_part[1], BASE_YEAR, 300.0, *common)
    found = kernel.year(of_part[0], YEAR, 400.0, *common, complete, cycle)
    tolerance = 1e-13 if precision == "float64" else 2e-6
    for driver, bits in zip(found.alone, (1, 2 | 8, 4, 8), strict=True):
        np.testing.assert_allclose(driver, outcomes[bits], rtol=tolerance, atol=1e-20)
    for driver, exact in zip(found.contributions, eq.shapley_of_game(outcomes), strict=True):
        largest = np.nanmax(np.abs(exact))
        np.testing.assert_allclose(driver, exact, rtol=0.0, atol=tolerance * largest)
    again = kernel.year(of_part[1], BASE_YEAR, 300.0, *common, complete, cycle).contributions
    assert (again[np.isfinite(again)] == 0.0).all()


def test_experiments_swap_one_driver(everything: FusedPathway) -> None:
    model, cells = everything.model, 300
    now, base, before = forcing(cells, 5), forcing(cells, 6), forcing(cells, 7)
    factors, density, _ = statics(model, cells)
    cycle = everything.base_cycle(
        ForcingArrays(*base, before[2]), BASE_YEAR, 300.0, density, slice(0, cells), factors
    )
    found = by_kernel(everything, now, before, slice(0, cells), cycle)
    of_now = drivers(model, YEAR, now, before, 400.0)
    of_base = drivers(model, BASE_YEAR, base, before, 300.0)

    combinations = list(itertools.product([False, True], repeat=4))
    value = {
        which: mixed(model, factors, density, of_now, of_base, which) for which in combinations
    }
    np.testing.assert_allclose(found.flux.sum(axis=0), value[True, True, True, True], rtol=1e-12)
    # Frozen soil follows the temperature that varies alone.
    alone = [(True, False, False, False), (False, True, False, True),
             (False, False, True, False), (False, False, False, True)]  # fmt: skip
    for driver, which in zip(found.alone, alone, strict=True):
        assert driver.dtype == np.float64
        np.testing.assert_allclose(driver, value[which], rtol=1e-12, atol=1e-20)
    scale = value[True, True, True, True] + value[False, False, False, False]
    for index in range(4):
        contribution = np.zeros((LAYERS, cells))
        for order in itertools.permutations(range(4)):
            changed = [False] * 4
            for player in order:
                before_change = value[tuple(changed)]
                changed[player] = True
                if player == index:
                    contribution += (value[tuple(changed)] - before_change) / math.factorial(4)
        assert np.abs(found.contributions[index] - contribution).max() < 1e-12 * scale.max()
    total = found.contributions.sum(axis=0)
    change = value[True, True, True, True] - value[False, False, False, False]
    assert (np.abs(total - change) <= 1e-12 * scale).all()
    np.testing.assert_allclose(
        found.months.sum(axis=0), found.flux.sum(axis=0), rtol=1e-12, atol=1e-20
    )


def test_frozen_soil_may_stay_that_of_the_base_year() -> None:
    model, cells = CO2Pathway.of(Reading(), MINERALS), 100
    base = forcing(cells, 8)
    warm, cold = np.full_like(base[1], 290.0), np.full_like(base[1], 260.0)
    factors, density, _ = statics(model, cells)
    kernel = FusedPathway(model, "float64", Wanted(alone=True, frozen_follows=False))
    then, now = (base[0], warm, base[2]), (base[0], cold, base[2])
    cycle = kernel.base_cycle(
        ForcingArrays(*then), BASE_YEAR, None, density, slice(0, cells), factors
    )
    found = by_kernel(kernel, now, base, slice(0, cells), cycle)
    assert (found.flux == 0.0).all()
    assert (found.alone[DRIVERS.index("frozen_soil")] == 0.0).all()
    assert (found.alone[DRIVERS.index("soil_temperature")][:-1] > 0.0).all()


def test_a_base_year_that_repeats_itself_changes_nothing(everything: FusedPathway) -> None:
    cells = 64
    base = forcing(cells, 9)
    factors, density, _ = statics(everything.model, cells)
    cycle = everything.base_cycle(
        ForcingArrays(*base, base[2]), YEAR, 400.0, density, slice(0, cells), factors
    )
    found = by_kernel(everything, base, base, slice(0, cells), cycle)
    for driver in found.alone:
        np.testing.assert_allclose(driver, found.flux.sum(axis=0), rtol=1e-6)
    assert (found.contributions == 0.0).all()


@settings(max_examples=25)
@given(data=st.data())
def test_no_bit_depends_on_how_cells_are_cut(everything: FusedPathway, data: st.DataObject) -> None:
    cells = 600
    now, base = forcing(cells, 10), forcing(cells, 11)
    factors, density, _ = statics(everything.model, cells)

    def of(part: slice) -> fused.YearOfFluxes:
        cut = ForcingArrays(*(a[..., part] for a in base), base[2][..., part])
        cycle = everything.base_cycle(cut, BASE_YEAR, 300.0, density, part, factors)
        return by_kernel(everything, now, base, part, cycle)

    first = data.draw(st.integers(0, cells - 1))
    last = data.draw(st.integers(first + 1, cells))
    whole, part = of(slice(0, cells)), of(slice(first, last))
    for one, other in zip(whole[:4], part[:4], strict=True):
        np.testing.assert_array_equal(one[..., first:last], other)


@settings(max_examples=25)
@given(data=st.data())
def test_a_missing_value_is_missing_there_and_nowhere_else(
    everything: FusedPathway, data: st.DataObject
) -> None:
    cells = 300
    now, base = forcing(cells, 12), forcing(cells, 13)
    factors, density, _ = statics(everything.model, cells)
    cycle = everything.base_cycle(
        ForcingArrays(*base, base[2]), BASE_YEAR, 300.0, density, slice(0, cells), factors
    )
    whole = by_kernel(everything, now, base, slice(0, cells), cycle)
    spoiled = [array.copy() for array in now]
    variable, month = data.draw(st.integers(0, 2)), data.draw(st.integers(0, 11))
    layer, cell = data.draw(st.integers(0, LAYERS - 1)), data.draw(st.integers(0, cells - 1))
    spoiled[variable][(month, layer, cell) if variable < 2 else (month, cell)] = np.nan
    found = by_kernel(everything, spoiled, base, slice(0, cells), cycle)
    lacking = np.zeros((LAYERS, cells), bool)
    lacking[layer if variable < 2 else slice(None), cell] = True
    for one, other in zip(whole[:2], found[:2], strict=True):
        assert (np.isnan(other).any(axis=0) == lacking).all()
        np.testing.assert_array_equal(one[:, ~lacking], other[:, ~lacking])
    assert (np.isnan(found.contributions).any(axis=0) == lacking).all()
    assert found.counts[3] == lacking.sum()


def test_counts_of_what_was_clipped() -> None:
    model, cells = CO2Pathway.of(READINGS["original"], MINERALS), 500
    now = forcing(cells, 14)
    kernel = FusedPathway(model, "float64", Wanted())
    factors, density, complete = statics(model, cells)
    complete[:LAYERS, :50] = 0
    complete[1, 40:60] = 0
    complete[LAYERS] = complete[:LAYERS].any(axis=0)
    found = kernel.year(
        ForcingArrays(*now), YEAR, None, density, slice(0, cells), factors, complete, None
    )
    here = complete[:LAYERS]
    moisture, kelvin = now[0].astype(float), now[1].astype(float)
    phi = eq.moisture_saturation(moisture, eq.moist_bulk_density(moisture, density))
    assert found.counts == (
        int((now[2].astype(float).sum(axis=0) < 0.0)[here.any(axis=0)].sum()) * 12,
        int((((phi < 0.0) | (phi > 1.0)) & here).sum()),
        int(((np.abs(kelvin - 273.15) <= 0.2) & here).sum()),
        0,
    )
    assert min(found.counts[1:3]) > 0


def test_arrays_of_another_layout_or_read_only_give_the_same_numbers() -> None:
    """A kernel is compiled for contiguous arrays: others are copied, never misread."""
    kernel = FusedPathway(CO2Pathway.of(Reading(), MINERALS), "float64", Wanted())
    now = forcing(90, 15)
    whole = by_kernel(kernel, now, now, slice(0, 90))
    wide = tuple(np.asfortranarray(array) for array in now)
    spread = tuple(np.repeat(array, 2, axis=-1)[..., ::2] for array in now)
    frozen = tuple(array.copy() for array in now)
    for array in frozen:
        array.setflags(write=False)
    for other in (wide, spread, frozen):
        np.testing.assert_array_equal(
            by_kernel(kernel, other, other, slice(0, 90)).flux, whole.flux
        )
    assert len(kernel._year_kernel.overloads) == 1


def test_threads_may_call_a_kernel_at_once() -> None:
    kernel = FusedPathway(CO2Pathway.of(Reading(), MINERALS), "float64", Wanted())
    now = forcing(5000, 16)
    whole = by_kernel(kernel, now, now, slice(0, 5000)).flux
    found: list[np.ndarray] = []
    threads = [threading.Thread(target=lambda: found.append(
        by_kernel(kernel, now, now, slice(0, 5000)).flux)) for _ in range(6)]  # fmt: skip
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 6
    for flux in found:
        np.testing.assert_array_equal(flux, whole)


@pytest.mark.parametrize("precision", ["float64", "float32"])
def test_the_loops_vectorise(precision: str) -> None:
    """A helper that is not inlined or a lane that branches leaves scalar code, many times slower."""
    one, two = Bundles("group", 1, (0,)), Bundles("order", 2, (0, 1, 0))
    stages = stages_of(Reading(), precision, Wanted(True, True), False, one)
    co2_factors, wet, frozen = (
        stages[name] for name in ("co2_factors", "wet_month", "frozen_month")
    )
    warm, warmth, control = (
        stages[name] for name in ("warm_month", "warmth_of_months", "sum_of_year")
    )
    compared = stages["compared_year"]
    of_two = stages_of(Reading(), precision, Wanted(True, True), False, two)
    of_group, of_bundles, added = (
        of_two[name] for name in ("group_year", "compared_bundles", "scaled_and_added")
    )
    alone = stages_of(Reading(), precision, Wanted(), False, one)
    own, both = alone["sum_of_year"], alone["frozen_month"]
    lanes = np.ones(fused.stages.LANES, fused.REAL[precision])
    rows = lanes.reshape(12, -1)
    row, few, wide = rows[0].copy(), rows[0, :1].copy(), np.ones(4 * fused.stages.TILE)
    stored = np.ones(fused.stages.TILE, np.float32)

    @njit(error_model="numpy")
    def all_stages(stored, months, few, row, rows, lanes, work, wide, products, sums):
        co2_factors(rows, few[0], few, months, row, rows.reshape((1, 12, row.size)), row)
        wet(stored, row, row, row)
        frozen(stored, row, row, row, row)
        warm(stored, row)
        warmth(work, few[0], lanes)
        control(lanes, lanes, few[0], work, wide)
        own(lanes, lanes, few[0], work, wide)
        both(stored, row, row, row, row)
        compared(lanes, lanes, work, lanes, lanes, work, wide, products, wide, sums)
        of_group(lanes, lanes, work, lanes, lanes, work, few[0], wide, row, lanes, lanes, products,
                 wide, sums)  # fmt: skip
        bundles = work[: 2 * lanes.size].reshape((2, lanes.size))
        of_bundles(bundles, bundles, work, bundles, bundles, work, products, sums)
        added(row, lanes, lanes)

    stored.flags.writeable = False
    # One array stands in for several: nothing is asked of the numbers.
    products = np.ones(9 * fused.template.YEAR, lanes.dtype)
    all_stages(stored, np.ones(12), few, row, rows, lanes, np.ones(3 * lanes.size, lanes.dtype),
               wide, products, np.ones((8, fused.stages.TILE)))  # fmt: skip
    suffix = "pd" if precision == "float64" else "ps"
    short = (wet, frozen, warm, both)
    longer = (co2_factors, warmth, control, own, compared, of_group, of_bundles)
    for stage in (*longer, added, *short):
        # All that kernels of this precision have had compiled, this one among them.
        for assembly in stage.inspect_asm().values():
            if "vmulp" not in assembly and "mulp" not in assembly:
                assert "fmul" in assembly and (".2d" in assembly or ".4s" in assembly)  # ARM
                continue
            packed, scalar = (
                len(re.findall(rf"(?:mul|fmadd\d+){kind}\b", assembly))
                for kind in (suffix, f"s{suffix[-1]}")
            )
            # A short loop of any length has scalar code for its last lanes, too.
            assert packed > (5 if stage in longer else 0)
            # A loop of fixed length has none: no lane is left over, and arrays that share no memory
            # need no second way. A coefficient is multiplied once, before the loop.
            assert stage in short or scalar <= 1
            # An index that might be negative is looked up lane by lane.
            assert "scatter" not in assembly and "gather" not in assembly
            assert not any(
                name in assembly for name in ("callq\t*exp", "exp@PLT", "log@PLT", "pow@PLT")
            )


def test_the_code_of_a_kernel_is_found_again_and_never_taken_for_another() -> None:
    model = CO2Pathway.of(Reading(), MINERALS)
    one, same = (FusedPathway(model, "float64", Wanted()) for _ in range(2))
    other = FusedPathway(CO2Pathway.of(Reading(et_floor=1.0), MINERALS), "float64", Wanted())
    single = FusedPathway(model, "float32", Wanted())
    names = {kernel._year_kernel.__name__ for kernel in (one, other, single)}
    assert len(names) == 3
    assert one._year_kernel.__name__ == same._year_kernel.__name__
    said: list[str] = []
    one.compile(lambda stage, *_: said.append(stage))
    assert is_cached(one._year_kernel)
    said.clear()
    same.compile(lambda stage, *_: said.append(stage))
    assert said == []


_TWO_READINGS = """
import sys
import numpy as np
from saprolite.compiled.pathway import ForcingArrays, FusedPathway
from saprolite.compiled.pathway_choices import Wanted
from saprolite.models import CO2Pathway, Reading

for floor in sys.argv[1:]:
    kernel = FusedPathway(CO2Pathway.of(Reading(et_floor=float(floor))), "float64", Wanted())
    months = np.full((12, 1, 1), 0.3, np.float32), np.full((12, 1, 1), 290.0, np.float32)
    forcing = ForcingArrays(*months, np.full((12, 1), 1e-6, np.float32))
    found = kernel.year(forcing, 2001, None, np.full((1, 1), 1300.0), slice(0, 1),
                        np.ones((1, 1, 1)), np.ones((2, 1), bool), None)
    print(repr(float(found.flux[0, 0, 0])))
"""


def test_code_that_other_processes_cached_is_linked_to_its_own_parts(tmp_path: Path) -> None:
    """Parts of two kernels, compiled by two processes, have the same names but for their digests."""
    floors = ("20.0", "40.0")

    def printed(*given: str) -> list[float]:
        finished = subprocess.run(
            [sys.executable, "-c", _TWO_READINGS, *given], capture_output=True, text=True, check=True,
            env={**os.environ, "NUMBA_CACHE_DIR": str(tmp_path)},
        )  # fmt: skip
        return [float(line) for line in finished.stdout.splitlines()]

    alone = [printed(floor)[0] for floor in floors]
    assert alone[0] < alone[1]
    assert printed(*floors) == alone
    assert printed(*reversed(floors)) == alone[::-1]


def test_kernels_share_the_parts_that_are_the_same_and_no_others() -> None:
    def part(factor: float, precision: str = "float64") -> Any:
        return called(scaled, {"factor": factor}, precision)

    def scaled(x: float) -> float:
        return factor * x  # noqa: F821

    assert part(2.0) is part(2.0)
    assert part(2.0) is not part(3.0)
    assert part(2.0) is not part(2.0, "float32")
    assert part(2.0) is not inlined(scaled, {"factor": 2.0}, "float64")
    both = njit(lambda x: (two(x), three(x)))
    two, three = part(2.0), part(3.0)
    assert both(5.0) == (10.0, 15.0)


def test_a_kernel_is_known_by_what_it_takes_from_modules(monkeypatch: pytest.MonkeyPatch) -> None:
    def rows() -> float:
        return float(fused.stages.TILE)

    before = digest_of(rows)
    monkeypatch.setattr(fused.stages, "TILE", fused.stages.TILE + 1)
    assert digest_of(rows) != before


def test_both_precisions_agree_on_what_is_frozen() -> None:
    """What is 273.15 K in a file is not frozen, although its float32 lies below 273.15."""
    model = CO2Pathway.of(Reading(), MINERALS)
    moisture, temperature, water = forcing(50, 17)
    temperature[:] = np.float32(273.15)
    temperature[6:] = np.nextafter(np.float32(273.15), np.float32(0.0))
    now = moisture, temperature, water
    double, single = (by_kernel(FusedPathway(model, precision, Wanted()), now, now, slice(0, 50)).flux
                      for precision in ("float64", "float32"))  # fmt: skip
    np.testing.assert_allclose(single, double, rtol=5e-6)
    factors, density, _ = statics(model, 50)
    in_file = drivers(model, YEAR, now, now, None)
    in_file.soil_temperature[:6] = 273.15
    # Eq 5 feels the 6e-6 K by which float32(273.15) is colder: 3.6e3 K * 6e-6 K / (273 K)^2.
    np.testing.assert_allclose(double, plain(model, factors, in_file, density), rtol=4e-7)


@pytest.mark.parametrize("coefficient", [1000.0, 20_000.0])
def test_float32_has_no_bias_that_grows_with_the_temperature_coefficient(
    coefficient: float,
) -> None:
    reading = Reading(arrhenius_coefficient=coefficient)
    model, cells = CO2Pathway.of(reading, MINERALS), 4000
    moisture, temperature, water = forcing(cells, 18)
    now = moisture, np.clip(temperature, 274.0, 303.0), np.abs(water)
    double, single = (by_kernel(FusedPathway(model, precision, Wanted()), now, now, slice(0, cells)).flux
                      for precision in ("float64", "float32"))  # fmt: skip
    assert single.sum() == pytest.approx(double.sum(), rel=6e-7)
