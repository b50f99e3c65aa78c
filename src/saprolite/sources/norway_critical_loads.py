"""Critical loads of acidity of Norwegian surface waters by cell of the BLR grid (NIVA).

Quirks of the table: semicolons between the columns, a decimal comma, meq m-2 yr-1. The number of a
cell says where it is: LLL OO NNN is the block of half a degree of latitude and a degree of
longitude with its south-west corner at LLL/10 degrees north and OO degrees east, cut into four rows
of four cells that are counted row by row from the north-west. No description of this is known: it
is inferred from which cells of the blocks on the coast and the border the table holds.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.sources.critical_loads import EQ_PER_HA, HIGHEST, CriticalLoads
from saprolite.sources.text_tables import outside, read_table

Array = npt.NDArray[np.float64]
_WHAT = "the table of Norwegian critical loads (resa2_cla.csv: semicolons, decimal comma)"
_UNIT = "meq m-2 yr-1"
_COLUMNS = {
    "BC0": "base_cation_flux_eq_ha-1_yr-1",
    "CLA": "critical_load_acidity_eq_ha-1_yr-1",
    "CLMAXS": "critical_load_max_sulfur_eq_ha-1_yr-1",
    "CLMINN": "critical_load_min_nitrogen_eq_ha-1_yr-1",
    "CLMAXN": "critical_load_max_nitrogen_eq_ha-1_yr-1",
}
# Half of the cells lie between 49 and 174 meq m-2 yr-1: a median far from them is another unit.
_MEDIANS = (10.0, 1000.0)
_FEWEST_FOR_UNITS = 20
_BLOCK = (0.5, 1.0)  # degrees of latitude and of longitude
_ROWS = 4
_CELLS, _DEGREES, _TENTHS = 1000, 100, 10.0


def read_norway(path: Path) -> CriticalLoads:
    """Critical loads and the pre-industrial flux of base cations, in eq ha-1 yr-1.

    ``table``: ``cell`` (number of the BLR grid), ``latitude_degrees_north`` and
    ``longitude_degrees_east`` of its centre (inferred from the number), and a column for each
    quantity, NaN where missing.
    """
    numbers = ("BLR", *_COLUMNS)
    raw = read_table(path, _WHAT, numbers, separator=";", decimal=",")
    problems = []
    for name in _COLUMNS:
        low = 0.0 if name == "BC0" else -HIGHEST / EQ_PER_HA[_UNIT]
        problems += outside(path, name, raw[name], low, HIGHEST / EQ_PER_HA[_UNIT], _UNIT,
                            "check the unit and the decimal sign")  # fmt: skip
    median = float(raw["BC0"].median())
    if len(raw) >= _FEWEST_FOR_UNITS and not _MEDIANS[0] <= median <= _MEDIANS[1]:
        problems.append(
            Problem(f"{path}: BC0", f"a median of {median:.4g}",
                    f"{_MEDIANS[0]:g} to {_MEDIANS[1]:g} {_UNIT}", "convert the table to meq")
        )  # fmt: skip
    cells = raw["BLR"]
    if cells.isna().any() or (cells % 1 != 0).any() or cells.duplicated().any():
        problems.append(
            Problem(f"{path}: BLR", "cells without a number, or given twice",
                    "a whole number, each once", "give the table as published")
        )  # fmt: skip
    elif not (cells % _CELLS).between(1, _ROWS**2).all():
        problems.append(
            Problem(f"{path}: BLR", f"{cells[~(cells % _CELLS).between(1, _ROWS**2)].iloc[0]:.0f}",
                    f"a number that ends with 001 to {_ROWS**2:03d}, the cell of its block",
                    "give the table as published")
        )  # fmt: skip
    raise_if_any(InputError, "The critical loads cannot be used", problems)
    latitude, longitude = cell_centres(cells.to_numpy(np.int64))
    table = pd.DataFrame(
        {
            "cell": cells.astype(int),
            "latitude_degrees_north": latitude,
            "longitude_degrees_east": longitude,
        }
    )
    for name, column in _COLUMNS.items():
        table[column] = raw[name] * EQ_PER_HA[_UNIT]
    notes = (
        f"critical loads of surface waters, from {_UNIT}; not of forest soils",
        "places of the cells: inferred from their numbers",
    )
    return CriticalLoads(table, {}, (path,), notes, "norway_critical_loads")


def cell_centres(cells: npt.NDArray[np.int64]) -> tuple[Array, Array]:
    """Latitude and longitude (degrees) of the centres of cells of the BLR grid.

    >>> cell_centres(np.array([58006001, 58006016]))
    (array([58.4375, 58.0625]), array([6.125, 6.875]))
    """
    block, number = np.divmod(cells, _CELLS)
    south, west = np.divmod(block, _DEGREES)
    row, column = np.divmod(number - 1, _ROWS)
    height, width = _BLOCK
    return (
        np.asarray(south / _TENTHS + height * (1.0 - (row + 0.5) / _ROWS)),
        np.asarray(west + width * (column + 0.5) / _ROWS),
    )
