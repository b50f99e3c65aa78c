"""Equation 2: the partial pressure of CO2 in the soil from evapotranspiration."""

from __future__ import annotations

from saprolite.constants import BROOK_AMPLITUDE, BROOK_INTERCEPT, BROOK_RATE, LN10
from saprolite.equations._typing import Number
from saprolite.equations.elementary import exp, log, minimum


def soil_co2(evapotranspiration: Number, intercept: Number = BROOK_INTERCEPT) -> Number:
    """Eq 2: log10 PCO2 = -3.47 + 2.09 (1 - exp(-0.00172 ET)).

    Parameters
    ----------
    evapotranspiration
        ET, mm yr-1, 0 to about 2000. The relation was fitted to annual totals.
    intercept
        log10 of the PCO2 (atm) at ET = 0; -3.47 by default, -3.7 as the manuscript prints it, or
        :func:`ambient_intercept` of a year's air.

    Returns
    -------
    PCO2 in atm. NaN gives NaN.

    Source: manuscript Eq 2 after Brook et al. 1983. Golden values:

    >>> [f"{soil_co2(et):.5e}" for et in (0.0, 100.0, 500.0, 1000.0, 1500.0)]
    ['3.38844e-04', '7.24876e-04', '5.43990e-03', '1.76097e-02', '2.89489e-02']
    """
    return exp(log_soil_co2(evapotranspiration, intercept))


def log_soil_co2(evapotranspiration: Number, intercept: Number = BROOK_INTERCEPT) -> Number:
    """Eq 2 as a natural logarithm: ln PCO2 = ln 10 [-3.47 + 2.09 (1 - exp(-0.00172 ET))].

    Parameters: as :func:`soil_co2`. Returns: ln of PCO2 in atm. Source: manuscript Eq 2.

    >>> f"{log_soil_co2(1000.0):.6f}"
    '-4.039306'
    """
    log10_pressure = intercept + BROOK_AMPLITUDE * (1.0 - exp(-BROOK_RATE * evapotranspiration))
    return LN10 * log10_pressure


def ambient_intercept(atmospheric_co2: Number) -> Number:
    """Intercept of Eq 2 for the air of a year: log10 of its PCO2 (option ``atmosphere: series``).

    Parameters: ``atmospheric_co2`` mole fraction, ppm (umol mol-1), 150 to 2000. Returns: log10 of
    PCO2 in atm, at 1 atm of air. Source: docs/equations.md 1.2 (X17).

    >>> f"{ambient_intercept(338.844):.5f}"
    '-3.47000'
    """
    atmospheres_per_ppm = 1e-6
    return log(atmospheric_co2 * atmospheres_per_ppm) / LN10


def co2_unlimited(pressure: Number, limit: Number) -> Number:  # noqa: ARG001
    """Eq 4, PCO2limit ``none`` (default): the pressure as it is.

    Parameters: ``pressure`` PCO2, atm; ``limit`` not used. Returns: atm.
    Source: docs/equations.md 1.4.

    >>> co2_unlimited(0.02, float("nan"))
    0.02
    """
    return pressure


def co2_saturating(pressure: Number, limit: Number) -> Number:
    """Eq 4, PCO2limit ``saturating``: P/(1 + P/P_lim).

    Parameters: ``pressure`` PCO2, atm; ``limit`` P_lim, atm, > 0. Returns: atm.
    Source: form of PROFILE's organic ligands (PHREEQC RATE_SVD).

    >>> f"{co2_saturating(0.01, 0.01):.4f}"
    '0.0050'
    """
    return pressure / (1.0 + pressure / limit)


def co2_cap(pressure: Number, limit: Number) -> Number:
    """Eq 4, PCO2limit ``cap``: min(P, P_lim).

    Parameters: ``pressure`` PCO2, atm; ``limit`` P_lim, atm, > 0. Returns: atm.
    Source: docs/equations.md 1.4 (X39).

    >>> float(co2_cap(0.02, 0.01))
    0.01
    """
    return minimum(pressure, limit)


def co2_scaled(pressure: Number, limit: Number) -> Number:
    """Eq 4, PCO2limit ``scaled``: P/P_lim, which takes the place of P in K P^n.

    Parameters: ``pressure`` PCO2, atm; ``limit`` P_lim, atm, > 0. Returns: 1.
    Source: docs/equations.md 1.4 (X39).

    >>> float(co2_scaled(0.02, 0.01))
    2.0
    """
    return pressure / limit
