"""What a layer keeps and passes on: nitrification, uptake by plants, the cations that leave it."""

from __future__ import annotations

from saprolite.equations._typing import Number
from saprolite.equations.elementary import maximum, minimum, where

# Moles per charge of base cations where none leave: half of the charge divalent.
MIXED_CATIONS = 0.75


def nitrogen_after_uptake(
    ammonium: Number, nitrate: Number, nitrification: Number, wanted: Number
) -> tuple[Number, Number, Number, Number]:
    """NH4 and NO3 that leave, NH4 and NO3 taken up: nitrification first, then uptake from both in
    proportion to what is there.

    Parameters: ``ammonium``, ``nitrate`` inflow and ``wanted`` nitrogen, kmol m-2 yr-1;
    ``nitrification`` part of the NH4 that is nitrified, 0 to 1. Returns: four fluxes, kmol m-2
    yr-1. Source: docs/equations.md, mass balance of PROFILE.

    >>> nitrogen_after_uptake(2.0, 1.0, 0.5, 1.5)
    (np.float64(0.5), np.float64(1.0), np.float64(0.5), np.float64(1.0))
    """
    nitrified = nitrification * ammonium
    held = ammonium - nitrified
    oxidised = nitrate + nitrified
    nitrogen = held + oxidised
    taken = minimum(wanted, nitrogen)
    share = where(nitrogen > 0.0, taken / where(nitrogen > 0.0, nitrogen, 1.0), 0.0)
    share = where(nitrogen == nitrogen, share, nitrogen)
    return held - share * held, oxidised - share * oxidised, share * held, share * oxidised


def after_uptake(available: Number, wanted: Number, residual: Number) -> tuple[Number, Number]:
    """What leaves after uptake, and whether it still follows what is available.

    Plants take what they want down to ``residual`` and nothing below it.

    Parameters: fluxes, kmol_c m-2 yr-1. Returns: a flux, and a flag.
    Source: docs/equations.md, mass balance of PROFILE.

    >>> after_uptake(3.0, 1.0, 0.5), after_uptake(1.2, 1.0, 0.5)
    ((np.float64(2.0), np.True_), (np.float64(0.5), np.False_))
    """
    floor = minimum(residual, available)
    left = available - wanted
    follows = (left > floor) | (available < residual)
    return maximum(floor, left), follows


def moles_per_charge(
    calcium: Number, magnesium: Number, potassium: Number, sodium: Number
) -> Number:
    """Moles per equivalent of the base cations that leave; 3/4 where none leave.

    Parameters: fluxes of charge, kmol_c m-2 yr-1. Returns: kmol per kmol_c, 0.5 to 1.
    Source: definition.

    >>> float(moles_per_charge(2.0, 0.0, 2.0, 0.0)), float(moles_per_charge(0.0, 0.0, 0.0, 0.0))
    (0.75, 0.75)
    """
    charge = 0.0 + calcium + magnesium + potassium + sodium
    moles = 0.0 + 0.5 * calcium + 0.5 * magnesium + potassium + sodium
    leaves = charge > 0.0
    return where(leaves, moles / where(leaves, charge, 1.0), MIXED_CATIONS)


def explicit_base_cations(charge: Number, slope: Number, moles: Number) -> tuple[Number, Number]:
    """Molar sum of the base cations that the charge balance asks for, and its slope.

    Parameters: ``charge`` ANC + SO4 + Cl + NO3 - NH4, kmol_c m-3; ``slope`` its derivative;
    ``moles`` per charge. Returns: kmol m-3, never below 0, and per unit of the slope.
    Source: charge balance, docs/equations.md.

    >>> [float(number) for number in explicit_base_cations(2e-4, -1e-5, 0.75)]
    [0.00015000000000000001, -7.500000000000001e-06]
    """
    return moles * maximum(charge, 0.0), where(charge > 0.0, moles * slope, 0.0)


def charge_imbalance(
    delivered: Number, water: Number, anions: Number, anc: Number, anc_scale: Number
) -> tuple[Number, Number]:
    """Base cations that the mass balances deliver minus those the charge balance asks for, and
    the size of the charges that this is small against.

    Parameters: ``delivered`` flux, kmol_c m-2 yr-1; ``water`` percolation, m yr-1; ``anions`` SO4 +
    Cl + NO3 - NH4, ``anc``, ``anc_scale``, kmol_c m-3. Returns: kmol_c m-3.
    Source: charge balance, docs/equations.md.

    >>> charge_imbalance(3.0, 2.0, 0.5, 1.0, 4.0)
    (0.0, 6.0)
    """
    value = delivered / water - (anions + anc)
    return value, anc_scale + abs(anions) + delivered / water
