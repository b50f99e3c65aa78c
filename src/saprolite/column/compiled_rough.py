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
from saprolite.column.compiled_newton import (
    HIGHEST,
    LOWEST,
    MOST_EXTRAPOLATION,
    composition,
    imbalance,
    newton_step,
    still_running,
    tendency,
)
from saprolite.column.compiled_terms import differentiate, evaluate
from saprolite.equations.elementary import maximum, minimum
from saprolite.equations.mass_balance import MIXED_CATIONS

LANES = r.LANES
# ln h that float32 counts from in the powers of h by which aluminium hydrolyses, pH 7.
SHIFT = -16.0
# What stands for these in float32: numbers that it can hold, or that its rounding leaves.
FLOAT32: dict[str, Any] = {"LEAST_LIGAND": 1e-30, "CLOSE": 1e-3, "SHIFT": SHIFT}
# Evaluations by the derivatives in float32, at most.
MOST_REFINED = 6
# Longest step in ln h; a step that is so short that float64 takes over; most steps.
LONGEST, SHORTEST, MOST_ROUGH_STEPS = 4.0, 3e-5, 12


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
    """The next state; a lane whose step is short, or that is lost, stays after it, and keeps the
    derivatives that it had."""
    for row in range(r.DERIVATIVE_ROWS):
        offset = LANES * np.uint64(row)
        new, held = r.DERIVATIVES + offset, r.HELD + offset
        for lane in range(LANES):
            s[held + lane] = s[new + lane] if s[r.RUNNING + lane] > 0.0 else s[held + lane]
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


def search_roughly(s, law, logs, slopes, e, e_slopes, e_brakes, weights):
    """Newton's method on ln h and the composition until the steps are short; how many they were."""
    for lane in range(LANES):
        logs[r.NO_LOGARITHM + lane] = 0.0
        slopes[r.NO_LOGARITHM + lane] = 0.0
    count = 0
    for _ in range(MOST_ROUGH_STEPS):
        count += 1
        evaluate(s, law, logs, e, weights)
        differentiate(s, law, slopes, e, e_slopes, e_brakes, weights)
        imbalance(s)
        composition(s)
        tendency(s)
        newton_step(s, False)
        approach(s)
        if not still_running(s):
            break
    return count


def widen(rough, s):
    """The state that was found, and the derivatives there; lanes that float32 cannot hold wait."""
    for at in range(r.DERIVATIVE_ROWS * LANES):
        s[r.DERIVATIVES + at] = rough[r.HELD + at]
    for lane in range(LANES):
        x, ratio, one = rough[r.X + lane], rough[r.RATIO + lane], rough[r.ONE + lane]
        two, three = rough[r.TWO + lane], rough[r.THREE + lane]
        inverse = s[r.INVERSE + lane]
        usable = (x >= LOWEST) & (x <= HIGHEST) & (ratio >= 0.5) & (ratio <= 1.0)
        usable = usable & (one > 0.0) & (two > 0.0) & (three > 0.0) & (inverse > 0.0)
        usable = usable & (one < np.inf) & (two < np.inf) & (three < np.inf) & (inverse < np.inf)
        s[r.X + lane] = x if usable else s[r.X + lane]
        s[r.RATIO + lane] = ratio if usable else s[r.RATIO + lane]
        s[r.ONE + lane] = one if usable else s[r.ONE + lane]
        s[r.TWO + lane] = two if usable else s[r.TWO + lane]
        s[r.THREE + lane] = three if usable else s[r.THREE + lane]
        s[r.POSSIBLE + lane] = s[r.RUNNING + lane]
        s[r.RUNNING + lane] = s[r.RUNNING + lane] if usable else 0.0


def refine(s):
    """The step that the values in float64 ask for, by the derivatives in float32."""
    for lane in range(LANES):
        x, own, value = s[r.X + lane], s[r.ONE + lane], s[r.VALUE + lane]
        ratio, one = s[r.NEXT_RATIO + lane], s[r.NEXT_ONE + lane]
        ratio_error, error = ratio - s[r.RATIO + lane], (one - own) / own
        ratio_step = s[r.RATIO_BY_RATIO + lane] * ratio_error + s[r.RATIO_BY_GAMMA + lane] * error
        gamma_step = s[r.GAMMA_BY_RATIO + lane] * ratio_error + s[r.GAMMA_BY_GAMMA + lane] * error
        corrected = value + s[r.BY_RATIO + lane] * ratio_step + s[r.BY_GAMMA + lane] * gamma_step
        step = -corrected * s[r.INVERSE + lane]
        factor = gamma_step - error + step * s[r.GAMMA_SLOPE + lane]
        factor = maximum(minimum(factor, MOST_EXTRAPOLATION), -MOST_EXTRAPOLATION)
        s[r.STEP + lane] = x + step
        s[r.MEASURE + lane] = 2.0 * abs(corrected) / s[r.SCALE + lane]
        s[r.NEXT_RATIO + lane] = s[r.RATIO + lane] + ratio_step + step * s[r.RATIO_SLOPE + lane]
        s[r.NEXT_ONE + lane] = one * (1.0 + factor)
        s[r.NEXT_TWO + lane] = s[r.NEXT_TWO + lane] * (1.0 + 4.0 * factor)
        s[r.NEXT_THREE + lane] = s[r.NEXT_THREE + lane] * (1.0 + 9.0 * factor)


def begin_again(s):
    """Lanes that did not settle begin where they would have begun without float32."""
    for lane in range(LANES):
        again = (s[r.POSSIBLE + lane] > 0.0) & (s[r.FOUND + lane] == 0.0)
        start = maximum(minimum(s[r.START + lane], HIGHEST), LOWEST)
        s[r.RUNNING + lane] = 1.0 if again else 0.0
        s[r.X + lane] = start if again else s[r.X + lane]
        s[r.RATIO + lane] = MIXED_CATIONS if again else s[r.RATIO + lane]
        s[r.ONE + lane] = 1.0 if again else s[r.ONE + lane]
        s[r.TWO + lane] = 1.0 if again else s[r.TWO + lane]
        s[r.THREE + lane] = 1.0 if again else s[r.THREE + lane]
        s[r.LOW + lane], s[r.HIGH + lane], s[r.BEFORE + lane] = LOWEST, HIGHEST, np.inf
