"""The evapotranspiration that enters Eq 2: four ways from monthly amounts to its argument.

Month lengths are the caller's: a monthly amount is rate x seconds of the month.
"""

from __future__ import annotations

from saprolite.equations._typing import Number
from saprolite.equations.elementary import maximum
from saprolite.equations.frozen import MONTHS


def monthly_amount(rate: Number, seconds: Number) -> Number:
    """Evapotranspiration of a month from its mean rate.

    Parameters: ``rate`` kg m-2 s-1; ``seconds`` length of the month, s. Returns: mm month-1
    (1 kg m-2 of water = 1 mm). Source: units.

    >>> f"{monthly_amount(1000.0 / (365.25 * 86400.0), 30.4375 * 86400.0):.4f}"
    '83.3333'
    """
    return rate * seconds


def annualised_month(amount: Number) -> Number:
    """ET mode ``monthly_x12`` (default): 12 times the month's amount.

    Parameters: ``amount`` mm month-1. Returns: mm yr-1. Source: docs/equations.md 1.2 (X16).

    >>> annualised_month(100.0)
    1200.0
    """
    return MONTHS * amount


def twelve_month_sum(amounts: Number) -> Number:
    """ET modes ``annual`` and ``trailing12``: the sum of twelve months, in order of time.

    Parameters: ``amounts`` mm month-1, 12 values on the last axis (the calendar year, or the month
    and the 11 before it). Returns: mm yr-1. Source: docs/equations.md 1.2 (X16).

    >>> import numpy as np
    >>> float(twelve_month_sum(np.full(12, 50.0)))
    600.0
    """
    total = 0.0
    for month in range(MONTHS):
        total = total + amounts[..., month]
    return total


def raw_month(amount: Number) -> Number:
    """ET mode ``monthly_raw``: the month's amount, put into Eq 2 as it is (literal reading).

    Parameters: ``amount`` mm month-1. Returns: the same number.

    Source: docs/equations.md 1.2 (X16), the literal reading.

    >>> raw_month(100.0)
    100.0
    """
    return amount


def floored(evapotranspiration: Number, floor: Number) -> Number:
    """The lower bound of ET in Eq 2; dew makes GLDAS ET negative in about 4 % of cell-months.

    Parameters: ``evapotranspiration`` and ``floor`` in the same unit. Returns: the larger.
    Source: docs/equations.md section 2 (``et_floor``).

    >>> float(floored(-3.0, 0.0))
    0.0
    """
    return maximum(evapotranspiration, floor)
