"""MOD16 monthly evapotranspiration of NTSG, GeoTIFF at 0.05 degree: MOD16A2_ET_0.05deg_GEO.

Quirks of the product: an amount in tenths of mm per month; numbers above 65500 are classes without
a value (water, barren land, snow and ice, urban), so deserts are empty; latitude from the north.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rasterio.windows import Window

from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid import Grid, Rectilinear
from saprolite.sources.evapotranspiration import Gridded, Key, rate_of_amount
from saprolite.sources.files import Array, Spread, spread_problem, where_paths_start
from saprolite.sources.rasters import coordinates, opened_geographic

SCALE = 0.1  # mm per unit
LARGEST = 65500  # larger numbers are classes without a value
WHAT = "MOD16 of NTSG: a folder of MOD16A2_ET_0.05deg_GEO_YYYYMmm.tif"
_NAME = re.compile(r"MOD16A2_ET_[\d.]+deg_GEO_(?P<year>\d{4})M(?P<month>\d{2})\.tif$")


@dataclass(frozen=True, eq=False)
class Mod16Monthly:
    """A checked set of monthly maps on one grid."""

    cells: Rectilinear
    maps: dict[Key, Path]
    product: str = "mod16"

    @property
    def months(self) -> tuple[Key, ...]:
        """The months that are there."""
        return tuple(self.maps)

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are read."""
        return tuple(self.maps.values())

    def on_grid(self, key: Key, grid: Grid, rows: slice) -> Gridded:
        """A month on some rows of a grid: area mean of what has a value.

        Raises ``InputError`` for a file that is damaged and for values out of range.
        """
        weights = self.cells.onto(grid, rows)
        used = weights.source_rows
        path = self.maps[key]
        if used.stop == used.start:
            return Gridded(np.full(weights.whole.shape, np.nan), np.zeros(weights.whole.shape))
        with opened_geographic(path, WHAT) as raster:
            window = Window(0, used.start, raster.width, used.stop - used.start)
            values = rate_of_amount(amounts(raster.read(1, window=window)), key)
        if np.isfinite(values).any():
            advice = "the file must hold tenths of mm per month, as published"
            # Of a band in winter the mean tells nothing of the unit.
            found = Spread.of(values)._replace(mean=None)
            problem = spread_problem(str(path), "evapotranspiration", found, advice)
            raise_if_any(InputError, "MOD16 cannot be used", [problem] if problem else [])
        return Gridded(weights.mean(values), weights.cover(np.isfinite(values)))


def amounts(stored: Any) -> Array:
    """Amounts in mm per month, NaN for the classes without a value.

    >>> amounts(np.array([0, 548, 65500, 65501, 65535], np.uint16)).tolist()
    [0.0, 54.800000000000004, 6550.0, nan, nan]
    """
    values = np.asarray(stored, np.float64)
    return np.where(values > LARGEST, np.nan, SCALE * values)


def open_mod16(folder: Path, years: Iterable[int]) -> Mod16Monthly:
    """Check the maps of the years that a folder has; nothing but headers is read.

    Raises ``InputError`` that lists every map that is truncated, on another grid or of another kind
    of number.
    """
    if not folder.is_dir():
        raise InputError(
            "MOD16 cannot be used (1 problem)",
            [Problem(str(folder), "no such folder", WHAT, where_paths_start(folder))],
        )
    wanted = set(years)
    maps: dict[Key, Path] = {}
    problems: list[Problem] = []
    cells: Rectilinear | None = None
    for path in sorted(folder.iterdir()):
        match = _NAME.search(path.name)
        if match is None or int(match["year"]) not in wanted:
            continue
        key = (int(match["year"]), int(match["month"]))
        try:
            found = _header(path, key)
        except InputError as error:
            problems.extend(error.problems)
            continue
        cells = cells or found
        if not found.same_as(cells):
            first = next(iter(maps.values()))
            problems.append(
                Problem(str(path), found.describe(), f"{cells.describe()}, as in {first.name}",
                        "keep maps of one grid in one folder")
            )  # fmt: skip
        elif key in maps:
            problems.append(
                Problem(str(path), f"month {key[0]}-{key[1]:02d}",
                        f"each month once; it is also in {maps[key].name}", "remove one of the two")
            )  # fmt: skip
        else:
            maps[key] = path
    if cells is None and not problems:
        present = ", ".join(item.name for item in sorted(folder.iterdir())[:3]) or "an empty folder"
        problems.append(
            Problem(str(folder), f"no map of {min(wanted)} to {max(wanted)} ({present})", WHAT,
                    "fetch the maps under their own names")
        )  # fmt: skip
    raise_if_any(InputError, "MOD16 cannot be used", problems)
    assert cells is not None
    return Mod16Monthly(cells, maps)


def _header(path: Path, key: Key) -> Rectilinear:
    with opened_geographic(path, WHAT) as raster:
        kind = np.dtype(raster.dtypes[0])
        if kind != np.uint16 or not 1 <= key[1] <= 12:
            raise InputError(
                "MOD16 cannot be used (1 problem)",
                [Problem(str(path), f"{kind} in month {key[1]}",
                         "uint16, tenths of mm per month, months 01 to 12",
                         "fetch the original file")],
            )  # fmt: skip
        if raster.scales[0] not in (1.0, SCALE) or raster.offsets[0] != 0.0:
            raise InputError(
                "MOD16 cannot be used (1 problem)",
                [Problem(str(path), f"scale {raster.scales[0]}, offset {raster.offsets[0]}",
                         f"tenths of mm per month (scale {SCALE})", "fetch the original file")],
            )  # fmt: skip
        lat, lon = coordinates(raster)
    return Rectilinear.of(lat, lon, str(path))
