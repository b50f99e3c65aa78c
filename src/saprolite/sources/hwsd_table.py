"""The table of HWSD v2.0: soils of the map units, weighted by their shares, as look-up arrays."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from saprolite.equations.surface import TEXTURE_SUM_TOLERANCE
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.sources.files import Array, broken, require_file

HORIZONS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0, 1.5, 2.0)
LAYER_NAMES = ("D1", "D2", "D3", "D4", "D5", "D6", "D7")
TABLE = "HWSD2_LAYERS.csv"
_WHAT = "the table HWSD2_LAYERS of HWSD v2.0 as CSV"
_KEYS = ("HWSD2_SMU_ID", "SEQUENCE", "SHARE", "LAYER")
_DEPTHS = ("TOPDEP", "BOTDEP")
_CM_PER_M = 100.0
# Columns with their factor to SI and the largest value that is possible as published.
COLUMNS: Mapping[str, tuple[float, float]] = {
    "CLAY": (0.01, 100.0),
    "SILT": (0.01, 100.0),
    "SAND": (0.01, 100.0),
    "BULK": (1000.0, 2.5),
    "REF_BULK": (1000.0, 2.5),
    "COARSE": (0.01, 100.0),
}
# What the largest of a whole table must reach: percent as fractions, t m-3 as something else.
_LEAST_LARGEST = {"CLAY": 1.5, "SILT": 1.5, "SAND": 1.5, "COARSE": 1.5} | {
    "BULK": 0.5,
    "REF_BULK": 0.5,
}
_FEWEST_FOR_UNITS = 20
_CODES = (-9.0, -1.0)  # not soil
_EXPORT = "mdb-export HWSD2.mdb HWSD2_LAYERS > HWSD2_LAYERS.csv"


@dataclass(frozen=True)
class Soils:
    """What the map units hold, by unit number: arrays (layer, unit), 0 for units not in the table.

    ``amount``: sum over the soils of share x value, SI, by column; ``soil``: sum of the shares of
    soil; ``other``: of what is not soil, 0 to 1; ``known``: (unit,) units of the table.
    """

    amount: Mapping[str, Array]
    soil: Array
    other: Array
    known: np.ndarray
    path: Path


def read_soils(folder: Path, columns: tuple[str, ...]) -> Soils:
    """Read and check the columns of the table; ``InputError`` names everything that is wrong."""
    path = folder / TABLE
    table = _read(path, columns)
    raise_if_any(InputError, "The table of HWSD cannot be used", _problems(path, table, columns))
    layer = table["LAYER"].map(LAYER_NAMES.index).to_numpy(int)
    unit = table["HWSD2_SMU_ID"].to_numpy(int)
    shape = (len(LAYER_NAMES), int(unit.max()) + 1)
    share = 0.01 * table["SHARE"].to_numpy(float)
    is_soil = (table[list(columns)] >= 0.0).all(axis=1).to_numpy(bool)

    def summed(weights: Array) -> Array:
        total = np.zeros(shape)
        np.add.at(total, (layer, unit), weights)
        return total

    amount = {
        name: summed(np.where(is_soil, share * COLUMNS[name][0] * table[name].to_numpy(float), 0.0))
        for name in columns
    }
    known = np.zeros(shape[1], bool)
    known[unit] = True
    soil, other = summed(np.where(is_soil, share, 0.0)), summed(np.where(is_soil, 0.0, share))
    return Soils(amount, soil, other, known, path)


def _read(path: Path, columns: tuple[str, ...]) -> pd.DataFrame:
    folder = path.parent
    if not path.is_file() and folder.is_dir():
        near = [
            item for item in sorted(folder.iterdir())
            if item.suffix.lower() in (".mdb", ".accdb", ".xlsx", ".sqlite")
        ]  # fmt: skip
        if near:
            raise InputError(
                "The table of HWSD must be exported (1 problem)",
                [Problem(str(path), f"no such file; there is {near[0].name}", _WHAT,
                         f"export it once with mdbtools: {_EXPORT}, or save the table as CSV")],
            )  # fmt: skip
    require_file(path, _WHAT)
    try:
        table = pd.read_csv(path, low_memory=False)
    except (ValueError, pd.errors.ParserError) as error:
        raise broken(path, _WHAT, str(error).strip()) from error
    missing = [name for name in (*_KEYS, *_DEPTHS, *columns) if name not in table.columns]
    if missing or table.empty:
        found = "columns " + ", ".join(map(str, table.columns[:8])) if missing else "no rows"
        raise InputError(
            "The table of HWSD cannot be used (1 problem)",
            [Problem(f"{path}: {', '.join(missing)}", found, _WHAT,
                     f"export the table HWSD2_LAYERS with its header: {_EXPORT}")],
        )  # fmt: skip
    return table


def _problems(path: Path, table: pd.DataFrame, columns: tuple[str, ...]) -> list[Problem]:
    """Columns that are no numbers or in another unit; layers, shares and sums that are off."""
    problems = []
    for name in ("HWSD2_SMU_ID", "SEQUENCE", "SHARE", *_DEPTHS, *columns):
        numbers = pd.to_numeric(table[name], errors="coerce")
        # REF_BULK is empty where there is no soil; nothing else may be.
        absent = numbers.isna() & ((name != "REF_BULK") | table[name].notna())
        if absent.any():
            value = table[name][absent].iloc[0]
            first = "nothing" if pd.isna(value) else repr(str(value))
            problems.append(
                Problem(f"{path}: {name}", f"{int(absent.sum())} rows such as {first}",
                        "numbers", "export the whole table again")
            )  # fmt: skip
        table[name] = numbers.fillna(_CODES[0]) if name == "REF_BULK" else numbers
    layers = set(table["LAYER"]) - set(LAYER_NAMES)
    if layers or len(set(table["LAYER"])) < len(LAYER_NAMES):
        problems.append(
            Problem(f"{path}: LAYER", ", ".join(sorted(map(str, set(table["LAYER"])))),
                    ", ".join(LAYER_NAMES), "export the whole table")
        )  # fmt: skip
    if problems:
        return problems
    problems += _value_problems(path, table, columns)
    borders = np.array(HORIZONS)[table["LAYER"].map(LAYER_NAMES.index).to_numpy(int)]
    if not np.allclose(_CM_PER_M * borders, table["TOPDEP"]):
        problems.append(
            Problem(f"{path}: TOPDEP", "other depths than those of D1 to D7",
                    ", ".join(f"{_CM_PER_M * top:g}" for top in HORIZONS[:-1]) + " cm",
                    "give the table of HWSD v2.0")
        )  # fmt: skip
    total = table.groupby(["HWSD2_SMU_ID", "LAYER"])["SHARE"].sum()
    if table["SHARE"].min() < 0.0 or total.max() > 100.0 + 1e-6 or total.max() < 1.5:
        problems.append(
            Problem(f"{path}: SHARE", f"a sum of up to {total.max():g} in a unit and layer, "
                    f"the least share {table['SHARE'].min():g}", "shares in percent, at most 100 "
                    "together", "check that no row is doubled")
        )  # fmt: skip
    return problems


def _value_problems(path: Path, table: pd.DataFrame, columns: tuple[str, ...]) -> list[Problem]:
    problems = []
    low, high = _CODES
    for name in columns:
        values = table[name]
        soil = values[values >= 0.0]
        largest = COLUMNS[name][1]
        wrong = (values > largest) | ((values < 0.0) & ((values < low) | (values > high)))
        wrong |= (values == 0.0) & name.endswith("BULK")
        few = len(soil) >= _FEWEST_FOR_UNITS and soil.max() < _LEAST_LARGEST[name]
        if wrong.any() or few:
            found = values[wrong] if wrong.any() else soil
            problems.append(
                Problem(f"{path}: {name}", f"{found.min():g} to {found.max():g} in {len(found)} "
                        "rows", f"0 to {largest:g}, or -9 to -1 for what is not soil",
                        "give the published numbers")
            )  # fmt: skip
    if not problems and {"CLAY", "SILT", "SAND"} <= set(columns):
        soil = (table[list(columns)] >= 0.0).all(axis=1)
        total = table.loc[soil, ["CLAY", "SILT", "SAND"]].sum(axis=1)
        off = total[(total - 100.0).abs() > 100.0 * TEXTURE_SUM_TOLERANCE + 1e-9]
        if len(off):
            problems.append(
                Problem(f"{path}: CLAY + SILT + SAND",
                        f"a sum of {off.min():g} to {off.max():g} in {len(off)} rows",
                        "100 (percent)", "export the table again")
            )  # fmt: skip
    return problems
