"""Equation 1: the frozen percentage of the soil, and the weight of a month that it leaves.

The manuscript's formula is lost; the forms here are the named candidates. Each form has a monthly
weight (share of the month in which the soil is not frozen); ``degree_days`` is annual only.

Months lie on the last axis of ``monthly_temperature`` (12 values, K) and are added in calendar
order, so that the result does not depend on how the array lies in memory.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from saprolite.constants import FREEZING_POINT, FREEZING_WIDTH, LOGISTIC_WIDTH
from saprolite.equations._typing import Number
from saprolite.equations.elementary import exp, maximum, minimum
from saprolite.errors import Problem, ReadingError, did_you_mean

MONTHS = 12


def unfrozen_weight_months(temperature: Number) -> Number:
    """Weight of a month, form ``months``: 0 below 273.15 K, else 1.

    Parameters: ``temperature`` T_soil, K, 180 to 350. Returns: weight, 1. NaN gives NaN.
    Source: docs/equations.md 1.1 (default form).

    >>> float(unfrozen_weight_months(273.14)), float(unfrozen_weight_months(273.15))
    (0.0, 1.0)
    """
    return (temperature >= FREEZING_POINT) * 1.0 + 0.0 * temperature


def unfrozen_weight_linear(temperature: Number) -> Number:
    """Weight of a month, form ``linear``: 1 - clip((273.15 - T)/2, 0, 1).

    Parameters: ``temperature`` T_soil, K, 180 to 350. Returns: weight, 1. NaN gives NaN.
    Source: freezing window 0 to -2 degC of land-surface models (recalled).

    >>> round(float(unfrozen_weight_linear(272.15)), 12)
    0.5
    """
    return 1.0 - minimum(maximum((FREEZING_POINT - temperature) / FREEZING_WIDTH, 0.0), 1.0)


def unfrozen_weight_logistic(temperature: Number) -> Number:
    """Weight of a month, form ``logistic``: 1 - 1/(1 + exp((T - 273.15)/0.5 K)).

    Parameters: ``temperature`` T_soil, K, 180 to 350. Returns: weight, 1. NaN gives NaN.
    Source: docs/equations.md 1.1 (smooth test version).

    >>> float(unfrozen_weight_logistic(273.15))
    0.5
    """
    return 1.0 - 1.0 / (1.0 + exp((temperature - FREEZING_POINT) / LOGISTIC_WIDTH))


def unfrozen_weight_none(temperature: Number) -> Number:
    """Weight of a month, form ``none``: 1 whatever the temperature (NaN gives NaN).

    Parameters: ``temperature`` T_soil, K. Returns: weight, 1.
    Source: docs/equations.md 1.1 (switch).

    >>> float(unfrozen_weight_none(250.0))
    1.0
    """
    return 1.0 + 0.0 * temperature


def frozen_part(weight: Number) -> Number:
    """Share of a month in which the soil is frozen: 1 - weight.

    Parameters: ``weight`` of the month (share in which it is not frozen), 1. Returns: 0 to 1.
    Source: docs/equations.md 1.1.

    >>> frozen_part(0.25)
    0.75
    """
    return 1.0 - weight


def percentage_of_months(frozen_months_of_year: Number) -> Number:
    """Annual percentage r from the frozen parts of twelve months added up: r = 100 sum/12.

    Parameters: ``frozen_months_of_year`` sum of :func:`frozen_part`, 0 to 12. Returns: r, %.
    Source: docs/equations.md 1.1.

    >>> percentage_of_months(6.0)
    50.0
    """
    return 100.0 * (frozen_months_of_year / MONTHS)


def unfrozen_factor(percentage: Number) -> Number:
    """Factor that an annual frozen percentage leaves of the rate: 1 - r/100.

    Parameters: ``percentage`` r, %, 0 to 100. Returns: 0 to 1. Source: docs/equations.md 1.1.

    >>> unfrozen_factor(25.0)
    0.75
    """
    return 1.0 - percentage / 100.0


def _frozen_share(monthly_temperature: Number, weight: Callable[[Number], Number]) -> Number:
    total = 0.0
    for month in range(MONTHS):
        total = total + frozen_part(weight(monthly_temperature[..., month]))
    return percentage_of_months(total)


def frozen_months(monthly_temperature: Number) -> Number:
    """Eq 1, form ``months`` (default): r = 100/12 * number of months below 273.15 K.

    Parameters: ``monthly_temperature`` T_soil,m, K, 12 values on the last axis. Returns: r, %.
    Source: docs/equations.md 1.1.

    >>> import numpy as np
    >>> float(frozen_months(np.r_[[270.0] * 6, [280.0] * 6]))
    50.0
    """
    return _frozen_share(monthly_temperature, unfrozen_weight_months)


def frozen_linear(monthly_temperature: Number) -> Number:
    """Eq 1, form ``linear``: r = 100 * mean of clip((273.15 - T)/2, 0, 1).

    Parameters: ``monthly_temperature`` T_soil,m, K, 12 values on the last axis. Returns: r, %.
    Source: docs/equations.md 1.1.

    >>> import numpy as np
    >>> float(frozen_linear(np.full(12, 270.0))), float(frozen_linear(np.full(12, 280.0)))
    (100.0, 0.0)
    """
    return _frozen_share(monthly_temperature, unfrozen_weight_linear)


def frozen_logistic(monthly_temperature: Number) -> Number:
    """Eq 1, form ``logistic``: r = 100 * mean of 1/(1 + exp((T - 273.15)/0.5 K)).

    Parameters: ``monthly_temperature`` T_soil,m, K, 12 values on the last axis. Returns: r, %.
    Source: docs/equations.md 1.1.

    >>> import numpy as np
    >>> f"{frozen_logistic(np.full(12, 270.0)):.2f} {frozen_logistic(np.full(12, 280.0)):.4f}"
    '99.82 0.0001'
    """
    return _frozen_share(monthly_temperature, unfrozen_weight_logistic)


def frozen_degree_days(monthly_temperature: Number) -> Number:
    """Eq 1, form ``degree_days``: r = 100 * DDF/(DDF + DDT).

    DDF is the sum of (273.15 - T) over the months below, DDT of (T - 273.15) over those above.

    Parameters: ``monthly_temperature`` T_soil,m, K, 12 values on the last axis. Returns: r, %;
    0 if every month is at 273.15 K exactly. Source: docs/equations.md 1.1 (frost-number family).

    >>> import numpy as np
    >>> round(float(frozen_degree_days(np.r_[[270.0] * 6, [280.0] * 6])), 10)
    31.5
    """
    freezing = 0.0
    thawing = 0.0
    for month in range(MONTHS):
        temperature = monthly_temperature[..., month]
        freezing = freezing + degrees_below_freezing(temperature)
        thawing = thawing + degrees_above_freezing(temperature)
    return percentage_of_degrees(freezing, thawing)


def degrees_below_freezing(temperature: Number) -> Number:
    """What a month adds to DDF of form ``degree_days``: max(273.15 - T, 0).

    Parameters: ``temperature`` T_soil, K. Returns: K. Source: docs/equations.md 1.1.

    >>> float(degrees_below_freezing(270.15))
    3.0
    """
    return maximum(FREEZING_POINT - temperature, 0.0)


def degrees_above_freezing(temperature: Number) -> Number:
    """What a month adds to DDT of form ``degree_days``: max(T - 273.15, 0).

    Parameters: ``temperature`` T_soil, K. Returns: K. Source: docs/equations.md 1.1.

    >>> float(degrees_above_freezing(270.15))
    0.0
    """
    return maximum(temperature - FREEZING_POINT, 0.0)


def percentage_of_degrees(freezing: Number, thawing: Number) -> Number:
    """Annual percentage of form ``degree_days``: r = 100 DDF/(DDF + DDT); 0 where both are 0.

    Parameters: ``freezing`` DDF and ``thawing`` DDT, sums over the months, K. Returns: r, %.
    Source: docs/equations.md 1.1 (frost-number family).

    >>> round(float(percentage_of_degrees(18.9, 41.1)), 10)
    31.5
    """
    smallest = 1e-30  # keeps 0/0 at exactly 273.15 K from becoming NaN
    return 100.0 * (freezing / maximum(freezing + thawing, smallest))


def frozen_none(monthly_temperature: Number) -> Number:
    """Eq 1, form ``none``: r = 0 (NaN gives NaN).

    Parameters: ``monthly_temperature`` T_soil,m, K, 12 values on the last axis. Returns: r, %.
    Source: docs/equations.md 1.1 (switch).

    >>> import numpy as np
    >>> float(frozen_none(np.full(12, 250.0)))
    0.0
    """
    return _frozen_share(monthly_temperature, unfrozen_weight_none)


UNFROZEN_WEIGHTS: Mapping[str, Callable[[Number], Number]] = MappingProxyType(
    {
        "months": unfrozen_weight_months,
        "linear": unfrozen_weight_linear,
        "logistic": unfrozen_weight_logistic,
        "none": unfrozen_weight_none,
    }
)
FROZEN_FORMS: Mapping[str, Callable[[Number], Number]] = MappingProxyType(
    {
        "months": frozen_months,
        "degree_days": frozen_degree_days,
        "linear": frozen_linear,
        "logistic": frozen_logistic,
        "none": frozen_none,
    }
)


def frozen_percentage(monthly_temperature: Number, form: str = "months") -> Number:
    """Eq 1: annual percentage of frozen soil r, by a named form.

    Parameters
    ----------
    monthly_temperature
        T_soil,m, K, the 12 months of a year on the last axis.
    form
        ``months`` (default), ``degree_days``, ``linear``, ``logistic`` or ``none``.

    Returns
    -------
    r in %, 0 to 100, without the last axis.

    Raises
    ------
    ReadingError
        If the form is not one of the five, or the last axis has not 12 values.

    Source: docs/equations.md 1.1. Golden values:

    >>> import numpy as np
    >>> float(frozen_percentage(np.full(12, 270.0))), float(frozen_percentage(np.full(12, 280.0)))
    (100.0, 0.0)
    >>> half = np.r_[[270.0] * 6, [280.0] * 6]
    >>> float(frozen_percentage(half)), round(float(frozen_percentage(half, "degree_days")), 10)
    (50.0, 31.5)
    """
    problems = []
    if form not in FROZEN_FORMS:
        accepted = ", ".join(FROZEN_FORMS)
        advice = did_you_mean(form, FROZEN_FORMS)
        problems.append(Problem("form of the frozen percentage", repr(form), accepted, advice))
    shape = getattr(monthly_temperature, "shape", None)
    if not shape or shape[-1] != MONTHS:
        problems.append(
            Problem(
                "monthly_temperature",
                f"shape {shape}",
                "an array whose last axis holds the 12 months of a year",
                "pass numpy.asarray(values) with January to December on the last axis",
            )
        )
    if problems:
        raise ReadingError("The frozen percentage cannot be computed", problems)
    return FROZEN_FORMS[form](monthly_temperature)
