"""Activity coefficients of ions in dilute solutions."""

from __future__ import annotations

from saprolite.constants import DEBYE_HUECKEL_A, LN10
from saprolite.equations._typing import Number
from saprolite.equations.elementary import exp, sqrt


def activity_coefficient(ionic_strength: Number, charge: Number, linear: Number) -> Number:
    """gamma = 10^(-A z^2 (sqrt(I)/(1 + sqrt(I)) - b I)).

    Parameters: ``ionic_strength`` I, kmol m-3, 0 to 0.5; ``charge`` z; ``linear`` b: 0 is the
    equation of Guentelberg, 0.3 that of Davies. Returns: 1. Source: MAGIC core (Mobius2 @6f61616)
    for A and the Guentelberg form; b as in PHREEQC.

    >>> f"{activity_coefficient(0.01, 2, 0.0):.4f}"
    '0.6579'
    """
    root = sqrt(ionic_strength)
    return exp(
        -LN10 * DEBYE_HUECKEL_A * charge * charge * (root / (1.0 + root) - linear * ionic_strength)
    )


def log_coefficient_slope(ionic_strength: Number, linear: Number) -> Number:
    """Derivative of ln gamma of charge 1 by the ionic strength.

    Parameters: ``ionic_strength`` I, kmol m-3, above 0; ``linear`` b, as in
    :func:`activity_coefficient`. Returns: m3 kmol-1. Source: derivative of it.

    >>> import math
    >>> low, high = (activity_coefficient(0.01 + d, 1, 0.3) for d in (-1e-5, 1e-5))
    >>> bool(abs(math.log(high / low) / 2e-5 / log_coefficient_slope(0.01, 0.3) - 1.0) < 1e-5)
    True
    """
    root = sqrt(ionic_strength)
    rise = 0.5 / (root * (1.0 + root) * (1.0 + root))
    return -LN10 * DEBYE_HUECKEL_A * (rise - linear)
