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
# From the products of one flux to those of the next: a line more, as from month to month.
YEAR = MONTHS * SOME + (ROW - TILE)

# Placeholders: equations of a reading, other stages.
warmth_of_argument: Any = None
pair_change: Any = None
shapley_of_pair: Any = None
pairs_of_bundles: Any = None
frozen_with_temperature: Any = None
compared: Any = None
compared_month: Any = None
kept: Any = None
added_up: Any = None


def product_of_month(p, g, work, i):
    """The flux of a month per unit of static factor; ``i``: its lane among all months."""
    return p[i] * g[i] * (work[i] * work[LANES + i])


def product_with_wet_and_frozen(p, g, work, i):
    """The same where phi u is in the place of phi."""
    return p[i] * g[i] * work[i]


def sum_of_year(p, g, coefficient, work, total):
    """The flux itself, where groups share g or the months are wanted, too: written out, so that
    the sum stays in a register."""
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


def sum_of_months(products, total):
    """Sum over the months of some lanes, (month, lane), in float64, to ``total``."""
    for i in range(SOME):
        year = np.float64(products[i])
        year += np.float64(products[i + SOME])
        year += np.float64(products[i + 2 * SOME])
        year += np.float64(products[i + 3 * SOME])
        year += np.float64(products[i + 4 * SOME])
        year += np.float64(products[i + 5 * SOME])
        year += np.float64(products[i + 6 * SOME])
        year += np.float64(products[i + 7 * SOME])
        year += np.float64(products[i + 8 * SOME])
        year += np.float64(products[i + 9 * SOME])
        year += np.float64(products[i + 10 * SOME])
        year += np.float64(products[i + 11 * SOME])
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
        added_up(product, total[first : first + SOME])


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


def drivers_alone(w, u, w0, u0, pair):
    """One driver of the year, the others of the base year: moisture, temperature, CO2, frozen.
    ``pair``: how the product of temperature and CO2 factor changes."""
    return (
        pair.base * (w * u0),
        pair.one * (w0 * frozen_with_temperature(u, u0)),
        pair.other * (w0 * u0),
        pair.base * (w0 * u),
    )


def contributions_of_drivers(w, u, w0, u0, pair):
    """Shapley contributions of the four drivers to the change since the base year, likewise."""
    moisture, frozen, temperature, co2 = shapley_of_pair(w, u, w0, u0, pair)
    return moisture, temperature, co2, frozen


def alone_and_contributions(w, u, w0, u0, pair):
    """Each driver alone, then the contributions."""
    return *drivers_alone(w, u, w0, u0, pair), *contributions_of_drivers(w, u, w0, u0, pair)


def four_kept(products, place, values):
    """Four values of a month and a lane to the products, behind that of the flux itself."""
    products[YEAR + place] = values[0]
    products[2 * YEAR + place] = values[1]
    products[3 * YEAR + place] = values[2]
    products[4 * YEAR + place] = values[3]


def eight_kept(products, place, values):
    """Likewise eight."""
    four_kept(products, place, values[:4])
    products[5 * YEAR + place] = values[4]
    products[6 * YEAR + place] = values[5]
    products[7 * YEAR + place] = values[6]
    products[8 * YEAR + place] = values[7]


def month_compared(products, place, work, base, i, pair):
    """What a month and a lane, ``i`` of all months, give beside the base year."""
    w, u, w0, u0 = work[i], work[LANES + i], base[i], base[LANES + i]
    kept(products, place, compared(w, u, w0, u0, pair))


def compared_year(p, g, work, p0, g0, base, static, products, total, sums):
    """The flux itself to ``total``, and added to ``sums``, (what, lane), what a group of minerals
    gives beside the base year; of some lanes at a time as in :func:`sum_of_year_with_own_warmth`.
    ``products``: of the flux, then of all others, ``YEAR`` from one to the next, known to the
    compiler: so it sees that they lie apart."""
    year = np.empty(SOME)
    for first in range(0, TILE, SOME):
        for month in range(MONTHS):
            row, to = month * ROW + first, month * SOME
            for lane in range(SOME):
                i = row + lane
                products[to + lane] = product_of_month(p, g, work, i)
                pair = pair_change(g[i], p[i], g0[i], p0[i])
                compared_month(products, to + lane, work, base, i, pair)
        added_up(products, total[first : first + SOME])
        for which in range(sums.shape[0]):
            added_up(products[(which + 1) * YEAR :], year)
            sum_of_all = sums[which]
            for lane in range(SOME):
                sum_of_all[first + lane] += static[first + lane] * year[lane]


def compared_bundles(p, g, work, p0, g0, base, products, sums):
    """The same of bundles of groups, (bundle, months of lanes), whose static factors are in ``p``
    or ``g`` already, without the flux itself; what ``sums`` held is lost."""
    for first in range(0, TILE, SOME):
        for month in range(MONTHS):
            row, to = month * ROW + first, month * SOME
            for lane in range(SOME):
                i = row + lane
                pairs = pairs_of_bundles(p, g, p0, g0, i)
                compared_month(products, to + lane, work, base, i, pairs)
        for which in range(sums.shape[0]):
            added_up(products[(which + 1) * YEAR :], sums[which, first : first + SOME])
