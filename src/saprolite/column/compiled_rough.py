"""Parts of the compiled solver: the search in float32, which only says where the one in float64
begins.

The same templates as in :mod:`.compiled_solution` and :mod:`.compiled_newton`, bound to equations
in float32: twice the lanes in a vector and shorter polynomials. A lane that float32 cannot hold
begins where it would have begun without.
"""

# Templates are compiled for the types that they are called with.
# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

from typing import Any

import numpy as np

from saprolite.column import compiled_rows as r
from saprolite.column.compiled_law import LawTables
from saprolite.column.compiled_newton import HIGHEST, LOWEST, newton_step, tendency
from saprolite.column.compiled_newton import imbalance as imbalance
from saprolite.column.compiled_solution import (
    changing_terms,
    delivered_cations,
    logarithms,
    solve_ions,
)
from saprolite.equations.elementary import maximum, minimum

LANES = r.LANES
# ln h that float32 counts from in the powers of h by which aluminium hydrolyses, pH 7.
SHIFT = -16.0
# What stands for these in float32: numbers that it can hold, or that its rounding leaves.
FLOAT32: dict[str, Any] = {"LEAST_LIGAND": 1e-30, "CLOSE": 1e-3, "SHIFT": SHIFT}
# Longest step in ln h; a step that is so short that float64 takes over; most steps.
LONGEST, SHORTEST, MOST_ROUGH_STEPS = 4.0, 3e-3, 12


def rough_tables(law: LawTables) -> LawTables:
    """The numbers of a law that the search reads, in float32."""
    single = {
        name: getattr(law, name).astype(np.float32)
        for name in ("exponents", "ligand_limits", "cation_limits", "aluminium_limits")
    }
    return law._replace(**single)


def narrow(s, weights, hydrolysis_scale, rough, rough_weights):
    """What is given of a layer, and its state, as float32."""
    for at in range(r.PROTON):
        rough[at] = s[at]
    for power in range(4):
        row, scale = r.HYDROLYSIS + LANES * np.uint64(power), hydrolysis_scale[power]
        for lane in range(LANES):
            rough[row + lane] = s[row + lane] * scale
    for at in range(weights.size):
        rough_weights[at] = weights[at]


def approach(s):
    """The next state; a lane whose step is short, or that is lost, stays after it."""
    for lane in range(LANES):
        running = s[r.RUNNING + lane] > 0.0
        x = s[r.X + lane]
        step = s[r.STEP + lane] - x
        bounded = maximum(minimum(step, LONGEST), -LONGEST)
        following = maximum(minimum(x + bounded, HIGHEST), LOWEST)
        change = maximum(
            abs(s[r.NEXT_RATIO + lane] - s[r.RATIO + lane]),
            abs(s[r.NEXT_THREE + lane] - s[r.THREE + lane]),
        )
        s[r.X + lane] = following if running else x
        s[r.RATIO + lane] = s[r.NEXT_RATIO + lane] if running else s[r.RATIO + lane]
        s[r.ONE + lane] = s[r.NEXT_ONE + lane] if running else s[r.ONE + lane]
        s[r.TWO + lane] = s[r.NEXT_TWO + lane] if running else s[r.TWO + lane]
        s[r.THREE + lane] = s[r.NEXT_THREE + lane] if running else s[r.THREE + lane]
        s[r.RUNNING + lane] = 1.0 if running & (maximum(abs(step), change) > SHORTEST) else 0.0


def any_running(s):
    """Whether any lane is."""
    count = 0
    for lane in range(LANES):
        count += 1 if s[r.RUNNING + lane] > 0.0 else 0
    return count > 0


def search_roughly(s, law, logs, slopes, e, e_slopes, e_brakes, weights):
    """Newton's method on ln h and the composition until the steps are short."""
    for lane in range(LANES):
        logs[r.NO_LOGARITHM + lane] = 0.0
        slopes[r.NO_LOGARITHM + lane] = 0.0
    count = 0
    for _ in range(MOST_ROUGH_STEPS):
        count += 1
        solve_ions(s)
        logarithms(s, law, logs, slopes)
        changing_terms(s, law, logs, slopes, e, e_slopes, e_brakes)
        delivered_cations(s, law, e, e_slopes, e_brakes, weights)
        imbalance(s)
        tendency(s)
        newton_step(s, False)
        approach(s)
        if not any_running(s):
            break
    return count


def widen(rough, s):
    """The state that was found, where the search in float64 begins."""
    for lane in range(LANES):
        x, ratio, one = rough[r.X + lane], rough[r.RATIO + lane], rough[r.ONE + lane]
        two, three = rough[r.TWO + lane], rough[r.THREE + lane]
        usable = (x >= LOWEST) & (x <= HIGHEST) & (ratio >= 0.5) & (ratio <= 1.0)
        usable = usable & (one > 0.0) & (two > 0.0) & (three > 0.0) & (one < 4.0)
        usable = usable & (two < np.inf) & (three < np.inf)
        s[r.X + lane] = x if usable else s[r.X + lane]
        s[r.RATIO + lane] = ratio if usable else s[r.RATIO + lane]
        s[r.ONE + lane] = one if usable else s[r.ONE + lane]
        s[r.TWO + lane] = two if usable else s[r.TWO + lane]
        s[r.THREE + lane] = three if usable else s[r.THREE + lane]
