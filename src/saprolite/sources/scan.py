"""Monthly soil moisture and temperature of USDA SCAN stations, as aggregated from ISMN.

Quirks of the table: one row a station, variable, depth and month; depths in m, from inches
(0.0508, 0.1016, ...); temperature in degrees Celsius; a month may rest on a few hourly values
(``n_hourly``).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import xarray as xr

from saprolite.constants import FREEZING_POINT
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.sources.text_tables import outside, read_table

_WHAT = "the monthly table of SCAN stations (CSV, may be gzipped)"
_NUMBERS = ("latitude", "longitude", "elevation_m", "depth_m", "mean", "min", "max", "n_hourly",
            "n_sensors")  # fmt: skip
_TEXTS = ("station", "variable", "month", "unit")
_UNITS: Mapping[str, str] = {"soil_moisture": "m3 m-3", "soil_temperature": "degC"}
_BOUNDS = {
    "latitude": (-90.0, 90.0, "degrees north"), "longitude": (-180.0, 180.0, "degrees east"),
    "depth_m": (0.0, 10.0, "m"), "n_hourly": (1.0, 744.0, "hourly values"),
}  # fmt: skip
VALUE_BOUNDS = {"soil_moisture": (0.0, 1.0, "m3 m-3"), "soil_temperature": (-60.0, 60.0, "degC")}
VALUE_ADVICE = {
    "soil_moisture": "moisture is a fraction, not percent, and not a temperature",
    "soil_temperature": "temperature must be in degC, not K",
}


def read_scan(path: Path) -> xr.Dataset:
    """Station series on (station, depth, month), NaN where there is none.

    ``soil_moisture`` (m3 m-3), ``soil_temperature`` (K), and the hourly values behind each mean
    (``soil_moisture_hours``, ``soil_temperature_hours``); ``latitude``, ``longitude``,
    ``elevation`` (m) of the stations; ``depth`` in m; ``month`` is the first day of the month.

    Raises ``InputError`` that names everything that is wrong with the table.
    """
    table = read_table(path, _WHAT, _NUMBERS, _TEXTS)
    raise_if_any(InputError, "The station table cannot be used", _problems(path, table))
    dates = pd.to_datetime(table["month"], format="%Y-%m")
    return station_series(table.assign(month=dates, hours=table["n_hourly"]), "scan")


def station_series(table: pd.DataFrame, product: str) -> xr.Dataset:
    """A long table of monthly means as series on (station, depth, month).

    ``table``: columns ``station``, ``latitude``, ``longitude``, ``elevation_m``, ``variable``,
    ``depth_m``, ``month``, ``mean`` (m3 m-3 or degC) and ``hours``.
    """
    fields = {}
    for variable in _UNITS:
        rows = table[table["variable"] == variable]
        index = rows.set_index(["station", "depth_m", "month"])
        values = index["mean"].to_xarray()
        if variable == "soil_temperature":
            values = values + FREEZING_POINT
        unit = "K" if variable == "soil_temperature" else "m3 m-3"
        fields[variable] = values.assign_attrs(
            units=unit, standard_name=_STANDARD_NAMES[variable], cell_methods="month: mean"
        )
        fields[f"{variable}_hours"] = index["hours"].to_xarray().assign_attrs(
            units="1", long_name=f"hourly values behind {variable}"
        )  # fmt: skip
    places = table.groupby("station")[["latitude", "longitude", "elevation_m"]].first()
    dataset = xr.merge(
        [field.rename(name) for name, field in fields.items()], join="outer", compat="no_conflicts"
    ).rename(depth_m="depth")
    dataset = dataset.assign_coords(
        latitude=("station", places["latitude"].loc[dataset["station"].values].to_numpy()),
        longitude=("station", places["longitude"].loc[dataset["station"].values].to_numpy()),
        elevation=("station", places["elevation_m"].loc[dataset["station"].values].to_numpy()),
    )
    dataset["latitude"].attrs = {"units": "degrees_north", "standard_name": "latitude"}
    dataset["longitude"].attrs = {"units": "degrees_east", "standard_name": "longitude"}
    dataset["elevation"].attrs = {"units": "m", "standard_name": "height_above_mean_sea_level"}
    dataset["depth"].attrs = {"units": "m", "standard_name": "depth", "positive": "down"}
    return dataset.assign_attrs(product=product)


_STANDARD_NAMES = {
    "soil_moisture": "volume_fraction_of_condensed_water_in_soil",
    "soil_temperature": "soil_temperature",
}


def _problems(path: Path, table: pd.DataFrame) -> list[Problem]:
    problems = []
    for name, (low, high, unit) in _BOUNDS.items():
        problems += outside(path, name, table[name], low, high, unit, "check the columns")
    if table[["depth_m", "mean", "latitude", "longitude"]].isna().any(axis=None):
        problems.append(
            Problem(f"{path}: depth_m, mean, latitude, longitude", "empty cells",
                    "a number in each row", "leave out the rows without a value")
        )  # fmt: skip
    for name in sorted(set(table["variable"]) - set(_UNITS)):
        problems.append(
            Problem(f"{path}: variable", repr(name), ", ".join(_UNITS), "leave out other variables")
        )
    for name, unit in _UNITS.items():
        rows = table[table["variable"] == name]
        for found in sorted(set(rows["unit"]) - {unit}):
            problems.append(
                Problem(f"{path}: unit", f"{found!r} for {name}", repr(unit),
                        "convert the values; units may be swapped")
            )  # fmt: skip
        low, high, _ = VALUE_BOUNDS[name]
        for column in ("mean", "min", "max"):
            problems += outside(path, f"{name}, {column}", rows[column], low, high, unit,
                                VALUE_ADVICE[name])  # fmt: skip
        wrong = (rows["min"] > rows["mean"] + 1e-3) | (rows["mean"] > rows["max"] + 1e-3)
        if wrong.any():
            problems.append(
                Problem(f"{path}: {name}", f"{wrong.sum()} rows with a mean outside min and max",
                        "min <= mean <= max", "columns may be swapped")
            )  # fmt: skip
    months = [
        text for text in set(table["month"]) if not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text)
    ]
    if months:
        problems.append(
            Problem(f"{path}: month", repr(sorted(months)[0]), "YYYY-MM", "correct the month")
        )
    keys = ["station", "variable", "depth_m", "month"]
    twice = int(table.duplicated(keys).sum())
    if twice:
        problems.append(
            Problem(f"{path}: {', '.join(keys)}", f"{twice} rows given twice",
                    "one row each", "remove the others")
        )  # fmt: skip
    moved = table.groupby("station")[["latitude", "longitude"]].nunique().max(axis=1)
    if np.any(moved > 1):
        problems.append(
            Problem(f"{path}: latitude, longitude", f"stations in two places: {moved.idxmax()}",
                    "one place for a station", "correct the coordinates")
        )  # fmt: skip
    return problems
