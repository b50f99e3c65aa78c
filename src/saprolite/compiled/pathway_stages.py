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

from saprolite.compiled.intrinsics import prefetch

MONTHS = 12
_LINE_BYTES = 64  # what memory is fetched by
# Cells of a tile: its work arrays (a row of a tile for each month) fit the near caches.
TILE = 512
# From the row of a month to the next: a line more than a tile, so that the same lane of all months
# does not fall into the same few places of the nearest cache.
ROW = TILE + 16
LANES = MONTHS * ROW

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
saturation: Any = None
clipped_saturation: Any = None
unfrozen_at: Any = None
arrhenius_argument: Any = None
warmth_of_argument: Any = None
stored: Any = None
near_width: Any = None
freezing_point: Any = None
reference: Any = None


# --- From the forcing to rows of a tile


def no_means(values, layer, weights, first, size, mean):
    """Drivers ``monthly``: no mean of the year is needed."""


def mean_of_year(values, layer, weights, first, size, mean):
    """Drivers ``annual_mean``: the mean of a layer weighted by the length of the months."""
    mean[:] = real(0.0)
    for month in range(MONTHS):
        weight, source = real(weights[month]), values[month, layer, first : first + size]
        for i in range(size):
            mean[i] += real(source[i]) * weight


def fetch(row, first):
    """Ask for a tile of a row before it is needed: the rows of a tile lie far from one another, so
    that the processor does not see them coming."""
    for i in range(first, first + TILE, _LINE_BYTES // row.itemsize):
        prefetch(row, i)


def row_of_month(values, mean, month, layer, first, size):
    """Drivers ``monthly``: the month as it is stored."""
    return values[month, layer, first : first + size]


def row_of_mean(values, mean, month, layer, first, size):
    """Drivers ``annual_mean``: the mean of the year in every month."""
    return mean[:size]


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
        for i in range(TILE):
            argument[month, i] = row[i]


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


def no_annual_frost(temperature, layer, first, size, factor):
    """Frost acts by the month, or not at all."""
    factor[:] = real(1.0)


def annual_frost_of_months(temperature, layer, first, size, factor):
    """1 - r/100, r from the frozen parts of the months."""
    factor[:] = real(0.0)
    for month in range(MONTHS):
        kelvin = temperature[month, layer, first : first + size]
        for i in range(size):
            factor[i] += frozen_part(unfrozen_weight(real(kelvin[i])))
    for i in range(TILE):
        factor[i] = unfrozen_factor(percentage_of_months(factor[i]))


def annual_frost_of_degrees(temperature, layer, first, size, factor):
    """1 - r/100, r from the degrees below and above freezing."""
    thawing = np.zeros(TILE, factor.dtype)
    factor[:] = real(0.0)
    for month in range(MONTHS):
        kelvin = temperature[month, layer, first : first + size]
        for i in range(size):
            factor[i] += degrees_below_freezing(real(kelvin[i]))
            thawing[i] += degrees_above_freezing(real(kelvin[i]))
    for i in range(TILE):
        factor[i] = unfrozen_factor(percentage_of_degrees(factor[i], thawing[i]))


def month_masked(kelvin, factor):
    """u where frozen months produce less: their weight."""
    return unfrozen_weight(kelvin)


def month_masked_and_year(kelvin, factor):
    """u where frozen months produce less, and the year too: both."""
    return unfrozen_weight(kelvin) * factor


def year_alone(kelvin, factor):
    """u where frost acts by the year alone; a missing temperature is missing here too."""
    return factor + real(0.0) * kelvin


def wet_month(moisture, dry, wet, clipped):
    """phi of a month; counts what is clipped."""
    for i in range(moisture.size):
        raw = saturation(real(moisture[i]), dry[i])
        kept = clipped_saturation(raw)
        wet[i] = kept
        clipped[i] += real(1.0) if (raw < kept or raw > kept) else real(0.0)


def frozen_month(temperature, factor, wet, unfrozen, near):
    """u of a month; counts what is near freezing."""
    for i in range(temperature.size):
        kelvin = real(temperature[i])
        above = kelvin - freezing_point
        unfrozen[i] = unfrozen_at(kelvin, factor[i])
        near[i] += real(1.0) if (above <= near_width and above >= -near_width) else real(0.0)


def wet_and_frozen_month(temperature, factor, wet, unfrozen, near):
    """The same where nothing needs u by itself: phi u in the place of phi."""
    for i in range(temperature.size):
        kelvin = real(temperature[i])
        above = kelvin - freezing_point
        wet[i] = wet[i] * unfrozen_at(kelvin, factor[i])
        near[i] += real(1.0) if (above <= near_width and above >= -near_width) else real(0.0)


def warm_month(temperature, argument):
    """Argument of Eq 5 of a month."""
    for i in range(temperature.size):
        argument[i] = arrhenius_argument(real(temperature[i]), reference)


def warmth_of_months(work, coefficient, g):
    """Eq 5 of all months of a tile, from its arguments."""
    for i in range(LANES):
        g[i] = warmth_of_argument(work[2 * LANES + i], coefficient)
