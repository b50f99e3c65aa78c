"""The stages of the fused kernel of the CO2 pathway that multiply and add up its four factors.

Templates as in :mod:`saprolite.compiled.pathway_stages`. Products are those of a month per unit of
static factor; their sums go over the twelve months in order, in float64.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, misc"

from __future__ import annotations

from typing import Any

import numpy as np

from saprolite.compiled.pathway_stages import LANES, MONTHS, ROW, TILE

# Lanes of a tile whose twelve months fit the nearest cache.
SOME = 128

# Placeholders: equations of a reading, other stages.
warmth_of_argument: Any = None
shapley_of_product: Any = None
frozen_with_temperature: Any = None
compared: Any = None
wide: Any = None
added: Any = None
stored: Any = None


def product_of_month(p, g, work, i):
    """The flux of a month per unit of static factor; ``i``: its lane among all months."""
    return p[i] * g[i] * (work[i] * work[LANES + i])


def product_with_wet_and_frozen(p, g, work, i):
    """The same where phi u is in the place of phi."""
    return p[i] * g[i] * work[i]


def sum_of_year(p, g, coefficient, work, total):
    """The flux itself, where groups share g or the base year is compared with it: the months
    written out, so that their sum stays in a register."""
    for i in range(TILE):
        year = np.float64(product_of_month(p, g, work, i))
        year += np.float64(product_of_month(p, g, work, i + ROW))
        year += np.float64(product_of_month(p, g, work, i + 2 * ROW))
        year += np.float64(product_of_month(p, g, work, i + 3 * ROW))
        year += np.float64(product_of_month(p, g, work, i + 4 * ROW))
        year += np.float64(product_of_month(p, g, work, i + 5 * ROW))
        year += np.float64(product_of_month(p, g, work, i + 6 * ROW))
        year += np.float64(product_of_month(p, g, work, i + 7 * ROW))
        year += np.float64(product_of_month(p, g, work, i + 8 * ROW))
        year += np.float64(product_of_month(p, g, work, i + 9 * ROW))
        year += np.float64(product_of_month(p, g, work, i + 10 * ROW))
        year += np.float64(product_of_month(p, g, work, i + 11 * ROW))
        total[i] = year


def sum_of_year_with_own_warmth(p, product, coefficient, work, total):
    """The same where nothing else needs g: of some lanes at a time the product, in vectors as long
    as the precision of the arithmetic allows, then its sum in float64."""
    for first in range(0, TILE, SOME):
        for month in range(MONTHS):
            row, to = month * ROW + first, month * SOME
            for i in range(SOME):
                warmth = warmth_of_argument(work[2 * LANES + row + i], coefficient)
                product[to + i] = p[row + i] * warmth * work[row + i]
        for i in range(SOME):
            year = np.float64(product[i])
            year += np.float64(product[i + SOME])
            year += np.float64(product[i + 2 * SOME])
            year += np.float64(product[i + 3 * SOME])
            year += np.float64(product[i + 4 * SOME])
            year += np.float64(product[i + 5 * SOME])
            year += np.float64(product[i + 6 * SOME])
            year += np.float64(product[i + 7 * SOME])
            year += np.float64(product[i + 8 * SOME])
            year += np.float64(product[i + 9 * SOME])
            year += np.float64(product[i + 10 * SOME])
            year += np.float64(product[i + 11 * SOME])
            total[first + i] = year


def months_of_year(p, g, work, static, size, by_month):
    """Add the flux of each month, (month, lane), times the static factors."""
    for month in range(MONTHS):
        row = by_month[month]
        for i in range(size):
            row[i] += static[i] * product_of_month(p, g, work, month * ROW + i)


def frozen_follows(unfrozen, base_unfrozen):
    """Frozen soil follows the temperature that varies alone."""
    return unfrozen


def frozen_stays(unfrozen, base_unfrozen):
    """Frozen soil stays that of the base year."""
    return base_unfrozen


def drivers_alone(p, g, w, u, p0, g0, w0, u0):
    """One driver of the year, the others of the base year: moisture, temperature, CO2, frozen."""
    cold, still = p0 * g0, w0 * u0
    return (
        cold * (w * u0),
        p0 * g * (w0 * frozen_with_temperature(u, u0)),
        p * g0 * still,
        cold * (w0 * u),
    )


def contributions_of_drivers(p, g, w, u, p0, g0, w0, u0):
    """Shapley contributions of the four drivers to the change since the base year, likewise."""
    moisture, frozen, temperature, co2 = shapley_of_product(w, u, g, p, w0, u0, g0, p0)
    return moisture, temperature, co2, frozen


def alone_and_contributions(p, g, w, u, p0, g0, w0, u0):
    """Each driver alone, then the contributions."""
    alone = drivers_alone(p, g, w, u, p0, g0, w0, u0)
    return *alone, *contributions_of_drivers(p, g, w, u, p0, g0, w0, u0)


def compared_month(p, g, work, p0, g0, base, i):
    """What a month of the year gives beside the base year; ``i``: its lane among all months."""
    return compared(p[i], g[i], work[i], work[LANES + i], p0[i], g0[i], base[i], base[LANES + i])


def four_wide(values):
    """Four values in float64."""
    one, two, three, four = values
    return np.float64(one), np.float64(two), np.float64(three), np.float64(four)


def four_added(sums, values):
    """Four sums, each with a value more."""
    return sums[0] + values[0], sums[1] + values[1], sums[2] + values[2], sums[3] + values[3]


def eight_wide(values):
    """Eight values in float64."""
    return *four_wide(values[:4]), *four_wide(values[4:])


def eight_added(sums, values):
    """Eight sums, each with a value more."""
    return *four_added(sums[:4], values[:4]), *four_added(sums[4:], values[4:])


def four_stored(sums, place, static, values):
    """Add four values of a year, times the static factor, to four rows of ``sums``."""
    sums[place] += static * values[0]
    sums[TILE + place] += static * values[1]
    sums[2 * TILE + place] += static * values[2]
    sums[3 * TILE + place] += static * values[3]


def eight_stored(sums, place, static, values):
    """Likewise eight."""
    four_stored(sums, place, static, values[:4])
    four_stored(sums, 4 * TILE + place, static, values[4:])


def compared_year(p, g, work, p0, g0, base, static, sums):
    """Add what a group of minerals gives beside the base year in twelve months to ``sums``."""
    for i in range(TILE):
        year = wide(compared_month(p, g, work, p0, g0, base, i))
        year = added(year, wide(compared_month(p, g, work, p0, g0, base, i + ROW)))
        year = added(year, wide(compared_month(p, g, work, p0, g0, base, i + 2 * ROW)))
        year = added(year, wide(compared_month(p, g, work, p0, g0, base, i + 3 * ROW)))
        year = added(year, wide(compared_month(p, g, work, p0, g0, base, i + 4 * ROW)))
        year = added(year, wide(compared_month(p, g, work, p0, g0, base, i + 5 * ROW)))
        year = added(year, wide(compared_month(p, g, work, p0, g0, base, i + 6 * ROW)))
        year = added(year, wide(compared_month(p, g, work, p0, g0, base, i + 7 * ROW)))
        year = added(year, wide(compared_month(p, g, work, p0, g0, base, i + 8 * ROW)))
        year = added(year, wide(compared_month(p, g, work, p0, g0, base, i + 9 * ROW)))
        year = added(year, wide(compared_month(p, g, work, p0, g0, base, i + 10 * ROW)))
        year = added(year, wide(compared_month(p, g, work, p0, g0, base, i + 11 * ROW)))
        stored(sums, i, static[i], year)
