"""Station files of the International Soil Moisture Network (``.stm``), hourly, in UTC.

One file holds one sensor. Its name is ``CSE_NETWORK_STATION_sm_FROM_TO_SENSOR_START_END.stm`` (or
``ts``, soil temperature), depths in m. Its first line is CSE, network, station, latitude,
longitude, elevation, depth from, depth to and sensor; then come rows of date, time, value, flag and
the provider's flag; ``G`` is good. Files of ISMN may not be passed on: keep aggregates.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import xarray as xr

from saprolite.errors import InputError, Problem, SaproliteError, raise_if_any
from saprolite.sources.files import broken, require_file
from saprolite.sources.scan import VALUE_ADVICE, VALUE_BOUNDS, station_series

_WHAT = "an ISMN station file (.stm, header and values)"
_NAME = re.compile(
    r"(?P<cse>[^_]+)_(?P<network>[^_]+)_(?P<station>.+)_(?P<variable>sm|ts)_"
    r"(?P<top>\d+\.\d+)_(?P<bottom>\d+\.\d+)_(?P<sensor>.+)_(?P<start>\d{8})_(?P<end>\d{8})\.stm"
)
_ROW = re.compile(
    r"(\d{4}/\d{2}/\d{2} \d{2}:\d{2})\s+([+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?)\s+(\S+)(?:\s+(\S+))?"
)
_VARIABLES = {"sm": "soil_moisture", "ts": "soil_temperature"}
GOOD = "G"


class Sensor(NamedTuple):
    """What the name and the first line of a file say; depths and elevation in m."""

    network: str
    station: str
    latitude: float
    longitude: float
    elevation: float
    top: float
    bottom: float
    variable: str
    sensor: str


class SensorSeries(NamedTuple):
    """The good values of one sensor.

    ``table``: columns ``time_utc`` and ``soil_moisture_m3_m-3`` or ``soil_temperature_degC``.
    ``left_out``: rows with another flag than good, by flag.
    """

    sensor: Sensor
    table: pd.DataFrame
    left_out: dict[str, int]

    @property
    def values(self) -> pd.Series:
        """The good values: m3 m-3 or degC."""
        return self.table.iloc[:, 1]


def read_stm(path: Path) -> SensorSeries:
    """One station file; ``InputError`` for a broken one, and for values in another unit."""
    require_file(path, _WHAT)
    named = _NAME.fullmatch(path.name)
    if named is None:
        raise InputError(
            "A station file cannot be used (1 problem)",
            [Problem(str(path), "a name that does not say variable and depth",
                     "CSE_NETWORK_STATION_sm_FROM_TO_SENSOR_START_END.stm", "keep ISMN's names")],
        )  # fmt: skip
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise broken(path, _WHAT, "bytes that are no text") from error
    if not text.endswith("\n"):
        raise broken(path, _WHAT, f"a last line that does not end, {text[-30:]!r}")
    first, *lines = text.splitlines()
    sensor = _sensor(path, named, first)
    rows = [_ROW.fullmatch(line.strip()) for line in lines]
    wrong = [number for number, row in enumerate(rows, 2) if row is None]
    if wrong or not rows:
        found = f"line {wrong[0]}: {lines[wrong[0] - 2][:60]!r}" if wrong else "no rows"
        raise broken(path, _WHAT, f"{found}, not date, time, value, flag")
    name = f"{sensor.variable}_{VALUE_BOUNDS[sensor.variable][2].replace(' ', '_')}"
    table = pd.DataFrame(
        [row.groups()[:3] for row in rows if row], columns=["time_utc", name, "flag"]
    )
    flags = table["flag"].value_counts()
    good = table[table["flag"] == GOOD].drop(columns="flag").reset_index(drop=True)
    try:
        good["time_utc"] = pd.to_datetime(good["time_utc"], format="%Y/%m/%d %H:%M")
    except ValueError as error:
        raise broken(path, _WHAT, f"a date that is none: {error}") from error
    good[name] = good[name].astype(float)
    raise_if_any(InputError, "A station file cannot be used", _problems(path, sensor, good))
    left_out = {str(flag): int(number) for flag, number in flags.items() if flag != GOOD}
    return SensorSeries(sensor, good, left_out)


def read_ismn(folder: Path) -> list[SensorSeries]:
    """Every station file below a folder, by name; all that is wrong is one ``InputError``."""
    paths = sorted(folder.rglob("*.stm"))
    if not paths:
        raise InputError(
            "No station file (1 problem)",
            [Problem(str(folder), "no file *.stm", _WHAT, "unpack the archive of ISMN there")],
        )
    series: list[SensorSeries] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            series.append(read_stm(path))
        except SaproliteError as error:
            problems += error.problems
    raise_if_any(InputError, "The station files cannot be used", problems)
    return series


def monthly_means(series: list[SensorSeries]) -> xr.Dataset:
    """Means of the good hourly values of each month, in the form of ``scan.read_scan``.

    Sensors of one station at one depth (the middle of each) count together. How much of a month a
    mean rests on is in ``soil_moisture_hours`` and ``soil_temperature_hours``.
    """
    rows = []
    for item in series:
        month = item.table["time_utc"].dt.to_period("M").dt.to_timestamp()
        rows.append(
            pd.DataFrame(
                {
                    "station": item.sensor.station,
                    "latitude": item.sensor.latitude,
                    "longitude": item.sensor.longitude,
                    "elevation_m": item.sensor.elevation,
                    "variable": item.sensor.variable,
                    "depth_m": (item.sensor.top + item.sensor.bottom) / 2.0,
                    "month": month,
                    "value": item.values,
                }
            )
        )
    table = pd.concat(rows, ignore_index=True)
    keys = ["station", "variable", "depth_m", "month"]
    grouped = table.groupby(keys, as_index=False).agg(
        latitude=("latitude", "first"), longitude=("longitude", "first"),
        elevation_m=("elevation_m", "first"), mean=("value", "mean"), hours=("value", "size"),
    )  # fmt: skip
    return station_series(grouped, "ismn")


def _sensor(path: Path, named: re.Match[str], line: str) -> Sensor:
    """The sensor of a file; its name and its first line must agree on the depths."""
    cells = line.split()
    try:
        latitude, longitude, elevation, top, bottom = map(float, cells[3:8])
    except ValueError as error:
        raise broken(path, _WHAT, f"a first line {line[:60]!r} without place and depth") from error
    sensor = Sensor(
        cells[1], cells[2], latitude, longitude, elevation, top, bottom,
        _VARIABLES[named["variable"]], " ".join(cells[8:]),
    )  # fmt: skip
    problems = []
    if (top, bottom) != (float(named["top"]), float(named["bottom"])) or top > bottom:
        problems.append(
            Problem(f"{path}: line 1", f"depths {top:g} to {bottom:g} m",
                    f"{named['top']} to {named['bottom']} m, as the name says",
                    "the file is misnamed: fetch it again")
        )  # fmt: skip
    if not (-90.0 <= latitude <= 90.0 and -180.0 <= longitude <= 180.0):
        problems.append(
            Problem(f"{path}: line 1", f"latitude {latitude:g}, longitude {longitude:g}",
                    "degrees north and east", "latitude and longitude may be swapped")
        )  # fmt: skip
    raise_if_any(InputError, "A station file cannot be used", problems)
    return sensor


def _problems(path: Path, sensor: Sensor, good: pd.DataFrame) -> list[Problem]:
    low, high, unit = VALUE_BOUNDS[sensor.variable]
    values = good.iloc[:, 1]
    problems = []
    if len(values) and not (low <= values.min() and values.max() <= high):
        problems.append(
            Problem(f"{path}: {sensor.variable}", f"{values.min():g} to {values.max():g}",
                    f"{low:g} to {high:g} {unit}", VALUE_ADVICE[sensor.variable])
        )  # fmt: skip
    if good["time_utc"].duplicated().any():
        problems.append(
            Problem(f"{path}: time", f"{good['time_utc'].duplicated().sum()} hours given twice",
                    "each hour once", "fetch the file again")
        )  # fmt: skip
    return problems
