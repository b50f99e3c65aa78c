"""MOD16A2 and MOD16A2GF v061 of LP DAAC: eight-day composites in sinusoidal tiles, HDF-EOS.

Quirks of the product: an amount per composite, not a rate, in tenths of kg m-2; the last composite
of a year has five or six days; 32761 to 32767 are classes without a value (barren land, water, snow
and ice, urban ...), so deserts are empty; some three hundred tiles cover the land.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import product as pairs
from pathlib import Path
from typing import NamedTuple

import numpy as np

from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid import Grid
from saprolite.sources.composites import (
    SPHERE_RADIUS,
    TILES,
    MonthlyRate,
    Stored,
    amounts,
    cells_of_pixels,
    composites_of_month,
    pixel_area,
    pixel_rows,
)
from saprolite.sources.evapotranspiration import Gridded, Key
from saprolite.sources.files import Spread, spread_problem
from saprolite.sources.hdf_tiles import read_tile

WHAT = "MOD16A2 or MOD16A2GF v061: a folder of MOD16A2GF.AYYYYDDD.hHHvVV.061.*.hdf"
_NAME = re.compile(
    r"^(?P<product>MOD16A2(GF)?)\.A(?P<year>\d{4})(?P<day>\d{3})\.h(?P<h>\d{2})v(?P<v>\d{2})"
    r"\.(?P<collection>\d{3})\.\d+\.hdf$"
)
Tile = tuple[int, int]
_SPHERE_TO_KM2 = SPHERE_RADIUS**2 / 1.0e6


class Composite(NamedTuple):
    """A composite of a tile: the year, the day of the year that it starts on, and the tile."""

    year: int
    day: int
    tile: Tile


@dataclass(frozen=True, eq=False)
class Mod16Composites:
    """A checked set of composites. ``read`` gives the stored numbers of a file, (row, column)."""

    paths: dict[Composite, Path]
    tiles: tuple[Tile, ...]
    months: tuple[Key, ...]
    read: Callable[[Path], Stored] = read_tile
    product: str = "mod16"

    @property
    def files(self) -> tuple[Path, ...]:
        """The files that are read."""
        return tuple(self.paths.values())

    def on_grid(self, key: Key, grid: Grid, rows: slice) -> Gridded:
        """A month on some rows of a grid: the mean over the pixels with a value in each cell.

        Raises ``InputError`` for a file that is damaged and for values out of range.
        """
        part = grid.part(rows, slice(None))
        size = part.lat.size * part.lon.size
        total, known_area = np.zeros(size), np.zeros(size)
        south, north = float(part.lat_edges[0]), float(part.lat_edges[-1])
        for tile in self.tiles:
            if pixel_rows(tile, 100, south - 0.2, north + 0.2) == slice(0, 0):
                continue
            monthly, pixels = self._monthly(key, tile)
            inside = pixel_rows(tile, pixels, south, north)
            cells = cells_of_pixels(tile, pixels, inside, part)
            rate = monthly[inside]
            known = np.isfinite(rate) & (cells >= 0)
            area = pixel_area(pixels)
            total += area * np.bincount(cells[known], rate[known], minlength=size)
            known_area += area * np.bincount(cells[known], minlength=size)
        bands = np.diff(np.sin(np.deg2rad(part.lat_edges)))
        whole = np.outer(bands, np.deg2rad(np.diff(part.lon_edges))) * _SPHERE_TO_KM2
        there = known_area > 0.0
        mean = np.where(there, total / np.where(there, known_area, 1.0), np.nan)
        cover = np.minimum(known_area.reshape(part.shape) / whole, 1.0)
        return Gridded(mean.reshape(part.shape), cover)

    def _monthly(self, key: Key, tile: Tile) -> tuple[np.ndarray, int]:
        """The rate of a month on the pixels of a tile, and the number of its rows."""
        monthly: MonthlyRate | None = None
        shape = (0, 0)
        for day, share in composites_of_month(*key).items():
            path = self.paths[Composite(key[0], day, tile)]
            stored = self.read(path)
            if stored.ndim != 2 or stored.shape[0] != stored.shape[1]:
                raise _one(path, f"shape {stored.shape}", "a square tile of pixels")
            if monthly is None:
                monthly, shape = MonthlyRate(stored.shape), stored.shape
            elif stored.shape != shape:
                raise _one(path, f"shape {stored.shape}", f"{shape}, as the month's others")
            monthly.add(amounts(stored), share)
        assert monthly is not None
        rate = monthly.rate()
        if np.isfinite(rate).any():
            found = Spread.of(rate)._replace(mean=None)
            where = f"tile h{tile[0]:02d}v{tile[1]:02d}, {key[0]}-{key[1]:02d}"
            advice = "the file must hold tenths of kg m-2 per composite, as published"
            problem = spread_problem(where, "evapotranspiration", found, advice)
            raise_if_any(InputError, "MOD16 cannot be used", [problem] if problem else [])
        return rate, shape[0]


def open_mod16_composites(
    folder: Path, years: Iterable[int], read: Callable[[Path], Stored] = read_tile
) -> Mod16Composites:
    """Check the composites of the years that a folder has; nothing but names is read.

    A year counts where every tile of the folder has all its composites. Raises ``InputError`` that
    lists a mixture of products, files that come twice, and tiles that lack some composites of a
    year that they have others of.
    """
    if not folder.is_dir():
        raise _one(folder, "no such folder", WHAT)
    wanted = set(years)
    paths: dict[Composite, Path] = {}
    kinds: set[str] = set()
    problems: list[Problem] = []
    for path in sorted(folder.iterdir()):
        match = _NAME.match(path.name)
        if match is None or int(match["year"]) not in wanted:
            continue
        kinds.add(f"{match['product']} {match['collection']}")
        tile = (int(match["h"]), int(match["v"]))
        composite = Composite(int(match["year"]), int(match["day"]), tile)
        fits = tile[0] < TILES[0] and tile[1] < TILES[1]
        if not fits or composite.day % 8 != 1 or composite.day > 361:
            found = f"day {composite.day}, tile h{tile[0]:02d}v{tile[1]:02d}"
            problems += _one(path, found, "days 1, 9 ... 361 and tiles h00v00 to h35v17").problems
        elif composite in paths:
            found = f"a tile and a day that {paths[composite].name} has, too"
            problems += _one(path, found, "each once: keep the later production").problems
        else:
            paths[composite] = path
    if len(kinds) > 1:
        problems += _one(folder, f"a mixture: {', '.join(sorted(kinds))}", "one product").problems
    if not paths and not problems:
        problems += _one(folder, f"no composite of {min(wanted)} to {max(wanted)}", WHAT).problems
    tiles = tuple(sorted({item.tile for item in paths}))
    held = sorted({item.year for item in paths})
    for year, tile in pairs(held, tiles):
        absent = [day for day in range(1, 362, 8) if Composite(year, day, tile) not in paths]
        if absent:
            days = ", ".join(map(str, absent[:5]))
            found = f"tile h{tile[0]:02d}v{tile[1]:02d} lacks days {days}"
            found += f" and {len(absent) - 5} more" if len(absent) > 5 else ""
            problems += _one(folder, f"{found} of {year}", "all composites of a year").problems
    raise_if_any(InputError, "MOD16 cannot be used", problems[:20])
    months = tuple((year, month) for year in held for month in range(1, 13))
    return Mod16Composites(paths, tiles, months, read)


def _one(path: Path, found: str, accepted: str) -> InputError:
    problem = Problem(str(path), found, accepted, "fetch the original files of these years")
    return InputError("MOD16 cannot be used (1 problem)", [problem])
