"""The compiled solver of soil columns against the solver of single sites, lane by lane."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

import numba
import numpy as np
import pytest

from saprolite.column import (
    compiled_newton,
    compiled_rough,
    compiled_solution,
    compiled_terms,
)
from saprolite.column.columns import PRESCRIBED, Columns
from saprolite.column.compiled import compile_solver, compiled_steady_state, is_compiled
from saprolite.column.compiled_kernel import bound_part, column_kernel
from saprolite.column.compiled_law import law_tables
from saprolite.column.compiled_rows import LANES, ROWS, add_rows, add_scaled
from saprolite.column.layer import IONS
from saprolite.column.solve import (
    is_compilable,
    rate_law,
    steady_state,
    steady_state_of_many,
)
from saprolite.column.steady_state import SteadyState, charge_per_unit
from saprolite.models import ColumnReading
from saprolite.models.rate_law import ProfileLaw

MINERALS = (
    "k_feldspar", "albite", "anorthite", "hornblende", "epidote", "biotite", "muscovite",
    "chlorite", "apatite", "kaolinite", "kyanite", "calcite",
)  # fmt: skip
LAYERS = 3
# Two readings compile; the others share their code.
DEFAULT = ColumnReading()
OTHER = ColumnReading(
    rate_law="nutsfor", organic_acid="triprotic", activity="guntelberg", organic_order="equation",
    gibbsite_temperature="vant_hoff", aluminium_species="al3_only", uptake_residual=0.0,
)  # fmt: skip
PLAIN = ColumnReading(activity="off")
READINGS = {
    "default": DEFAULT,
    "other choices": OTHER,
    "activities off": PLAIN,
    "no organic acid": ColumnReading(organic_acid="none", organic_brake_exponent="H"),
    "no brakes": ColumnReading(brakes="off"),
    "fewer pathways": ColumnReading(pathways="H,CO2"),
    "one pathway that stands still": ColumnReading(pathways="CO2"),
    "the laws of 2019 without brakes": ColumnReading(
        rate_law="sverdrup_2019", kinetics="sverdrup_2019", brakes="off"
    ),
}


def profiles(
    count: int, seed: int = 0, minerals: tuple[str, ...] = MINERALS, driest: float = -1.3
) -> Columns:
    """Random profiles over the range of soils; 10^``driest``: the least percolation, m yr-1."""
    random = np.random.default_rng(seed)
    shape = (LAYERS, count)

    def between(low: float, high: float) -> np.ndarray:
        return random.uniform(low, high, shape)

    shares = random.dirichlet(np.ones(max(1, len(minerals))), size=shape).transpose(2, 0, 1)
    uptake = {name: between(0, 1) * 10 ** between(-6.5, -5.0) for name in ("Ca", "Mg", "K", "N")}
    return Columns(
        names=tuple(str(lane) for lane in range(count)),
        layer_names=tuple(("1", "2", "3") for _ in range(count)),
        minerals=minerals,
        thickness=between(0.05, 0.6),
        temperature=between(268.0, 308.0),
        pressure=10 ** between(-3.6, -1.0),
        doc=10 ** between(-4.0, -1.0) * (between(0, 1) > 0.1),
        log_gibbsite=between(5.0, 10.0),
        gibbsite_exponent=np.where(between(0, 1) > 0.3, 3.0, between(1.5, 3.0)),
        nitrification=between(0.0, 1.0),
        surface=shares[: len(minerals)] * 10 ** between(2.0, 6.5) * (between(0, 1) > 0.05),
        percolation=10 ** between(driest, 0.4),
        deposition={name: 10 ** random.uniform(-6.5, -4.3, count) for name in IONS},
        uptake={**uptake, "Na": np.zeros(shape)},
        prescribed={name: np.full(shape, np.nan) for name in PRESCRIBED},
        present=np.ones(shape, bool),
    )


def law_of(reading: ColumnReading, minerals: tuple[str, ...] = MINERALS) -> ProfileLaw:
    law = rate_law(reading, minerals)
    assert isinstance(law, ProfileLaw)
    return law


def solved(columns: Columns, reading: ColumnReading = DEFAULT, workers: int = 1) -> SteadyState:
    return compiled_steady_state(columns, law_of(reading, columns.minerals), workers)


def values(state: SteadyState) -> dict[str, np.ndarray]:
    """Every array of a solution by name."""
    found: dict[str, Any] = {"ph": state.ph, "rates": state.rates, "residual": state.residual}
    for group in ("released", "ions", "outflow", "taken_up"):
        found |= {f"{group} {name}": array for name, array in getattr(state, group).items()}
    return found


def assert_agrees(fast: SteadyState, slow: SteadyState, rel: float = 5e-9) -> None:
    """To 1e-10 in pH; a balance to 1e-13 of the charges fixes what depends on base cations, where
    they are a ten-thousandth of the charges, to 1e-9."""
    assert np.array_equal(fast.found, slow.found)
    assert fast.pathways == slow.pathways
    assert fast.minerals == slow.minerals
    assert set(values(fast)) == set(values(slow))
    assert fast.ph == pytest.approx(slow.ph, rel=0.0, abs=1e-10, nan_ok=True)
    assert fast.rates == pytest.approx(slow.rates, rel=rel, abs=0.0, nan_ok=True)
    inflow = sum(np.abs(array) for array in slow.outflow.values())
    for name, array in values(slow).items():
        if name.startswith("taken_up"):  # a difference of what is there and what leaves
            off = np.abs(values(fast)[name] - array)
            assert ((off <= rel * inflow) | np.isnan(array)).all(), name
        elif name != "residual":
            got = values(fast)[name]
            assert got == pytest.approx(array, rel=rel, abs=0.0, nan_ok=True), name


def same_bits(one: SteadyState, other: SteadyState, lanes: Any = slice(None)) -> None:
    for name, array in values(one).items():
        assert np.array_equal(array[..., lanes], values(other)[name], equal_nan=True), name


@pytest.mark.parametrize("name", READINGS)
def test_it_gives_what_the_solver_of_single_sites_gives(name: str) -> None:
    reading = READINGS[name]
    minerals = ("albite", "quartz") if reading.kinetics == "sverdrup_2019" else MINERALS
    columns = profiles(150, seed=1, minerals=minerals)
    slow = steady_state(columns, reading)
    assert slow.found.mean() > 0.9
    assert_agrees(solved(columns, reading), slow)


def test_very_dry_profiles() -> None:
    """Base cations as a small difference of large charges have fewer digits, in both solvers."""
    columns = profiles(150, seed=1, driest=-2.5)
    assert_agrees(solved(columns), steady_state(columns, DEFAULT), rel=1e-6)


def test_profiles_without_minerals() -> None:
    columns = profiles(70, minerals=())
    fast = solved(columns)
    assert fast.found.any()
    assert_agrees(fast, steady_state(columns, DEFAULT))


def test_charges_that_cannot_balance_are_not_found() -> None:
    columns = profiles(64)
    deposition = {**columns.deposition, "SO4": columns.deposition["SO4"].copy()}
    deposition["SO4"][::2] = 1e9
    odd = replace(
        columns, deposition=deposition, log_gibbsite=np.full_like(columns.log_gibbsite, -9.0),
        gibbsite_exponent=np.full_like(columns.gibbsite_exponent, 1.0),
    )  # fmt: skip
    slow = steady_state(odd, DEFAULT)
    assert not slow.found[:, ::2].any()
    assert slow.found[:, 1::2].all()
    assert_agrees(solved(odd), slow)


def test_acid_and_salty_water_at_the_limits() -> None:
    columns = profiles(200, seed=4)
    strong = {**columns.deposition, "SO4": 10 ** np.linspace(-4, 0, 200)}
    acid = replace(columns, deposition=strong, percolation=np.full_like(columns.percolation, 0.05))
    alkaline = replace(acid, deposition={**strong, "SO4": strong["Cl"], "Na": strong["SO4"]})
    for odd in (acid, alkaline):
        slow, fast = steady_state(odd, DEFAULT), solved(odd)
        assert np.array_equal(fast.found, slow.found)
        # Where salts are a million times the acids, a balance to 1e-13 fixes fewer digits of pH.
        assert fast.ph == pytest.approx(slow.ph, rel=0.0, abs=1e-9, nan_ok=True)


FIELDS = (
    "temperature", "pressure", "doc", "log_gibbsite", "gibbsite_exponent", "nitrification",
    "percolation",
)  # fmt: skip


def with_nan(columns: Columns, name: str, layer: int, lane: int) -> Columns:
    group, _, key = name.partition(" ")
    if group == "deposition":
        changed = columns.deposition[key].copy()
        changed[lane] = np.nan
        return replace(columns, deposition={**columns.deposition, key: changed})
    if group == "uptake":
        changed = columns.uptake[key].copy()
        changed[layer, lane] = np.nan
        return replace(columns, uptake={**columns.uptake, key: changed})
    array = getattr(columns, group).copy()
    array[..., layer, lane] = np.nan
    return replace(columns, **{group: array})


@pytest.mark.parametrize(
    "name",
    [*FIELDS, "surface", *(f"deposition {ion}" for ion in IONS),
     *(f"uptake {name}" for name in ("Ca", "Mg", "K", "Na", "N"))],
)  # fmt: skip
def test_nan_stays_in_its_lane_from_its_layer_down(name: str) -> None:
    columns, lane = profiles(40, seed=2), 17
    whole = solved(columns)
    fast = solved(with_nan(columns, name, 1, lane))
    layer = 0 if name.startswith("deposition") else 1
    assert np.isnan(fast.ph[layer:, lane]).all()
    assert not fast.found[layer:, lane].any()
    others = np.arange(40) != lane
    for key, array in values(whole).items():
        got = values(fast)[key]
        assert np.array_equal(got[..., others], array[..., others], equal_nan=True), key
        assert np.array_equal(got[..., :layer, lane], array[..., :layer, lane], equal_nan=True)


def test_dry_and_absent_layers() -> None:
    columns = profiles(50, seed=3)
    percolation, present = columns.percolation.copy(), columns.present.copy()
    percolation[1, :10], percolation[1, 10:20] = 0.0, -0.1
    present[1, 20:30] = present[2, 30:40] = False
    temperature = np.where(present, columns.temperature, np.nan)
    odd = replace(columns, percolation=percolation, present=present, temperature=temperature)
    fast = solved(odd)
    assert not fast.found[1:, :20].any()
    assert not fast.found[1, 20:30].any()
    assert fast.found[2, 20:30].any()  # water runs through a layer that is not there
    assert_agrees(fast, steady_state(odd, DEFAULT))


def test_no_bit_depends_on_threads_neighbours_or_place() -> None:
    lanes = int(LANES)
    columns = profiles(3 * lanes + 5)
    whole = solved(columns)
    same_bits(whole, solved(columns, workers=3))
    for part in (slice(0, 1), slice(lanes - 1, lanes + 2), slice(7, 2 * lanes + 1)):
        same_bits(whole, solved(columns.part(part)), part)


def test_only_profiles_chemistry_without_silica_is_compiled() -> None:
    assert is_compilable(DEFAULT, law_of(DEFAULT))
    for reading in (
        ColumnReading(model="simple", kinetics="sverdrup_2019"),
        ColumnReading(model="witch-type"),
        ColumnReading(rate_law="sverdrup_2019", kinetics="sverdrup_2019"),
    ):
        minerals = ("albite", "quartz") if reading.model != "witch-type" else ("albite",)
        assert not is_compilable(reading, rate_law(reading, minerals)), reading
    columns = profiles(3, minerals=("albite", "quartz"))
    reading = ColumnReading(rate_law="sverdrup_2019", kinetics="sverdrup_2019")
    law = rate_law(reading, columns.minerals)
    same_bits(steady_state_of_many(columns, reading, law), steady_state(columns, reading, law))
    columns = profiles(3)
    same_bits(steady_state_of_many(columns, DEFAULT, law_of(DEFAULT)), solved(columns))


def test_a_compiled_solver_is_kept_on_the_disk() -> None:
    compile_solver(law_of(DEFAULT))
    column_kernel.cache_clear()
    assert is_compiled(law_of(DEFAULT))


def test_sums_over_rows() -> None:
    lanes, random = int(LANES), np.random.default_rng(0)
    a, b, out = (random.normal(size=lanes * rows) for rows in (9, 6, 3))
    offsets = np.array([0, 3, 2, 8, 1, 7], np.uint64) * LANES

    @numba.njit  # type: ignore[untyped-decorator]
    def summed(out: Any, a: Any, offsets: Any, b: Any) -> None:
        add_rows(out, LANES, a, offsets, b, np.uint64(1), np.uint64(6))
        add_scaled(out, 2 * LANES, a, offsets, b, np.uint64(2), np.uint64(2))
        add_scaled(out, 2 * LANES, a, offsets, b, np.uint64(0), np.uint64(3))

    expected = out.reshape(3, lanes).copy()
    rows, factors = a.reshape(9, lanes)[[0, 3, 2, 8, 1, 7]], b.reshape(6, lanes)
    expected[1] += (rows[1:6] * factors[1:6]).sum(axis=0)
    expected[2] += (rows[:3] * b[:3, None]).sum(axis=0)
    summed(out, a, offsets, b)
    assert out.reshape(3, lanes) == pytest.approx(expected, rel=1e-13, abs=1e-13)


def machine_code(part: Any, arguments: tuple[Any, ...]) -> str:
    @numba.njit(error_model="numpy")
    def compiled(*given: Any) -> None:
        part(*given)

    compiled(*arguments)
    (assembly,) = compiled.inspect_asm().values()
    return str(assembly)


def test_the_inner_loops_work_on_whole_vectors() -> None:
    """Counted in the machine code of the parts that take the time."""
    law = law_of(DEFAULT)
    tables = law_tables(law, charge_per_unit(law))
    scratch, rows = np.ones(ROWS * int(LANES)), np.ones(64 * int(LANES))
    for template, arguments in (
        (compiled_solution.solve_ions, (scratch,)),
        (compiled_terms.logarithms, (scratch, tables, rows)),
        (compiled_terms.logarithm_slopes, (scratch, tables, rows)),
        (compiled_terms.changing_terms, (tables, rows, rows)),
        (compiled_terms.term_slopes, (tables, rows, rows, rows, rows)),
        (compiled_terms.delivered_cations, (scratch, tables, rows, np.tile(rows, 3))),
        (compiled_newton.tendency, (scratch,)),
        (compiled_newton.newton_step, (scratch, False)),
        (compiled_newton.advance, (scratch, False)),
        (compiled_rough.refine, (scratch,)),
    ):
        assembly = machine_code(bound_part(template, {}), arguments)
        wide = re.findall(r"\tv\w+pd\t.*%[yz]mm|\tf\w+\t.*v\d+\.2d", assembly)
        # A loop that is not vectorised has none; one of wider vectors is unrolled less.
        assert len(wide) > 20, template.__name__
