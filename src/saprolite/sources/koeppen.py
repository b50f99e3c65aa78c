"""Koeppen-Geiger climate classes (Beck et al. 2018 and 2023): GeoTIFF of codes 1 to 30.

Quirks: uint8, 0 = sea or none, 90 N first; both papers use the same codes; beside the classes lie
maps of their confidence in percent (``_conf_``), which hold numbers from 1 to 30, too.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid import Grid
from saprolite.grid.fields import with_values
from saprolite.sources.files import StaticField
from saprolite.sources.rasters import read_raster

if TYPE_CHECKING:
    import xarray as xr

CLASS_NAMES = (
    "Af", "Am", "Aw", "BWh", "BWk", "BSh", "BSk", "Csa", "Csb", "Csc", "Cwa", "Cwb", "Cwc",
    "Cfa", "Cfb", "Cfc", "Dsa", "Dsb", "Dsc", "Dsd", "Dwa", "Dwb", "Dwc", "Dwd", "Dfa", "Dfb",
    "Dfc", "Dfd", "ET", "EF",
)  # fmt: skip


def read_koeppen(path: Path) -> StaticField:
    """The class map, 0 where the product has none.

    A ``legend.txt`` beside the map or one folder above is checked against the codes that are used.
    Raises ``InputError`` for numbers that are no codes, a map of confidence, a map without its
    place on the Earth, and a legend with other codes.
    """
    what = "a Koeppen-Geiger GeoTIFF with class codes 1 to 30, 0 = none"
    advice = "use Beck_KG_V1_present_*.tif or koeppen_geiger_*.tif of Beck et al."
    values = read_raster(path, what)
    codes = np.asarray(values.values)
    problems = []
    if not np.issubdtype(codes.dtype, np.integer) or codes.min() < 0 or codes.max() > 30:
        found = f"{codes.dtype} values {codes.min()} to {codes.max()}"
        problems.append(Problem(f"{path}: climate_class", found, what, advice))
    elif not codes.any():
        problems.append(Problem(f"{path}: climate_class", "no class at all", what, advice))
    if "_conf" in path.name:
        problems.append(Problem(str(path), "a map of confidence, by its name", what, advice))
    farthest = {name: float(np.abs(values[name].values).max()) for name in ("lat", "lon")}
    if farthest["lat"] > 90.0 or farthest["lon"] > 180.0:
        problems.append(
            Problem(f"{path}: lat, lon", "no place on the Earth", "degrees of EPSG:4326",
                    "the file may be truncated: fetch it again")
        )  # fmt: skip
    for legend in (path.parent / "legend.txt", path.parent.parent / "legend.txt"):
        if legend.is_file():
            problems += _legend_problems(legend)
            break
    raise_if_any(InputError, "The climate map cannot be used", problems)
    classes = with_values(values, codes.astype(np.int16))
    return StaticField(classes.to_dataset(name="climate_class"), (), "koeppen_geiger", (path,))


def read_legend(path: Path) -> dict[int, str]:
    """Names of the classes by code, as the legend of Beck et al. 2018 or 2023 has them."""
    text = path.read_text(encoding="utf-8", errors="replace")
    rows = re.findall(r"^\s*(\d+):\s+([A-Z][A-Za-z]{1,2})\s", text, flags=re.MULTILINE)
    return {int(code): name for code, name in rows}


def group_areas(classes: xr.DataArray) -> dict[str, float]:
    """Area of each climate group (A tropical, B arid, C temperate, D cold, E polar), km2.

    ``classes``: codes on (lat, lon), 0 = none. The sum is the classified land of the map, ice and
    Antarctica included where the map has them. Areas are those of the WGS84 ellipsoid.

    >>> import xarray as xr
    >>> north = xr.DataArray([[0, 0], [1, 1]], dims=("lat", "lon"),
    ...                      coords={"lat": [-45.0, 45.0], "lon": [-90.0, 90.0]})
    >>> {name: round(area / 1e6) for name, area in group_areas(north).items()}
    {'A': 255, 'B': 0, 'C': 0, 'D': 0, 'E': 0}
    """
    grid = Grid.from_centres(classes["lat"], classes["lon"], "climate_class")
    # Cells of a row have one area; row by row a map of 30 arc seconds fits in memory.
    area = grid.part(slice(0, grid.lat.size), slice(0, 1)).areas()[:, 0]
    rows = np.asarray(classes.values)
    cells = np.stack([np.bincount(row, minlength=len(CLASS_NAMES) + 1) for row in rows])
    by_code = area @ cells
    areas = dict.fromkeys("ABCDE", 0.0)
    for code, name in enumerate(CLASS_NAMES, start=1):
        areas[name[0]] += float(by_code[code])
    return areas


def _legend_problems(path: Path) -> list[Problem]:
    found = read_legend(path)
    other = {
        code: found.get(code, "nothing")
        for code, name in enumerate(CLASS_NAMES, start=1)
        if found.get(code) != name
    }
    return [
        Problem(f"{path}: code {code}", name, CLASS_NAMES[code - 1],
                "the map has other codes: recode it, or use a map of Beck et al.")
        for code, name in list(other.items())[:5]
    ]  # fmt: skip
