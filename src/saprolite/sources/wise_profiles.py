"""Soil profiles of ISRIC-WISE 3: a text table with one horizon a row, plain or gzipped.

Quirks of the table: depths in cm, texture and coarse fragments in percent, organic carbon in g per
kg; texture in whole percent, so that its sum misses 100 by up to 2; clay, silt and sand are of the
fine earth (below 2 mm), sand up to 2 mm; coarse fragments are a share of the volume, recorded for a
fifth of the horizons; a bulk density for a third; a fifth of the horizons have no coordinates.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from saprolite.constants import PARTICLE_DENSITY
from saprolite.equations.surface import TEXTURE_SUM_TOLERANCE
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.sources.files import Array
from saprolite.sources.text_tables import parsed, require_rows, text_of
from saprolite.variables import REGISTRY

_WHAT = "the horizon table of ISRIC-WISE 3 (CSV, may be gzipped)"
_NAMES = ("SOURCEID", "SAMPLEID")
_TEXTURE = ("CLYPPT", "SLTPPT", "SNDPPT")
# Largest value that is possible, and the least that the largest of a whole table must reach: a
# table in another unit (fractions, metres, g cm-3) stays below it.
_LIMITS = {
    "UHDICM": (0.0, 5000.0, 0.0, "cm"), "LHDICM": (0.0, 5000.0, 10.0, "cm"),
    "CLYPPT": (0.0, 100.0, 1.5, "percent"), "SLTPPT": (0.0, 100.0, 1.5, "percent"),
    "SNDPPT": (0.0, 100.0, 1.5, "percent"), "CRFVOL": (0.0, 100.0, 0.0, "percent"),
    "BLD": (0.0, 3000.0, 10.0, "kg m-3"), "PHIHOX": (1.0, 13.0, 1.0, "pH in water"),
    "ORCDRC": (0.0, 1000.0, 0.0, "g kg-1"), "CECSUM": (0.0, 1000.0, 0.0, "cmol kg-1"),
    "LONWGS84": (-180.0, 180.0, -180.0, "degrees"), "LATWGS84": (-90.0, 90.0, -90.0, "degrees"),
}  # fmt: skip
_MAY_BE_ALL_MISSING = ("CRFVOL", "BLD", "ORCDRC", "CECSUM", "PHIHOX")
_FEWEST_FOR_UNITS = 20
_PER_PERCENT = 0.01
_M_PER_CM = 0.01
_PER_MIL = 1e-3
_KMOL_PER_CMOL = 1e-5
CAUSES = (
    "no coordinates", "bottom not below top", "overlaps the horizon above", "no texture",
    "texture does not add up to 100 %",
)  # fmt: skip


@dataclass(frozen=True)
class WiseProfiles:
    """Horizons that can be used, one a row, profile by profile from the top down.

    ``table`` has the columns ``profile``, ``horizon``; ``latitude``, ``longitude`` (degrees);
    ``top``, ``bottom`` (m); ``clay``, ``silt``, ``sand`` (mass fractions of the fine earth, sum 1);
    ``clay_of_soil``, ``silt_of_soil``, ``sand_of_soil``, ``coarse`` (of the whole soil, sum 1);
    ``coarse_recorded`` (bool); ``fine_earth_density``, ``bulk_density`` (of the whole soil, kg
    m-3); ``ph`` (in water), ``organic_carbon`` (kg kg-1), ``cec`` (kmol_c kg-1); NaN where missing.
    ``left_out``: horizons left out by their first cause; ``set_missing``: values by column.
    """

    table: pd.DataFrame
    left_out: dict[str, int]
    set_missing: dict[str, int]
    horizons_read: int
    profiles_read: int
    files: tuple[Path, ...]
    product: str = "wise_profiles"
    notes: tuple[str, ...] = ()


def coarse_mass_fraction(volume_fraction: Array, fine_earth_density: Array) -> Array:
    """Mass fraction of the whole soil that is coarser than 2 mm, from its share of the volume.

    f_m = f_v rho_p / (f_v rho_p + (1 - f_v) rho_f), with the fragments as dense as minerals.

    Parameters: ``volume_fraction`` f_v, 0 to 1; ``fine_earth_density`` rho_f, dry, kg m-3; it is
    not needed where f_v is 0. Returns: 1, 0 to 1; NaN where an input is missing.
    Source: definition. 20 % of stones in a fine earth of 1325 kg m-3, half as dense as the stones:

    >>> coarse_mass_fraction(np.array([0.2, 0.0, 0.2]), np.array([1325.0, np.nan, np.nan])).round(6)
    array([0.333333, 0.      ,      nan])
    """
    stones = volume_fraction * PARTICLE_DENSITY
    fraction = stones / (stones + (1.0 - volume_fraction) * fine_earth_density)
    return np.asarray(np.where(volume_fraction == 0.0, 0.0, fraction))


def read_wise_profiles(path: Path) -> WiseProfiles:
    """Read and check the horizon table; ``InputError`` names everything that is wrong with it.

    Horizons without coordinates, texture or usable depths are left out and counted. Texture is
    scaled to add up to 1. Coarse fragments that are not recorded count as none. The bulk density
    of the table is taken as that of the fine earth.
    """
    raw = _read(path)
    raise_if_any(InputError, "The horizon table cannot be used", _problems(path, raw))
    raw = raw.sort_values(["SOURCEID", "UHDICM", "LHDICM"], kind="stable", ignore_index=True)
    keep, left_out = _usable(raw)
    used = raw[keep].reset_index(drop=True)
    table, set_missing = _converted(used)
    unrecorded = int((~table["coarse_recorded"]).sum())
    notes = (
        f"coarse fragments are not recorded in {unrecorded} of {len(table)} horizons and count as "
        "none there",
        "bulk density is taken as that of the fine earth; sand reaches to 2 mm",
    )
    return WiseProfiles(table, left_out, set_missing, len(raw), raw["SOURCEID"].nunique(),
                        (path,), notes=notes)  # fmt: skip


def _read(path: Path) -> pd.DataFrame:
    table = parsed(path, _WHAT, text_of(path, _WHAT), low_memory=False)
    require_rows(path, table, [*_NAMES, *_LIMITS], _WHAT, "The horizon table cannot be used")
    return table


def _problems(path: Path, table: pd.DataFrame) -> list[Problem]:
    """Columns that are no numbers, out of range or in another unit; profiles in two places."""
    problems = []
    for name, (low, high, reached, unit) in _LIMITS.items():
        where, column = f"{path}: {name}", table[name]
        numbers = pd.to_numeric(column, errors="coerce")
        text = column[numbers.isna() & column.notna()]
        accepted = f"{low:g} to {high:g} ({unit}), empty where missing"
        if len(text):
            problems.append(
                Problem(where, f"{len(text)} texts such as {str(text.iloc[0])!r}", accepted,
                        "leave missing values empty")
            )  # fmt: skip
            continue
        table[name] = numbers
        found = numbers.dropna()
        if found.empty:
            if name not in _MAY_BE_ALL_MISSING:
                problems.append(Problem(where, "no value at all", accepted, "give the whole table"))
            continue
        if found.min() < low or found.max() > high:
            advice = "leave missing values empty" if found.min() < low else "check the unit"
            problems.append(Problem(where, f"{found.min():g} to {found.max():g}", accepted, advice))
        elif len(found) >= _FEWEST_FOR_UNITS and found.max() < reached:
            problems.append(
                Problem(where, f"values up to {found.max():g}", accepted,
                        f"these are not in {unit}: convert them")
            )  # fmt: skip
    if not problems:
        places = table.groupby("SOURCEID")[["LONWGS84", "LATWGS84"]].nunique()
        moved = places[(places > 1).any(axis=1)].index
        if len(moved):
            problems.append(
                Problem(f"{path}: LONWGS84, LATWGS84",
                        f"{len(moved)} profiles in two places, such as {moved[0]}",
                        "one position per profile", "correct the coordinates")
            )  # fmt: skip
    return problems


def _usable(table: pd.DataFrame) -> tuple[npt.NDArray[np.bool_], dict[str, int]]:
    """Which horizons can be used, and how many are left out by their first cause."""
    has_depths = table["UHDICM"].notna() & table["LHDICM"].notna()
    deepest = table.groupby("SOURCEID")["LHDICM"].cummax().groupby(table["SOURCEID"]).shift()
    total = table[list(_TEXTURE)].sum(axis=1, skipna=False)
    tests = (
        table["LONWGS84"].isna() | table["LATWGS84"].isna(),
        ~has_depths | (table["LHDICM"] <= table["UHDICM"]),
        table["UHDICM"] < deepest,
        total.isna(),
        (total * _PER_PERCENT - 1.0).abs() > TEXTURE_SUM_TOLERANCE + 1e-9,
    )
    keep = np.ones(len(table), bool)
    left_out = {}
    for cause, test in zip(CAUSES, tests, strict=True):
        mask = test.to_numpy(bool)
        left_out[cause] = int((keep & mask).sum())
        keep &= ~mask
    return keep, left_out


def _converted(used: pd.DataFrame) -> tuple[pd.DataFrame, dict[str, int]]:
    """SI units, whole-soil fractions; densities that no soil has become missing."""
    density = used["BLD"].to_numpy(float)
    low, high = REGISTRY["bulk_density"].valid_range
    impossible = (density < low) | (density > high)
    density = np.where(impossible, np.nan, density)
    volume = used["CRFVOL"].fillna(0.0).to_numpy(float) * _PER_PERCENT
    coarse = coarse_mass_fraction(volume, density)
    fine = used[list(_TEXTURE)].to_numpy(float)
    fine = fine / fine.sum(axis=1, keepdims=True)
    whole = fine * (1.0 - coarse)[:, None]
    table = pd.DataFrame(
        {
            "profile": used["SOURCEID"].astype(str),
            "horizon": used["SAMPLEID"].astype(str),
            "latitude": used["LATWGS84"],
            "longitude": used["LONWGS84"],
            "top": used["UHDICM"] * _M_PER_CM,
            "bottom": used["LHDICM"] * _M_PER_CM,
            "clay": fine[:, 0],
            "silt": fine[:, 1],
            "sand": fine[:, 2],
            "clay_of_soil": whole[:, 0],
            "silt_of_soil": whole[:, 1],
            "sand_of_soil": whole[:, 2],
            "coarse": coarse,
            "coarse_recorded": used["CRFVOL"].notna(),
            "fine_earth_density": density,
            "bulk_density": density * (1.0 - volume) + volume * PARTICLE_DENSITY,
            "ph": used["PHIHOX"],
            "organic_carbon": used["ORCDRC"] * _PER_MIL,
            "cec": used["CECSUM"] * _KMOL_PER_CMOL,
        }
    )
    return table, {"bulk_density": int(impossible.sum())}
