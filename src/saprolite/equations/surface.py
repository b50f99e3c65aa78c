"""Equation 6: the reactive surface area of the soil from its texture."""

from __future__ import annotations

from saprolite.constants import (
    CLAY_AREA,
    COARSE_SAND_AREA,
    REFERENCE_DENSITY,
    SAND_AREA,
    SILT_AREA,
)
from saprolite.equations._typing import Number

# Textures are printed with two or three digits: their sum may miss 1 by this much.
TEXTURE_SUM_TOLERANCE = 0.02


def surface_area(clay: Number, silt: Number, sand: Number) -> Number:
    """Eq 6: A_w = (8.0 X_clay + 2.2 X_silt + 0.3 X_sand) 10^6 m2 m-3.

    Parameters
    ----------
    clay, silt, sand
        X, mass fractions (not percent), 0 to 1, sum 1 or less (the rest is coarse, area 0).

    Returns
    -------
    A_w, m2 m-3.

    Source: manuscript Eq 6; Sverdrup & Warfvinge 1995 eq 34 without its density factor.
    Golden value:

    >>> f"{surface_area(0.3, 0.3, 0.4):.4e}"
    '3.1800e+06'
    """
    return CLAY_AREA * clay + SILT_AREA * silt + SAND_AREA * sand


def clay_surface_area(clay: Number) -> Number:
    """The clay term of Eq 6 alone, 8.0 X_clay 10^6 m2 m-3 (mineral basis ``clay_surface``).

    Parameters: ``clay`` X_clay, mass fraction, 0 to 1. Returns: m2 m-3.
    Source: docs/equations.md 1.3.

    >>> f"{clay_surface_area(0.3):.2e}"
    '2.40e+06'
    """
    return CLAY_AREA * clay


def coarse_sand_area(sand: Number, coarse_share: Number) -> Number:
    """Area that coarse sand (> 250 um) keeps in the reduced form: 0.05 X_coarse 10^6 m2 m-3.

    Parameters: ``sand`` X_sand, mass fraction; ``coarse_share`` part of the sand that is coarser
    than 250 um, 0 to 1. Returns: m2 m-3. Source: NutsFor manual, citing Sverdrup 1996.

    >>> f"{coarse_sand_area(0.4, 0.5):.2e}"
    '1.00e+04'
    """
    return COARSE_SAND_AREA * sand * coarse_share


def fine_sand(sand: Number, coarse_share: Number) -> Number:
    """Sand within PROFILE's size class (60 to 250 um).

    Parameters: ``sand`` X_sand of a texture whose sand runs to 2 mm, mass fraction;
    ``coarse_share`` part of it that is coarser than 250 um, 0 to 1. Returns: mass fraction.
    Source: Sverdrup & Warfvinge 1995 (coarse counts 0).

    >>> fine_sand(0.4, 0.5)
    0.2
    """
    return sand * (1.0 - coarse_share)


def density_factor(bulk_density: Number) -> Number:
    """Density factor of the surface area, rho/rho_0, of the original form of Eq 6.

    Parameters: ``bulk_density`` rho, kg m-3, 20 to 2500. Returns: 1.
    Source: Sverdrup & Warfvinge 1995 eq 34; rho_0 = 1000 kg m-3 computed from its units.

    >>> density_factor(1320.0)
    1.32
    """
    return bulk_density / REFERENCE_DENSITY
