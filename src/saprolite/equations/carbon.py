"""From equivalents of weathering to carbon, and between the units of the field.

One equivalent of base cations released by carbonic acid leaves one mol of CO2 as bicarbonate.
"""

from __future__ import annotations

from saprolite.constants import CARBON_MOLAR_MASS
from saprolite.equations._typing import Number

_HECTARES_PER_KM2 = 100.0
_M2_PER_HECTARE = 1.0e4
_EQUIVALENTS_PER_KMOLC = 1000.0
_TONNES_PER_KM2_OF_KG_PER_M2 = 1000.0
_KG_PER_TONNE = 1000.0


def carbon_mass(carbon_amount: Number) -> Number:
    """Mass of carbon per area, t km-2, from an amount of CO2 (or of charge), kmol m-2.

    Parameters: ``carbon_amount`` kmol m-2 of CO2; under ``per_equivalent`` 1 kmol_c = 1 kmol CO2.
    Returns: t C km-2. Source: docs/equations.md 1.11 (12.011 g mol-1).

    >>> f"{carbon_mass(852.495488e-7):.7f}"
    '1.0239323'
    """
    return carbon_amount * CARBON_MOLAR_MASS * _TONNES_PER_KM2_OF_KG_PER_M2


def equivalents_per_hectare(charge: Number) -> Number:
    """Charge per hectare, eq ha-1, from kmol_c m-2.

    Parameters: ``charge`` kmol_c m-2. Returns: eq ha-1. Source: units.

    >>> f"{equivalents_per_hectare(1.0):.0f}"
    '10000000'
    """
    return charge * (_EQUIVALENTS_PER_KMOLC * _M2_PER_HECTARE)


def carbon_from_equivalents(equivalents: Number) -> Number:
    """Carbon flux, t C km-2, from a weathering flux in eq ha-1.

    Parameters: ``equivalents`` eq ha-1. Returns: t C km-2. Source: docs/equations.md 1.11, golden:

    >>> [f"{carbon_from_equivalents(e):.4f}" for e in (1000.0, 174.92, 1046.23)]
    ['1.2011', '0.2101', '1.2566']
    >>> [f"{carbon_from_equivalents(e):.3f}" for e in (44.0, 169.0, 47.0)]
    ['0.053', '0.203', '0.056']
    """
    grams_per_km2 = equivalents * _HECTARES_PER_KM2 * CARBON_MOLAR_MASS
    return grams_per_km2 / (_KG_PER_TONNE * 1000.0)


def equivalents_from_carbon(carbon: Number) -> Number:
    """Weathering flux, eq ha-1, from a carbon flux in t C km-2.

    Parameters: ``carbon`` t C km-2. Returns: eq ha-1. Source: docs/equations.md 1.11, golden:

    >>> f"{equivalents_from_carbon(0.50):.0f}"
    '416'
    """
    grams_per_km2 = carbon * (_KG_PER_TONNE * 1000.0)
    return grams_per_km2 / (_HECTARES_PER_KM2 * CARBON_MOLAR_MASS)
