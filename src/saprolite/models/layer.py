"""The CO2 pathway for one soil layer: what a notebook calls, with its values checked."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from saprolite import equations as eq
from saprolite.constants import FREEZING_POINT
from saprolite.equations.surface import TEXTURE_SUM_TOLERANCE
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.models.calendar import month_seconds
from saprolite.models.profile import CO2Pathway, Drivers, Number, Soil
from saprolite.models.reading import PRESETS, Reading
from saprolite.variables import REGISTRY


def carbon_sink_flux(
    soil_moisture: Number,
    soil_temperature: Number,
    evapotranspiration: Number,
    *,
    clay: Number,
    silt: Number,
    sand: Number,
    bulk_density: Number,
    thickness: Number,
    mineral_share: Mapping[str, Number],
    reading: Reading | None = None,
    year: int = 2001,
    previous_evapotranspiration: Number = None,
    atmospheric_co2: float | None = None,
) -> Number:
    """Carbon that the weathering of a soil layer binds in a year, t C km-2 yr-1 (Eqs 1 to 7).

    Parameters
    ----------
    soil_moisture, soil_temperature, evapotranspiration
        theta (m3 m-3), T_soil (K), ET (mm month-1), January to December on the first axis.
    clay, silt, sand
        Texture, mass fractions, sum 1.
    bulk_density
        Dry bulk density, kg m-3.
    thickness
        Soil that takes part, m.
    mineral_share
        Mass share of the clay-size fraction, by mineral name. A carbonate counts in full, one CO2
        per charge, though half of that is the mineral's own carbon and the rest returns when
        carbonate precipitates; a mineral without base cations (kaolinite) counts 0.
    reading
        The choices; canonical by default.
    year
        Calendar year; it matters with ``calendar = "actual"`` only.
    previous_evapotranspiration
        ET of the year before, mm month-1, for ``et_mode = "trailing12"``; without it the sum of
        months that reach back is NaN.
    atmospheric_co2
        CO2 of the air, ppm, for ``atmosphere = "series"``.

    Returns
    -------
    Flux in t C km-2 yr-1 (positive: carbon bound). NaN where an input is NaN.

    Raises
    ------
    MineralError
        For a mineral without kinetic data in the reading's table.
    InputError
        For a wrong shape, or a value out of its range (percent, degC, g cm-3 ...).

    Source: docs/equations.md. Golden value (its worked cell, 1.12; x = 0.10 of the soil):

    >>> import numpy as np
    >>> flux = carbon_sink_flux(
    ...     np.full(12, 0.30), np.full(12, 298.15), np.full(12, 1000.0 / 12.0),
    ...     clay=0.3, silt=0.3, sand=0.4, bulk_density=1320.0, thickness=2.0,
    ...     mineral_share={"illite": 0.10 / 0.3},
    ... )
    >>> f"{flux:.7f}"
    '1.0239323'
    """
    _refuse_types(
        reading, soil_moisture=soil_moisture, soil_temperature=soil_temperature,
        evapotranspiration=evapotranspiration, clay=clay, silt=silt, sand=sand,
        bulk_density=bulk_density, thickness=thickness, **mineral_share,
    )  # fmt: skip
    model = CO2Pathway.of(reading or Reading(), tuple(mineral_share))
    drivers = Drivers(
        np.asarray(soil_moisture, dtype=float),
        _as_meant(soil_temperature),
        np.asarray(evapotranspiration, dtype=float),
        month_seconds(model.reading.calendar, year),
        None
        if previous_evapotranspiration is None
        else np.asarray(previous_evapotranspiration, float),
        atmospheric_co2,
    )
    soil = Soil(clay, silt, sand, bulk_density, mineral_share, thickness)
    _check_site(model, drivers, soil)
    factors = model.group_factors(model.static_factors(soil))
    total: Number = 0.0
    for flux in model.annual_flux(factors, drivers, bulk_density):
        total = total + flux
    return total


def _as_meant(kelvin: Number) -> Number:
    """Temperatures in float64, where the 273.15 of float32 is below 273.15: it was not meant so."""
    given = np.asarray(kelvin)
    if given.dtype != np.float32:
        return given.astype(float)
    return np.where(given == np.float32(FREEZING_POINT), FREEZING_POINT, given.astype(float))


def _refuse_types(reading: object, **arguments: Number) -> None:
    """Labelled arrays would be combined by position here; by label, the equations do it."""
    problems = []
    labelled = [name for name, value in arguments.items() if hasattr(value, "dims")]
    if labelled:
        problems.append(
            Problem(
                ", ".join(labelled),
                "an xarray object",
                "numbers or NumPy arrays, months on the first axis",
                'pass x.transpose("month", ...).values, or use sap.equations (they keep labels)',
            )
        )
    if not isinstance(reading, Reading | None):
        preset = reading if isinstance(reading, str) and reading in PRESETS else "canonical"
        problems.append(
            Problem(
                "reading",
                f"{reading!r} ({type(reading).__name__})",
                f"a sap.Reading, such as the presets {', '.join(PRESETS)}",
                f'reading=sap.Reading.preset("{preset}")',
            )
        )
    raise_if_any(InputError, "The site cannot be computed", problems)


def _check_site(model: CO2Pathway, drivers: Drivers, soil: Soil) -> None:
    """The border of :func:`carbon_sink_flux`: shapes, and the ranges of the registry."""
    problems = []
    for name in ("soil_moisture", "soil_temperature", "evapotranspiration"):
        shape = np.shape(getattr(drivers, name))
        if not shape or shape[0] != eq.MONTHS:
            problems.append(
                Problem(name, f"shape {shape}", "12 months on the first axis",
                        "pass January to December first")
            )  # fmt: skip
    previous = drivers.previous_evapotranspiration
    if previous is not None and np.shape(previous)[:1] != (eq.MONTHS,):
        problems.append(
            Problem("previous_evapotranspiration", f"shape {np.shape(previous)}",
                    "12 months on the first axis", "pass January to December of the year before")
        )  # fmt: skip
    if model.reading.atmosphere == "series" and drivers.atmospheric_co2 is None:
        problems.append(
            Problem("atmospheric_co2", "nothing", 'ppm, with atmosphere = "series"',
                    "pass atmospheric_co2=...")
        )  # fmt: skip
    longest = max(drivers.seconds)
    shares: Number = sum(np.asarray(share, float) for share in soil.mineral_share.values())
    if np.any(shares > 1.0 + 1e-6):
        problems.append(
            Problem("mineral_share", f"shares that add up to {np.nanmax(shares):g}", "1 or less",
                    "pass shares of the clay-size fraction, not percent")
        )  # fmt: skip
    values = {
        "soil_moisture": drivers.soil_moisture,
        "soil_temperature": drivers.soil_temperature,
        "evapotranspiration": drivers.evapotranspiration / longest,
        **(
            {}
            if previous is None
            else {"evapotranspiration of the year before": previous / longest}
        ),
        "clay": soil.clay,
        "silt": soil.silt,
        "sand": soil.sand,
        "bulk_density": soil.bulk_density,
        "effective_thickness": soil.thickness,
        **{f"mineral_share of {name}": share for name, share in soil.mineral_share.items()},
    }
    for name, value in values.items():
        variable = REGISTRY[name.split(" of ")[0]]
        low, high = variable.given_range
        found = np.asarray(value, dtype=float)
        if np.any((found < low) | (found > high)):
            problems.append(
                Problem(name, f"{np.nanmin(found):g} to {np.nanmax(found):g}",
                        variable.span(low, high),
                        "check the unit (fractions, not percent; K; kg m-3; mm month-1)")
            )  # fmt: skip
    # A sum of months that are wrong themselves would say it again.
    problems = problems or _years_of_water(drivers)
    total = np.asarray(soil.clay, float) + soil.silt + soil.sand
    if np.any(total > 1.0 + TEXTURE_SUM_TOLERANCE):
        problems.append(
            Problem("clay + silt + sand", f"up to {np.nanmax(total):g}", "1 or less (coarse rest)",
                    "pass mass fractions that add up to 1")
        )  # fmt: skip
    raise_if_any(InputError, "The site cannot be computed", problems)


def _years_of_water(drivers: Drivers) -> list[Problem]:
    """Amounts whose sum is no year's: a rate, or the amount of the year in every month."""
    low, high = REGISTRY["evapotranspiration"].given_year or (0.0, np.inf)
    seconds = sum(drivers.seconds)
    problems = []
    for name in ("evapotranspiration", "previous_evapotranspiration"):
        given = getattr(drivers, name)
        if given is None:
            continue
        year = np.asarray(given, float).sum(axis=0)
        if np.any(((year > 0.0) & (year < low * seconds)) | (year > high * seconds)):
            problems.append(
                Problem(name, f"{np.nanmin(year):g} to {np.nanmax(year):g} mm in the year",
                        f"{low * seconds:.2g} to {high * seconds:.0f} mm in a year",
                        "pass the amount of every month, mm")
            )  # fmt: skip
    return problems
