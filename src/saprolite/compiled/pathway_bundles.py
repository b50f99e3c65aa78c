"""The stages of the fused kernel of the CO2 pathway that take bundles of groups of minerals.

What bundles have in common, w and u, enters once (:func:`pairs_of_bundles`). Static factors enter
in the precision of the kernel, so that in float32 a driver alone in the base year is the control
to 2e-7; months are added up in float64 as ever. Templates as in
:mod:`saprolite.compiled.pathway_stages`.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, misc"

from __future__ import annotations

from typing import Any

from saprolite.compiled.pathway_products import SOME
from saprolite.compiled.pathway_stages import LANES, MONTHS, ROW, TILE

# Placeholders: numbers, equations, other stages.
real: Any = None
place: Any = None
pair_change: Any = None
pairs_added: Any = None
pairs_before: Any = None
further_pair: Any = None
warmth_of_argument: Any = None
product_of_month: Any = None
added_up: Any = None
sum_of_year: Any = None
compared_year: Any = None
compared_bundles: Any = None
scaled_and_added: Any = None
copied: Any = None
warmth_of_months: Any = None


# --- Of a group, within the loop over groups


def group_alone(
    p, g, work, p0, g0, base, coefficient, static, scale, summed, base_summed, products, total, sums
):  # fmt: skip
    """The flux of a group to ``total``, and its experiments added to ``sums``."""
    compared_year(p, g, work, p0, g0, base, static, products, total, sums)


def bundled_by_order(
    p, g, work, p0, g0, base, coefficient, static, scale, summed, base_summed, products, total, sums
):  # fmt: skip
    """The flux likewise; its temperature factor to ``g``, and ``scale`` times that, the static
    factors, to what its bundle has."""
    for first in range(0, TILE, SOME):
        for month in range(MONTHS):
            row, to = month * ROW + first, month * SOME
            for lane in range(SOME):
                i = row + lane
                warmth = warmth_of_argument(work[2 * LANES + i], coefficient)
                g[i] = warmth
                products[to + lane] = product_of_month(p, g, work, i)
                summed[i] += scale[first + lane] * warmth
        added_up(products, total[first : first + SOME])


def bundled_by_coefficient(
    p, g, work, p0, g0, base, coefficient, static, scale, summed, base_summed, products, total, sums
):  # fmt: skip
    """The flux likewise; its CO2 factor and that of the base year to what its bundle has."""
    sum_of_year(p, g, coefficient, work, total)
    scaled_and_added(scale, p, summed)
    scaled_and_added(scale, p0, base_summed)


def scaled_and_added_template(scale, factor, summed):
    """Add static factors times a factor of the months."""
    for month in range(MONTHS):
        row = month * ROW
        for i in range(TILE):
            summed[row + i] += scale[i] * factor[row + i]


# --- Of all bundles, after it


def nothing_bundled(p, g, work, p0, g0, base, summed, base_summed, products, sums):
    """Groups alone have their experiments already."""


def bundles_by_order(p, g, work, p0, g0, base, summed, base_summed, products, sums):
    """Experiments of all bundles, whose sums begin anew; ``g0`` is summed already."""
    compared_bundles(p, summed, work, p0, g0, base, products, sums)
    summed[:] = real(0.0)


def bundles_by_coefficient(p, g, work, p0, g0, base, summed, base_summed, products, sums):
    """The same of the bundles of the other kind."""
    compared_bundles(summed, g, work, base_summed, g0, base, products, sums)
    summed[:], base_summed[:] = real(0.0), real(0.0)


def pair_of_bundle(p, g, p0, g0, i):
    """The change of the two factors that bundles differ in, of one bundle."""
    return pair_change(g[place, i], p[place, i], g0[place, i], p0[place, i])


def pairs_of_bundles(p, g, p0, g0, i):
    """The same of a further bundle and those before it."""
    return pairs_added(pairs_before(p, g, p0, g0, i), further_pair(p, g, p0, g0, i))


# --- What the base year keeps of the temperature factor, (bundle, lane)


def warmth_by_coefficient(work, coefficients, groups, factors, scale, g, base_warmth):
    """That of each coefficient. ``groups``, (group; order, coefficient, bundle); ``factors``, the
    static ones of a layer, (group, cell)."""
    for k in range(coefficients.size):
        warmth_of_months(work, coefficients[k], base_warmth[k])


def warmth_by_order(work, coefficients, groups, factors, scale, g, base_warmth):
    """Summed over the groups of each order, times their static factors: term by term as
    :func:`bundled_by_order` does, so that what has not changed has the same bits."""
    base_warmth[:] = real(0.0)
    for group in range(groups.shape[0]):
        copied(scale, factors[group])
        warmth_of_months(work, coefficients[groups[group, 1]], g)
        scaled_and_added(scale, g, base_warmth[groups[group, 2]])
