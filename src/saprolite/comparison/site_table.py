"""A user's table of sites: which column is what, the unit, and the regions to count by."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd
from pydantic import Field, ValidationError

from saprolite.analysis.sites import LATITUDE, LONGITUDE, SITE
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.sources.catalog import product
from saprolite.sources.critical_loads import EQ_PER_HA, read_critical_loads
from saprolite.sources.norway_critical_loads import read_norway
from saprolite.study_problems import validation_problems
from saprolite.study_section import Closed

_NORWAY = "norway_critical_loads"
_RATE = "base_cation_weathering"
TEMPLATE = f"""\
# Which column of the table is what (names of your table on the right).
units = "eq ha-1 yr-1"      # of the weathering rate: {", ".join(EQ_PER_HA)}
separator = ","
decimal = "."

[columns]
latitude = "LAT"            # degrees north
longitude = "LON"           # degrees east
{_RATE} = "BCW"
site = "ID"                 # these three may be left out
region = "STATE"
depth = "DEPTH_M"           # of the soil that a rate is of, in depth_units = "m" or "cm"

# In the place of a column of regions, boxes in degrees: a site is of the first that holds it.
# [regions.west]
# latitude = [24.0, 50.0]
# longitude = [-125.0, -100.0]
"""


class Box(Closed):
    """A region: from and to, degrees north and east."""

    latitude: tuple[float, float]
    longitude: tuple[float, float]

    def holds(self, latitude: pd.Series, longitude: pd.Series) -> pd.Series:
        """Which points lie in it; its western and southern borders are part of it."""
        south, north = self.latitude
        west, east = self.longitude
        within = (latitude >= south) & (latitude < north)
        return within & (longitude >= west) & (longitude < east)


class TableColumns(Closed):
    """What a TOML file says of a table of sites; see ``TEMPLATE``."""

    columns: dict[str, str]
    units: str
    separator: str = ","
    decimal: Literal[".", ","] = "."
    sheet: str | None = None
    depth_units: str = "m"
    regions: dict[str, Box] = Field(default_factory=dict)

    @classmethod
    def read(cls, path: Path) -> TableColumns:
        """Read the file; ``InputError`` names everything that is wrong with it."""
        try:
            text = path.read_text(encoding="utf-8")
            content = tomllib.loads(text)
            return cls.model_validate(content)
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            problems = [Problem(str(path), str(error), "a TOML file that names the columns",
                                f"write it after this pattern:\n{TEMPLATE}")]  # fmt: skip
        except ValidationError as error:
            problems = validation_problems(error, cls, str(path), text)
        raise_if_any(InputError, "The columns of the sites cannot be read", problems)
        raise AssertionError("a file that cannot be read has a problem")


def read_sites_table(
    table: Path, columns: Path | None
) -> tuple[pd.DataFrame, dict[str, int], tuple[str, ...]]:
    """Sites for :func:`saprolite.analysis.sites.compare_sites`, what was left out, and notes.

    Without ``columns`` the table must be that of the Norwegian critical loads, whose flux of base
    cations stands for the rate of weathering. Raises ``InputError``.
    """
    if not table.is_file():
        raise InputError(
            "The table of sites cannot be read (1 problem)",
            [Problem(str(table), "no such file", "a table of sites (CSV, Excel)",
                     "check the path")],
        )  # fmt: skip
    if columns is None:
        if not _is_norway(table):
            raise InputError(
                "Which column is what? (1 problem)",
                [Problem(str(table), "a table without a description of its columns",
                         f"--columns FILE.toml, or the table of {_NORWAY}",
                         f"write FILE.toml after this pattern:\n{TEMPLATE}")],
            )  # fmt: skip
        return _norway(table)
    chosen = TableColumns.read(columns)
    if _RATE not in chosen.columns or ("region" in chosen.columns and chosen.regions):
        absent = _RATE not in chosen.columns
        raise InputError(
            "The columns of the sites cannot be used (1 problem)",
            [Problem(f"{columns}: columns",
                     f"no {_RATE}" if absent else "a column of regions, and boxes",
                     f"{_RATE}, the rate to compare with" if absent else "one of the two",
                     f'{_RATE} = "BCW" under [columns]' if absent else "remove one")],
        )  # fmt: skip
    found = read_critical_loads(
        table, chosen.columns, chosen.units, separator=chosen.separator, decimal=chosen.decimal,
        sheet=chosen.sheet, depth_units=chosen.depth_units,
    )  # fmt: skip
    sites = found.table.rename(columns={f"{_RATE}_eq_ha-1_yr-1": SITE})
    if chosen.regions:
        inside = [box.holds(sites[LATITUDE], sites[LONGITUDE]) for box in chosen.regions.values()]
        sites["region"] = np.select(inside, list(chosen.regions), "")
    return sites, found.left_out, (f"sites: {table.name}", *found.notes)


def _is_norway(table: Path) -> bool:
    """Whether the first line names the columns of the Norwegian table."""
    try:
        with table.open(encoding="utf-8") as lines:
            first = lines.readline(10_000)
    except (OSError, UnicodeDecodeError):
        return False
    return set(product(_NORWAY).signature) <= {name.strip('" \n') for name in first.split(";")}


def _norway(table: Path) -> tuple[pd.DataFrame, dict[str, int], tuple[str, ...]]:
    found = read_norway(table)
    flux = found.table["base_cation_flux_eq_ha-1_yr-1"]
    sites = found.table.assign(
        site=found.table["cell"].astype(str), region="Norway", **{SITE: flux}
    )[["site", "region", LATITUDE, LONGITUDE, SITE]]
    known = flux.notna()
    notes = (
        f"sites: {table.name}, pre-industrial flux of base cations in surface waters (BC0), which "
        "is weathering of whole catchments and the base cations of deposition",
        *found.notes,
    )
    return sites[known].reset_index(drop=True), {"no value": int((~known).sum())}, notes
