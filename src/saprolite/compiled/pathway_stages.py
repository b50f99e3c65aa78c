"""The stages of the fused kernel of the CO2 pathway, as templates over a tile of cells.

Every stage is a plain function whose placeholders (the names set to None below) are given by
:mod:`saprolite.compiled.pathway`: equations bound to a precision, or other stages. A tile is
always computed whole, lanes beyond the last cell included, on work arrays that stay in the cache:
the innermost loops have a fixed length and contiguous rows, so that they vectorise.
"""

# mypy: disable-error-code="no-untyped-def, no-untyped-call, misc"

from __future__ import annotations

from typing import Any

import numpy as np

MONTHS = 12
# Cells of a tile: its work arrays (a row of a tile for each month) fit the near caches.
TILE = 256
LANES = MONTHS * TILE

# Placeholders: numbers and equations of a reading.
real: Any = None
floor: Any = None
limit: Any = None
per_month: Any = None
monthly_amount: Any = None
floored: Any = None
log_soil_co2: Any = None
limited_log: Any = None
limited: Any = None
log: Any = None
exp: Any = None
pathway_rate_of_log: Any = None
moisture_saturation: Any = None
moist_bulk_density: Any = None
unfrozen_weight: Any = None
frozen_part: Any = None
percentage_of_months: Any = None
percentage_of_degrees: Any = None
degrees_below_freezing: Any = None
degrees_above_freezing: Any = None
unfrozen_factor: Any = None
shapley_of_product: Any = None
frozen_with_temperature: Any = None


# --- From the forcing to rows of a tile, (month, lane)


def load_months(values, layer, weights, first, size, rows):
    """Drivers ``monthly``: the months of a layer."""
    for month in range(MONTHS):
        source, row = values[month, layer, first : first + size], rows[month]
        for i in range(size):
            row[i] = real(source[i])


def load_mean_of_year(values, layer, weights, first, size, rows):
    """Drivers ``annual_mean``: the mean weighted by the length of the months, in every month."""
    mean = rows[MONTHS - 1]
    mean[:] = real(0.0)
    for month in range(MONTHS):
        weight, source = real(weights[month]), values[month, layer, first : first + size]
        for i in range(size):
            mean[i] += real(source[i]) * weight
    for month in range(MONTHS - 1):
        rows[month, :] = mean


def keep_rows(values, layer, weights, first, size, rows):
    """Drivers ``monthly``: what is loaded already."""


# --- Eq 2: evapotranspiration to PCO2, by et_mode and drivers


def argument_of_month(water, before, seconds, seconds_before, first, size, argument):
    """``monthly_x12``, ``monthly_raw``: each month by itself."""
    for month in range(MONTHS):
        length, source = real(seconds[month]), water[month, first : first + size]
        row = argument[month]
        for i in range(size):
            row[i] = per_month(monthly_amount(real(source[i]), length))


def argument_of_year(water, before, seconds, seconds_before, first, size, argument):
    """``annual``: the sum of the calendar year in every month."""
    row = argument[0]
    row[:] = real(0.0)
    for month in range(MONTHS):
        length, source = real(seconds[month]), water[month, first : first + size]
        for i in range(size):
            row[i] += monthly_amount(real(source[i]), length)
    for month in range(1, MONTHS):
        argument[month, :] = row


def argument_of_trailing_year(water, before, seconds, seconds_before, first, size, argument):
    """``trailing12``: the month and the eleven before it, in order of time."""
    for month in range(MONTHS):
        row = argument[month]
        row[:] = real(0.0)
        for earlier in range(month + 1, MONTHS):
            length, source = real(seconds_before[earlier]), before[earlier, first : first + size]
            for i in range(size):
                row[i] += monthly_amount(real(source[i]), length)
        for current in range(month + 1):
            length, source = real(seconds[current]), water[current, first : first + size]
            for i in range(size):
                row[i] += monthly_amount(real(source[i]), length)


def argument_of_mean_month(water, before, seconds, seconds_before, first, size, argument):
    """Drivers ``annual_mean``: a twelfth of the year's amount in every month."""
    argument_of_year(water, before, seconds, seconds_before, first, size, argument)
    for month in range(MONTHS):
        for i in range(TILE):
            argument[month, i] = per_month(argument[month, i] / real(MONTHS))


def limited_pressure(log_pressure):
    """ln of PCO2 after the PCO2limit of Eq 4."""
    return log(limited(exp(log_pressure), limit))


def unlimited_pressure(log_pressure):
    """ln of PCO2 without a limit."""
    return log_pressure


def co2_factors(argument, intercept, orders, seconds, log_pressure, co2, below):
    """Seconds of the month times PCO2^n for each order, (order, month, lane); counts what the
    floor raised."""
    for month in range(MONTHS):
        row, length = argument[month], real(seconds[month])
        for i in range(TILE):
            used = floored(row[i], floor)
            below[i] += real(1.0) if row[i] < used else real(0.0)
            log_pressure[i] = limited_log(log_soil_co2(used, intercept))
        for o in range(orders.size):
            factor, order = co2[o, month], orders[o]
            for i in range(TILE):
                factor[i] = length * pathway_rate_of_log(real(1.0), log_pressure[i], order)


# --- Eqs 1 and 7: moisture and frost of a layer


def dry_saturation(water_content, bulk_density):
    """Eq 7 with the dry bulk density."""
    return moisture_saturation(water_content, bulk_density)


def moist_saturation(water_content, bulk_density):
    """Eq 7 with the moist bulk density."""
    return moisture_saturation(water_content, moist_bulk_density(water_content, bulk_density))


def content_as_saturation(water_content, bulk_density):
    """phi = theta; a missing bulk density is missing here too."""
    return water_content + real(0.0) * bulk_density


def no_annual_frost(kelvin, factor):
    """Frost acts by the month, or not at all."""
    factor[:] = real(1.0)


def annual_frost_of_months(kelvin, factor):
    """1 - r/100, r from the frozen parts of the months."""
    factor[:] = real(0.0)
    for month in range(MONTHS):
        row = kelvin[month]
        for i in range(TILE):
            factor[i] += frozen_part(unfrozen_weight(row[i]))
    for i in range(TILE):
        factor[i] = unfrozen_factor(percentage_of_months(factor[i]))


def annual_frost_of_degrees(kelvin, factor):
    """1 - r/100, r from the degrees below and above freezing."""
    thawing = np.zeros(TILE, factor.dtype)
    factor[:] = real(0.0)
    for month in range(MONTHS):
        row = kelvin[month]
        for i in range(TILE):
            factor[i] += degrees_below_freezing(row[i])
            thawing[i] += degrees_above_freezing(row[i])
    for i in range(TILE):
        factor[i] = unfrozen_factor(percentage_of_degrees(factor[i], thawing[i]))


def masked_month(kelvin, factor):
    """u where frozen months produce less: their weight times the year's factor."""
    return unfrozen_weight(kelvin) * factor


def unmasked_month(kelvin, factor):
    """u where frost acts by the year alone; a missing temperature is missing here too."""
    return factor + real(0.0) * kelvin


# --- Products of all months of a tile as flat rows, and their sum over the year


def products(p, g, w, u, product):
    """The flux itself, per unit of static factor."""
    for i in range(LANES):
        product[i] = p[i] * g[i] * (w[i] * u[i])


def sum_of_months(product, total):
    """The twelve months added in order, in float64, without a round trip to memory."""
    a, b, c, d = product[0], product[1], product[2], product[3]
    e, f, g, h = product[4], product[5], product[6], product[7]
    j, k, m, n = product[8], product[9], product[10], product[11]
    for i in range(TILE):
        spring = np.float64(a[i]) + np.float64(b[i]) + np.float64(c[i]) + np.float64(d[i])
        summer = spring + np.float64(e[i]) + np.float64(f[i]) + np.float64(g[i]) + np.float64(h[i])
        total[i] = (
            summer + np.float64(j[i]) + np.float64(k[i]) + np.float64(m[i]) + np.float64(n[i])
        )


def frozen_follows(unfrozen, base_unfrozen):
    """Frozen soil follows the temperature that varies alone."""
    return unfrozen


def frozen_stays(unfrozen, base_unfrozen):
    """Frozen soil stays that of the base year."""
    return base_unfrozen


def one_alone(p, g, w, u, p0, g0, w0, u0):
    """One driver of the year, the others of the base year: moisture, temperature, CO2, frozen."""
    cold, still = p0 * g0, w0 * u0
    return (
        cold * (w * u0),
        p0 * g * (w0 * frozen_with_temperature(u, u0)),
        p * g0 * still,
        cold * (w0 * u),
    )


def drivers_alone(p, g, w, u, p0, g0, w0, u0, product):
    """Each driver alone, for all months of a tile.

    One array holds all four: a loop that writes to many arrays is not vectorised, since too many
    pairs of them might overlap.
    """
    for i in range(LANES):
        product[i], product[LANES + i], product[2 * LANES + i], product[3 * LANES + i] = one_alone(
            p[i], g[i], w[i], u[i], p0[i], g0[i], w0[i], u0[i]
        )


def contributions_of_drivers(p, g, w, u, p0, g0, w0, u0, product):
    """Shapley contributions of the four drivers to the change since the base year, likewise."""
    for i in range(LANES):
        moisture, frozen, temperature, co2 = shapley_of_product(
            w[i], u[i], g[i], p[i], w0[i], u0[i], g0[i], p0[i]
        )
        product[i] = moisture
        product[LANES + i] = temperature
        product[2 * LANES + i] = co2
        product[3 * LANES + i] = frozen


def alone_and_contributions(p, g, w, u, p0, g0, w0, u0, product):
    """Both in one pass over the factors: each driver alone, then the contributions."""
    for i in range(LANES):
        product[i], product[LANES + i], product[2 * LANES + i], product[3 * LANES + i] = one_alone(
            p[i], g[i], w[i], u[i], p0[i], g0[i], w0[i], u0[i]
        )
        moisture, frozen, temperature, co2 = shapley_of_product(
            w[i], u[i], g[i], p[i], w0[i], u0[i], g0[i], p0[i]
        )
        product[4 * LANES + i] = moisture
        product[5 * LANES + i] = temperature
        product[6 * LANES + i] = co2
        product[7 * LANES + i] = frozen
