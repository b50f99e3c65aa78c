"""The compiled solver of soil columns: tiles of lanes, layer by layer from the top down.

A lane is solved from the same start with the same operations wherever it stands: no result depends
on its neighbours, on the size of a tile, or on the number of threads.
"""

# Templates are compiled for the types that they are called with.
# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

from collections.abc import Callable
from functools import cache
from types import FunctionType
from typing import Any, NamedTuple

import numpy as np

from saprolite.column import compiled_newton as newton
from saprolite.column import compiled_rows as r
from saprolite.column import compiled_solution as solution
from saprolite.column.compiled_law import FIRST_LIMIT
from saprolite.column.compiled_newton import (
    MOST_STEPS,
    PATIENCE,
    advance,
    begin,
    composition,
    first_look,
    imbalance,
    look_at_ends,
    newton_step,
    second_look,
    still_running,
    tendency,
    to_start,
    unsure,
)
from saprolite.column.compiled_results import (
    leaving,
    pass_on,
    read_inflow,
    read_layer,
    weathering,
    write_layer,
)
from saprolite.column.compiled_rough import (
    FLOAT32,
    MOST_REFINED,
    begin_again,
    narrow,
    refine,
    search_roughly,
    widen,
)
from saprolite.column.compiled_solution import (
    delivered_bounds,
    equilibria,
    fixed_terms,
    pair_weights,
    pathway_constants,
    solve_ions,
    strong_ions,
)
from saprolite.column.compiled_terms import differentiate, evaluate
from saprolite.compiled.binding import bound, inlined, specialised
from saprolite.compiled.elementary import ELEMENTARY, REAL
from saprolite.equations import elementary
from saprolite.minerals import equilibrium

PRECISION = "float64"
LANES = r.LANES


class Choices(NamedTuple):
    """What a reading changes in the code of the solver."""

    organic_acid: str
    activity: str
    aluminium_species: str
    gibbsite_temperature: str


_PARTS: tuple[Any, ...] = (
    equilibria, strong_ions, pathway_constants, pair_weights, fixed_terms, delivered_bounds,
    solve_ions, evaluate, differentiate, imbalance, composition, refine, begin_again, advance,
    still_running, begin, look_at_ends,
    unsure, to_start, first_look, second_look, tendency, newton_step,
    narrow, widen, read_layer, read_inflow, weathering, leaving, write_layer, pass_on,
)  # fmt: skip
_COEFFICIENTS = {
    "davies": (newton.davies_coefficients, newton.davies_slope),
    "guntelberg": (newton.guntelberg_coefficients, newton.guntelberg_slope),
    "off": (newton.no_coefficients, newton.no_slope),
}


@cache
def column_kernel(choices: Choices) -> Callable[..., None]:
    """The solver for some choices of a reading; the law and the tables come with the call."""
    chosen: dict[str, Any] = {
        "organic": solution.triprotic
        if choices.organic_acid == "triprotic"
        else solution.monoprotic,
        "hydrolysed": solution.four_hydroxides
        if choices.aluminium_species == "hydrolysed"
        else solution.no_hydroxides,
        "gibbsite": solution.gibbsite_by_vant_hoff
        if choices.gibbsite_temperature == "vant_hoff"
        else solution.gibbsite_as_given,
        "coefficients": _COEFFICIENTS[choices.activity][0],
        "coefficient_slope": _COEFFICIENTS[choices.activity][1],
        "GIBBSITE_ENTHALPY": equilibrium("gibbsite").enthalpy,
    }
    names = {part.__name__: bound_part(part, chosen) for part in _PARTS}
    names["search_roughly"] = bound_part(search_roughly, {**chosen, **FLOAT32}, "float32")
    return specialised(_solve_columns, names, PRECISION)


def bound_part(
    template: Any,
    chosen: dict[str, Any],
    precision: str = PRECISION,
) -> Callable[..., Any]:
    """A template with the equations that it names bound, and the parts that were chosen."""
    names: dict[str, Any] = {}
    for name in template.__code__.co_names:
        value = chosen.get(name, template.__globals__.get(name))
        if name in elementary.__all__ and value is getattr(elementary, name):
            names[name] = ELEMENTARY[precision][name]
        elif isinstance(value, FunctionType) and value.__module__.startswith("saprolite.equations"):
            names[name] = bound(value, precision)
        elif isinstance(value, FunctionType):
            names[name] = bound_part(value, chosen, precision)
        elif isinstance(value, float):
            names[name] = REAL[precision](value)
        elif value is not None:
            names[name] = value
    return inlined(template, names, precision)


def _solve_columns(
    first, last, fields, surface, deposition, present, law, rough_law, analytic,
    by_enthalpy, enthalpy_rows, hydrolysis_scale, organic_density, uptake_share, solute_charge,
    first_guess, out, found, steps,
):  # fmt: skip
    """Solve the lanes from ``first`` to ``last``; ``steps`` counts evaluations by
    layer, in float64 and in float32."""
    terms, pairs = law.exponents.shape[0], law.pair_term.shape[0]
    limits = law.ligand_limits.shape[0] + law.cation_limits.shape[0] + law.aluminium_limits.shape[0]
    lanes = int(LANES)
    s = np.zeros(r.ROWS * lanes)
    logs, slopes = (
        np.zeros((FIRST_LIMIT + limits) * lanes),
        np.zeros((FIRST_LIMIT + limits) * lanes),
    )
    # The term beyond the last stays 0.
    e, e_slopes = np.zeros((terms + 1) * lanes), np.zeros((terms + 1) * lanes)
    e_brakes = np.zeros((terms + 1) * lanes)
    weights = np.zeros(pairs * lanes)
    factors = np.zeros(law.coefficients.shape[0] * lanes)
    k = np.zeros(law.constants.size * lanes)
    rough = np.zeros(r.ROWS * lanes, np.float32)
    rough_logs, rough_slopes = np.zeros(logs.size, np.float32), np.zeros(logs.size, np.float32)
    rough_e, rough_e_slopes = np.zeros(e.size, np.float32), np.zeros(e.size, np.float32)
    rough_e_brakes = np.zeros(e.size, np.float32)
    rough_weights = np.zeros(weights.size, np.float32)
    for start in range(first, last, lanes):
        count = min(lanes, last - start)
        read_inflow(s, deposition, start, count, first_guess)
        for layer in range(surface.shape[1]):
            read_layer(s, fields, layer, start, count)
            equilibria(s, analytic, by_enthalpy, enthalpy_rows, organic_density)
            strong_ions(s, uptake_share)
            pathway_constants(s, surface, layer, start, count, law, factors, k)
            pair_weights(s, law, k, weights)
            fixed_terms(s, law, logs, e, weights)
            begin(s)
            looks = 2
            if law.bounded:
                delivered_bounds(s, law, e, weights)
                for end in range(2):
                    solve_ions(s)
                    look_at_ends(s, end)
                looks = 2 if unsure(s) else 0
            for look in range(looks):
                if look == 0:
                    begin(s)
                evaluate(s, law, logs, e, weights)
                imbalance(s)
                steps[0, layer] += 1
                if look == 0:
                    first_look(s)
                else:
                    second_look(s)
            to_start(s)
            narrow(s, weights, hydrolysis_scale, rough, rough_weights)
            steps[1, layer] += search_roughly(
                rough, rough_law, rough_logs, rough_slopes, rough_e, rough_e_slopes,
                rough_e_brakes, rough_weights,
            )  # fmt: skip
            widen(rough, s)
            for _ in range(MOST_REFINED):
                evaluate(s, law, logs, e, weights)
                imbalance(s)
                composition(s)
                refine(s)
                advance(s, False)
                steps[0, layer] += 1
                if not still_running(s):
                    break
            begin_again(s)
            for step in range(MOST_STEPS):
                if not still_running(s):
                    break
                evaluate(s, law, logs, e, weights)
                differentiate(s, law, slopes, e, e_slopes, e_brakes, weights)
                imbalance(s)
                composition(s)
                tendency(s)
                newton_step(s, step > PATIENCE)
                advance(s, step > PATIENCE)
                steps[0, layer] += 1
            weathering(s, law, e, k)
            leaving(s)
            write_layer(s, law, k, solute_charge, layer, start, count, out, found)
            pass_on(s, present, layer, start, count)
