"""Dissolved organic acids: the monoprotic model of Oliver et al. 1983, and a triprotic acid."""

from __future__ import annotations

from saprolite.constants import LN10, OLIVER_LINEAR, OLIVER_OFFSET, OLIVER_QUADRATIC
from saprolite.equations._typing import Number
from saprolite.equations.elementary import exp


def oliver_pk(ph: Number) -> Number:
    """pK of the organic acid as it dissociates: 0.96 + 0.90 pH - 0.039 pH^2.

    Parameters: ``ph`` 2 to 9. Returns: 1. Source: Oliver et al. 1983 (recalled [U]).

    >>> f"{oliver_pk(5.0):.4f}"
    '4.4850'
    """
    return OLIVER_OFFSET + OLIVER_LINEAR * ph + OLIVER_QUADRATIC * ph * ph


def oliver_anion(log_proton: Number, acid: Number) -> Number:
    """[R-] = C_T K / (K + h), with K from :func:`oliver_pk`.

    Parameters: ``log_proton`` ln h; ``acid`` C_T = m DOC, total acidity, kmol_c m-3.
    Returns: kmol_c m-3. Source: Oliver et al. 1983 (recalled [U]).

    >>> import math
    >>> f"{oliver_anion(math.log(1e-5), 1e-4):.4e}"
    '7.6599e-05'
    """
    return acid / (1.0 + exp(log_proton + LN10 * oliver_pk(-log_proton / LN10)))


def oliver_anion_slope(log_proton: Number, acid: Number) -> Number:
    """d[R-]/d(ln h) of :func:`oliver_anion`.

    Parameters: as there. Returns: kmol_c m-3. Source: derivative of Oliver et al. 1983.

    >>> import math
    >>> x, d = math.log(1e-5), 1e-6
    >>> numeric = (oliver_anion(x + d, 1e-4) - oliver_anion(x - d, 1e-4)) / (2 * d)
    >>> bool(abs(oliver_anion_slope(x, 1e-4) / numeric - 1.0) < 1e-8)
    True
    """
    ph = -log_proton / LN10
    share = oliver_anion(log_proton, 1.0)
    # d(ln h + ln(10) pK)/d(ln h); the pK falls with rising h, but more slowly than h rises.
    exponent_slope = 1.0 - OLIVER_LINEAR - 2.0 * OLIVER_QUADRATIC * ph
    return -acid * share * (1.0 - share) * exponent_slope


def triprotic_charge(
    log_proton: Number, acid: Number, first: Number, second: Number, third: Number
) -> Number:
    """Charge of a triprotic acid: C (b1 + 2 b2 + 3 b3)/(1 + b1 + b2 + b3), b_j = K_1..K_j / h^j.

    Parameters: ``log_proton`` ln h; ``acid`` C, kmol m-3 of the acid (3 kmol_c); ``first``,
    ``second``, ``third`` its constants. Returns: kmol_c m-3. Source: definition; used by MAGIC.

    >>> import math
    >>> f"{triprotic_charge(math.log(1e-14), 1e-5, 10**-3.04, 10**-4.51, 10**-6.46):.4e}"
    '3.0000e-05'
    """
    b1, b2, b3 = _bound(log_proton, first, second, third)
    return acid * (b1 + 2.0 * b2 + 3.0 * b3) / (1.0 + b1 + b2 + b3)


def triprotic_square_charge(
    log_proton: Number, acid: Number, first: Number, second: Number, third: Number
) -> Number:
    """Sum of c z^2 over the anions of a triprotic acid, for the ionic strength.

    Parameters: as :func:`triprotic_charge`. Returns: kmol m-3. Source: definition of I.

    >>> import math
    >>> f"{triprotic_square_charge(math.log(1e-14), 1e-5, 10**-3.04, 10**-4.51, 10**-6.46):.4e}"
    '9.0000e-05'
    """
    b1, b2, b3 = _bound(log_proton, first, second, third)
    return acid * (b1 + 4.0 * b2 + 9.0 * b3) / (1.0 + b1 + b2 + b3)


def triprotic_charge_slope(
    log_proton: Number, acid: Number, first: Number, second: Number, third: Number
) -> Number:
    """d(charge)/d(ln h) of :func:`triprotic_charge`: minus the variance of the charge number.

    Parameters: as there. Returns: kmol_c m-3. Source: derivative of the definition.

    >>> import math
    >>> k, x, d = (10**-3.04, 10**-4.51, 10**-6.46), math.log(1e-5), 1e-6
    >>> numeric = (triprotic_charge(x + d, 1e-5, *k) - triprotic_charge(x - d, 1e-5, *k)) / (2 * d)
    >>> bool(abs(triprotic_charge_slope(x, 1e-5, *k) / numeric - 1.0) < 1e-8)
    True
    """
    b1, b2, b3 = _bound(log_proton, first, second, third)
    mean = (b1 + 2.0 * b2 + 3.0 * b3) / (1.0 + b1 + b2 + b3)
    squares = triprotic_square_charge(log_proton, acid, first, second, third)
    return acid * mean * mean - squares


def _bound(
    log_proton: Number, first: Number, second: Number, third: Number
) -> tuple[Number, Number, Number]:
    """b_j = K_1..K_j / h^j: each anion of a triprotic acid against the whole acid."""
    b1 = first * exp(-log_proton)
    b2 = b1 * second * exp(-log_proton)
    b3 = b2 * third * exp(-log_proton)
    return b1, b2, b3
