"""The steady state of very many soil profiles: PROFILE's chemistry, compiled.

The same equations, choices and acceptance as :func:`saprolite.column.solve.steady_state`, whose
results it gives to the digits that the balance of charges fixes. Rate laws that need the
concentration of every element stay with that solver.
"""

from __future__ import annotations

import weakref
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.column import compiled_rows as r
from saprolite.column.chemistry import HYDROLYSIS
from saprolite.column.columns import Columns
from saprolite.column.compiled_kernel import Choices, column_kernel
from saprolite.column.compiled_law import law_tables
from saprolite.column.compiled_rough import SHIFT, rough_tables
from saprolite.column.layer import BASE_CATIONS, IONS, SOLUTES, START_PH
from saprolite.column.steady_state import SteadyState, charge_per_unit
from saprolite.compiled.binding import is_cached
from saprolite.compiled.recycled import Recycled
from saprolite.constants import LN10
from saprolite.minerals import equilibrium
from saprolite.models.rate_law import CHARGES, ELEMENTS, ProfileLaw

Array = npt.NDArray[np.float64]
_ANALYTIC = ("water", "henry_co2", "carbonic_1", "carbonic_2")
_ORGANIC = ("organic_1", "organic_2", "organic_3")
_WEAK = ("H", "OH", "HCO3", "CO3", "R", "Al")
# What the kernel takes of a law, by the id of a law that is still there.
_LAWS: dict[int, tuple[Any, ...]] = {}
# Of results: a grid asks for block after block.
_MEMORY = Recycled(most=2)
_TAKEN = ("NH4", "NO3", *BASE_CATIONS)


def compiled_steady_state(columns: Columns, law: ProfileLaw, workers: int = 1) -> SteadyState:
    """Solve all profiles on ``workers`` threads; no result depends on their number.

    ``law`` must not need elements (silica brakes), and its reading solve the chemistry. A layer
    without a solution leaves NaN in it and below.
    """
    out, found, _ = _solved(columns, law, workers)
    return _collected(law, out, found)


def evaluations(columns: Columns, law: ProfileLaw) -> Array:
    """How often the balance of a layer was evaluated in float64 and in float32, mean of the tiles,
    (2, layer)."""
    _, _, steps = _solved(columns, law, 1)
    return np.asarray(steps / max(1, -(-columns.size // int(r.LANES))))


def _solved(
    columns: Columns, law: ProfileLaw, workers: int
) -> tuple[Array, npt.NDArray[np.bool_], Array]:
    arguments = _arguments(columns, law)
    shape = columns.temperature.shape
    rows = r.OUT_RATES + len(law.pathways) * len(law.minerals)
    out, found = _MEMORY.empty((rows, *shape), np.float64), np.empty(shape, bool)
    kernel = column_kernel(choices(law))

    def part(lanes: tuple[int, int]) -> Array:
        steps = np.zeros((2, shape[0]))
        kernel(*lanes, *arguments, out, found, steps)
        return steps

    ranges = _ranges(columns.size, workers)
    if len(ranges) == 1:
        return out, found, part(ranges[0])
    with ThreadPoolExecutor(workers) as pool:
        return out, found, np.sum(list(pool.map(part, ranges)), axis=0)


def compile_solver(law: ProfileLaw) -> None:
    """Compile what :func:`compiled_steady_state` needs for a law (or fetch it from the disk)."""
    compiled_steady_state(_no_columns(law), law)


def is_compiled(law: ProfileLaw) -> bool:
    """Whether the code for a law lies on disk already."""
    return is_cached(column_kernel(choices(law)))


def _no_columns(law: ProfileLaw) -> Columns:
    """Profiles of one layer, none of them."""
    nothing, none = np.zeros((1, 0)), np.zeros(0)
    return Columns(
        (), (), law.minerals,
        **dict.fromkeys(
            ("thickness", "temperature", "pressure", "doc", "log_gibbsite", "gibbsite_exponent",
             "nitrification", "percolation"), nothing),
        surface=np.zeros((len(law.minerals), 1, 0)),
        deposition=dict.fromkeys(IONS, none),
        uptake=dict.fromkeys(("N", *BASE_CATIONS), nothing),
        prescribed={},
        present=np.zeros((1, 0), bool),
    )  # fmt: skip


def choices(law: ProfileLaw) -> Choices:
    """What a law's reading asks of the solver; no acid is an acid of which there is none."""
    reading = law.reading
    return Choices(
        "triprotic" if reading.organic_acid == "triprotic" else "oliver",
        reading.activity,
        reading.aluminium_species,
        reading.gibbsite_temperature,
    )


def _ranges(size: int, workers: int) -> list[tuple[int, int]]:
    """Whole tiles for each thread."""
    lanes = int(r.LANES)
    tiles = -(-size // lanes)
    edges = [min(size, lanes * (tiles * n // workers)) for n in range(workers + 1)]
    return [(a, b) for a, b in pairwise(edges) if a < b] or [(0, 0)]


def _arguments(columns: Columns, law: ProfileLaw) -> tuple[Any, ...]:
    fields = (
        columns.temperature, columns.pressure, columns.doc, columns.log_gibbsite,
        columns.gibbsite_exponent, columns.nitrification, columns.percolation,
        *(columns.uptake[name] for name in ("N", *BASE_CATIONS)),
    )  # fmt: skip
    # A law is made once and asked for every block of cells and every year.
    if id(law) not in _LAWS:
        _LAWS[id(law)] = _law_arguments(law)
        weakref.finalize(law, _LAWS.pop, id(law), None)
    return (
        tuple(np.ascontiguousarray(values, dtype=np.float64) for values in fields),
        np.ascontiguousarray(columns.surface, dtype=np.float64),
        np.stack([np.asarray(columns.deposition[ion], dtype=np.float64) for ion in IONS]),
        np.ascontiguousarray(columns.present),
        *_LAWS[id(law)],
    )


def _law_arguments(law: ProfileLaw) -> tuple[Any, ...]:
    reading = law.reading
    by_enthalpy = [
        (name, int(r.HYDROLYSIS) + index * int(r.LANES))
        for index, name in enumerate(HYDROLYSIS)
        if reading.aluminium_species == "hydrolysed"
    ]
    by_enthalpy += [
        (name, int(r.ORGANIC) + index * int(r.LANES))
        for index, name in enumerate(_ORGANIC)
        if reading.organic_acid == "triprotic"
    ]
    reactions = [equilibrium(name) for name, _ in by_enthalpy]
    tables = law_tables(law, charge_per_unit(law))
    return (
        tables,
        rough_tables(tables),
        np.array([equilibrium(name).coefficients for name in _ANALYTIC], dtype=np.float64),
        np.array([(item.log_k_25, item.enthalpy) for item in reactions]).reshape(-1, 2),
        np.array([row for _, row in by_enthalpy], dtype=np.uint64),
        np.exp(-SHIFT * np.arange(1.0, 5.0)),
        0.0 if reading.organic_acid == "none" else float(reading.organic_charge_density),
        np.array([reading.uptake_residual / 3.0 if n != "Na" else 0.0 for n in BASE_CATIONS]),
        np.array([float(CHARGES.get(n, 2 if n == "SO4" else 1)) for n in SOLUTES]),
        -LN10 * START_PH,
    )


def _collected(law: ProfileLaw, out: Array, found: npt.NDArray[np.bool_]) -> SteadyState:
    weak: tuple[str, ...] = _WEAK
    if law.reading.aluminium_species == "hydrolysed":
        weak = (*_WEAK, *(f"AlOH{index + 1}" for index in range(len(HYDROLYSIS))))

    def named(names: tuple[str, ...], first: int) -> dict[str, Array]:
        return {name: out[first + index] for index, name in enumerate(names)}

    return SteadyState(
        law.names,
        law.minerals,
        out[r.OUT_PH],
        out[r.OUT_RATES :].reshape(len(law.names), len(law.minerals), *found.shape),
        named(ELEMENTS, r.OUT_RELEASED),
        {**named(weak, r.OUT_WEAK), **named(SOLUTES, r.OUT_SOLUTES)},
        named(SOLUTES, r.OUT_FLUX),
        named(_TAKEN, r.OUT_TAKEN),
        out[r.OUT_RESIDUAL],
        found,
    )
