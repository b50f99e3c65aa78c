"""Parts of the compiled solver: the terms of the rate law at a pH and the cations they deliver.

Values come apart from their derivatives to ln h: a search that has derivatives already asks for
values alone. Templates as in :mod:`.compiled_solution`.
"""

# Templates are compiled for the types that they are called with.
# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import numpy as np

from saprolite.column import compiled_rows as r
from saprolite.column.compiled_rows import add_rows
from saprolite.column.compiled_solution import solve_ions
from saprolite.equations.dissolution import (
    braked_rate,
    limited_ligand,
    log_brake,
    log_brake_slope,
    log_ligand_slope,
)
from saprolite.equations.elementary import log, maximum
from saprolite.models.rate_law import LEAST_LIGAND

LANES = r.LANES


def evaluate(s, law, logs, e, weights):
    """The solution at ln h, and what weathers there."""
    solve_ions(s)
    logarithms(s, law, logs)
    changing_terms(law, logs, e)
    delivered_cations(s, law, e, weights)


def differentiate(s, law, slopes, e, e_slopes, e_brakes, weights):
    """Derivatives of :func:`evaluate` to ln h."""
    logarithm_slopes(s, law, slopes)
    term_slopes(law, slopes, e, e_slopes, e_brakes)
    delivered_slopes(s, law, e_slopes, e_brakes, weights)


def logarithms(s, law, logs):
    """Logarithms that the exponents multiply."""
    for lane in range(LANES):
        x = s[r.X + lane]
        logs[r.LOG_PROTON + lane] = x
        logs[r.LOG_HYDROXIDE + lane] = s[r.LOG_WATER + lane] - x
    row = r.LOG_LIMITS
    for number in range(law.ligand_limits.shape[0]):
        limit = law.ligand_limits[number]
        for lane in range(LANES):
            ligand = maximum(s[r.LIGAND + lane], LEAST_LIGAND)
            logs[row + lane] = log(limited_ligand(ligand, limit))
        row += LANES
    for number in range(law.cation_limits.shape[0]):
        limit = law.cation_limits[number]
        for lane in range(LANES):
            logs[row + lane] = log_brake(s[r.BASES + lane], limit)
        row += LANES
    for number in range(law.aluminium_limits.shape[0]):
        limit = law.aluminium_limits[number]
        for lane in range(LANES):
            logs[row + lane] = log_brake(s[r.AL_ACTIVITY + lane], limit)
        row += LANES


def logarithm_slopes(s, law, slopes):
    """Derivatives of :func:`logarithms` to ln h."""
    for lane in range(LANES):
        slopes[r.LOG_PROTON + lane] = 1.0
        slopes[r.LOG_HYDROXIDE + lane] = -1.0
    row = r.LOG_LIMITS
    for number in range(law.ligand_limits.shape[0]):
        limit = law.ligand_limits[number]
        for lane in range(LANES):
            ligand = maximum(s[r.LIGAND + lane], LEAST_LIGAND)
            slopes[row + lane] = log_ligand_slope(ligand, limit, s[r.LIGAND_SLOPE + lane])
        row += LANES
    for number in range(law.cation_limits.shape[0]):
        limit = law.cation_limits[number]
        for lane in range(LANES):
            slopes[row + lane] = log_brake_slope(s[r.BASES + lane], limit, s[r.BASES_SLOPE + lane])
        row += LANES
    for number in range(law.aluminium_limits.shape[0]):
        limit = law.aluminium_limits[number]
        for lane in range(LANES):
            aluminium = s[r.AL_ACTIVITY + lane]
            slopes[row + lane] = log_brake_slope(aluminium, limit, s[r.EXPONENT + lane] * aluminium)
        row += LANES


def changing_terms(law, logs, e):
    """e of the terms that change with pH."""
    for term in range(law.fixed, law.exponents.shape[0]):
        order, x_bc, y_al = law.exponents[term, 0], law.exponents[term, 1], law.exponents[term, 2]
        activity, bases, aluminium = law.rows[term, 0], law.rows[term, 1], law.rows[term, 2]
        own = LANES * np.uint64(term)
        for lane in range(LANES):
            e[own + lane] = braked_rate(
                1.0, order, logs[activity + lane], x_bc * logs[bases + lane],
                y_al * logs[aluminium + lane],
            )  # fmt: skip


def term_slopes(law, slopes, e, e_slopes, e_brakes):
    """Derivatives of :func:`changing_terms` to ln h: all of it, and what comes by the brakes of
    base cations."""
    for term in range(law.fixed, law.exponents.shape[0]):
        order, x_bc, y_al = law.exponents[term, 0], law.exponents[term, 1], law.exponents[term, 2]
        activity, bases, aluminium = law.rows[term, 0], law.rows[term, 1], law.rows[term, 2]
        own = LANES * np.uint64(term)
        for lane in range(LANES):
            value, braking = e[own + lane], -x_bc * slopes[bases + lane]
            relative = order * slopes[activity + lane] + braking
            e_slopes[own + lane] = value * (relative - y_al * slopes[aluminium + lane])
            e_brakes[own + lane] = value * braking


def delivered_cations(s, law, e, weights):
    """Base cations that come in and weather, kmol_c m-2 yr-1."""
    for at in range(4 * LANES):
        s[r.DELIVERED + at] = s[r.AVAILABLE + at]
    for cation in range(4):
        delivered = r.DELIVERED + LANES * np.uint64(cation)
        first, last = law.pair_edges[1, cation], law.pair_edges[1, cation + 1]
        add_rows(s, delivered, e, law.pair_term, weights, first, last)


def delivered_slopes(s, law, e_slopes, e_brakes, weights):
    """Derivatives of :func:`delivered_cations` to ln h, as those of the terms."""
    for at in range(4 * LANES):
        s[r.STEEPNESS + at] = 0.0
        s[r.BRAKE + at] = 0.0
    for cation in range(4):
        offset = LANES * np.uint64(cation)
        first, last = law.pair_edges[1, cation], law.pair_edges[1, cation + 1]
        add_rows(s, r.STEEPNESS + offset, e_slopes, law.pair_term, weights, first, last)
        add_rows(s, r.BRAKE + offset, e_brakes, law.pair_term, weights, first, last)
