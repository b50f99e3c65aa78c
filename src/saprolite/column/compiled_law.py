"""PROFILE's rate law as tables for the compiled solver: distinct exponents, and who shares them.

The rates of a layer are sums of k e, with e the power of activities and brakes. Many minerals have
the same exponents, and those without brakes do not change with pH: a term is one distinct e, those
that stand still first. What a term delivers of each base cation is one number per lane, whatever
the number of minerals behind it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite.column.compiled_rows import LANES
from saprolite.column.layer import BASE_CATIONS
from saprolite.models.rate_law import CHARGES, ELEMENTS, Pathway, ProfileLaw

Array = npt.NDArray[np.float64]
Offsets = npt.NDArray[np.uint64]
# Numbers of the rows of logarithms that exponents multiply.
NOTHING, LOG_PROTON, LOG_HYDROXIDE, LOG_PRESSURE, FIRST_LIMIT = range(5)
_ACTIVITY_ROWS = {"H": LOG_PROTON, "OH": LOG_HYDROXIDE, "CO2": LOG_PRESSURE}


class LawTables(NamedTuple):
    """A rate law for the compiled solver.

    ``coefficients``: distinct temperature coefficients, K; ``constants``: k at 281 K, (pathway,
    mineral), ``coefficient_of`` and ``term_of`` (-1 without rate) of each; ``release``: (element,
    mineral). ``fixed``: number of the terms that no pH changes; ``exponents``: order, x_bc, y_al of
    a term, ``rows``: the rows of logarithms they multiply. ``ligand_limits``, ``cation_limits``,
    ``aluminium_limits``: distinct limits, kmol m-3, whose logarithms stand in this order from
    ``FIRST_LIMIT``. ``pair_term``: which term brings a base cation, by cation, those of fixed
    terms first; ``pair_edges``: where each cation begins, (fixed or changing, cation), the end
    included. ``member_row``, ``member_charge``: what a pathway of a mineral adds to a pair, kmol_c
    per unit of rate, by pair from ``member_edges`` on.
    """

    coefficients: Array
    constants: Array
    coefficient_of: Offsets
    term_of: Offsets
    release: Array
    fixed: int
    exponents: Array
    rows: Offsets
    ligand_limits: Array
    cation_limits: Array
    aluminium_limits: Array
    pair_term: Offsets
    pair_edges: Offsets
    member_row: Offsets
    member_charge: Array
    member_edges: Offsets
    cation_charge: Array
    charge: Array
    bounded: bool


class _Exponent(NamedTuple):
    """What makes e: pathways of several minerals may have the same."""

    changes: bool
    order: float
    activity: int
    c_r: float
    x_bc: float
    c_bc: float
    y_al: float
    c_al: float


def law_tables(law: ProfileLaw, charge: Array) -> LawTables:
    """The tables of a law; ``charge``: kmol_c of base cations per unit of rate, (mineral,)."""
    shape = (len(law.pathways), len(law.minerals))
    found = {
        (number, mineral): _exponent(pathway, mineral)
        for number, pathway in enumerate(law.pathways)
        for mineral in range(shape[1])
        if pathway.constant[mineral, 0] != 0.0
    }
    terms = sorted(set(found.values()))
    ligand = sorted({term.c_r for term in terms if term.activity == FIRST_LIMIT})
    cations = sorted({term.c_bc for term in terms if term.x_bc != 0.0})
    aluminium = sorted({term.c_al for term in terms if term.y_al != 0.0})

    def rows(term: _Exponent) -> tuple[int, int, int]:
        own = term.activity
        if own == FIRST_LIMIT:
            own = FIRST_LIMIT + ligand.index(term.c_r)
        after = FIRST_LIMIT + len(ligand)
        by_cations = after + cations.index(term.c_bc) if term.x_bc != 0.0 else NOTHING
        after += len(cations)
        by_aluminium = after + aluminium.index(term.c_al) if term.y_al != 0.0 else NOTHING
        return own, by_cations, by_aluminium

    # A pathway without rate has the term beyond the last, which is 0.
    term_of = np.full(shape, len(terms), dtype=np.int64)
    for key, exponent in found.items():
        term_of[key] = terms.index(exponent)
    coefficients = sorted({float(c) for pathway in law.pathways for c in pathway.coefficient[:, 0]})
    coefficient_of = [
        [coefficients.index(float(c)) for c in pathway.coefficient[:, 0]]
        for pathway in law.pathways
    ]
    fixed = sum(not term.changes for term in terms)
    cation_charge = np.stack(
        [CHARGES[name] * law.release[ELEMENTS.index(name)] for name in BASE_CATIONS]
    )
    # A pair is a term and a cation; those of fixed terms come first.
    members = sorted(
        (int(term_of[key]) >= fixed, cation, int(term_of[key]), *key)
        for key in found
        for cation in range(len(BASE_CATIONS))
        if cation_charge[cation, key[1]] != 0.0
    )
    pairs = sorted({member[:3] for member in members})
    pair_edges = [
        [sum(pair[:2] < (changes, cation) for pair in pairs) for cation in range(5)]
        for changes in (False, True)
    ]

    def offsets(values: Any) -> Offsets:
        return np.array(list(values), dtype=np.uint64) * LANES

    return LawTables(
        np.array(coefficients, dtype=np.float64),
        _table(shape, lambda pathway: pathway.constant, law),
        offsets(coefficient_of).reshape(shape),
        offsets(term_of),
        np.ascontiguousarray(law.release),
        fixed,
        np.array([(t.order, t.x_bc, t.y_al) for t in terms], dtype=np.float64).reshape(-1, 3),
        offsets(rows(term) for term in terms).reshape(-1, 3),
        np.array(ligand, dtype=np.float64),
        np.array(cations, dtype=np.float64),
        np.array(aluminium, dtype=np.float64),
        offsets(term for _, _, term in pairs),
        np.array(pair_edges, dtype=np.uint64),
        offsets(member[3] * shape[1] + member[4] for member in members),
        np.array([cation_charge[member[1], member[4]] for member in members], dtype=np.float64),
        np.array(
            [*(sum(member[:3] < pair for member in members) for pair in pairs), len(members)],
            dtype=np.uint64,
        ),
        cation_charge,
        np.asarray(charge, dtype=np.float64),
        all(min(term.order, term.x_bc, term.y_al) >= 0.0 for term in terms),
    )


def _table(shape: tuple[int, int], values: Callable[[Pathway], Array], law: ProfileLaw) -> Array:
    table = np.zeros(shape)
    for number, pathway in enumerate(law.pathways):
        table[number] = values(pathway)[:, 0]
    return table


def _exponent(pathway: Pathway, mineral: int) -> _Exponent:
    """The exponent of a mineral's pathway; what has no effect is left out of it."""
    order, x_bc, y_al = (
        float(values[mineral, 0]) for values in (pathway.order, pathway.x_bc, pathway.y_al)
    )
    activity = FIRST_LIMIT if pathway.name == "R" else _ACTIVITY_ROWS.get(pathway.name, NOTHING)
    if order == 0.0 or activity == NOTHING:
        order, activity = 0.0, NOTHING
    return _Exponent(
        activity not in (NOTHING, LOG_PRESSURE) or x_bc != 0.0 or y_al != 0.0,
        order,
        activity,
        float(pathway.c_r[mineral, 0]) if activity == FIRST_LIMIT else 0.0,
        x_bc,
        float(pathway.c_bc[mineral, 0]) if x_bc != 0.0 else 0.0,
        y_al,
        float(pathway.c_al[mineral, 0]) if y_al != 0.0 else 0.0,
    )
