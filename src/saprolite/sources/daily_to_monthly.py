"""Monthly means of daily values in the calendar of a model, from files such as CMIP's mrsos."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np

from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.sources.calendars import month_days
from saprolite.sources.files import Array, attributes_of, decode, known_unit, netcdf, unit_of
from saprolite.sources.monthly_files import Key, dates_of, name_of

WHAT = "a NetCDF file of daily values on (time, ...)"


class MonthlyMeans(NamedTuple):
    """Means over whole months: ``months`` (year, month), ``values`` (month, ...), NaN where a day
    has no value; ``left_out``: months at the ends that are not whole."""

    months: tuple[Key, ...]
    values: Array
    calendar: str
    left_out: tuple[Key, ...]


def daily_to_monthly(paths: Sequence[Path], variable: str, unit: str) -> MonthlyMeans:
    """Monthly means of a variable over files that follow one another in time.

    Every day of a month counts once, in the model's own calendar: 30 days in a 360-day year. Months
    at the two ends that lack days are left out and named. Raises ``InputError`` for another unit,
    for files of different calendars, and for a day that comes twice or is missing in between.
    """
    days: list[tuple[int, int, int]] = []
    parts: list[Array] = []
    calendars: dict[str, Path] = {}
    for path in paths:
        with netcdf(path, WHAT) as dataset:
            if variable not in dataset.variables or "time" not in dataset.variables:
                raise _one(str(path), f"variables {', '.join(dataset.variables)}",
                           f"{variable} by time", "fetch the original file")  # fmt: skip
            if known_unit(unit_of(dataset[variable]), [unit]) is None:
                raise _one(f"{path}: {variable}", f"units {unit_of(dataset[variable])!r}",
                           repr(unit), "fetch the original file")  # fmt: skip
            if dataset[variable].dimensions[:1] != ("time",):
                raise _one(f"{path}: {variable}", f"dimensions {dataset[variable].dimensions}",
                           "(time, ...)", "fetch the original file")  # fmt: skip
            attributes = attributes_of(dataset["time"])
            calendars.setdefault(str(attributes.get("calendar", "standard")).lower(), path)
            times = decode(dataset["time"])
            if not np.isfinite(times).all():
                raise _one(f"{path}: time", "missing times", "one time a day", "fetch it again")
            dates = dates_of(f"{path}: time", times, attributes)
            days += [(date.year, date.month, date.day) for date in dates]
            parts.append(decode(dataset[variable]))
    if len(calendars) != 1:
        raise _one(", ".join(str(path) for path in calendars.values()),
                   f"calendars {', '.join(calendars)}" if calendars else "no file",
                   "files of one model", "average each model by itself")  # fmt: skip
    shapes = {part.shape[1:] for part in parts}
    if len(shapes) != 1:
        raise _one(str(paths[0].parent), f"shapes {sorted(shapes)}", "files of one grid",
                   "average each grid by itself")  # fmt: skip
    calendar = next(iter(calendars))
    return _means(days, np.concatenate(parts), calendar, f"{paths[0].parent}: {variable}")


def _means(
    days: list[tuple[int, int, int]], values: Array, calendar: str, where: str
) -> MonthlyMeans:
    of_month: dict[Key, list[int]] = {}
    for index, (year, month, _) in enumerate(days):
        of_month.setdefault((year, month), []).append(index)
    problems: list[Problem] = []
    months = sorted(of_month)
    whole: list[Key] = []
    for number, key in enumerate(months):
        present = [days[index][2] for index in of_month[key]]
        if len(set(present)) != len(present):
            found = f"{len(present) - len(set(present))} days twice in {name_of(key)}"
            problems.append(Problem(where, found, "each day once", "remove one of the files"))
        elif len(present) == month_days(calendar, *key):
            whole.append(key)
        elif 0 < number < len(months) - 1:
            lacking = month_days(calendar, *key) - len(present)
            found = f"{lacking} days missing in {name_of(key)}"
            problems.append(Problem(where, found, "every day", "fetch the missing file"))
    for before, after in pairwise(months):
        if (after[0] - before[0]) * 12 + after[1] - before[1] != 1:
            found = f"no day between {name_of(before)} and {name_of(after)}"
            problems.append(Problem(where, found, "every month", "fetch the missing file"))
    raise_if_any(InputError, "The daily values cannot be averaged", problems)
    if not whole:
        raise _one(where, f"{len(days)} days, no whole month", "a whole month", "fetch more days")
    means = np.stack([values[of_month[key]].mean(axis=0) for key in whole])
    left_out = tuple(key for key in months if key not in whole)
    return MonthlyMeans(tuple(whole), np.asarray(means), calendar, left_out)


def _one(where: str, found: str, accepted: str, next_step: str) -> InputError:
    return InputError(
        "The daily values cannot be averaged (1 problem)",
        [Problem(where, found, accepted, next_step)],
    )
