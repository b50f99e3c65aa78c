"""Where the compiled solver keeps its numbers: rows of one scratch array, a tile of lanes each.

A row is its offset. A tile has a fixed number of lanes, so that every loop over it has a length
that the compiler knows; offsets are unsigned, because an index that might be negative counts from
the end, and such a loop is not vectorised.
"""

from __future__ import annotations

import numpy as np

from saprolite.compiled.intrinsics import row_products

LANES = np.uint64(64)
add_rows, add_scaled = row_products(int(LANES))


def _row(number: int) -> np.uint64:
    return np.uint64(number) * LANES


def _rows(first: int, last: int | None = None) -> list[np.uint64]:
    """Offsets of some rows, as ``range`` counts them."""
    return [_row(number) for number in (range(first) if last is None else range(first, last))]


# What is given of a layer, in the order in which the kernel takes it; then Ca, Mg, K, Na wanted.
(
    TEMPERATURE, PRESSURE, DOC, LOG_GIBBSITE, EXPONENT, NITRIFICATION, WATER, WANTED_NITROGEN,
) = _rows(8)  # fmt: skip
WANTED = _row(8)
# Inflow, and what leaves: Ca, Mg, K, Na, NH4, NO3, SO4, Cl, Si, P.
INFLOW, AMMONIUM, NITRATE, SULPHATE, CHLORIDE, SILICA, PHOSPHORUS = (
    _row(n) for n in (12, 16, 17, 18, 19, 20, 21)
)
LEAVES = _row(22)
LEAVES_SILICA, LEAVES_PHOSPHORUS = _rows(30, 32)
# Flux of NH4, NO3, SO4, Cl; taken up of NH4, NO3, Ca, Mg, K, Na; where uptake stops.
FLUX, FLUX_AMMONIUM, FLUX_NITRATE, FLUX_SULPHATE, FLUX_CHLORIDE = (
    _row(n) for n in (32, 32, 33, 34, 35)
)
TAKEN, TAKEN_AMMONIUM, TAKEN_NITRATE, FLOOR = (_row(n) for n in (36, 36, 37, 42))
TAKEN_CATIONS = _row(38)
# Equilibria of a layer; what else stands still in it.
WATER_CONSTANT, HENRY, CARBONIC_1, CARBONIC_2, HYDROLYSIS, ORGANIC = (
    _row(n) for n in (46, 47, 48, 49, 50, 54)
)
ACID, LOG_WATER, ANIONS, SURFACE, AVAILABLE = (_row(n) for n in (57, 58, 59, 60, 61))
# The state: ln h, moles per charge, activity coefficients; the bracket; flags (0 or 1).
X, RATIO, ONE, TWO, THREE, LOW, HIGH, BEFORE, RUNNING, FOUND, START = _rows(65, 76)
# The solution at the state.
PROTON, HYDROXIDE, BICARBONATE, CARBONATE, LIGAND, ALUMINIUM, HYDROXIDES = _rows(76, 83)
(
    ANC, ANC_SLOPE, ANC_SCALE, AL_ACTIVITY, LIGAND_SLOPE, ORGANIC_SQUARES, BASES, BASES_SLOPE,
) = _rows(86, 94)  # fmt: skip
# What the layer delivers there and what leaves of it, by cation, with slopes; the balance.
DELIVERED, STEEPNESS, OUT, OUT_SLOPE = (_row(n) for n in (94, 98, 102, 106))
VALUE, SLOPE, SCALE = (_row(n) for n in (110, 111, 112))
STEP, NEXT_RATIO, NEXT_ONE, NEXT_TWO, NEXT_THREE = _rows(113, 118)
# Results of a layer.
PH, RESIDUAL, RELEASED = (_row(n) for n in (118, 119, 120))
RELEASED_SILICA, RELEASED_PHOSPHORUS = _rows(125, 127)
ANC_SCALE_SLOPE, SQUARES_SLOPE, MEASURE = _rows(127, 130)
# What the search knows of the composition: errors and derivatives to ln h.
VALUE_ERROR, SLOPE_ERROR, RATIO_ERROR, GAMMA_ERROR = _rows(130, 134)
# What may be delivered, most and least, over all pH; whether that does not tell enough.
MOST, LEAST, UNSURE = _rows(136, 139)
# What the layer delivers there, and what leaves of it, by the brakes of base cations alone.
BRAKE, OUT_BRAKE = _row(139), _row(143)
# Derivatives: the inverse of the composition's own two equations, what composition does to the
# balance, the composition's to ln h, the inverse of that of the balance with all that follows.
DERIVATIVES, HELD, DERIVATIVE_ROWS = _row(147), _row(156), 9
(
    RATIO_BY_RATIO, RATIO_BY_GAMMA, GAMMA_BY_RATIO, GAMMA_BY_GAMMA, BY_RATIO, BY_GAMMA,
    RATIO_SLOPE, GAMMA_SLOPE, INVERSE,
) = _rows(147, 156)  # fmt: skip
# The ionic strength; whether the charges of a lane can balance.
STRENGTH, POSSIBLE = _rows(165, 167)
ROWS = 167

# Rows of the logarithms that exponents multiply; those of limits follow.
NO_LOGARITHM, LOG_PROTON, LOG_HYDROXIDE, LOG_PRESSURE, LOG_LIMITS = _rows(5)

# Rows of the results; rates follow, by pathway and mineral.
(
    OUT_PH, OUT_RESIDUAL, OUT_RELEASED, OUT_WEAK, OUT_FLUX, OUT_TAKEN, OUT_SOLUTES, OUT_RATES,
) = (0, 1, 2, 9, 19, 29, 35, 45)  # fmt: skip
# Which rows are results as they are.
WRITTEN = np.array(
    [
        (int(first) + int(LANES) * number, to + number)
        for first, to, count in (
            (PH, OUT_PH, 1), (RESIDUAL, OUT_RESIDUAL, 1), (RELEASED, OUT_RELEASED, 7),
            (PROTON, OUT_WEAK, 10), (LEAVES, OUT_FLUX, 10), (TAKEN, OUT_TAKEN, 6),
        )
        for number in range(count)
    ]
)  # fmt: skip
