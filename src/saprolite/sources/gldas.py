"""GLDAS Noah monthly (2.0 and 2.1; 0.25 and 1.0 degree): one-month files, or months in one file.

Quirks of the product: soil moisture is a mass per layer (kg m-2); a month is stamped with its first
day; land ice holds a constant water content of 1.0 in all layers; evapotranspiration is a mean rate
and negative in about 4 % of the cell-months (dew, frost).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import netCDF4
import numpy as np
import numpy.typing as npt

from saprolite.equations import volumetric_water_content
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid import Grid
from saprolite.sources.files import (
    Array,
    decode,
    known_unit,
    netcdf,
    range_problem,
    require_file,
    unit_of,
)
from saprolite.sources.forcing import ForcingYear

LAYER_EDGES = (0.0, 0.1, 0.4, 1.0, 2.0)
LAYER_DEPTHS = (0.1, 0.3, 0.6, 1.0)
_LAYERS = ("0_10cm", "10_40cm", "40_100cm", "100_200cm")
MOISTURE = tuple(f"SoilMoi{layer}_inst" for layer in _LAYERS)
TEMPERATURE = tuple(f"SoilTMP{layer}_inst" for layer in _LAYERS)
EVAPOTRANSPIRATION = "Evap_tavg"
_UNITS = {
    **dict.fromkeys(MOISTURE, "kg m-2"),
    **dict.fromkeys(TEMPERATURE, "K"),
    EVAPOTRANSPIRATION: "kg m-2 s-1",
}
_NAME = re.compile(
    r"GLDAS_NOAH(?P<grid>\d{2,3})_M(?P<early>_EP)?\.A(?P<month>\d{6})\.(?P<version>\d{3})"
    r"\.nc4(\.SUB\.nc4)?$"
)
_WHAT = (
    "GLDAS Noah monthly: a folder of GLDAS_NOAH..._M.AYYYYMM.02x.nc4, or one NetCDF file of months"
)
LAND_ICE_MOISTURE = 0.9999


class _Month(NamedTuple):
    path: Path
    position: int


@dataclass(frozen=True)
class GldasMonthly:
    """A checked set of GLDAS months on one grid."""

    grid: Grid
    months: dict[tuple[int, int], _Month]
    files: tuple[Path, ...]
    flip: tuple[bool, bool]
    layer_edges: tuple[float, ...] = LAYER_EDGES
    product: str = "gldas_noah_monthly"
    notes: tuple[str, ...] = ()

    def read_year(self, year: int, cells: npt.NDArray[np.int64]) -> ForcingYear:
        """The twelve months of a year at flat (row-major) indices of the grid."""
        moisture = np.empty((12, len(_LAYERS), cells.size))
        temperature = np.empty((12, len(_LAYERS), cells.size))
        water = np.empty((12, cells.size))
        for path, months in self._by_file(year).items():
            # One read per variable: files of many months are compressed across months.
            span = slice(min(months.values()), max(months.values()) + 1)
            with netcdf(path, _WHAT) as dataset:
                for layer, depth in enumerate(LAYER_DEPTHS):
                    mass = self._packed(dataset, MOISTURE[layer], span, cells)
                    kelvin = self._packed(dataset, TEMPERATURE[layer], span, cells)
                    for month, index in months.items():
                        theta = volumetric_water_content(mass[index - span.start], depth)
                        moisture[month - 1, layer] = theta
                        temperature[month - 1, layer] = kelvin[index - span.start]
                rate = self._packed(dataset, EVAPOTRANSPIRATION, span, cells)
                for month, index in months.items():
                    water[month - 1] = rate[index - span.start]
        result = ForcingYear(moisture, temperature, water)
        self._check_ranges(year, result)
        return result

    def land(self) -> npt.NDArray[np.bool_]:
        """Where the first month has a value in any field: the product's land, ice included."""
        first = self.months[min(self.months)]
        with netcdf(first.path, _WHAT) as dataset:
            fields = [self._month(dataset, name, first.position) for name in _UNITS]
        return np.asarray(np.isfinite(np.stack(fields)).any(axis=0))

    def land_ice(self) -> npt.NDArray[np.bool_]:
        """Where the first month holds a water content of 1 in all four layers: land ice."""
        first = self.months[min(self.months)]
        with netcdf(first.path, _WHAT) as dataset:
            full = [
                volumetric_water_content(self._month(dataset, name, first.position), depth)
                >= LAND_ICE_MOISTURE
                for name, depth in zip(MOISTURE, LAYER_DEPTHS, strict=True)
            ]
        return np.asarray(np.all(full, axis=0))

    def _by_file(self, year: int) -> dict[Path, dict[int, int]]:
        """Files of a year, each with its months and their positions."""
        files: dict[Path, dict[int, int]] = {}
        for month in range(1, 13):
            path, index = self.months[(year, month)]
            files.setdefault(path, {})[month] = index
        return files

    def _packed(
        self, dataset: netCDF4.Dataset, name: str, span: slice, cells: npt.NDArray[np.int64]
    ) -> Array:
        fields = self._normalised(decode(dataset[name], span))
        return fields.reshape(fields.shape[0], -1)[:, cells]

    def _month(self, dataset: netCDF4.Dataset, name: str, index: int) -> Array:
        return self._normalised(decode(dataset[name], index))

    def _normalised(self, values: Array) -> Array:
        flip_lat, flip_lon = self.flip
        if flip_lat:
            values = values[..., ::-1, :]
        if flip_lon:
            values = np.roll(values, values.shape[-1] // 2, axis=-1)
        return values

    def _check_ranges(self, year: int, values: ForcingYear) -> None:
        """Each layer and month of its own: one field in another unit hides in a common mean."""
        advice = {
            "soil_moisture": "moisture must be in kg m-2 per layer; check units and layer",
            "soil_temperature": "temperature must be in K, not degC",
            "evapotranspiration": "evapotranspiration must be a rate in kg m-2 s-1, not an amount",
        }
        soil = ~(values.soil_moisture[0] >= LAND_ICE_MOISTURE).all(axis=0)
        problems: dict[Problem, None] = {}
        for name, array in values._asdict().items():
            for month, fields in enumerate(array):
                where = str(self.months[(year, month + 1)].path) + f" ({year}-{month + 1:02d})"
                for field in np.atleast_2d(fields)[..., soil]:
                    problem = None
                    if np.isfinite(field).any():
                        problem = range_problem(where, name, field, advice[name])
                    if problem:
                        problems[problem] = None
        raise_if_any(InputError, "GLDAS values are out of range", list(problems)[:9])


def open_gldas(path: Path, years: Iterable[int], optional_year: int | None = None) -> GldasMonthly:
    """Check a folder or file for all months of ``years``; nothing but metadata is read.

    The months of ``optional_year`` are kept where all twelve are there.

    Raises ``InputError`` that lists every file which is truncated, misnamed, on another grid, of
    another version or in another unit, and every month that is missing.
    """
    wanted = {*years, optional_year}
    files, version_problems = _files(path, wanted)
    problems = list(version_problems)
    months: dict[tuple[int, int], _Month] = {}
    grid: Grid | None = None
    rejected: set[Path] = set()
    flip = (False, False)
    first_file = files[0] if files else path
    for file in files:
        try:
            with netcdf(file, _WHAT) as dataset:
                found = _variable_problems(file, dataset)
                problems.extend(found)
                if found:
                    rejected.add(file)
                    continue
                this_grid, this_flip = _grid(file, dataset)
                stamps = _stamps(file, dataset)
        except InputError as error:
            problems.extend(error.problems)
            rejected.add(file)
            continue
        if grid is None:
            grid, flip = this_grid, this_flip
        elif not grid.same_as(this_grid) or flip != this_flip:
            problems.append(
                Problem(
                    f"{file}: lat, lon",
                    this_grid.describe(),
                    f"{grid.describe()}, as in {first_file.name}",
                    "keep files of one grid in one folder",
                )
            )
            continue
        problems.extend(_add_months(file, stamps, months))
    problems.extend(_missing_months(path, months, years, files, rejected))
    raise_if_any(InputError, "The GLDAS forcing cannot be used", problems)
    assert grid is not None
    if not all((optional_year, month) in months for month in range(1, 13)):
        wanted.discard(optional_year)
    wanted |= set(years)
    months = {key: value for key, value in sorted(months.items()) if key[0] in wanted}
    used = tuple(dict.fromkeys(month.path for month in months.values()))
    return GldasMonthly(grid, months, used, flip)


def _files(path: Path, years: set[int | None]) -> tuple[list[Path], list[Problem]]:
    if not path.is_dir():
        require_file(path, _WHAT)
        return [path], []
    matches = [(item, _NAME.search(item.name)) for item in sorted(path.iterdir())]
    named = [(item, match) for item, match in matches if match and int(match["month"][:4]) in years]
    problems = []
    early = [item.name for item, match in named if match["early"]]
    if early:
        problems.append(
            Problem(
                str(path),
                f"early product: {', '.join(early[:5])}",
                "the main product (made with GPCP precipitation)",
                "fetch GLDAS_NOAH..._M for these months",
            )
        )
    kinds = sorted({f"NOAH{match['grid']} version {match['version']}" for _, match in named})
    if len(kinds) > 1:
        problems.append(
            Problem(
                str(path),
                f"a mixture: {', '.join(kinds)}",
                "one version and one grid (2.0 and 2.1 differ by about 15 % in ET)",
                "put them into folders of their own",
            )
        )
    return [item for item, _ in named], problems


def _variable_problems(file: Path, dataset: netCDF4.Dataset) -> list[Problem]:
    problems = []
    missing = [name for name in (*_UNITS, "lat", "lon", "time") if name not in dataset.variables]
    if missing:
        problems.append(
            Problem(
                f"{file}: {', '.join(missing)}",
                "not in the file",
                "the variables of GLDAS Noah monthly",
                "fetch the file with all nine fields, lat, lon and time",
            )
        )
    for name, unit in _UNITS.items():
        if name not in dataset.variables:
            continue
        variable = dataset.variables[name]
        found = unit_of(variable)
        if known_unit(found, [unit]) is None:
            problems.append(
                Problem(
                    f"{file}: {name}",
                    f"units {found!r}",
                    repr(unit),
                    "convert the variable, or fetch the original file",
                )
            )
        if variable.dimensions != ("time", "lat", "lon"):
            problems.append(
                Problem(
                    f"{file}: {name}",
                    f"dimensions {variable.dimensions}",
                    "(time, lat, lon)",
                    "fetch the original file",
                )
            )
    return problems


def _grid(file: Path, dataset: netCDF4.Dataset) -> tuple[Grid, tuple[bool, bool]]:
    lat, lon = decode(dataset["lat"]), decode(dataset["lon"])
    descending = bool(lat[0] > lat[-1])
    if descending:
        lat = lat[::-1]
    from_zero = bool(lon.max() > 180.0)
    if from_zero:
        lon = np.roll((lon + 180.0) % 360.0 - 180.0, lon.size // 2)
    return Grid.from_centres(lat, lon, str(file)), (descending, from_zero)


def _stamps(file: Path, dataset: netCDF4.Dataset) -> list[Any]:
    time = dataset["time"]
    calendar = getattr(time, "calendar", "standard")
    try:
        dates = netCDF4.num2date(
            decode(time), unit_of(time), calendar, only_use_cftime_datetimes=True
        )
    except ValueError as error:
        raise InputError(
            "The time of a file cannot be read (1 problem)",
            [
                Problem(
                    f"{file}: time",
                    f"units {unit_of(time)!r}, calendar {calendar!r} ({error})",
                    "'days since 2000-01-01 00:00:00' or another CF time",
                    "fetch the original file",
                )
            ],
        ) from error
    return list(np.atleast_1d(np.asarray(dates, dtype=object)))


def _add_months(
    file: Path, stamps: list[Any], months: dict[tuple[int, int], _Month]
) -> list[Problem]:
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
        if key in months:
            problems.append(
                Problem(
                    f"{file}: time",
                    f"month {key[0]}-{key[1]:02d}",
                    f"each month once; it is also in {months[key].path.name}",
                    "remove one of the two",
                )
            )
        months[key] = _Month(file, index)
    return problems


def _missing_months(
    path: Path,
    months: dict[tuple[int, int], _Month],
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
    shown = ", ".join(absent[:6]) + (f" and {len(absent) - 6} more" if len(absent) > 6 else "")
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
            f"months missing: {shown}",
            f"every month of the period; found {have}",
            advice,
        )
    ]
