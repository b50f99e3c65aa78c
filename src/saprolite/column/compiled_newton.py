"""Parts of the compiled solver: how far a layer is from balance, its next state, what is passed on.

Newton's method on ln h, with the composition of the base cations and the activity coefficients
brought up to date at every step that is short enough; where the steps do not settle, only at a
balanced pH, inside a bracket, as the solver of single sites does. Templates as in
:mod:`.compiled_solution`; ``coefficients`` is chosen by the reading.
"""

# Templates are compiled for the types that they are called with.
# mypy: disable-error-code="no-untyped-def,no-untyped-call"
from __future__ import annotations

import numpy as np

from saprolite.column import compiled_rows as r
from saprolite.column.chemistry import GREATEST_IONIC_STRENGTH, GREATEST_PH, LEAST_PH
from saprolite.column.layer import COMPOSITION_TOLERANCE
from saprolite.column.newton import AIM, ROUNDING, TOLERANCE
from saprolite.constants import DAVIES_LINEAR, LN10
from saprolite.equations.activity import activity_coefficient, log_coefficient_slope
from saprolite.equations.elementary import log, maximum, minimum
from saprolite.equations.mass_balance import (
    MIXED_CATIONS,
    after_uptake,
    charge_imbalance,
    moles_per_charge,
)
from saprolite.equations.solution import ionic_strength, strong_ionic_strength

LANES = r.LANES
TWO_ROWS, THREE_ROWS = 2 * LANES, 3 * LANES
LOWEST, HIGHEST = -LN10 * GREATEST_PH, -LN10 * LEAST_PH
# A step in ln h that is short enough to carry the composition along.
NEAR = 1.0
# Share of the charges below which a balance is close.
CLOSE = 1e-8
# Rounding that a comparison of sums must allow for.
MARGIN = 1e-9
# Where nothing is dissolved, or leaves, no slope may divide by it.
LEAST_STRENGTH, LEAST_CHARGE = 1e-12, 1e-30
# Largest relative change of an activity coefficient beyond what the state itself has.
MOST_EXTRAPOLATION = 0.05
# Steps after which a lane is treated as difficult, and given up.
PATIENCE, MOST_STEPS = 40, 2000


def no_coefficients(strength):  # noqa: ARG001
    """Activity coefficients of charge 1, 2, 3: none."""
    return 1.0, 1.0, 1.0


def davies_coefficients(strength):
    """Activity coefficients of charge 1, 2, 3 by Davies' equation."""
    return (
        activity_coefficient(strength, 1.0, DAVIES_LINEAR),
        activity_coefficient(strength, 2.0, DAVIES_LINEAR),
        activity_coefficient(strength, 3.0, DAVIES_LINEAR),
    )


def guntelberg_coefficients(strength):
    """Activity coefficients of charge 1, 2, 3 by Guentelberg's equation."""
    return (
        activity_coefficient(strength, 1.0, 0.0),
        activity_coefficient(strength, 2.0, 0.0),
        activity_coefficient(strength, 3.0, 0.0),
    )


def no_slope(strength):  # noqa: ARG001
    """d(ln gamma_1)/dI without activity coefficients."""
    return 0.0


def davies_slope(strength):
    """d(ln gamma_1)/dI of Davies' equation."""
    return log_coefficient_slope(strength, DAVIES_LINEAR)


def guntelberg_slope(strength):
    """d(ln gamma_1)/dI of Guentelberg's equation."""
    return log_coefficient_slope(strength, 0.0)


# Set when the kernel is made.
coefficients, coefficient_slope = davies_coefficients, davies_slope


def begin(s):
    """The state in which a layer is looked at first: at the upper end of pH."""
    for lane in range(LANES):
        s[r.X + lane] = LOWEST
        s[r.RATIO + lane] = MIXED_CATIONS
        s[r.ONE + lane] = 1.0
        s[r.TWO + lane] = 1.0
        s[r.THREE + lane] = 1.0
        s[r.FOUND + lane] = 0.0
        s[r.LOW + lane] = LOWEST
        s[r.HIGH + lane] = HIGHEST
        s[r.BEFORE + lane] = np.inf


def imbalance(s):
    """What the layer delivers minus what the charge balance asks for; cations that leave."""
    for lane in range(LANES):
        s[r.VALUE + lane] = 0.0
        s[r.SLOPE + lane] = 0.0
    for cation in range(4):
        offset = LANES * np.uint64(cation)
        delivered, steepness = r.DELIVERED + offset, r.STEEPNESS + offset
        wanted, floor = r.WANTED + offset, r.FLOOR + offset
        leaves, leaves_slope = r.OUT + offset, r.OUT_SLOPE + offset
        brake, leaves_brake = r.BRAKE + offset, r.OUT_BRAKE + offset
        for lane in range(LANES):
            left, follows = after_uptake(s[delivered + lane], s[wanted + lane], s[floor + lane])
            gain = s[steepness + lane] if follows else 0.0
            s[leaves + lane] = left
            s[leaves_slope + lane] = gain
            s[leaves_brake + lane] = s[brake + lane] if follows else 0.0
            s[r.VALUE + lane] = s[r.VALUE + lane] + left
            s[r.SLOPE + lane] = s[r.SLOPE + lane] + gain
    for lane in range(LANES):
        water = s[r.WATER + lane]
        value, scale = charge_imbalance(
            s[r.VALUE + lane], water, s[r.ANIONS + lane], s[r.ANC + lane], s[r.ANC_SCALE + lane]
        )
        s[r.VALUE + lane], s[r.SCALE + lane] = value, scale
        s[r.SLOPE + lane] = s[r.SLOPE + lane] / water - s[r.ANC_SLOPE + lane]


def look_at_ends(s, end):
    """Whether the charges surely balance between the ends of pH: at pH 13 (``end`` 0) they ask for
    more than could ever be delivered, at pH 1 for less than comes in without weathering."""
    for lane in range(LANES):
        water, anions, anc = s[r.WATER + lane], s[r.ANIONS + lane], s[r.ANC + lane]
        bound = s[r.MOST + lane] if end == 0 else s[r.LEAST + lane]
        value, scale = charge_imbalance(bound, water, anions, anc, s[r.ANC_SCALE + lane])
        # Activities and what they are raised to stay below 1.
        small = (s[r.PRESSURE + lane] <= 1.0) & (s[r.ACID + lane] <= 1.0)
        small = small & (s[r.LOG_WATER + lane] <= LOWEST)
        surely = value < -MARGIN * scale if end == 0 else value > MARGIN * scale
        known = value == value
        before = 1.0 if end == 0 else s[r.RUNNING + lane]
        unsure_before = 0.0 if end == 0 else s[r.UNSURE + lane]
        s[r.UNSURE + lane] = 1.0 if known & (not (surely & small)) else unsure_before
        s[r.RUNNING + lane] = before if known else 0.0
        s[r.X + lane] = HIGHEST


def unsure(s):
    """Whether any lane has to be looked at with its rates."""
    count = 0
    for lane in range(LANES):
        count += 1 if s[r.UNSURE + lane] > 0.0 else 0
    return count > 0


def to_start(s):
    """To the first guess."""
    for lane in range(LANES):
        s[r.X + lane] = maximum(minimum(s[r.START + lane], HIGHEST), LOWEST)


def first_look(s):
    """At pH 13 more must be asked for than delivered; then to the other end."""
    for lane in range(LANES):
        s[r.RUNNING + lane] = 1.0 if s[r.VALUE + lane] <= 0.0 else 0.0
        s[r.X + lane] = HIGHEST


def second_look(s):
    """At pH 1 less: only then the charges can balance in between. Then to the start."""
    for lane in range(LANES):
        possible = s[r.VALUE + lane] >= 0.0
        s[r.RUNNING + lane] = s[r.RUNNING + lane] if possible else 0.0


def composition(s):
    """Moles per charge of the base cations and activity coefficients that belong to the state."""
    for lane in range(LANES):
        water = s[r.WATER + lane]
        ca, mg, k, na = (
            s[r.OUT + lane], s[r.OUT + LANES + lane], s[r.OUT + TWO_ROWS + lane],
            s[r.OUT + THREE_ROWS + lane],
        )  # fmt: skip
        strong = strong_ionic_strength(
            ca / water, mg / water, k / water, na / water, s[r.FLUX_AMMONIUM + lane] / water,
            s[r.FLUX_NITRATE + lane] / water, s[r.FLUX_SULPHATE + lane] / water,
            s[r.FLUX_CHLORIDE + lane] / water,
        )  # fmt: skip
        strength = ionic_strength(
            strong, s[r.PROTON + lane], s[r.HYDROXIDE + lane], s[r.BICARBONATE + lane],
            s[r.CARBONATE + lane], s[r.ORGANIC_SQUARES + lane], s[r.ALUMINIUM + lane],
            s[r.HYDROXIDES + lane], s[r.HYDROXIDES + LANES + lane],
            s[r.HYDROXIDES + THREE_ROWS + lane],
        )  # fmt: skip
        one, two, three = coefficients(minimum(strength, GREATEST_IONIC_STRENGTH))
        s[r.STRENGTH + lane] = strength
        s[r.NEXT_RATIO + lane], s[r.NEXT_ONE + lane] = moles_per_charge(ca, mg, k, na), one
        s[r.NEXT_TWO + lane], s[r.NEXT_THREE + lane] = two, three


def tendency(s):
    """How the composition answers to pH and to itself, and the balance to it.

    All unknowns are told to the search to first order, so that they settle together.
    """
    for lane in range(LANES):
        water = s[r.WATER + lane]
        ca, mg, k, na = (
            s[r.OUT + lane], s[r.OUT + LANES + lane], s[r.OUT + TWO_ROWS + lane],
            s[r.OUT + THREE_ROWS + lane],
        )  # fmt: skip
        ca_slope, mg_slope, k_slope, na_slope = (
            s[r.OUT_SLOPE + lane], s[r.OUT_SLOPE + LANES + lane],
            s[r.OUT_SLOPE + TWO_ROWS + lane], s[r.OUT_SLOPE + THREE_ROWS + lane],
        )  # fmt: skip
        proton, oh, hco3, co3 = (
            s[r.PROTON + lane], s[r.HYDROXIDE + lane], s[r.BICARBONATE + lane],
            s[r.CARBONATE + lane],
        )  # fmt: skip
        al, al1, al2, al4 = (
            s[r.ALUMINIUM + lane], s[r.HYDROXIDES + lane], s[r.HYDROXIDES + LANES + lane],
            s[r.HYDROXIDES + THREE_ROWS + lane],
        )  # fmt: skip
        ratio, one, strength = s[r.NEXT_RATIO + lane], s[r.NEXT_ONE + lane], s[r.STRENGTH + lane]
        own, own_ratio = s[r.ONE + lane], s[r.RATIO + lane]
        charge = maximum(ca + mg + k + na, LEAST_CHARGE)
        # The base cations that brake, BC = ratio (anions + ANC), answer to ln gamma_1 by ANC; what
        # leaves answers to BC, all cations together and by their charges.
        anc_by_gamma = proton - oh - hco3 - 8.0 * co3 + 27.0 * al + 8.0 * al1 + al2 - al4
        bases_slope = s[r.BASES_SLOPE + lane]
        per_base = 1.0 / bases_slope if bases_slope < 0.0 else 0.0
        divalent = (s[r.OUT_BRAKE + lane] + s[r.OUT_BRAKE + LANES + lane]) * per_base
        monovalent = (
            s[r.OUT_BRAKE + TWO_ROWS + lane] + s[r.OUT_BRAKE + THREE_ROWS + lane]
        ) * per_base
        bases_by_ratio, bases_by_gamma = s[r.BASES + lane] / own_ratio, own_ratio * anc_by_gamma
        value_by_bases = (divalent + monovalent) / water
        ratio_by_bases = (0.5 * divalent + monovalent - ratio * (divalent + monovalent)) / charge
        # d(ln gamma_1)/dI, and how ln gamma_1 answers to BC, to itself, and to ln h.
        gamma_slope = coefficient_slope(maximum(strength, LEAST_STRENGTH))
        gamma_slope = gamma_slope if strength < GREATEST_IONIC_STRENGTH else 0.0
        half = 0.5 * gamma_slope
        gamma_by_bases = half * (2.0 * divalent + monovalent) / water
        direct = proton + oh + hco3 + 16.0 * co3 + 81.0 * al + 16.0 * al1 + al2 + al4
        divalent_slope, monovalent_slope = ca_slope + mg_slope, k_slope + na_slope
        gamma_by_x = half * (
            s[r.SQUARES_SLOPE + lane] + (2.0 * divalent_slope + monovalent_slope) / water
        )
        ratio_by_x = (
            0.5 * divalent_slope + monovalent_slope - ratio * (divalent_slope + monovalent_slope)
        ) / charge  # fmt: skip
        # Both together, as Newton's method has them: two linear equations, at least halfway.
        a11 = 1.0 - minimum(ratio_by_bases * bases_by_ratio, 0.5)
        a12 = -ratio_by_bases * bases_by_gamma
        a21 = -gamma_by_bases * bases_by_ratio
        a22 = 1.0 - minimum(gamma_by_bases * bases_by_gamma - half * direct, 0.5)
        determinant = a11 * a22 - a12 * a21
        determinant = determinant if determinant > 0.25 else 0.25
        p11, p12, p21, p22 = (
            a22 / determinant, -a12 / determinant, -a21 / determinant, a11 / determinant,
        )  # fmt: skip
        ratio_error, error = ratio - own_ratio, (one - own) / own
        ratio_step = p11 * ratio_error + p12 * error
        gamma_step = p21 * ratio_error + p22 * error
        ratio_slope = p11 * ratio_by_x + p12 * gamma_by_x
        full_slope = p21 * ratio_by_x + p22 * gamma_by_x
        # What their changes do to the balance.
        by_ratio = value_by_bases * bases_by_ratio
        by_gamma = value_by_bases * bases_by_gamma - anc_by_gamma
        s[r.RATIO_BY_RATIO + lane], s[r.RATIO_BY_GAMMA + lane] = p11, p12
        s[r.GAMMA_BY_RATIO + lane], s[r.GAMMA_BY_GAMMA + lane] = p21, p22
        s[r.BY_RATIO + lane], s[r.BY_GAMMA + lane] = by_ratio, by_gamma
        s[r.VALUE_ERROR + lane] = by_ratio * ratio_step + by_gamma * gamma_step
        slope_error = by_ratio * ratio_slope + by_gamma * full_slope
        s[r.SLOPE_ERROR + lane] = slope_error
        s[r.INVERSE + lane] = 1.0 / (s[r.SLOPE + lane] + slope_error)
        s[r.RATIO_ERROR + lane], s[r.RATIO_SLOPE + lane] = ratio_step - ratio_error, ratio_slope
        s[r.GAMMA_ERROR + lane], s[r.GAMMA_SLOPE + lane] = gamma_step - error, full_slope


def newton_step(s, difficult):
    """The step that Newton's method asks for, how far from balance the state is, what comes next.

    The sums of positive and of negative charges are nearly powers of h: their ratio, in logarithms,
    is nearly a straight line over the whole range of pH.
    """
    for lane in range(LANES):
        x, slope, scale = s[r.X + lane], s[r.SLOPE + lane], s[r.SCALE + lane]
        scale_slope = s[r.ANC_SCALE_SLOPE + lane] + slope + s[r.ANC_SLOPE + lane]
        value = s[r.VALUE + lane] + s[r.VALUE_ERROR + lane]
        corrected = (abs(value) < 0.99 * scale) & (not difficult)
        value = value if corrected else s[r.VALUE + lane]
        stretch = 1.0 + s[r.SLOPE_ERROR + lane] / slope
        stretch = stretch if corrected & (stretch > 0.3) & (stretch < 3.0) else 1.0
        positive, negative = scale + value, scale - value
        ratio = log(positive / negative)
        ratio_slope = (scale_slope + slope) / positive - (scale_slope - slope) / negative
        # Close to the root the logarithm has lost its digits, and the equation is straight.
        close = abs(value) < CLOSE * scale
        step = -(value / slope if close else ratio / ratio_slope) / stretch
        s[r.MEASURE + lane] = 2.0 * abs(value) / scale if close else abs(ratio)
        s[r.STEP + lane] = x + step
        change = step if abs(step) < NEAR else 0.0
        moved = s[r.NEXT_RATIO + lane] + s[r.RATIO_ERROR + lane] + change * s[r.RATIO_SLOPE + lane]
        s[r.NEXT_RATIO + lane] = moved if (moved > 0.5) & (moved < 1.0) else s[r.NEXT_RATIO + lane]
        factor = s[r.GAMMA_ERROR + lane] + change * s[r.GAMMA_SLOPE + lane]
        factor = minimum(maximum(factor, -MOST_EXTRAPOLATION), MOST_EXTRAPOLATION)
        s[r.NEXT_ONE + lane] = s[r.NEXT_ONE + lane] * (1.0 + factor)
        s[r.NEXT_TWO + lane] = s[r.NEXT_TWO + lane] * (1.0 + 4.0 * factor)
        s[r.NEXT_THREE + lane] = s[r.NEXT_THREE + lane] * (1.0 + 9.0 * factor)


def advance(s, difficult):
    """Close the lanes that are balanced or lost, move the others."""
    for lane in range(LANES):
        running = s[r.RUNNING + lane] > 0.0
        x, value, step = s[r.X + lane], s[r.VALUE + lane], s[r.STEP + lane]
        low, high, scale = s[r.LOW + lane], s[r.HIGH + lane], s[r.SCALE + lane]
        ratio, one, two, three = (
            s[r.RATIO + lane], s[r.ONE + lane], s[r.TWO + lane], s[r.THREE + lane],
        )  # fmt: skip
        next_ratio, next_one, next_two, next_three = (
            s[r.NEXT_RATIO + lane], s[r.NEXT_ONE + lane], s[r.NEXT_TWO + lane],
            s[r.NEXT_THREE + lane],
        )  # fmt: skip
        size, measure = abs(value), s[r.MEASURE + lane]
        exhausted = (high - low <= ROUNDING * abs(x)) | (abs(step - x) <= 1e-16 * abs(x))
        balanced = size <= AIM * scale
        settled = balanced | exhausted
        change = maximum(
            maximum(abs(next_ratio - ratio), abs(next_one - one)),
            maximum(abs(next_two - two), abs(next_three - three)),
        )
        still = change <= COMPOSITION_TOLERANCE
        accepted = size <= TOLERANCE * scale
        lost = (settled & (not accepted)) | (not (abs(value) < np.inf))
        found = running & settled & still & accepted
        falling = measure <= 0.5 * s[r.BEFORE + lane]
        # A short step answers to the composition, too: its sign need not be that of the balance.
        short = (abs(step - x) < NEAR) & (step >= low) & (step <= high) & falling
        short = short & (not difficult)
        low = x if value < 0.0 else low
        high = x if value > 0.0 else high
        newton = short | ((step >= low) & (step <= high) & falling)
        following = step if newton else 0.5 * (low + high)
        following = x if exhausted else following
        renew = settled | short
        running = running & (not found) & (not lost)
        s[r.FOUND + lane] = 1.0 if found else s[r.FOUND + lane]
        s[r.RUNNING + lane] = 1.0 if running else 0.0
        s[r.X + lane] = following if running else x
        moved = running & renew
        s[r.RATIO + lane] = next_ratio if moved else ratio
        s[r.ONE + lane] = next_one if moved else one
        s[r.TWO + lane] = next_two if moved else two
        s[r.THREE + lane] = next_three if moved else three
        s[r.LOW + lane] = LOWEST if renew else low
        s[r.HIGH + lane] = HIGHEST if renew else high
        s[r.BEFORE + lane] = measure if newton & (not renew) else np.inf


def still_running(s):
    """Whether any lane is."""
    count = 0
    for lane in range(LANES):
        count += 1 if s[r.RUNNING + lane] > 0.0 else 0
    return count > 0
