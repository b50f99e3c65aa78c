"""A folder or file of GLDAS Noah months: which months lie where, and all that is wrong there."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from saprolite.errors import InputError, Problem, raise_if_any, shortened
from saprolite.grid import Grid
from saprolite.sources.files import Array, known_unit, require_file

if TYPE_CHECKING:
    from saprolite.sources.netcdf_layout import Head

_LAYERS = ("0_10cm", "10_40cm", "40_100cm", "100_200cm")
MOISTURE = tuple(f"SoilMoi{layer}_inst" for layer in _LAYERS)
TEMPERATURE = tuple(f"SoilTMP{layer}_inst" for layer in _LAYERS)
EVAPOTRANSPIRATION = "Evap_tavg"
UNITS = {
    **dict.fromkeys(MOISTURE, "kg m-2"),
    **dict.fromkeys(TEMPERATURE, "K"),
    EVAPOTRANSPIRATION: "kg m-2 s-1",
}
_NAME = re.compile(
    r"GLDAS_NOAH(?P<grid>\d{2,3})_M(?P<early>_EP)?\.A(?P<month>\d{6})\.(?P<version>\d{3})"
    r"((\.nc4)?\.SUB)?\.nc4$"
)
WHAT = (
    "GLDAS Noah monthly: a folder of GLDAS_NOAH..._M.AYYYYMM.02x.nc4, or one NetCDF file of months"
)
VERSIONS = {"2.0": "020", "2.1": "021"}
# Latitudes and longitudes as a file may hold them: not flipped, flipped.
_ORDERS = (
    ("latitudes from south to north", "latitudes from north to south"),
    ("longitudes from 180 W", "longitudes from 0"),
)
SEAMS = '"splice", "scale", "2.0-only", "2.1-only"'
Key = tuple[int, int]


class Month(NamedTuple):
    """Where a month lies: a file, and the position along its time axis."""

    path: Path
    position: int


class Months(NamedTuple):
    """A checked set of months on one grid, by year and month, and how their files are stored.

    ``flip``: whether the files hold latitude descending, and longitude from 0. ``version`` is that
    of the file names, None where they have none; ``early`` the files of the early product.
    """

    grid: Grid
    months: dict[Key, Month]
    heads: dict[Path, Head]
    flip: tuple[bool, bool]
    version: str | None
    early: tuple[Path, ...]


def checked_months(
    path: Path,
    years: Iterable[int],
    optional_year: int | None = None,
    version: str | None = None,
    accept_early: bool = False,
) -> Months:
    """Check a folder or file for all months of ``years``; nothing but metadata is read.

    The months of ``optional_year`` are kept where all twelve are there. Of a folder, the files of
    one ``version`` ("2.0", "2.1") are taken; without it there may be but one.

    Raises ``InputError`` that lists every file which is truncated, misnamed, on another grid, of
    another version or in another unit, and every month that is missing.
    """
    from saprolite.sources.netcdf_heads import head_of

    wanted = {*years, optional_year}
    files, version_problems = _files(path, wanted, version, accept_early)
    problems = list(version_problems)
    months: dict[Key, Month] = {}
    heads: dict[Path, Head] = {}
    grid: Grid | None = None
    rejected: set[Path] = set()
    flip = (False, False)
    first_file = path
    for file in files:
        try:
            head = head_of(file, tuple(UNITS), WHAT)
            wrong = _variable_problems(file, head)
            problems.extend(wrong)
            if wrong:
                rejected.add(file)
                continue
            this_grid, this_flip = _grid(file, head.axes["lat"], head.axes["lon"])
            stamps = _stamps(file, head)
        except InputError as error:
            problems.extend(error.problems)
            rejected.add(file)
            continue
        if grid is None:
            first_file, grid, flip = file, this_grid, this_flip
        elif not grid.same_as(this_grid) or flip != this_flip:
            found, accepted = _difference((this_grid, this_flip), (grid, flip))
            problems.append(
                Problem(
                    f"{file}: lat, lon",
                    found,
                    f"{accepted}, as in {first_file.name}",
                    "keep files of one grid, in one order, in one folder",
                )
            )
            rejected.add(file)
            continue
        heads[file] = head
        wrong = _add_months(file, stamps, months)
        problems.extend(wrong)
        if wrong:
            rejected.add(file)
    problems.extend(_missing_months(path, months, years, files, rejected))
    raise_if_any(InputError, "The GLDAS forcing cannot be used", problems)
    assert grid is not None
    if not all((optional_year, month) in months for month in range(1, 13)):
        wanted.discard(optional_year)
    wanted |= set(years)
    months = {key: value for key, value in sorted(months.items()) if key[0] in wanted}
    used = {month.path: _NAME.search(month.path.name) for month in months.values()}
    return Months(
        grid,
        months,
        {file: head for file, head in heads.items() if file in used},
        flip,
        next((_version_of(match) for match in used.values() if match), version),
        tuple(file for file, match in used.items() if match and match["early"]),
    )


def whole_years(path: Path, version: str) -> set[int]:
    """Years with all twelve months, by the names in a folder or the times in one file."""
    from saprolite.sources.netcdf_heads import head_of

    if path.is_dir():
        found = [_NAME.search(item.name) for item in path.iterdir()]
        held = {match["month"] for match in found if match and _version_of(match) == version}
    else:
        stamps = _stamps(path, head_of(path, tuple(UNITS), WHAT))
        held = {f"{stamp.year:04d}{stamp.month:02d}" for stamp in stamps}
    years = {int(month[:4]) for month in held}
    return {year for year in years if all(f"{year}{month:02d}" in held for month in range(1, 13))}


def _version(file: Path) -> str | None:
    match = _NAME.search(file.name)
    return _version_of(match) if match else None


def _version_of(match: re.Match[str]) -> str:
    known = {digits: version for version, digits in VERSIONS.items()}
    return known.get(match["version"], match["version"])


def _files(
    path: Path, years: set[int | None], version: str | None, accept_early: bool
) -> tuple[list[Path], list[Problem]]:
    if not path.is_dir():
        require_file(path, WHAT)
        return [path], []
    matches = [(item, _NAME.search(item.name)) for item in sorted(path.iterdir())]
    held = [(item, match) for item, match in matches if match and int(match["month"][:4]) in years]
    named = [
        (item, match) for item, match in held if version is None or _version_of(match) == version
    ]
    if version is not None and held and not named:
        others = ", ".join(sorted({_version_of(match) for _, match in held}))
        found = f"files of version {others} alone, such as {held[0][0].name}"
        raise InputError(
            "The GLDAS forcing cannot be used (1 problem)",
            [Problem(str(path), found, f"files of version {version} (.{VERSIONS[version]}.)",
                     "check path, path_2_0, path_2_1 and seam of [inputs.forcing]")],
        )  # fmt: skip
    problems = []
    early = [item.name for item, match in named if match["early"]]
    if early and not accept_early:
        problems.append(
            Problem(
                str(path),
                f"early product: {', '.join(early[:5])}",
                "the main product (made with GPCP precipitation)",
                'fetch GLDAS_NOAH..._M for these months, or set early_product = "accept"',
            )
        )
    kinds = sorted({f"NOAH{match['grid']} version {match['version']}" for _, match in named})
    versions = {match["version"] for _, match in named}
    if len(kinds) > 1:
        problems.append(
            Problem(
                str(path),
                f"a mixture: {', '.join(kinds)}",
                "one version and one grid, or a choice of seam: 2.1 has about 15 % more "
                "evapotranspiration than 2.0, which a trend takes for change",
                f"seam = one of {SEAMS} under [inputs.forcing]"
                if len(versions) > 1
                else "put them into folders of their own",
            )
        )
    return [item for item, _ in named], problems


def _variable_problems(file: Path, head: Head) -> list[Problem]:
    problems = []
    missing = [name for name in (*UNITS, "lat", "lon", "time") if name not in head.variables]
    if missing:
        problems.append(
            Problem(
                f"{file}: {', '.join(missing)}",
                "not in the file",
                "the variables of GLDAS Noah monthly",
                "fetch the file with all nine fields, lat, lon and time",
            )
        )
    wrong: dict[tuple[str, str, str], list[str]] = {}
    for name, unit in UNITS.items():
        if name not in head.variables:
            continue
        variable = head.variables[name]
        if known_unit(variable.units, [unit]) is None:
            words = (f"units {variable.units!r}", repr(unit),
                     "convert the variable, or fetch the original file")  # fmt: skip
            wrong.setdefault(words, []).append(name)
        if variable.dimensions != ("time", "lat", "lon"):
            words = (f"dimensions {variable.dimensions}", "(time, lat, lon)",
                     "fetch the original file")  # fmt: skip
            wrong.setdefault(words, []).append(name)
    problems += [Problem(f"{file}: {', '.join(names)}", *words) for words, names in wrong.items()]
    return problems


def _grid(file: Path, lat: Array, lon: Array) -> tuple[Grid, tuple[bool, bool]]:
    descending = bool(lat[0] > lat[-1])
    if descending:
        lat = lat[::-1]
    from_zero = bool(lon.max() > 180.0)
    if from_zero:
        lon = np.roll((lon + 180.0) % 360.0 - 180.0, lon.size // 2)
    return Grid.from_centres(lat, lon, str(file)), (descending, from_zero)


def _difference(
    this: tuple[Grid, tuple[bool, bool]], first: tuple[Grid, tuple[bool, bool]]
) -> tuple[str, str]:
    """How the cells of a file and those of the first one differ, in words of each."""
    if not this[0].same_as(first[0]):
        return this[0].describe(), first[0].describe()
    differing = [axis for axis, flipped in enumerate(this[1]) if flipped != first[1][axis]]
    found, accepted = (
        ", ".join(_ORDERS[axis][flip[axis]] for axis in differing) for _, flip in (this, first)
    )
    return found, accepted


def _stamps(file: Path, head: Head) -> list[Any]:
    import netCDF4

    time = head.variables["time"]
    if not np.isfinite(head.axes["time"]).all():
        raise InputError(
            "The time of a file cannot be read (1 problem)",
            [Problem(f"{file}: time", "no time: a missing value", "the first day of each month",
                     "fetch the original file")],
        )  # fmt: skip
    calendar = time.attributes.get("calendar", "standard")
    try:
        dates = netCDF4.num2date(
            head.axes["time"], time.units, calendar, only_use_cftime_datetimes=True
        )
    except ValueError as error:
        raise InputError(
            "The time of a file cannot be read (1 problem)",
            [
                Problem(
                    f"{file}: time",
                    f"units {time.units!r}, calendar {calendar!r} ({error})",
                    "'days since 2000-01-01 00:00:00' or another CF time",
                    "fetch the original file",
                )
            ],
        ) from error
    return list(np.atleast_1d(np.asarray(dates, dtype=object)))


def _add_months(file: Path, stamps: list[Any], months: dict[Key, Month]) -> list[Problem]:
    problems = []
    match = _NAME.search(file.name)
    if match:
        inside = [f"{stamp.year:04d}{stamp.month:02d}" for stamp in stamps]
        if inside != [match["month"]]:
            return [
                Problem(
                    f"{file}: time",
                    f"the month {', '.join(inside)}",
                    f"{match['month']}, as the name says",
                    "the file is misnamed or not a monthly file: fetch it again",
                )
            ]
    for index, stamp in enumerate(stamps):
        key = (stamp.year, stamp.month)
        if key in months and _version(months[key].path) == _version(file):  # else a mixture
            problems.append(
                Problem(
                    f"{file}: time",
                    f"month {key[0]}-{key[1]:02d}",
                    f"each month once; it is also in {months[key].path.name}",
                    "remove one of the two",
                )
            )
        months[key] = Month(file, index)
    return problems


def _missing_months(
    path: Path,
    months: dict[Key, Month],
    years: Iterable[int],
    files: list[Path],
    rejected: set[Path],
) -> list[Problem]:
    if rejected and not path.is_dir():
        return []  # the one file has been named already
    named = {match["month"] for item in rejected if (match := _NAME.search(item.name))}
    wanted = [
        (year, month)
        for year in years
        for month in range(1, 13)
        if f"{year}{month:02d}" not in named
    ]
    absent = [f"{year}-{month:02d}" for year, month in wanted if (year, month) not in months]
    if not absent:
        return []
    have = (
        "no month"
        if not months
        else (
            f"{len(months)} months from {min(months)[0]}-{min(months)[1]:02d} to "
            f"{max(months)[0]}-{max(months)[1]:02d}"
        )
    )
    unknown = []
    if path.is_dir():
        known = {*files, *(item for item in path.iterdir() if _NAME.search(item.name))}
        unknown = [
            item.name
            for item in sorted(path.iterdir())
            if item.suffix in (".nc", ".nc4") and item not in known
        ]
    advice = "fetch the missing months, or change first_year and last_year"
    if unknown:
        advice += f"; not recognised by name: {', '.join(unknown[:3])}"
    return [
        Problem(
            str(path),
            f"months missing: {shortened(absent)}",
            f"every month of the period; found {have}",
            advice,
        )
    ]
