"""The fused kernel of the CO2 pathway: one pass over a year of forcing, tile by tile.

A template: its stages and numbers are placeholders that :mod:`saprolite.compiled.pathway` fills for
a reading. Each input is read once; what does not vary in time stands outside the months.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, misc"

from __future__ import annotations

from typing import Any

import numpy as np

from saprolite.compiled.pathway_products import YEAR
from saprolite.compiled.pathway_stages import LANES, MONTHS, ROW, TILE

real: Any = None
argument_stage: Any = None
co2_factors: Any = None
fetch: Any = None
means: Any = None
row_of_driver: Any = None
row_of_month: Any = None
annual_frost: Any = None
wet_month: Any = None
frozen_month: Any = None
warm_month: Any = None
warmth_of_months: Any = None
sum_of_year: Any = None
months_of_year: Any = None
group_year: Any = None
bundles_year: Any = None
base_warmth_of: Any = None
keeps_warmth: Any = None
wants_months: Any = None
wants_experiments: Any = None
layer_factors: Any = None
counted: Any = None
copied: Any = None
shares_of_year: Any = None


def layer_factors_template(
    theta, temperature, density, weights, layer, first, cell, size,
    factor, moist, warm, work, clipped, near, base_warmth, base_soil,
):  # fmt: skip
    """phi, u and the argument of Eq 5 of a layer, (which, month, lane), and what was clipped.

    The memory of the next tile, and what the base year has of this one (by tile and layer), is
    asked for in between, so that it comes while there is something else to do.
    """
    dry = density[layer, cell : cell + size]
    means(theta, layer, weights, first, size, moist)
    means(temperature, layer, weights, first, size, warm)
    annual_frost(temperature, layer, first, size, factor)
    rows = work.reshape((3, MONTHS, ROW))
    tile = first // TILE
    for month in range(MONTHS):
        wet_month(
            row_of_driver(theta, moist, month, layer, first, size), dry, rows[0, month], clipped
        )
        fetch(theta[month, layer], first + TILE)
        if wants_experiments:
            fetch(base_soil[tile, layer], month * ROW)
        frozen_month(
            row_of_month(temperature, warm, month, layer, first, size),
            factor, rows[0, month], rows[1, month], near,
        )  # fmt: skip
        fetch(temperature[month, layer], first + TILE)
        if wants_experiments:
            fetch(base_soil[tile, layer], LANES + month * ROW)
        warm_month(row_of_driver(temperature, warm, month, layer, first, size), rows[2, month])
        if wants_experiments:
            for k in range(base_warmth.shape[2]):
                fetch(base_warmth[tile, layer, k], month * ROW)


def copied_template(target, source):
    """Element by element: for ``target[:] = source`` the compiler would compile the text of an
    error as well, which takes it a quarter of its time."""
    for i in range(source.size):
        target[i] = source[i]


def shares_of_year_template(seconds, weights):
    """Share of each month in the length of the year."""
    year = 0.0
    for month in range(MONTHS):
        year += seconds[month]
    for month in range(MONTHS):
        weights[month] = seconds[month] / year


def counted_template(values, known, size):
    """Sum of counts by lane over the lanes that are known."""
    result = np.int64(0)
    for i in range(size):
        result += np.int64(values[i]) * np.int64(known[i])
    return result


def base_cycle(
    theta, temperature, water, before, seconds, seconds_before, intercept, density,
    orders, coefficients, first_cell, cells,
    base_co2, base_warmth, base_soil,
    static_factors, groups,
):  # fmt: skip
    """The factors of the base year by tile and month, kept for all years: s p, g by bundle of
    groups, (phi, u); the last two arguments as in :func:`year_of_fluxes`."""
    weights = np.empty(MONTHS)
    shares_of_year(seconds, weights)
    kind = base_soil.dtype
    argument, work = np.ones((MONTHS, TILE), kind), np.ones(3 * LANES, kind)
    log_pressure, factor = np.ones(TILE, kind), np.ones(TILE, kind)
    moist, warm = np.ones(TILE, kind), np.ones(TILE, kind)
    below, clipped, near = np.zeros(TILE, kind), np.zeros(TILE, kind), np.zeros(TILE, kind)
    scale, g = np.zeros(TILE, kind), np.empty(LANES, kind)
    for tile in range(base_soil.shape[0]):
        start = tile * TILE
        size = min(TILE, cells - start)
        argument_stage(water, before, seconds, seconds_before, start, size, argument)
        co2_factors(argument, intercept, orders, seconds, log_pressure, base_co2[tile], below)
        for layer in range(density.shape[0]):
            layer_factors(
                theta, temperature, density, weights, layer, start, first_cell + start, size,
                factor, moist, warm, work, clipped, near, base_warmth, base_soil,
            )  # fmt: skip
            copied(base_soil[tile, layer], work[: 2 * LANES])
            factors = static_factors[:, layer, first_cell + start : first_cell + start + size]
            base_warmth_of(work, coefficients, groups, factors, scale, g, base_warmth[tile, layer])


def year_of_fluxes(
    theta, temperature, water, before, seconds, seconds_before, intercept, density,
    orders, coefficients, first_cell, cells,
    base_co2, base_warmth, base_soil,
    static_factors, groups, complete, flux, alone, contributions, months, counts,
):  # fmt: skip
    """One year: flux (group, layer, cell), experiments and contributions (driver, layer, cell),
    flux by month (month, layer, cell), t C km-2, and the four counts of the block.

    ``static_factors`` and ``complete``, (layer + 1, cell: whether static inputs are complete; last
    row, in any layer) are those of all cells. ``groups``, (group; order, coefficient, bundle).
    """
    weights = np.empty(MONTHS)
    shares_of_year(seconds, weights)
    layers, bundles = density.shape[0], base_warmth.shape[2]
    kind = base_soil.dtype
    argument, work = np.ones((MONTHS, TILE), kind), np.ones(3 * LANES, kind)
    log_pressure, factor = np.ones(TILE, kind), np.ones(TILE, kind)
    moist, warm = np.ones(TILE, kind), np.ones(TILE, kind)
    below, clipped, near = np.empty(TILE, kind), np.empty(TILE, kind), np.empty(TILE, kind)
    co2 = np.ones((orders.size, MONTHS, ROW), kind)
    co2_of_orders = co2.reshape((orders.size, LANES))
    warmth = np.empty((coefficients.size, LANES), kind)
    summed, base_summed = np.zeros((bundles, LANES), kind), np.zeros((bundles, LANES), kind)
    static, scale = np.zeros(TILE), np.empty(TILE, kind)
    total, lost = np.empty(TILE), np.empty(TILE)
    compared = alone.shape[0] + contributions.shape[0]
    sums, products = np.empty((compared, TILE)), np.empty((compared + 1) * YEAR, kind)
    by_month = np.empty((MONTHS, TILE), np.float64)
    for start in range(0, cells, TILE):
        size, tile = min(TILE, cells - start), start // TILE
        cell, stop = first_cell + start, start + size
        below[:] = real(0.0)
        argument_stage(water, before, seconds, seconds_before, start, size, argument)
        co2_factors(argument, intercept, orders, seconds, log_pressure, co2, below)
        counts[0] += counted(below, complete[layers, cell : cell + size], size)
        for layer in range(layers):
            clipped[:], near[:], lost[:] = real(0.0), real(0.0), 0.0
            layer_factors(
                theta, temperature, density, weights, layer, start, cell, size,
                factor, moist, warm, work, clipped, near, base_warmth, base_soil,
            )  # fmt: skip
            if wants_experiments:
                base_co2_of_orders = base_co2[tile].reshape((orders.size, LANES))
                sums[:] = 0.0
                for driver in range(alone.shape[0]):
                    fetch(alone[driver, layer], start)
                for driver in range(contributions.shape[0]):
                    fetch(contributions[driver, layer], start)
            if wants_months:
                by_month[:] = 0.0
            if keeps_warmth:
                for k in range(coefficients.size):
                    warmth_of_months(work, coefficients[k], warmth[k])
            for group in range(groups.shape[0]):
                o, k, bundle = groups[group, 0], groups[group, 1], groups[group, 2]
                p, g = co2_of_orders[o], warmth[k if keeps_warmth else 0]
                copied(static, static_factors[group, layer, cell : cell + size])
                fetch(static_factors[group, layer], cell + TILE)
                fetch(flux[group, layer], start)
                if wants_experiments:
                    copied(scale, static)
                    group_year(
                        p, g, work, base_co2_of_orders[o],
                        base_warmth[tile, layer, bundle], base_soil[tile, layer], coefficients[k],
                        static, scale, summed[bundle], base_summed[bundle], products, total, sums,
                    )  # fmt: skip
                else:
                    sum_of_year(p, g, coefficients[k], work, total)
                out = flux[group, layer, start:stop]
                for i in range(size):
                    out[i] = static[i] * total[i]
                    lost[i] += 0.0 * out[i]
                if wants_months:
                    months_of_year(p, g, work, static, size, by_month)
            if wants_experiments:
                bundles_year(
                    co2_of_orders, warmth, work, base_co2_of_orders, base_warmth[tile, layer],
                    base_soil[tile, layer], summed, base_summed, products, sums,
                )  # fmt: skip
                for driver in range(alone.shape[0]):
                    copied(alone[driver, layer, start:stop], sums[driver, :size])
                for driver in range(contributions.shape[0]):
                    row = sums[alone.shape[0] + driver, :size]
                    copied(contributions[driver, layer, start:stop], row)
            if wants_months:
                for month in range(MONTHS):
                    copied(months[month, layer, start:stop], by_month[month, :size])
            known = complete[layer, cell : cell + size]
            counts[1] += counted(clipped, known, size)
            counts[2] += counted(near, known, size)
            for i in range(size):
                counts[3] += np.int64(known[i]) * np.int64(lost[i] != lost[i])
