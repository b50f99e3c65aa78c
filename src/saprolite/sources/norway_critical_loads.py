"""Critical loads of acidity of Norwegian surface waters by cell of the BLR grid (NIVA).

Quirks of the table: semicolons between the columns, a decimal comma, meq m-2 yr-1.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.sources.critical_loads import EQ_PER_HA, HIGHEST, CriticalLoads
from saprolite.sources.text_tables import outside, read_table

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


def read_norway(path: Path) -> CriticalLoads:
    """Critical loads and the pre-industrial flux of base cations, in eq ha-1 yr-1.

    ``table``: ``cell`` (number of the BLR grid) and a column for each quantity, NaN where missing.
    The cells have no coordinates in this table.
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
    raise_if_any(InputError, "The critical loads cannot be used", problems)
    table = pd.DataFrame({"cell": cells.astype(int)})
    for name, column in _COLUMNS.items():
        table[column] = raw[name] * EQ_PER_HA[_UNIT]
    notes = (f"critical loads of surface waters, from {_UNIT}; not of forest soils",)
    return CriticalLoads(table, {}, (path,), notes, "norway_critical_loads")
