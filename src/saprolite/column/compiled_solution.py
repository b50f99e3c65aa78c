"""Parts of the compiled solver: a layer as it is given, and its solution at a pH.

Each part is a template: the names of equations in it are bound to compiled equations, and
``organic``, ``hydrolysed`` and ``gibbsite`` to those that the reading asks for. Every loop runs
over the lanes of a tile; no lane reads another. ``s`` is the scratch of a tile, by
:mod:`.compiled_rows`.
"""

# Templates are compiled for the types that they are called with.
# mypy: disable-error-code="no-untyped-def,no-untyped-call,call-arg,var-annotated"
from __future__ import annotations

import numpy as np

from saprolite.column import compiled_rows as r
from saprolite.column.compiled_rows import add_rows, add_scaled
from saprolite.column.layer import SECONDS_PER_YEAR
from saprolite.compiled.intrinsics import fma
from saprolite.constants import LN10
from saprolite.equations.dissolution import braked_rate
from saprolite.equations.elementary import exp, log
from saprolite.equations.mass_balance import (
    after_uptake,
    explicit_base_cations,
    nitrogen_after_uptake,
)
from saprolite.equations.organic_acid import (
    oliver_anion,
    oliver_anion_slope,
    triprotic_charge,
    triprotic_charge_slope,
    triprotic_square_charge,
)
from saprolite.equations.reaction import temperature_factor
from saprolite.equations.solution import (
    alkalinity,
    alkalinity_scale,
    alkalinity_slope,
    aluminium_activity,
    aluminium_charge,
    bicarbonate,
    carbonate,
    equilibrium_constant,
    hydrolysed_aluminium,
    hydroxide,
)
from saprolite.equations.transition_state import vant_hoff
from saprolite.models.rate_law import TABLE_TEMPERATURE

LANES = r.LANES
TWO_ROWS, THREE_ROWS = 2 * LANES, 3 * LANES


# --- choices of a reading -------------------------------------------------------------------------


def monoprotic(x, acid, k1, k2, k3, one, two, three):  # noqa: ARG001
    """Charge of the organic acid, its slope, and its sum of c z^2: Oliver's acid."""
    anion = oliver_anion(x, acid)
    return anion, oliver_anion_slope(x, acid), anion


def triprotic(x, acid, k1, k2, k3, one, two, three):
    """The same of a triprotic acid, whose constants are those of activities."""
    first, second, third = k1 / one, k2 * one / two, k3 * two / three
    acid = acid / 3.0
    return (
        triprotic_charge(x, acid, first, second, third),
        triprotic_charge_slope(x, acid, first, second, third),
        triprotic_square_charge(x, acid, first, second, third),
    )


def four_hydroxides(aluminium, x, b1, b2, b3, b4, one, two):
    """Concentrations of AlOH++, Al(OH)2+, Al(OH)3 and Al(OH)4-, kmol m-3."""
    x = x - SHIFT
    return (
        hydrolysed_aluminium(aluminium, x, b1, 1.0) / two,
        hydrolysed_aluminium(aluminium, x, b2, 2.0) / one,
        hydrolysed_aluminium(aluminium, x, b3, 3.0),
        hydrolysed_aluminium(aluminium, x, b4, 4.0) / one,
    )


def no_hydroxides(aluminium, x, b1, b2, b3, b4, one, two):  # noqa: ARG001
    """None, where aluminium is Al3+ alone."""
    return 0.0, 0.0, 0.0, 0.0


def gibbsite_as_given(log_gibbsite, exponent, temperature):  # noqa: ARG001
    """Constant of gibbsite, meant at the temperature of the layer."""
    return log_gibbsite


def gibbsite_by_vant_hoff(log_gibbsite, exponent, temperature):
    """Constant of gibbsite, meant at 25 degC; its enthalpy goes with the exponent."""
    return vant_hoff(log_gibbsite, GIBBSITE_ENTHALPY * exponent / 3.0, temperature)


# ln h that the constants of hydrolysis count from: float32 cannot hold the fourth power of h.
SHIFT = 0.0
# Set when the kernel is made.
organic, hydrolysed, gibbsite, GIBBSITE_ENTHALPY = (
    monoprotic,
    four_hydroxides,
    gibbsite_as_given,
    0.0,
)


# --- parts ----------------------------------------------------------------------------------------


def equilibria(s, analytic, by_enthalpy, enthalpy_rows, organic_density):
    """Constants at soil temperature, and the acid, from what is given of the layer."""
    for number in range(analytic.shape[0]):
        a, b, c = analytic[number, 0], analytic[number, 1], analytic[number, 2]
        row = r.WATER_CONSTANT + LANES * np.uint64(number)
        for lane in range(LANES):
            s[row + lane] = equilibrium_constant(s[r.TEMPERATURE + lane], a, b, c)
    for number in range(by_enthalpy.shape[0]):
        log_k, enthalpy, row = by_enthalpy[number, 0], by_enthalpy[number, 1], enthalpy_rows[number]
        for lane in range(LANES):
            s[row + lane] = exp(LN10 * vant_hoff(log_k, enthalpy, s[r.TEMPERATURE + lane]))
    for lane in range(LANES):
        s[r.LOG_GIBBSITE + lane] = gibbsite(
            s[r.LOG_GIBBSITE + lane], s[r.EXPONENT + lane], s[r.TEMPERATURE + lane]
        )
        s[r.ACID + lane] = organic_density * s[r.DOC + lane]
        s[r.LOG_WATER + lane] = log(s[r.WATER_CONSTANT + lane])


def strong_ions(s, uptake_share):
    """Ions that no mineral releases, and where uptake stops."""
    for lane in range(LANES):
        water = s[r.WATER + lane]
        water = water if water > 0.0 else np.nan
        ammonium, nitrate, ammonium_taken, nitrate_taken = nitrogen_after_uptake(
            s[r.AMMONIUM + lane], s[r.NITRATE + lane], s[r.NITRIFICATION + lane],
            s[r.WANTED_NITROGEN + lane],
        )  # fmt: skip
        s[r.WATER + lane] = water
        s[r.FLUX_AMMONIUM + lane] = ammonium
        s[r.FLUX_NITRATE + lane] = nitrate
        s[r.TAKEN_AMMONIUM + lane] = ammonium_taken
        s[r.TAKEN_NITRATE + lane] = nitrate_taken
        sulphate, chloride = s[r.SULPHATE + lane], s[r.CHLORIDE + lane]
        s[r.FLUX_SULPHATE + lane] = sulphate
        s[r.FLUX_CHLORIDE + lane] = chloride
        s[r.ANIONS + lane] = (sulphate + chloride + nitrate - ammonium) / water
    for cation in range(4):
        share, floor = uptake_share[cation], r.FLOOR + LANES * np.uint64(cation)
        for lane in range(LANES):
            s[floor + lane] = share * s[r.WATER + lane]


def pathway_constants(s, surface, layer, start, count, law, factors, k):
    """k of every pathway and mineral times its surface: kmol m-2 of ground and year."""
    for number in range(law.coefficients.shape[0]):
        coefficient, row = law.coefficients[number], LANES * np.uint64(number)
        for lane in range(LANES):
            factors[row + lane] = temperature_factor(
                s[r.TEMPERATURE + lane], coefficient, TABLE_TEMPERATURE
            )
    minerals = law.constants.shape[1]
    surfaces = s[r.SURFACE : r.SURFACE + LANES]
    for mineral in range(minerals):
        given = surface[mineral, layer, start : start + count]
        for lane in range(count):
            surfaces[lane] = given[lane] * SECONDS_PER_YEAR
        surfaces[count:] = np.nan
        for pathway in range(law.constants.shape[0]):
            constant, factor = law.constants[pathway, mineral], law.coefficient_of[pathway, mineral]
            row = LANES * np.uint64(pathway * minerals + mineral)
            for lane in range(LANES):
                k[row + lane] = constant * factors[factor + lane] * s[r.SURFACE + lane]


def pair_weights(s, law, k, weights):
    """What a term delivers of a base cation per unit of e, kmol_c m-2 yr-1; the inflow."""
    minerals = law.constants.shape[1]
    weights[:] = 0.0
    for pair in range(law.pair_term.shape[0]):
        row = LANES * np.uint64(pair)
        first, last = law.member_edges[pair], law.member_edges[pair + 1]
        add_scaled(weights, row, k, law.member_row, law.member_charge, first, last)
    # A surface that is not known makes its cations unknown, whether anything dissolves or not.
    for cation in range(4):
        offset = LANES * np.uint64(cation)
        available, inflow = r.AVAILABLE + offset, r.INFLOW + offset
        for lane in range(LANES):
            s[available + lane] = s[inflow + lane]
        for mineral in range(minerals):
            if law.cation_charge[cation, mineral] != 0.0:
                row = LANES * np.uint64(mineral)
                for lane in range(LANES):
                    s[available + lane] = fma(0.0, k[row + lane], s[available + lane])


def fixed_terms(s, law, logs, e, weights):
    """The terms that no pH changes, added to what the layer receives."""
    for lane in range(LANES):
        logs[r.NO_LOGARITHM + lane] = 0.0
        logs[r.LOG_PRESSURE + lane] = log(s[r.PRESSURE + lane])
    for term in range(law.fixed):
        order, activity = law.exponents[term, 0], law.rows[term, 0]
        own = LANES * np.uint64(term)
        for lane in range(LANES):
            e[own + lane] = braked_rate(1.0, order, logs[activity + lane])
    for cation in range(4):
        available = r.AVAILABLE + LANES * np.uint64(cation)
        first, last = law.pair_edges[0, cation], law.pair_edges[0, cation + 1]
        add_rows(s, available, e, law.pair_term, weights, first, last)


def delivered_bounds(s, law, e, weights):
    """The most that the layer may deliver of all cations, with every e at 1, and the least."""
    e[LANES * np.uint64(law.fixed) : LANES * np.uint64(law.exponents.shape[0])] = 1.0
    for lane in range(LANES):
        s[r.MOST + lane] = 0.0
        s[r.LEAST + lane] = 0.0
    for cation in range(4):
        offset = LANES * np.uint64(cation)
        available, most = r.AVAILABLE + offset, r.DELIVERED + offset
        wanted, floor = r.WANTED + offset, r.FLOOR + offset
        for lane in range(LANES):
            s[most + lane] = s[available + lane]
            least, _ = after_uptake(s[available + lane], s[wanted + lane], s[floor + lane])
            s[r.LEAST + lane] = s[r.LEAST + lane] + least
    for cation in range(4):
        offset = LANES * np.uint64(cation)
        most, wanted, floor = r.DELIVERED + offset, r.WANTED + offset, r.FLOOR + offset
        first, last = law.pair_edges[1, cation], law.pair_edges[1, cation + 1]
        add_rows(s, most, e, law.pair_term, weights, first, last)
        for lane in range(LANES):
            left, _ = after_uptake(s[most + lane], s[wanted + lane], s[floor + lane])
            s[r.MOST + lane] = s[r.MOST + lane] + left


def solve_ions(s):
    """Ions, ANC and what the minerals feel at ln h, with derivatives to it."""
    for lane in range(LANES):
        x = s[r.X + lane]
        one, two, three = s[r.ONE + lane], s[r.TWO + lane], s[r.THREE + lane]
        h, pressure, henry = exp(x), s[r.PRESSURE + lane], s[r.HENRY + lane]
        first, second = s[r.CARBONIC_1 + lane], s[r.CARBONIC_2 + lane]
        exponent = s[r.EXPONENT + lane]
        proton = h / one
        oh = hydroxide(h, s[r.WATER_CONSTANT + lane]) / one
        hco3 = bicarbonate(h, pressure, henry, first) / one
        co3 = carbonate(h, pressure, henry, first, second) / two
        ligand, ligand_slope, squares = organic(
            x, s[r.ACID + lane], s[r.ORGANIC + lane], s[r.ORGANIC + LANES + lane],
            s[r.ORGANIC + TWO_ROWS + lane], one, two, three,
        )  # fmt: skip
        al_activity = aluminium_activity(x, s[r.LOG_GIBBSITE + lane], exponent)
        al1, al2, al3, al4 = hydrolysed(
            al_activity, x, s[r.HYDROLYSIS + lane], s[r.HYDROLYSIS + LANES + lane],
            s[r.HYDROLYSIS + TWO_ROWS + lane], s[r.HYDROLYSIS + THREE_ROWS + lane], one, two,
        )  # fmt: skip
        al = al_activity / three
        charge, charge_slope, size = aluminium_charge(al, al1, al2, al4, exponent)
        anc = alkalinity(oh, hco3, co3, ligand, proton, charge)
        anc_slope = alkalinity_slope(oh, hco3, co3, ligand_slope, proton, charge_slope)
        bases, bases_slope = explicit_base_cations(
            s[r.ANIONS + lane] + anc, anc_slope, s[r.RATIO + lane]
        )
        s[r.PROTON + lane], s[r.HYDROXIDE + lane] = proton, oh
        s[r.BICARBONATE + lane], s[r.CARBONATE + lane] = hco3, co3
        s[r.LIGAND + lane], s[r.LIGAND_SLOPE + lane] = ligand, ligand_slope
        s[r.ORGANIC_SQUARES + lane] = squares
        s[r.ALUMINIUM + lane], s[r.AL_ACTIVITY + lane] = al, al_activity
        s[r.HYDROXIDES + lane], s[r.HYDROXIDES + LANES + lane] = al1, al2
        s[r.HYDROXIDES + TWO_ROWS + lane], s[r.HYDROXIDES + THREE_ROWS + lane] = al3, al4
        s[r.ANC + lane], s[r.ANC_SLOPE + lane] = anc, anc_slope
        s[r.ANC_SCALE + lane] = alkalinity_scale(oh, hco3, co3, ligand, proton, size)
        s[r.BASES + lane], s[r.BASES_SLOPE + lane] = bases, bases_slope
        # Only the search reads these: derivatives of the sum of all charges, and of c z^2.
        s[r.ANC_SCALE_SLOPE + lane] = anc_slope + 2.0 * (
            proton + charge_slope + (exponent - 4.0) * al4
        )
        s[r.SQUARES_SLOPE + lane] = (
            proton - oh - hco3 - 8.0 * co3 + ligand_slope + 9.0 * exponent * al
            + 4.0 * (exponent - 1.0) * al1 + (exponent - 2.0) * al2 + (exponent - 4.0) * al4
        )  # fmt: skip
