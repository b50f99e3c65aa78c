"""Monthly fields in NetCDF files by CF conventions: which month of which variable lies where.

A variable may be spread over files, and a file may hold many variables. Only metadata and
coordinates are read here.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import netCDF4
import numpy as np

from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid import Rectilinear
from saprolite.sources.calendars import month_days
from saprolite.sources.files import Array, attributes_of, decode, known_unit, netcdf, unit_of

Key = tuple[int, int]
_LAT = ("lat", "latitude")
_LON = ("lon", "longitude")
_DAY_PART = 0.5  # days by which the bounds of a month may be off


class Asked(NamedTuple):
    """A variable to look for: its names in files, the one unit that is accepted."""

    names: tuple[str, ...]
    unit: str


@dataclass(frozen=True, eq=False)
class MonthlyField:
    """One variable in one file: where its axes are, its months and its cells.

    ``extra``: dimensions besides time, latitude and longitude, with their sizes, in the order of
    the file; ``stamps``: year and month of each position along time.
    """

    path: Path
    name: str
    dims: tuple[str, ...]
    time: str
    lat: str
    lon: str
    extra: dict[str, int]
    stamps: tuple[Key, ...]
    calendar: str
    cells: Rectilinear


class Slot(NamedTuple):
    """Where a month of a variable lies: a field of a file, and the position along its time."""

    field: MonthlyField
    position: int


Slots = dict[str, dict[Key, Slot]]


def netcdf_files(path: Path, what: str) -> list[Path]:
    """The NetCDF files of a folder, or the one file; ``InputError`` if there is none."""
    if not path.is_dir():
        return [path]
    files = [item for item in sorted(path.iterdir()) if item.suffix in (".nc", ".nc4")]
    if not files:
        others = ", ".join(item.name for item in sorted(path.iterdir())[:5])
        raise InputError(
            "Input files not found (1 problem)",
            [Problem(str(path), f"no file ending in .nc or .nc4 ({others or 'an empty folder'})",
                     what, "fetch the files as NetCDF, unpacked from an archive")],
        )  # fmt: skip
    return files


def fields_of(path: Path, asked: Mapping[str, Asked], what: str) -> dict[str, MonthlyField]:
    """The asked variables that a file holds; ``InputError`` lists all that is wrong in it."""
    problems: list[Problem] = []
    found: dict[str, MonthlyField] = {}
    with netcdf(path, what) as dataset:
        for canonical, item in asked.items():
            names = [name for name in item.names if name in dataset.variables]
            for name in names[:1]:
                unit = unit_of(dataset[name])
                if known_unit(unit, [item.unit]) is None:
                    problems.append(
                        Problem(f"{path}: {name}", f"units {unit!r}", repr(item.unit),
                                "fetch the original file, or convert the variable")
                    )  # fmt: skip
                    continue
                try:
                    found[canonical] = _field(path, dataset, name)
                except InputError as error:
                    problems.extend(error.problems)
    raise_if_any(InputError, f"{path.name} cannot be used", problems)
    return found


def _field(path: Path, dataset: Any, name: str) -> MonthlyField:
    dims = tuple(dataset[name].dimensions)
    time = [dim for dim in dims if _is_time(dataset, dim)]
    lat = [dim for dim in dims if dim in _LAT]
    lon = [dim for dim in dims if dim in _LON]
    axes = [*time, *lat, *lon]
    absent = [dim for dim in axes if dim not in dataset.variables]
    if len(time) != 1 or len(lat) != 1 or len(lon) != 1 or absent:
        raise _one(
            f"{path}: {name}",
            f"dimensions {dims}" + (f" without coordinates {', '.join(absent)}" if absent else ""),
            "time, latitude and longitude with their coordinates",
            "fetch the original file, on its grid of latitude and longitude",
        )
    variable, attributes = dataset[time[0]], attributes_of(dataset[time[0]])
    calendar = str(attributes.get("calendar", "standard")).lower()
    bounds = _bounds(dataset, time[0])
    stamps = month_stamps(f"{path}: {time[0]}", decode(variable), bounds, attributes)
    sizes = {dim: len(dataset.dimensions[dim]) for dim in dims}
    return MonthlyField(
        path, name, dims, time[0], lat[0], lon[0],
        {dim: sizes[dim] for dim in dims if dim not in axes},
        stamps, calendar,
        Rectilinear.of(decode(dataset[lat[0]]), decode(dataset[lon[0]]), str(path),
                       _bounds(dataset, lat[0]), _bounds(dataset, lon[0])),
    )  # fmt: skip


def _is_time(dataset: Any, dim: str) -> bool:
    known = dim in ("time", "valid_time")
    return known or (dim in dataset.variables and " since " in unit_of(dataset[dim]))


def _bounds(dataset: Any, coordinate: str) -> Array | None:
    name = attributes_of(dataset[coordinate]).get("bounds")
    return decode(dataset[name]) if name in dataset.variables else None


def month_stamps(
    where: str, values: Array, bounds: Array | None, attributes: Mapping[str, Any]
) -> tuple[Key, ...]:
    """Year and month of each time in the file's own calendar, by the middle of its bounds if given.

    Raises ``InputError`` for times that are missing or out of order, for a month that comes twice
    (daily values), and for bounds that are not those of a month.

    >>> noleap = {"units": "days since 2000-01-01", "calendar": "noleap"}
    >>> month_stamps("file: time", np.array([45.0]), None, noleap)
    ((2000, 2),)
    """
    values = np.atleast_1d(values)
    middle = values if bounds is None else np.atleast_2d(bounds).mean(axis=1)
    if not np.isfinite(middle).all() or not np.isfinite(values).all() or middle.size == 0:
        raise _one(where, "missing times, or none", "one time a month", "fetch the file again")
    if (np.diff(middle) <= 0.0).any():
        raise _one(where, "times out of order", "times that ascend", "fetch the file again")
    dates = dates_of(where, middle, attributes)
    stamps = tuple((date.year, date.month) for date in dates)
    doubled = [key for key, after in pairwise(stamps) if key == after]
    if doubled:
        raise _one(
            where,
            f"{stamps.count(doubled[0])} times in {name_of(doubled[0])}",
            "one value a month: monthly means",
            "fetch the monthly product, or average the days first (daily_to_monthly)",
        )
    if bounds is not None:
        spans = np.diff(np.atleast_2d(bounds), axis=1)[:, 0]
        month = _days_of_bounds(where, spans, attributes)
        calendar = str(attributes.get("calendar", "standard")).lower()
        wrong = [
            name_of(key)
            for key, days in zip(stamps, month, strict=True)
            if abs(days - month_days(calendar, *key)) > _DAY_PART
        ]
        if wrong:
            raise _one(
                where, f"bounds that are not those of a month: {', '.join(wrong[:4])}",
                "bounds a month apart", "fetch the monthly product",
            )  # fmt: skip
    return stamps


def _days_of_bounds(where: str, spans: Array, attributes: Mapping[str, Any]) -> Array:
    start = dates_of(where, np.array([0.0]), attributes)[0]
    ends = dates_of(where, np.maximum(spans, 0.0), attributes)
    return np.array([(end - start).total_seconds() / 86400.0 for end in ends])


def dates_of(where: str, values: Array, attributes: Mapping[str, Any]) -> list[Any]:
    """Dates (cftime) of a time axis; ``InputError`` where units or calendar are none of CF."""
    units = str(attributes.get("units", ""))
    calendar = str(attributes.get("calendar", "standard")).lower()
    try:
        dates = netCDF4.num2date(values, units, calendar, only_use_cftime_datetimes=True)
    except (ValueError, OverflowError) as error:
        raise _one(
            where, f"units {units!r}, calendar {calendar!r} ({error})",
            "'days since 1850-01-01' or another CF time", "fetch the original file",
        ) from error  # fmt: skip
    return list(np.atleast_1d(np.asarray(dates, dtype=object)))


def name_of(key: Key) -> str:
    """A month in words: 2001-02."""
    return f"{key[0]}-{key[1]:02d}"


def months_of(years: Iterable[int]) -> list[Key]:
    """All months of some years."""
    return [(year, month) for year in years for month in range(1, 13)]


def indexed(fields: Iterable[Mapping[str, MonthlyField]]) -> tuple[Slots, list[Problem]]:
    """Months of each variable over all files, and what contradicts: doubles, grids, calendars."""
    slots: Slots = {}
    problems: list[Problem] = []
    first: MonthlyField | None = None
    for in_file in fields:
        for canonical, field in in_file.items():
            first = first or field
            if not field.cells.same_as(first.cells):
                problems.append(
                    Problem(f"{field.path}: {field.lat}, {field.lon}", field.cells.describe(),
                            f"{first.cells.describe()}, as in {first.path.name}",
                            "keep files of one grid in one folder")
                )  # fmt: skip
                continue
            if _calendar(field.calendar) != _calendar(first.calendar):
                problems.append(
                    Problem(f"{field.path}: {field.time}", f"calendar {field.calendar!r}",
                            f"{first.calendar!r}, as in {first.path.name}",
                            "keep files of one model in one folder")
                )  # fmt: skip
                continue
            known = slots.setdefault(canonical, {})
            twice = [key for key in field.stamps if key in known]
            if twice:
                problems.append(
                    Problem(f"{field.path}: {field.name}", f"month {name_of(twice[0])}"
                            + (f" and {len(twice) - 1} more" if len(twice) > 1 else ""),
                            f"each month once; it is also in {known[twice[0]].field.path.name}",
                            "remove one of the two, or cut the overlap")
                )  # fmt: skip
            known |= {
                key: Slot(field, index) for index, key in enumerate(field.stamps)
                if key not in known
            }  # fmt: skip
    return {name: dict(sorted(months.items())) for name, months in slots.items()}, problems


def absent_problems(
    path: Path, slots: Slots, asked: Mapping[str, Asked], months: Sequence[Key]
) -> list[Problem]:
    """Variables that no file holds, and months that a variable lacks."""
    problems = []
    for canonical, item in asked.items():
        known = slots.get(canonical, {})
        label = f"{path}: {' or '.join(item.names)}"
        absent = [name_of(key) for key in months if key not in known]
        if not known:
            problems.append(
                Problem(label, "in none of the files", f"the variable in {item.unit}",
                        "fetch it into the same folder")
            )  # fmt: skip
        elif absent:
            shown = ", ".join(absent[:6])
            shown += f" and {len(absent) - 6} more" if len(absent) > 6 else ""
            have = f"{name_of(min(known))} to {name_of(max(known))}, {len(known)} months"
            problems.append(
                Problem(label, f"months missing: {shown}", f"every month; found {have}",
                        "fetch the missing months, or change first_year and last_year")
            )  # fmt: skip
    return problems


def read_slot(slot: Slot, rows: slice, dataset: Any) -> Array:
    """A month as (extra ..., lat, lon) in the order of the file, fill NaN, some rows alone."""
    field = slot.field
    index = [
        slot.position if dim == field.time else rows if dim == field.lat else slice(None)
        for dim in field.dims
    ]
    values = decode(dataset[field.name], tuple(index))
    left = [dim for dim in field.dims if dim != field.time]
    order = [left.index(dim) for dim in (*field.extra, field.lat, field.lon)]
    return np.asarray(values.transpose(order))


def read_month(
    slots: Slots,
    key: Key,
    rows: slice,
    what: str,
    read: Callable[[Slot, slice, Any], Array] = read_slot,
) -> dict[str, Array]:
    """A month of all variables; each file is opened once."""
    values: dict[str, Array] = {}
    by_file: dict[Path, list[str]] = {}
    for name, months in slots.items():
        by_file.setdefault(months[key].field.path, []).append(name)
    for path, names in by_file.items():
        with netcdf(path, what) as dataset:
            values |= {name: read(slots[name][key], rows, dataset) for name in names}
    return values


def of_months(slots: Slots, keys: Collection[Key]) -> Slots:
    """The slots of some months alone."""
    return {
        name: {key: slot for key, slot in months.items() if key in keys}
        for name, months in slots.items()
    }


def used_files(slots: Slots) -> tuple[Path, ...]:
    """The files that hold the months, each once."""
    slots_of_all = (slot for months in slots.values() for slot in months.values())
    return tuple(dict.fromkeys(slot.field.path for slot in slots_of_all))


def _calendar(name: str) -> str:
    same = {"standard": "gregorian", "proleptic_gregorian": "gregorian",
            "365_day": "noleap", "366_day": "all_leap"}  # fmt: skip
    return same.get(name, name)


def _one(where: str, found: str, accepted: str, next_step: str) -> InputError:
    return InputError(
        "A file cannot be used (1 problem)", [Problem(where, found, accepted, next_step)]
    )
