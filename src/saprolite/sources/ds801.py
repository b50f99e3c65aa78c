"""Mineralogy of USGS Data Series 801 (Smith et al. 2013): quantitative XRD of soils, one sample a
row, as the tables of the survey (tab text) or as one CSV of all horizons.

Quirks: percent by weight of the soil below 2 mm, in steps of 0.1, so that the phases of a sample
add up to 99.8 to 100.3; blank means not detected in a sample that was analysed, and nothing in one
that was not ("N.S." no sample, "INS" too little); the top 5 cm were never analysed; columns of the
survey carry the horizon (``A_Tot_14A``), and a line with units follows their names; totals of
feldspars, clays, carbonates and zeolites stand beside their parts; the 14 A clays (smectite,
chlorite, vermiculite) and the 10 A clays (illite, micas) are not split.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.sources.files import Spread, require_file
from saprolite.sources.text_tables import parsed, require_rows, text_of

_WHAT = "a mineralogy table of USGS Data Series 801 (tab text or CSV, may be gzipped)"
HORIZONS = ("A", "C", "Top5")
# The phases by their names here and in the survey.
PHASES = {
    "quartz": "Quartz", "k_feldspar": "Tot_K_fs", "plagioclase": "Tot_Plag",
    "clay_14a": "Tot_14A", "clay_10a": "Tot_10A", "kaolinite": "Kaolinit",
    "gibbsite": "Gibbsite", "calcite": "Calcite", "dolomite": "Dolomite", "aragonite": "Aragon",
    "analcime": "Analcime", "heulandite": "Heuland", "gypsum": "Gypsum", "talc": "Talc",
    "hornblende": "Hornbl", "serpentine": "Serpent", "hematite": "Hematite",
    "goethite": "Goethite", "pyroxene": "Pyroxene", "pyrite": "Pyrite", "other": "Other",
    "amorphous": "Amorph",
}  # fmt: skip
# Totals of the survey and the phases that they hold.
_TOTALS = {
    "Tot_Flds": ("k_feldspar", "plagioclase"),
    "Tot_Clay": ("clay_14a", "clay_10a", "kaolinite"),
    "Tot_Carb": ("calcite", "dolomite", "aragonite"),
    "Tot_Zeol": ("analcime", "heulandite"),
}
_NOT_ANALYSED = ("N.S.", "INS")
_M_PER_CM = 0.01
_SUM_TOLERANCE = 0.5  # percent: the rounding of 22 phases
_TOTAL_TOLERANCE = 0.5
_TIDY = {"site": "site_id", "sample": "lab_id", "state": "state", "latitude": "latitude",
         "longitude": "longitude", "horizon": "horizon_inferred", "depth": "depth_cm"}  # fmt: skip
_SURVEY = {"site": "SiteID", "state": "StateID", "latitude": "Latitude", "longitude": "Longitude"}


@dataclass(frozen=True)
class Mineralogy:
    """Samples, one a row.

    ``table``: ``site``, ``sample``, ``state``, ``latitude``, ``longitude`` (degrees), ``horizon``
    (A, C, Top5), ``top``, ``bottom`` (m, NaN where not told), ``analysed`` (bool), and each phase
    of ``PHASES`` as a mass fraction of the soil below 2 mm: 0 where not detected, NaN where not
    analysed; the phases of an analysed sample add up to 1.
    """

    table: pd.DataFrame
    files: tuple[Path, ...]
    product: str = "ds801"
    notes: tuple[str, ...] = ()


def read_ds801(path: Path) -> Mineralogy:
    """Read and check a table; ``InputError`` names everything that is wrong with it."""
    raw = _read(path)
    survey = [horizon for horizon in HORIZONS if f"{horizon}_Quartz" in raw.columns]
    columns = _survey_columns(survey[0]) if survey else _tidy_columns()
    required = [*columns["phases"].values(), *columns["totals"].values(),
                *(columns["keys"][name] for name in ("site", "latitude", "longitude"))]  # fmt: skip
    require_rows(path, raw, required, _WHAT, "The mineralogy cannot be used")
    horizon = pd.Series(survey[0], raw.index) if survey else raw["horizon_inferred"]
    numbers, texts = _numbers(raw, columns)
    problems = _problems(path, raw, horizon, numbers, texts, columns)
    raise_if_any(InputError, "The mineralogy cannot be used", problems)
    phases = pd.DataFrame({name: numbers[given] for name, given in columns["phases"].items()})
    analysed = phases.notna().any(axis=1)
    fractions = phases.fillna(0.0).where(analysed)
    total = fractions.sum(axis=1, min_count=1)
    fractions = fractions.div(total, axis=0)
    table = pd.concat([_keys(raw, columns["keys"], horizon), analysed.rename("analysed"),
                       fractions], axis=1)  # fmt: skip
    low, high = (float(value) for value in (total.min(), total.max()))
    notes = (
        f"mineralogy: the phases of a sample add up to {low:.1f} to {high:.1f} % as published and "
        "are scaled to 1",
        "mineralogy: 14 A clays are smectite, chlorite and vermiculite, 10 A clays illite and "
        "micas, not split by the survey",
    )
    return Mineralogy(table.reset_index(drop=True), (path,), notes=notes)


def _survey_columns(horizon: str) -> dict[str, dict[str, str]]:
    return {
        "phases": {name: f"{horizon}_{given}" for name, given in PHASES.items()},
        "totals": {name: f"{horizon}_{name}" for name in _TOTALS},
        "keys": _SURVEY | {"sample": f"{horizon}_LabID", "depth": f"{horizon}_Depth"},
    }


def _tidy_columns() -> dict[str, dict[str, str]]:
    return {
        "phases": {name: f"{given.lower()}_pct" for name, given in PHASES.items()},
        "totals": {name: f"{name.lower()}_pct" for name in _TOTALS},
        "keys": _TIDY,
    }


def _read(path: Path) -> pd.DataFrame:
    """The table as texts; lines before the names and the line of units left out."""
    require_file(path, _WHAT)
    if path.suffix.lower() in (".xls", ".xlsx"):
        raise InputError(
            "The mineralogy cannot be used (1 problem)",
            [Problem(str(path), "a spreadsheet", _WHAT,
                     "take the tab text of the table, Appendix_3b_*.txt or Appendix_4b_*.txt")],
        )  # fmt: skip
    lines = text_of(path, _WHAT, "latin-1").splitlines(keepends=True)
    names = ("latitude", "longitude")
    start = next((number for number, line in enumerate(lines[:50])
                  if all(name in line.lower() for name in names)), 0)  # fmt: skip
    separator = "\t" if "\t" in "".join(lines[start : start + 1]) else ","
    table = parsed(
        path, _WHAT, "".join(lines[start:]), sep=separator, dtype=str,
        keep_default_na=False, skipinitialspace=True,
    )  # fmt: skip
    table.columns = [str(name).strip() for name in table.columns]
    latitude = next((name for name in table.columns if name.lower() == "latitude"), None)
    if latitude is not None and len(table):
        first = pd.to_numeric(table[latitude].iloc[:1], errors="coerce")
        if first.isna().all() and table[latitude].iloc[0].strip().isalpha():
            table = table.iloc[1:].reset_index(drop=True)
    return table


def _numbers(
    raw: pd.DataFrame, columns: dict[str, dict[str, str]]
) -> tuple[pd.DataFrame, dict[str, list[str]]]:
    """Columns of phases, totals and places as numbers, and the texts that are none."""
    given = [*columns["phases"].values(), *columns["totals"].values(),
             columns["keys"]["latitude"], columns["keys"]["longitude"]]  # fmt: skip
    numbers, texts = {}, {}
    for name in given:
        column = raw[name].str.strip()
        blank = column.isin(["", *_NOT_ANALYSED])
        numbers[name] = pd.to_numeric(column.mask(blank), errors="coerce")
        odd = column[numbers[name].isna() & ~blank]
        if len(odd):
            texts[name] = [str(len(odd)), str(odd.iloc[0])]
    return pd.DataFrame(numbers), texts


def _problems(
    path: Path,
    raw: pd.DataFrame,
    horizon: pd.Series,
    numbers: pd.DataFrame,
    texts: dict[str, list[str]],
    columns: dict[str, dict[str, str]],
) -> list[Problem]:
    blank = f"percent, blank where not detected, {' or '.join(_NOT_ANALYSED)} where not analysed"
    problems = [
        Problem(f"{path}: {name}", f"{count} texts such as {first!r}", blank, "correct the cells")
        for name, (count, first) in texts.items()
    ]
    odd = sorted(set(horizon) - set(HORIZONS))
    if odd:
        problems.append(
            Problem(f"{path}: horizon", ", ".join(map(str, odd[:5])), ", ".join(HORIZONS),
                    "correct the horizons")
        )  # fmt: skip
    for key, limit in (("latitude", 90.0), ("longitude", 180.0)):
        values = numbers[columns["keys"][key]]
        if values.isna().any() or values.abs().max() > limit:
            problems.append(
                Problem(f"{path}: {columns['keys'][key]}",
                        f"{int(values.isna().sum())} without a value, up to {values.abs().max():g}",
                        f"-{limit:g} to {limit:g} degrees", "correct the coordinates")
            )  # fmt: skip
    if problems:
        return problems
    spread = Spread.of(numbers[list(columns["phases"].values())].to_numpy(np.float64))
    if spread.number and (spread.smallest < 0.0 or spread.largest > 100.0):
        return [
            Problem(f"{path}: phases", f"{spread.smallest:g} to {spread.largest:g}",
                    "0 to 100 percent", "leave cells without a value blank")
        ]  # fmt: skip
    return _sum_problems(path, raw, numbers, columns)


def _sum_problems(
    path: Path, raw: pd.DataFrame, numbers: pd.DataFrame, columns: dict[str, dict[str, str]]
) -> list[Problem]:
    """Samples whose phases miss 100 %, totals that are not those of their parts, wrong flags."""
    given = columns["phases"]
    phases = numbers[list(given.values())]
    analysed = phases.notna().any(axis=1)
    problems = []
    if not analysed.any():
        problems.append(Problem(f"{path}: phases", "no sample with any", "percent by weight",
                                "give the table of the A or C horizon"))  # fmt: skip
    total = phases[analysed].sum(axis=1)
    off = total[(total - 100.0).abs() > _SUM_TOLERANCE]
    if len(off):
        problems.append(
            Problem(f"{path}: phases", f"a sum of {off.min():g} to {off.max():g} in {len(off)} of "
                    f"{len(total)} samples", f"100 within {_SUM_TOLERANCE:g} (percent)",
                    "check the unit, and that no column is missing or shifted")
        )  # fmt: skip
    for name, parts in _TOTALS.items():
        stated = numbers[columns["totals"][name]].fillna(0.0)[analysed]
        added = phases[[given[part] for part in parts]].fillna(0.0).sum(axis=1)[analysed]
        wrong = (stated - added).abs() > _TOTAL_TOLERANCE
        if wrong.any():
            problems.append(
                Problem(f"{path}: {columns['totals'][name]}",
                        f"not the sum of {', '.join(parts)} in {int(wrong.sum())} samples",
                        f"their sum within {_TOTAL_TOLERANCE:g}", "check the columns")
            )  # fmt: skip
    if "xrd_analysed" in raw.columns:
        flag = raw["xrd_analysed"].str.strip().str.lower() == "true"
        if (flag != analysed).any():
            problems.append(
                Problem(f"{path}: xrd_analysed", f"{int((flag != analysed).sum())} samples whose "
                        "flag and phases do not agree", "true where there are phases",
                        "correct the flags")
            )  # fmt: skip
    return problems


def _keys(raw: pd.DataFrame, names: dict[str, str], horizon: pd.Series) -> pd.DataFrame:
    depth = raw[names["depth"]] if names["depth"] in raw.columns else pd.Series("", raw.index)
    span = depth.str.extract(r"^\s*(\d+(?:\.\d+)?)\s*-\s*(\d+(?:\.\d+)?)\s*$").astype(float)
    empty = pd.Series("", raw.index)
    return pd.DataFrame(
        {
            "site": raw[names["site"]].str.strip(),
            "sample": raw.get(names["sample"], empty).str.strip(),
            "state": raw.get(names["state"], empty).str.strip(),
            "latitude": pd.to_numeric(raw[names["latitude"]]).to_numpy(np.float64),
            "longitude": pd.to_numeric(raw[names["longitude"]]).to_numpy(np.float64),
            "horizon": horizon,
            "top": _M_PER_CM * span[0],
            "bottom": _M_PER_CM * span[1],
        }
    )
