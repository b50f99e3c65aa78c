"""Months in the calendar of a model: their lengths, and means of days by month."""

from __future__ import annotations

import cftime

CALENDARS = (
    "standard", "gregorian", "proleptic_gregorian", "julian", "noleap", "365_day", "all_leap",
    "366_day", "360_day",
)  # fmt: skip


def month_days(calendar: str, year: int, month: int) -> int:
    """Days of a month in a CF calendar.

    >>> [month_days(name, 2004, 2) for name in ("standard", "noleap", "all_leap", "360_day")]
    [29, 28, 29, 30]
    """
    return int(cftime.datetime(year, month, 1, calendar=calendar).daysinmonth)
