"""Koeppen-Geiger climate zones of Rubel et al. (2017): a table of 0.5 degree land cells.

Quirks: class names, not codes; one class more than Beck et al., As, a savannah with a dry summer;
cells in no order that matters, sea left out; commas or spaces between the columns.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from saprolite.errors import InputError, Problem, did_you_mean, raise_if_any
from saprolite.grid import Grid
from saprolite.grid.fields import field_of
from saprolite.sources.files import StaticField, require_file
from saprolite.sources.koeppen import CLASS_NAMES
from saprolite.sources.text_tables import outside, read_table

STEP = 0.5
# The dry-summer savannah has the code of the dry-winter one: both are tropical.
_CODES = {name: code for code, name in enumerate(CLASS_NAMES, start=1)} | {"As": 3}
_WHAT = "the climate zones of Rubel et al. 2017 with the columns Lat, Lon, Cls"


def read_rubel(path: Path) -> StaticField:
    """The class map with the codes of Beck et al., 0 where the table has no cell.

    Raises ``InputError`` for a class that is unknown, cells off the grid, and cells given twice.
    """
    require_file(path, _WHAT)
    table = read_table(path, _WHAT, ("Lat", "Lon"), ("Cls",), separator=_separator(path))
    problems = outside(path, "Lat", table["Lat"], -90.0, 90.0, "degrees north",
                       "latitude and longitude may be swapped")  # fmt: skip
    problems += outside(path, "Lon", table["Lon"], -180.0, 180.0, "degrees east",
                        "use longitudes from -180 to 180")  # fmt: skip
    if table[["Lat", "Lon"]].isna().any(axis=None):
        problems.append(
            Problem(f"{path}: Lat, Lon", "cells without a place", "a number in each row",
                    "fetch the table again")
        )  # fmt: skip
    for name in sorted(set(table["Cls"]) - set(_CODES)):
        problems.append(
            Problem(f"{path}: Cls", f"{name!r} in {(table['Cls'] == name).sum()} cells",
                    ", ".join(_CODES), did_you_mean(name, _CODES))
        )  # fmt: skip
    if not problems:
        row, column = ((table[name] - first) / STEP for name, first in
                       (("Lat", -90.0 + STEP / 2), ("Lon", -180.0 + STEP / 2)))  # fmt: skip
        off = (np.abs(row - row.round()) > 1e-6) | (np.abs(column - column.round()) > 1e-6)
        if off.any():
            first = table[off].iloc[0]
            problems.append(
                Problem(f"{path}: Lat, Lon", f"{off.sum()} cells such as {first.Lat:g}, "
                        f"{first.Lon:g}", "centres of 0.5 degree cells: x.25 or x.75",
                        "give the table as published")
            )  # fmt: skip
        elif table.duplicated(["Lat", "Lon"]).any():
            problems.append(
                Problem(f"{path}: Lat, Lon", f"{table.duplicated(['Lat', 'Lon']).sum()} cells "
                        "given twice", "each cell once", "give the table as published")
            )  # fmt: skip
    raise_if_any(InputError, "The climate zones cannot be used", problems)
    grid = Grid.globe(STEP)
    codes = np.zeros(grid.shape, np.int16)
    codes[row.round().astype(int), column.round().astype(int)] = table["Cls"].map(_CODES)
    classes = field_of(codes, grid)
    summer_dry = int((table["Cls"] == "As").sum())
    notes = (
        (f"climate: {summer_dry} cells of the file, of class As, count as Aw",)
        if summer_dry
        else ()
    )
    return StaticField(
        classes.to_dataset(name="climate_class"), (), "koeppen_rubel", (path,), notes
    )


def _separator(path: Path) -> str:
    """Spaces in the table of the provider, a comma in that of the kgc package."""
    return "," if path.name.removesuffix(".gz").endswith(".csv") else ""
