"""GLDAS Noah 3-hourly (0.25 degree): means of months, written as the monthly product has them.

A file is one step. Its stamp is the end of the three hours that it stands for: ``_tavg`` fields are
means over them, ``_acc`` fields sums, and ``_inst`` fields the state at the stamp. A month has the
steps from 03:00 of its first day to 00:00 of the next month, eight a day, all of one weight; of
``_acc`` the mean of the sums is taken, as in the monthly product (times 8 and the days it is the
amount of the month).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import netCDF4
import numpy as np
import numpy.typing as npt
import xarray as xr

from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.sources.files import Array, attributes_of, decode, known_unit, netcdf
from saprolite.sources.gldas import LAYER_DEPTHS
from saprolite.sources.gldas_files import MOISTURE, TEMPERATURE, UNITS
from saprolite.sources.gldas_layout import Field, month_name, write_month
from saprolite.version import __version__

STEP = np.timedelta64(3, "h")
STEPS_PER_DAY = 8
_NAME = re.compile(
    r"GLDAS_NOAH(?P<grid>\d{2,3})_3H(?P<early>_EP)?\.A(?P<day>\d{8})\.(?P<time>\d{4})"
    r"\.(?P<version>02[01])((\.nc4)?\.SUB)?\.nc4$"
)
_WHAT = "GLDAS Noah 3-hourly: GLDAS_NOAH025_3H.AYYYYMMDD.HHMM.02x.nc4"
_TAKEN = ("_inst", "_tavg", "_acc")
Month = np.datetime64


class _Step(NamedTuple):
    path: Path
    stamp: np.datetime64


class _Content(NamedTuple):
    axes: tuple[Array, Array]
    fields: dict[Field, Array]
    source: str


class MonthMean:
    """The mean of the steps of a month, cell by cell, of those that have a value."""

    def __init__(self) -> None:
        self._total: Array | None = None
        self._number: npt.NDArray[np.int64] | None = None

    def add(self, values: Array) -> None:
        """One step; NaN is missing."""
        known = np.isfinite(values)
        if self._total is None or self._number is None:
            self._total, self._number = np.zeros(values.shape), np.zeros(values.shape, np.int64)
        self._total += np.where(known, values, 0.0)
        self._number += known

    def value(self, steps: int, least_share: float) -> Array:
        """The mean; NaN where fewer than a share of the month's ``steps`` have a value."""
        assert self._total is not None and self._number is not None
        enough = self._number >= max(1, int(np.ceil(least_share * steps - 1e-9)))
        return np.where(enough, self._total / np.where(enough, self._number, 1), np.nan)


def month_of(stamp: np.datetime64) -> Month:
    """The month in which the three hours before a stamp begin.

    >>> month_of(np.datetime64("2016-02-01T00:00"))
    np.datetime64('2016-01')
    """
    month: Month = (stamp - STEP).astype("datetime64[M]")
    return month


def steps_in(month: Month) -> int:
    """Number of steps of a month.

    >>> steps_in(np.datetime64("2016-02"))
    232
    """
    days = (month + 1).astype("datetime64[D]") - month.astype("datetime64[D]")
    return STEPS_PER_DAY * int(days.astype(int))


def aggregate_months(folder: Path, out: Path, least_share: float = 1.0) -> list[Path]:
    """Write a monthly file for every month that the 3-hourly files of a folder have.

    Parameters
    ----------
    folder
        3-hourly files of one version and one grid, any months; other files are left alone.
    out
        Folder for the monthly files; it is made, and files of the same names are replaced.
    least_share
        Share of a month's steps that must be there, above 0, at most 1; also the share of the
        steps with a value that a cell must have. Steps that are missing are left out of the mean,
        which the hours of the day that are missing then bias.

    Returns
    -------
    Paths of what was written, in order of time.

    Raises
    ------
    InputError
        For missing steps, with their number and the first of them, and for every file that is
        truncated, misnamed, of another grid or in another unit.
    """
    if not 0.0 < least_share <= 1.0:
        raise InputError(
            "Months cannot be made (1 problem)",
            [Problem("least_share", str(least_share), "above 0, at most 1 (not percent)",
                     "least_share = 1.0 asks for all steps")],
        )  # fmt: skip
    months = _months(folder, least_share)
    out.mkdir(parents=True, exist_ok=True)
    return [_write(out, month, steps, least_share) for month, steps in sorted(months.items())]


def _months(folder: Path, least_share: float) -> dict[Month, list[_Step]]:
    """The steps by month, checked by name."""
    found = sorted(folder.iterdir()) if folder.is_dir() else []
    named = [(item, match) for item in found if (match := _NAME.search(item.name))]
    if not named:
        raise InputError(
            "Months cannot be made (1 problem)",
            [Problem(str(folder), "no 3-hourly file", _WHAT, "check the folder")],
        )
    problems = []
    kinds = sorted({f"NOAH{match['grid']} version {match['version']}" for _, match in named})
    if len(kinds) > 1:
        problems.append(
            Problem(str(folder), f"a mixture: {', '.join(kinds)}", "one version and one grid",
                    "put them into folders of their own")
        )  # fmt: skip
    months: dict[Month, list[_Step]] = {}
    seen: dict[np.datetime64, Path] = {}
    for path, match in named:
        day, time = match["day"], match["time"]
        try:
            stamp = np.datetime64(f"{day[:4]}-{day[4:6]}-{day[6:]}T{time[:2]}:{time[2:]}")
        except ValueError:
            stamp = np.datetime64("NaT")
        if np.isnat(stamp) or (stamp - stamp.astype("datetime64[D]")) % STEP:
            problems.append(
                Problem(str(path), f"the time {day}.{time}", "0000, 0300, ... 2100 of a day",
                        "the file is misnamed: fetch it again")
            )  # fmt: skip
            continue
        if stamp in seen:
            problems.append(
                Problem(str(path), f"the step {stamp}", f"once; {seen[stamp].name} has it too",
                        "remove one of the two")
            )  # fmt: skip
            continue
        seen[stamp] = path
        months.setdefault(month_of(stamp), []).append(_Step(path, stamp))
    for month, steps in sorted(months.items()):
        problems += _missing(folder, month, steps, least_share)
    raise_if_any(InputError, "Months cannot be made", problems)
    return months


def _missing(
    folder: Path, month: Month, steps: Sequence[_Step], least_share: float
) -> list[Problem]:
    wanted = steps_in(month)
    if len(steps) >= least_share * wanted - 1e-9:
        return []
    have = {step.stamp for step in steps}
    first = month.astype("datetime64[m]") + STEP
    absent = [stamp for k in range(wanted) if (stamp := first + k * STEP) not in have]
    needed = "all" if least_share == 1.0 else f"{least_share:g} or more of them"
    shown = ", ".join(map(str, absent[:3])) + (" ..." if len(absent) > 3 else "")
    share = np.floor(len(steps) / wanted * 1000.0) / 1000.0
    found = f"{len(steps)} of {wanted} steps; missing {shown}"
    advice = f"fetch them, or allow gaps: least_share = {share:g}"
    return [Problem(f"{folder}: {month}", found, needed, advice)]


def _write(out: Path, month: Month, steps: Sequence[_Step], least_share: float) -> Path:
    means: dict[str, MonthMean] = {}
    first: _Content | None = None
    problems: list[Problem] = []
    for step in sorted(steps, key=lambda item: item.stamp):
        try:
            content = _read(step)
        except InputError as error:
            problems += error.problems
            continue
        first = first or content
        problems += _differences(step.path, content, first)
        if not problems:
            for field, values in content.fields.items():
                means.setdefault(field.name, MonthMean()).add(values)
    raise_if_any(InputError, "Months cannot be made", problems)
    assert first is not None
    lat, lon = first.axes
    year, number = month.astype(object).year, month.astype(object).month
    match = _NAME.search(steps[0].path.name)
    assert match is not None
    version = {"020": "2.0", "021": "2.1"}[match["version"]]
    resolution = float(lon[1] - lon[0])
    path = out / month_name(year, number, resolution, version, bool(match["early"]))
    wanted = steps_in(month)
    fields = {
        field: means[field.name].value(wanted, least_share).reshape(lat.size, lon.size)
        for field in first.fields
    }
    attributes = {
        "Conventions": "CF-1.6",
        "title": f"GLDAS{version} Noah, means of months of the 3-hourly product",
        "source": first.source,
        "institution": "NASA GSFC (data)",
        "history": f"saprolite {__version__}: {len(steps)} of {wanted} steps, each three hours; "
        f"_acc fields are means of 3-hour sums",
    }
    write_month(path, (lat, lon), year, number, fields, attributes)
    return path


def _read(step: _Step) -> _Content:
    with netcdf(step.path, _WHAT) as dataset:
        held = dataset.variables
        missing = [name for name in ("time", "lat", "lon") if name not in held]
        if missing:
            raise _unfit(step.path, f"no {', '.join(missing)}", "time, lat and lon")
        stamps = _stamps(dataset["time"])
        if [str(stamp) for stamp in stamps] != [str(step.stamp.astype("datetime64[s]"))]:
            raise _unfit(step.path, f"the time {', '.join(map(str, stamps))}",
                         f"{step.stamp}, as the name says")  # fmt: skip
        fields, axes = {}, (decode(held["lat"]), decode(held["lon"]))
        for name, variable in held.items():
            if variable.dimensions == ("time", "lat", "lon") and name.endswith(_TAKEN):
                said = attributes_of(variable)
                field = Field(name, *(str(said.get(key, "")) for key in Field._fields[1:]))
                fields[field] = decode(variable, 0)
        source = str(getattr(dataset, "source", ""))
    if not fields:
        raise _unfit(step.path, "no field (time, lat, lon)", "fields of GLDAS Noah 3-hourly")
    if not np.isfinite(axes[0]).all() or not np.isfinite(axes[1]).all():
        raise _unfit(step.path, "missing values in lat or lon", "cell centres in degrees")
    return _Content(axes, fields, source)


def _stamps(time: Any) -> list[np.datetime64]:
    dates = netCDF4.num2date(
        np.atleast_1d(time[:]), str(time.units).strip(), only_use_cftime_datetimes=True
    )
    found = np.atleast_1d(np.asarray(dates, dtype=object))
    return [np.datetime64(date.isoformat(), "s") for date in found]


def _differences(path: Path, content: _Content, first: _Content) -> list[Problem]:
    """Other fields, units or another grid than the first step of the month."""
    problems = []
    same_grid = all(map(np.array_equal, content.axes, first.axes))
    if not same_grid:
        problems.append(Problem(f"{path}: lat, lon", "another grid than the steps before",
                                "one grid", "keep files of one grid in one folder"))  # fmt: skip
    if {field[:2] for field in content.fields} != {field[:2] for field in first.fields}:
        problems.append(
            Problem(f"{path}: fields", _listed(content.fields), _listed(first.fields),
                    "fetch all steps with the same fields")
        )  # fmt: skip
    for field in content.fields:
        unit = UNITS.get(field.name)
        if unit is not None and known_unit(field.units, [unit]) is None:
            problems.append(Problem(f"{path}: {field.name}", f"units {field.units!r}", repr(unit),
                                    "fetch the original file"))  # fmt: skip
    return problems


def _listed(fields: Mapping[Field, Array]) -> str:
    return ", ".join(f"{field.name} ({field.units})" for field in fields)


def _unfit(path: Path, found: str, accepted: str) -> InputError:
    return InputError(
        "A 3-hourly file cannot be used (1 problem)",
        [Problem(str(path), found, accepted, "fetch the original file")],
    )


def monthly_points(path: Path, least_share: float = 1.0) -> xr.Dataset:
    """Monthly means of a file of 3-hourly series at grid points (locations, time).

    Parameters
    ----------
    path
        NetCDF with soil moisture (kg m-2) and temperature (K) of the four layers.
    least_share
        Share of a month's steps that must have a value, above 0, at most 1; else NaN.

    Returns
    -------
    Dataset soil_moisture (m3 m-3) and soil_temperature (K) on (month, layer, location), with
    latitude, longitude and location_id.
    """
    with netcdf(path, "3-hourly series of GLDAS Noah at grid points") as dataset:
        wanted = {"soil_moisture": MOISTURE, "soil_temperature": TEMPERATURE}
        absent = [name for names in wanted.values() for name in (*names, "lat", "lon", "time")
                  if name not in dataset.variables]  # fmt: skip
        if absent:
            raise _unfit(path, f"no {', '.join(dict.fromkeys(absent))}", "all layers, and the axes")
        for name in (*MOISTURE, *TEMPERATURE):
            units = str(getattr(dataset[name], "units", ""))
            if known_unit(units, [UNITS[name]]) is None:
                raise _unfit(path, f"{name} in {units!r}", repr(UNITS[name]))
        stamps = _stamps(dataset["time"])
        values = {
            name: np.stack([decode(dataset[field]) for field in fields])
            for name, fields in wanted.items()
        }  # (layer, location, time)
        place = {name: ("location", decode(dataset[name])) for name in ("lat", "lon")}
        if "location_id" in dataset.variables:
            place["location_id"] = ("location", np.asarray(dataset["location_id"][:]))
    values["soil_moisture"] /= 1000.0 * np.array(LAYER_DEPTHS)[:, None, None]
    of_step = np.array([month_of(stamp) for stamp in stamps])
    months = np.unique(of_step)
    variables = {}
    for name, series in values.items():
        means = []
        for month in months:
            mean = MonthMean()
            for index in np.flatnonzero(of_step == month):
                mean.add(series[..., index])
            means.append(mean.value(steps_in(month), least_share))
        units = "m3 m-3" if name == "soil_moisture" else "K"
        variables[name] = (("month", "layer", "location"), np.stack(means), {"units": units})
    return xr.Dataset(variables, {"month": months.astype("datetime64[ns]"), **place})
