"""Rate laws of transition-state theory: constants of a pathway, affinity, solubility."""

from __future__ import annotations

from saprolite.constants import GAS_CONSTANT, LN10, STANDARD_TEMPERATURE
from saprolite.equations._typing import Number
from saprolite.equations.elementary import exp, exp_product, log, maximum


def arrhenius_constant(
    pre_exponential: Number, activation_energy: Number, temperature: Number, gas_constant: Number
) -> Number:
    """Rate constant of one pathway, k = A exp(-E / (R T)).

    Parameters
    ----------
    pre_exponential
        A, mol m-2 s-1, > 0.
    activation_energy
        E, kJ mol-1.
    temperature
        T, K, 180 to 350; the laws are measured above 273 K.
    gas_constant
        R, kJ mol-1 K-1, as the source of A and E uses it.

    Returns
    -------
    k, mol m-2 s-1.

    Source: Hermanska et al. 2022, 2023; Kohler et al. 2003. Illite, neutral pathway at 25 degC,
    whose source prints log k -14.68:

    >>> from math import log10
    >>> f"{log10(arrhenius_constant(3.84e-3, 70.0, 298.15, 8.314e-3)):.2f}"
    '-14.68'
    """
    return pre_exponential * exp(-activation_energy / (gas_constant * temperature))


def constant_from_log(
    log_constant: Number,
    activation_energy: Number,
    temperature: Number,
    gas_constant: Number,
    ln10: Number,
    reference_temperature: Number,
) -> Number:
    """Rate constant of one pathway, k = 10^[log k - E (1/T - 1/T_ref) / (ln10 R)].

    Parameters
    ----------
    log_constant
        log10 k at the reference temperature, k in mol m-2 s-1.
    activation_energy
        E, kJ mol-1.
    temperature
        T, K, 180 to 350.
    gas_constant, ln10
        R, kJ mol-1 K-1, and the natural logarithm of 10 as the source rounds them (PHREEQC:
        8.314e-3 and 2.303). The power of ten itself is exact.
    reference_temperature
        T_ref, K.

    Returns
    -------
    k, mol m-2 s-1.

    Source: Palandri & Kharaka 2004, as PHREEQC computes it. Albite, neutral pathway:

    >>> f"{constant_from_log(-12.56, 65.0, 298.15, 8.314e-3, 2.303, 298.15):.4e}"
    '2.7542e-13'
    >>> f"{constant_from_log(-12.56, 65.0, 281.15, 8.314e-3, 2.303, 298.15):.4e}"
    '5.6433e-14'
    """
    shift = activation_energy * (1.0 / temperature - 1.0 / reference_temperature)
    return exp(LN10 * (log_constant - shift / (ln10 * gas_constant)))


def pathway_rate(constant: Number, activity: Number, order: Number) -> Number:
    """Rate of one pathway far from equilibrium, k a^n.

    Parameters: ``constant`` k, mol m-2 s-1; ``activity`` a of H+ or OH- (1), or PCO2 (atm), > 0;
    ``order`` n, 1, negative where a base pathway is written on H+. Returns: mol m-2 s-1.
    Source: Palandri & Kharaka 2004. Albite, acid pathway at pH 4 (10^-10.16 1e-4^0.5):

    >>> f"{pathway_rate(10.0**-10.16, 1e-4, 0.5):.4e}"
    '6.9183e-13'
    """
    return pathway_rate_of_log(constant, log(activity), order)


def pathway_rate_of_log(constant: Number, log_activity: Number, order: Number) -> Number:
    """The same from the logarithm of the activity: k exp(n ln a) = k a^n.

    Parameters: ``constant`` k, mol m-2 s-1 (or kmol_c m-2 s-1); ``log_activity`` ln a, a of H+ or
    OH- (1), or PCO2 (atm); ``order`` n, 1. Returns: unit of ``constant``.
    Source: Palandri & Kharaka 2004.

    >>> from math import log
    >>> f"{pathway_rate_of_log(10.0**-10.16, log(1e-4), 0.5):.4e}"
    '6.9183e-13'
    """
    return constant * exp_product(log_activity, order)


def affinity(saturation_ratio: Number, sigma: Number) -> Number:
    """What is left of the far-from-equilibrium rate near equilibrium, 1 - Omega^(1/sigma).

    1 far below saturation, 0 at equilibrium, negative above it, where the formula says that the
    mineral grows; :func:`dissolution_affinity` leaves growth out.

    Parameters: ``saturation_ratio`` Omega = IAP/K, >= 0; ``sigma`` Temkin's coefficient, 1, > 0.
    Returns: 1. Source: Hermanska et al. 2023; Schott et al. 2012. sigma 3.5 of illite:

    >>> f"{affinity(0.5**3.5, 3.5):.6f}", float(affinity(1.0, 3.5)), float(affinity(0.0, 3.5))
    ('0.500000', 0.0, 1.0)
    """
    return 1.0 - saturation_ratio ** (1.0 / sigma)


def dissolution_affinity(saturation_ratio: Number, sigma: Number) -> Number:
    """Affinity of a mineral that may dissolve and not grow, max(0, 1 - Omega^(1/sigma)).

    Parameters: as :func:`affinity`. Returns: 1, 0 to 1.
    Source: Godderis et al. 2006 (results improve without clay precipitation).

    >>> float(dissolution_affinity(8.0, 3.0)), f"{dissolution_affinity(0.125, 3.0):.6f}"
    (0.0, '0.500000')
    """
    return maximum(0.0, affinity(saturation_ratio, sigma))


def log_solubility(
    temperature: Number, a0: Number, a1: Number, a2: Number, a3: Number, a4: Number, a5: Number
) -> Number:
    """Solubility, log10 K = a0 + a1 T + a2/T + a3 log10 T + a4/T^2 + a5 T^2.

    Parameters: ``temperature`` T, K, 273 to 350; ``a0`` to ``a5`` coefficients of a database in the
    form of PHREEQC's ``-analytic``. Returns: log10 K, 1. Source: PHREEQC manual. Gibbsite of
    Thermoddem, whose log K at 25 degC is printed as 7.738:

    >>> gibbsite = (-493.75037, -0.080899785, 29713.754, 177.9027, -1.2676533e6, 0.0)
    >>> f"{log_solubility(298.15, *gibbsite):.3f}"
    '7.738'
    """
    logarithm = log(temperature) / LN10
    return (
        a0
        + a1 * temperature
        + a2 / temperature
        + a3 * logarithm
        + a4 / (temperature * temperature)
        + a5 * temperature * temperature
    )


def vant_hoff(log_k_25: Number, enthalpy: Number, temperature: Number) -> Number:
    """Solubility from the enthalpy, log10 K = log10 K_25 - H (1/T - 1/298.15) / (ln10 R).

    Parameters: ``log_k_25`` log10 K at 25 degC; ``enthalpy`` H of the reaction, kJ mol-1, taken as
    constant; ``temperature`` T, K, 273 to 350. Returns: log10 K, 1. Source: van 't Hoff; PHREEQC
    manual (``delta_h``). Gibbsite of phreeqc.dat, 8.11 and -22.8 kcal mol-1, at 25 and 0 degC:

    >>> f"{vant_hoff(8.11, -95.3952, 298.15):.2f}", f"{vant_hoff(8.11, -95.3952, 273.15):.3f}"
    ('8.11', '9.640')
    """
    inverse = 1.0 / temperature - 1.0 / STANDARD_TEMPERATURE
    return log_k_25 - enthalpy * inverse / (LN10 * GAS_CONSTANT)


def saturation_from_logs(log_ion_activity_product: Number, log_k: Number) -> Number:
    """Saturation ratio, Omega = IAP/K = 10^(log10 IAP - log10 K).

    Parameters: both logarithms to base 10, 1; their difference below 300. Returns: Omega, 1, >= 0.
    Source: definition; PHREEQC's ``SR``.

    >>> f"{saturation_from_logs(6.0, 8.0):.4f}"
    '0.0100'
    """
    return exp(LN10 * (log_ion_activity_product - log_k))
