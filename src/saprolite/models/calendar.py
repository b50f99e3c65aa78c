"""Lengths of the months, in seconds: of the mean year, or of a given year."""

from __future__ import annotations

import calendar

from saprolite.constants import SECONDS_PER_DAY

MEAN_MONTH_DAYS = (31.0, 28.25, 31.0, 30.0, 31.0, 30.0, 31.0, 31.0, 30.0, 31.0, 30.0, 31.0)


def month_seconds(kind: str, year: int) -> tuple[float, ...]:
    """Seconds of January to December by a reading's ``calendar``.

    ``mean`` gives February 28.25 days in every year, so that leap years make no trend; ``actual``
    gives the days of the year.

    >>> sum(month_seconds("mean", 2012)) / 86400.0, sum(month_seconds("actual", 2012)) / 86400.0
    (365.25, 366.0)
    """
    if kind == "mean":
        return tuple(days * SECONDS_PER_DAY for days in MEAN_MONTH_DAYS)
    return tuple(calendar.monthrange(year, month)[1] * SECONDS_PER_DAY for month in range(1, 13))
