"""Equation 7: the moisture saturation of the soil."""

from __future__ import annotations

from saprolite.constants import PARTICLE_DENSITY, WATER_DENSITY
from saprolite.equations._typing import Number
from saprolite.equations.elementary import maximum, minimum


def moisture_saturation(
    water_content: Number,
    bulk_density: Number,
    particle_density: Number = PARTICLE_DENSITY,
    water_density: Number = WATER_DENSITY,
) -> Number:
    """Eq 7: phi = theta rho_soil / (rho_soil + theta rho_water - rho_i).

    Parameters
    ----------
    water_content
        theta, m3 m-3, 0 to 1.
    bulk_density
        rho_i, kg m-3, below rho_soil. With the dry density the formula is the printed one and
        stays below 0.73; with :func:`moist_bulk_density` it is theta/porosity exactly.
    particle_density
        rho_soil, density of the minerals, kg m-3.
    water_density
        rho_water, kg m-3.

    Returns
    -------
    phi, 1, not yet clipped (see :func:`clipped_saturation`).

    Source: manuscript Eq 7; Sverdrup & Warfvinge 1995 eq 35. Golden values:

    >>> f"{moisture_saturation(0.30, 1320.0):.8f}"
    '0.48773006'
    >>> f"{moisture_saturation(0.30, moist_bulk_density(0.30, 1320.0)):.4f}"
    '0.5977'
    """
    space = particle_density + water_content * water_density - bulk_density
    return water_content * particle_density / space


def moist_bulk_density(
    water_content: Number, bulk_density: Number, water_density: Number = WATER_DENSITY
) -> Number:
    """Bulk density of the soil with its water: rho_dry + theta rho_water.

    Parameters: ``water_content`` theta, m3 m-3; ``bulk_density`` rho_dry, kg m-3;
    ``water_density`` kg m-3. Returns: kg m-3. Source: docs/equations.md 1.7 (X18).

    >>> moist_bulk_density(0.3, 1320.0)
    1620.0
    """
    return bulk_density + water_content * water_density


def clipped_saturation(saturation: Number) -> Number:
    """phi within [0, 1]; NaN stays NaN. A run counts the months that it clips.

    Parameters: ``saturation`` phi, 1. Returns: phi, 1. Source: docs/equations.md 1.7.

    >>> float(clipped_saturation(1.2))
    1.0
    """
    return minimum(maximum(saturation, 0.0), 1.0)


def volumetric_water_content(
    water_mass: Number, layer_thickness: Number, water_density: Number = WATER_DENSITY
) -> Number:
    """Volumetric moisture of a layer from its mass of water: theta = m/(rho_water dz).

    Parameters: ``water_mass`` m, kg m-2; ``layer_thickness`` dz, m; ``water_density`` kg m-3.
    Returns: theta, m3 m-3. Source: definition.

    >>> volumetric_water_content(90.0, 0.3)
    0.3
    """
    return water_mass / (water_density * layer_thickness)
