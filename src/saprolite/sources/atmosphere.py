"""Carbon dioxide of the air by year: a CSV file (year, co2_ppm) or the RCP series in NetCDF."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np

from saprolite.errors import InputError, Problem, raise_if_any, shortened
from saprolite.sources.files import broken, decode, netcdf, require_file, unit_of

_WHAT = "a CSV file with the columns year, co2_ppm, or a NetCDF file with CO2 in ppm by year"
_COLUMNS = ("year", "co2_ppm")
_PLAUSIBLE_PPM = (150.0, 5000.0)


def read_atmospheric_co2(path: Path, years: range) -> dict[int, float]:
    """CO2 in ppm of every year asked for; ``InputError`` names the years that are missing."""
    require_file(path, _WHAT)
    pairs = _from_csv(path) if path.suffix == ".csv" else _from_netcdf(path)
    series = {year: value for year, value in pairs if year.is_integer()}
    problems = []
    times = Counter(year for year, _ in pairs)
    unclear = [f"{year:g}" + (f" {count} times" if count > 1 else "")
               for year, count in times.items() if count > 1 or not year.is_integer()]  # fmt: skip
    if unclear:
        problems.append(
            Problem(
                f"{path}: year",
                shortened(unclear),
                "every year once, a whole number",
                "keep one row for each of these years",
            )
        )
    absent = [str(year) for year in years if year not in series]
    if absent:
        problems.append(
            Problem(
                f"{path}: year",
                f"years missing: {shortened(absent)}",
                f"{years.start} to {years.stop - 1}",
                "give a longer series",
            )
        )
    chosen = {year: series[year] for year in years if year in series}
    low, high = _PLAUSIBLE_PPM
    wrong = {year: value for year, value in chosen.items() if not low <= value <= high}
    if wrong:
        year, value = next(iter(wrong.items()))
        problems.append(
            Problem(
                f"{path}: CO2",
                f"{value:g} in {year}",
                f"{low:g} to {high:g} ppm",
                "give the mole fraction in ppm",
            )
        )
    raise_if_any(InputError, "The CO2 series cannot be used", problems)
    return chosen


def _from_csv(path: Path) -> list[tuple[float, float]]:
    import pandas as pd

    try:
        table = pd.read_csv(path, comment="#", encoding="utf-8-sig")
    except (ValueError, pd.errors.ParserError) as error:
        raise broken(path, _WHAT, f"{type(error).__name__}: {error}") from error
    if not set(_COLUMNS) <= set(table):
        raise broken(path, _WHAT, f"columns {', '.join(map(str, table))}")
    numbers = table[list(_COLUMNS)].apply(pd.to_numeric, errors="coerce").astype(float)
    return list(numbers.itertuples(index=False, name=None))


def _from_netcdf(path: Path) -> list[tuple[float, float]]:
    with netcdf(path, _WHAT) as dataset:
        names = [name for name in dataset.variables if name.lower() == "co2"]
        start = re.match(r"years since (\d+)", unit_of(dataset.variables.get("time")).lower())
        if not names or start is None or _unit(dataset[names[0]]) not in ("ppm", "ppmv"):
            raise broken(path, _WHAT, f"variables {', '.join(dataset.variables)}")
        years = np.rint(decode(dataset["time"])).astype(int) + int(start[1])
        values = decode(dataset[names[0]]).ravel()
    return [(float(year), float(value)) for year, value in zip(years, values, strict=True)]


def _unit(variable: Any) -> str:
    # The RCP series in circulation carries the attribute ``unit``.
    return (unit_of(variable) or str(getattr(variable, "unit", ""))).strip().lower()
