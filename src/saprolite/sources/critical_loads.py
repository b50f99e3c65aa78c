"""Critical loads and base-cation weathering of sites: a table in the manner of the NCLD.

No page with the columns of the National Critical Load Database is known, so the columns are named
by whoever has the table, and the unit is said, never guessed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from saprolite.errors import InputError, Problem, did_you_mean, raise_if_any
from saprolite.sources.files import broken, require_file
from saprolite.sources.text_tables import outside, read_table, to_numbers

# 1 meq m-2 = 1e-3 eq m-2 = 10 eq ha-1; 1 keq km-2 = 1000 eq per 100 ha. mol_c is eq.
EQ_PER_HA: Mapping[str, float] = {
    "eq ha-1 yr-1": 1.0, "keq ha-1 yr-1": 1000.0, "meq m-2 yr-1": 10.0, "eq m-2 yr-1": 1.0e4,
    "keq km-2 yr-1": 10.0, "mol_c ha-1 yr-1": 1.0, "kmol_c ha-1 yr-1": 1000.0,
    "mmol_c m-2 yr-1": 10.0, "mol_c m-2 yr-1": 1.0e4,
}  # fmt: skip
_M_PER: Mapping[str, float] = {"m": 1.0, "cm": 0.01}
_PLACE = ("latitude", "longitude")
_QUANTITIES = ("base_cation_weathering", "critical_load_acidity")
HIGHEST = 1.0e5  # eq ha-1 yr-1; no soil or lake has more, and a unit that is off by 1000 does
_LOWEST_MAXIMUM = 50.0  # of a whole table; keq taken for eq stay below it
_FEWEST_FOR_UNITS = 10
_WHAT = "a table of sites with weathering rates or critical loads (CSV or Excel)"
_EXCEL = (".xlsx", ".xlsm")
_ACCESS = (".accdb", ".mdb")
_TEXTS = ("site", "region")


@dataclass(frozen=True)
class CriticalLoads:
    """Sites that can be used, one a row, in the order of the table.

    ``table``: a unit in every name; ``left_out``: rows left out by cause.
    """

    table: pd.DataFrame
    left_out: dict[str, int]
    files: tuple[Path, ...]
    notes: tuple[str, ...]
    product: str


def read_critical_loads(
    path: Path,
    columns: Mapping[str, str],
    units: str,
    *,
    separator: str = ",",
    decimal: str = ".",
    sheet: str | None = None,
    depth_units: str = "m",
) -> CriticalLoads:
    """Read and check a table of sites.

    Parameters: ``columns``, the names in the file of ``latitude``, ``longitude`` (degrees) and of
    one or both of ``base_cation_weathering`` and ``critical_load_acidity``, and of ``site``,
    ``region`` and ``depth`` (of the soil that a value is of) where there are any; ``units``, of the
    quantities, one of ``EQ_PER_HA``; ``sheet``, of an Excel file with several.

    The table has ``site``, ``region`` where it was named (empty where it is not said),
    ``latitude_degrees_north``, ``longitude_degrees_east``, ``depth_m`` (NaN where it is not said),
    and the quantities in eq ha-1 yr-1. Sites without a place or a value are left out and counted.
    Raises ``InputError`` that names everything that is wrong.
    """
    raise_if_any(InputError, "The columns cannot be used", _choices(columns, units, depth_units))
    given = [name for name in (*_PLACE, *_QUANTITIES, "depth") if name in columns]
    numbers = tuple(columns[name] for name in given)
    texts = tuple(columns[name] for name in _TEXTS if name in columns)
    if path.suffix.lower() in _ACCESS:
        raise InputError(
            "Databases of Access are not read (1 problem)",
            [Problem(str(path), "a database of Microsoft Access", _WHAT,
                     "export its table of sites as CSV or Excel (in Access: External Data, "
                     "Export; elsewhere: mdb-export FILE TABLE > sites.csv)")],
        )  # fmt: skip
    if path.suffix.lower() in _EXCEL:
        raw = _excel(path, numbers, texts, sheet, decimal)
    else:
        raw = read_table(path, _WHAT, numbers, texts, separator=separator, decimal=decimal)
    found = pd.DataFrame({name: raw[column] for name, column in columns.items()})
    for name in _QUANTITIES:
        if name in found:
            found[name] = found[name] * EQ_PER_HA[units]
    raise_if_any(
        InputError, "The table of sites cannot be used", _problems(path, found, columns, units)
    )

    quantities = [name for name in _QUANTITIES if name in found]
    placed = found[list(_PLACE)].notna().all(axis=1)
    valued = found[quantities].notna().any(axis=1)
    left_out = {"no place": int((~placed).sum()), "no value": int((placed & ~valued).sum())}
    used = found[placed & valued].reset_index(drop=True)
    numbered = pd.Series(np.arange(1, len(used) + 1)).astype(str)
    depth = used["depth"] * _M_PER[depth_units] if "depth" in used else np.nan
    table = pd.DataFrame(
        {
            "site": used.get("site", numbered),
            **({"region": used["region"]} if "region" in used else {}),
            "latitude_degrees_north": used["latitude"],
            "longitude_degrees_east": used["longitude"],
            "depth_m": depth,
            **{f"{name}_eq_ha-1_yr-1": used[name] for name in quantities},
        }
    )
    unsaid = int(table["depth_m"].isna().sum())
    notes = [f"critical loads: from {units}"]
    if unsaid:
        notes.append(f"{unsaid} of {len(table)} sites do not say the depth of the soil")
    return CriticalLoads(table, left_out, (path,), tuple(notes), "ncld")


def _choices(columns: Mapping[str, str], units: str, depth_units: str) -> list[Problem]:
    """What is wrong with the names and units that were given."""
    accepted = (*_TEXTS, *_PLACE, "depth", *_QUANTITIES)
    problems = [
        Problem(f"columns: {name}", "no such quantity", ", ".join(accepted),
                did_you_mean(name, accepted))
        for name in columns if name not in accepted
    ]  # fmt: skip
    absent = [name for name in _PLACE if name not in columns]
    if not any(name in columns for name in _QUANTITIES):
        absent.append(" or ".join(_QUANTITIES))
    if absent:
        problems.append(
            Problem("columns", f"no {', '.join(absent)}", ", ".join(accepted),
                    'columns = {"latitude": "LAT", "longitude": "LON", '
                    '"base_cation_weathering": "BCW"}')
        )  # fmt: skip
    for name, value, known in (("units", units, EQ_PER_HA), ("depth_units", depth_units, _M_PER)):
        if value not in known:
            is_mass = name == "units" and any(word in value.split() for word in ("kg", "g", "t"))
            advice = did_you_mean(value, known)
            if is_mass:
                advice = "divide by the ion's molar mass over its charge: equivalents, no mass"
            problems.append(Problem(name, repr(value), ", ".join(known), advice))
    return problems


def _problems(
    path: Path, found: pd.DataFrame, columns: Mapping[str, str], units: str
) -> list[Problem]:
    """What is wrong with the values, each under the name of its column in the file."""
    latitude, longitude = columns["latitude"], columns["longitude"]
    swapped = f"the columns may be swapped: {latitude} is taken as the latitude"
    problems = outside(path, latitude, found["latitude"], -90.0, 90.0, "degrees north", swapped)
    problems += outside(path, longitude, found["longitude"], -180.0, 180.0, "degrees east",
                        "use longitudes from -180 to 180")  # fmt: skip
    for name in _QUANTITIES:
        if name not in found:
            continue
        low = 0.0 if name == "base_cation_weathering" else -HIGHEST
        advice = f"the values were taken as {units}: check the unit"
        wrong = outside(path, columns[name], found[name], low, HIGHEST, "eq ha-1 yr-1", advice)
        problems += wrong
        values = found[name].dropna()
        if not wrong and len(values) >= _FEWEST_FOR_UNITS and values.max() < _LOWEST_MAXIMUM:
            problems.append(
                Problem(f"{path}: {columns[name]}",
                        f"no value above {values.max():.4g} eq ha-1 yr-1",
                        f"some value above {_LOWEST_MAXIMUM:g} eq ha-1 yr-1 in a whole table",
                        f'{advice}; units = "keq ha-1 yr-1"?')
            )  # fmt: skip
    wrong_depths = int((found["depth"] <= 0.0).sum()) if "depth" in found else 0
    if wrong_depths:
        problems.append(
            Problem(f"{path}: {columns['depth']}", f"{wrong_depths} depths of 0 or less",
                    "depths above 0, empty where they are not known", "correct the depths")
        )  # fmt: skip
    return problems


def _excel(
    path: Path, numbers: tuple[str, ...], texts: tuple[str, ...], sheet: str | None, decimal: str
) -> pd.DataFrame:
    """Columns of one sheet of an Excel file; the names of the columns are in its first row."""
    require_file(path, _WHAT)
    try:
        import openpyxl
    except ImportError as error:
        raise InputError(
            "Excel files need one more library (1 problem)",
            [Problem(str(path), "openpyxl is not installed", "the extra data",
                     'pip install "saprolite[data]", or export the table as CSV')],
        ) from error  # fmt: skip
    try:
        book = openpyxl.load_workbook(path, read_only=True, data_only=True)
    except Exception as error:  # openpyxl lets errors of zip and XML through
        raise broken(path, _WHAT, f"{type(error).__name__}: {error}") from error
    names = book.sheetnames
    if sheet is None and len(names) == 1:
        sheet = names[0]
    if sheet not in names:
        raise InputError(
            "Which sheet? (1 problem)",
            [Problem(str(path), f"no sheet {sheet!r}" if sheet else f"{len(names)} sheets",
                     ", ".join(names), f'sheet = "{names[-1]}"')],
        )  # fmt: skip
    rows = [list(row) for row in book[sheet].iter_rows(values_only=True)]
    book.close()
    header = [str(cell).strip() for cell in rows[0]] if rows else []
    missing = [name for name in (*texts, *numbers) if name not in header]
    raise_if_any(InputError, "The table cannot be used", [
        Problem(f"{path}, sheet {sheet}: {name}", "no such column",
                ", ".join(header[:12]) or "columns with names in the first row",
                did_you_mean(name, header[:12] or ["columns"]))
        for name in missing
    ])  # fmt: skip
    body = [row for row in rows[1:] if any(cell is not None for cell in row)]
    if not body:
        raise broken(path, _WHAT, "a header and no rows")
    table = pd.DataFrame(
        {name: [_cell(row[header.index(name)], decimal) for row in body]
         for name in (*texts, *numbers)}, dtype=str,
    )  # fmt: skip
    return to_numbers(path, table, numbers, decimal)


def _cell(value: Any, decimal: str) -> str:
    """A cell as a text: numbers of Excel with the decimal sign of the texts."""
    if value is None:
        return ""
    return str(value).replace(".", decimal) if isinstance(value, float) else str(value)
