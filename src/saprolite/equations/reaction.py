"""Equations 4 and 5: rate of a mineral with carbonic acid at 8 degC and at soil temperature."""

from __future__ import annotations

from saprolite.constants import ARRHENIUS_COEFFICIENT, LN10, REFERENCE_TEMPERATURE
from saprolite.equations._typing import Number
from saprolite.equations.elementary import exp, exp_product
from saprolite.equations.transition_state import pathway_rate


def rate_constant(pk: Number) -> Number:
    """Dissolution constant K = 10^-pk.

    Parameters: ``pk`` decadic cologarithm, 5 to 25. Returns: K in the unit of the table, for
    PROFILE tables kmol_c m-2 s-1 (atm^-n for the CO2 pathway). Source: docs/equations.md 1.4.

    >>> f"{rate_constant(16.5):.6e}"
    '3.162278e-17'
    """
    return exp(-LN10 * pk)


def rate_at_reference(
    constant: Number, pressure: Number, order: Number, suppression: Number = 1.0
) -> Number:
    """Eq 4: R_i,8 = K_CO2,i PCO2^n_i / f_CO2.

    Parameters
    ----------
    constant
        K_CO2,i, kmol_c m-2 s-1 atm^-n.
    pressure
        PCO2, atm, > 0 (after the PCO2limit, if any).
    order
        n_i, reaction order, 1; 0.5 or 0.6 in PROFILE tables.
    suppression
        f_CO2, 1; the manuscript sets it to 1.

    Returns
    -------
    R_i,8, kmol_c m-2 s-1 of mineral surface, at 8 degC.

    Source: manuscript Eq 4; Sverdrup & Warfvinge 1995 eqs 28, 32.

    >>> f"{rate_at_reference(rate_constant(16.5), 0.0176096916, 0.5):.6e}"
    '4.196390e-18'
    """
    return pathway_rate(constant, pressure, order) / suppression


def temperature_factor(
    temperature: Number,
    coefficient: Number = ARRHENIUS_COEFFICIENT,
    reference: Number = REFERENCE_TEMPERATURE,
) -> Number:
    """Eq 5: R_i / R_i,8 = exp[A (1/T_lab - 1/T_soil)].

    Parameters
    ----------
    temperature
        T_soil, K, 180 to 350.
    coefficient
        A, K, base e; a base-10 coefficient is multiplied by ln 10 before it gets here.
    reference
        T_lab, K.

    Returns
    -------
    Factor on the rate at 8 degC, 1.

    Source: manuscript Eq 5. Golden values:

    >>> [f"{temperature_factor(t):.6f}" for t in (263.15, 273.15, 281.15, 288.15, 298.15)]
    ['0.416505', '0.687276', '1.000000', '1.364871', '2.075275']
    >>> from saprolite.constants import LN10
    >>> f"{temperature_factor(298.15, base_e_coefficient(3600.0)):.6f}"
    '5.371475'
    """
    return warmth_of_argument(arrhenius_argument(temperature, reference), coefficient)


def arrhenius_argument(temperature: Number, reference: Number = REFERENCE_TEMPERATURE) -> Number:
    """What the coefficient of Eq 5 is multiplied by: 1/T_lab - 1/T_soil.

    As (T_soil - T_lab)/(T_soil T_lab): the difference of two temperatures keeps its digits in any
    precision.

    Parameters: ``temperature`` T_soil and ``reference`` T_lab, K. Returns: K-1, the same for all
    minerals. Source: manuscript Eq 5.

    >>> f"{arrhenius_argument(298.15):.6e}"
    '2.028038e-04'
    """
    return (temperature - reference) / (temperature * reference)


def warmth_of_argument(argument: Number, coefficient: Number = ARRHENIUS_COEFFICIENT) -> Number:
    """Eq 5 from its argument: exp[A (1/T_lab - 1/T_soil)].

    Parameters: ``argument`` of :func:`arrhenius_argument`, K-1; ``coefficient`` A, K, base e.
    Returns: factor on the rate at T_lab, 1. Source: manuscript Eq 5.

    >>> f"{warmth_of_argument(arrhenius_argument(298.15)):.6f}"
    '2.075275'
    """
    return exp_product(argument, coefficient)


def base_e_coefficient(base_10_coefficient: Number) -> Number:
    """A of exp[A(...)] from A of 10^[A(...)]: multiplied by ln 10.

    Parameters: ``base_10_coefficient`` K. Returns: K. Source: science of logarithms.

    >>> f"{base_e_coefficient(1700.0):.1f}"
    '3914.4'
    """
    return LN10 * base_10_coefficient
