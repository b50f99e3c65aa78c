"""The fused kernel of the CO2 pathway: one pass over a year of forcing, tile by tile.

A template: its stages and numbers are placeholders that :mod:`saprolite.compiled.pathway` fills for
a reading. Each input is read once; what does not vary in time stands outside the months.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, misc"

from __future__ import annotations

from typing import Any

import numpy as np

from saprolite.compiled.pathway_stages import LANES, MONTHS, TILE

real: Any = None
near_width: Any = None
freezing_point: Any = None
reference: Any = None
argument_stage: Any = None
co2_factors: Any = None
load_months: Any = None
load_drivers: Any = None
load_warmth: Any = None
saturation: Any = None
clipped_saturation: Any = None
annual_frost: Any = None
unfrozen_at: Any = None
arrhenius_argument: Any = None
warmth_of_argument: Any = None
products: Any = None
sum_of_months: Any = None
wants_months: Any = None
wants_experiments: Any = None
layer_factors: Any = None
experiments_of_group: Any = None
month_products: Any = None
counted: Any = None
shares_of_year: Any = None


def layer_factors_template(
    theta, temperature, density, weights, coefficients, layer, first, cell, size,
    wet, unfrozen, warmth, rows, dry, factor, clipped, near,
):  # fmt: skip
    """phi, u (month, lane) and g (coefficient, month, lane) of a layer, and what was clipped."""
    density_row = density[layer, cell : cell + size]
    for i in range(size):
        dry[i] = density_row[i]
    load_drivers(theta, layer, weights, first, size, rows)
    for month in range(MONTHS):
        for i in range(TILE):
            raw = saturation(rows[month, i], dry[i])
            clipped[i] += real(1.0) if (raw < real(0.0) or raw > real(1.0)) else real(0.0)
            wet[month, i] = clipped_saturation(raw)
    load_months(temperature, layer, weights, first, size, rows)
    annual_frost(rows, factor)
    for month in range(MONTHS):
        for i in range(TILE):
            kelvin = rows[month, i]
            above = kelvin - freezing_point
            near[i] += real(1.0) if (above <= near_width and above >= -near_width) else real(0.0)
            unfrozen[month, i] = unfrozen_at(kelvin, factor[i])
    load_warmth(temperature, layer, weights, first, size, rows)
    gap = rows.reshape(LANES)
    for i in range(LANES):
        gap[i] = arrhenius_argument(gap[i], reference)
    for k in range(coefficients.size):
        coefficient, g = coefficients[k], warmth[k].reshape(LANES)
        for i in range(LANES):
            g[i] = warmth_of_argument(gap[i], coefficient)


def experiments_template(
    p, g, w, u, p0, g0, w0, u0, static, size, product, total, sums,
):  # fmt: skip
    """Add a group's experiments and contributions of a year, (which, lane), to ``sums``."""
    month_products(
        p.reshape(LANES), g.reshape(LANES), w.reshape(LANES), u.reshape(LANES),
        p0.reshape(LANES), g0.reshape(LANES), w0.reshape(LANES), u0.reshape(LANES),
        product.reshape(product.shape[0] * LANES),
    )  # fmt: skip
    for driver in range(product.shape[0]):
        sum_of_months(product[driver], total)
        row = sums[driver]
        for i in range(size):
            row[i] += static[i] * total[i]


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
    base_co2, base_warmth, base_wet, base_unfrozen,
):  # fmt: skip
    """The factors of the base year by tile and month, kept for all years: s p, g, phi, u."""
    weights = np.empty(MONTHS)
    shares_of_year(seconds, weights)
    kind = base_wet.dtype
    argument, rows = np.ones((MONTHS, TILE), kind), np.ones((MONTHS, TILE), kind)
    log_pressure, dry, factor = np.ones(TILE, kind), np.ones(TILE, kind), np.ones(TILE, kind)
    scrap = np.zeros(TILE, kind)
    for tile in range(base_wet.shape[0]):
        start = tile * TILE
        size = min(TILE, cells - start)
        argument_stage(water, before, seconds, seconds_before, start, size, argument)
        co2_factors(argument, intercept, orders, seconds, log_pressure, base_co2[tile], scrap)
        for layer in range(density.shape[0]):
            layer_factors(
                theta, temperature, density, weights, coefficients,
                layer, start, first_cell + start, size,
                base_wet[tile, layer], base_unfrozen[tile, layer], base_warmth[tile, layer],
                rows, dry, factor, scrap, scrap,
            )  # fmt: skip


def year_of_fluxes(
    theta, temperature, water, before, seconds, seconds_before, intercept, density,
    orders, coefficients, first_cell, cells,
    base_co2, base_warmth, base_wet, base_unfrozen,
    static_factors, complete, order_of, coefficient_of, flux, alone, contributions, months, counts,
):  # fmt: skip
    """One year: flux (group, layer, cell), experiments and contributions (driver, layer, cell),
    flux by month (month, layer, cell), t C km-2, and the four counts of the block.

    ``static_factors`` are those of the block. ``complete``, (layer + 1, cell), of all cells: 1
    where static inputs are complete; last row, in any layer.
    """
    weights = np.empty(MONTHS)
    shares_of_year(seconds, weights)
    groups, layers = static_factors.shape[0], density.shape[0]
    kind = base_wet.dtype
    argument, rows = np.ones((MONTHS, TILE), kind), np.ones((MONTHS, TILE), kind)
    log_pressure, dry, factor = np.ones(TILE, kind), np.ones(TILE, kind), np.ones(TILE, kind)
    below, clipped, near = np.empty(TILE, kind), np.empty(TILE, kind), np.empty(TILE, kind)
    co2 = np.empty((orders.size, MONTHS, TILE), kind)
    warmth = np.empty((coefficients.size, MONTHS, TILE), kind)
    wet, unfrozen = np.empty((MONTHS, TILE), kind), np.empty((MONTHS, TILE), kind)
    wanted = alone.shape[0] + contributions.shape[0]
    product = np.empty((max(1, wanted), MONTHS, TILE), kind)
    total, lost = np.empty(TILE, np.float64), np.empty(TILE, np.float64)
    sums, by_month = np.empty((wanted, TILE), np.float64), np.empty((MONTHS, TILE), np.float64)
    for start in range(0, cells, TILE):
        size, tile = min(TILE, cells - start), start // TILE
        cell, stop = first_cell + start, start + size
        below[:] = real(0.0)
        argument_stage(water, before, seconds, seconds_before, start, size, argument)
        co2_factors(argument, intercept, orders, seconds, log_pressure, co2, below)
        counts[0] += counted(below, complete[layers, cell : cell + size], size)
        for layer in range(layers):
            clipped[:], near[:], lost[:] = real(0.0), real(0.0), 0.0
            if wants_months:
                by_month[:] = 0.0
            layer_factors(
                theta, temperature, density, weights, coefficients, layer, start, cell, size,
                wet, unfrozen, warmth, rows, dry, factor, clipped, near,
            )  # fmt: skip
            for group in range(groups):
                products(
                    co2[order_of[group]].reshape(LANES),
                    warmth[coefficient_of[group]].reshape(LANES),
                    wet.reshape(LANES), unfrozen.reshape(LANES), product[0].reshape(LANES),
                )  # fmt: skip
                sum_of_months(product[0], total)
                out = flux[group, layer, start:stop]
                static = static_factors[group, layer, start:stop]
                for i in range(size):
                    out[i] = static[i] * total[i]
                    lost[i] += 0.0 * out[i]
                if wants_months:
                    for month in range(MONTHS):
                        for i in range(size):
                            by_month[month, i] += static[i] * product[0, month, i]
            if wants_experiments:
                sums[:] = 0.0
                for group in range(groups):
                    o, k = order_of[group], coefficient_of[group]
                    experiments_of_group(
                        co2[o], warmth[k], wet, unfrozen,
                        base_co2[tile, o], base_warmth[tile, layer, k], base_wet[tile, layer],
                        base_unfrozen[tile, layer],
                        static_factors[group, layer, start:stop], size,
                        product, total, sums,
                    )  # fmt: skip
                alone[:, layer, start:stop] = sums[: alone.shape[0], :size]
                contributions[:, layer, start:stop] = sums[alone.shape[0] :, :size]
            if wants_months:
                months[:, layer, start:stop] = by_month[:, :size]
            known = complete[layer, cell : cell + size]
            counts[1] += counted(clipped, known, size)
            counts[2] += counted(near, known, size)
            for i in range(size):
                counts[3] += np.int64(known[i]) * np.int64(lost[i] != lost[i])
