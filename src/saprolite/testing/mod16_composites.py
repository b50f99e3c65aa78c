"""Eight-day MOD16 composites as LP DAAC publishes them, made from the demo planet.

Layout: one file a tile and composite, ``MOD16A2GF.AYYYYDDD.hHHvVV.061.*.hdf``; HDF-EOS (HDF4) with
``ET_500m``, int16, scale_factor 0.1, classes without a value from 32761; tiles of 2400 by 2400
pixels there, of any number here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date, timedelta
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.constants import SECONDS_PER_DAY
from saprolite.grid import Grid
from saprolite.sources.composites import SCALE, TILE_SIZE, TILES, cells_of_pixels, composite_days
from saprolite.testing.planet import PlanetPoints

FILL, BARREN, WATER = 32767, 32765, 32766
_RESOLUTION = 2.0
_DESERTS = (4, 5)  # climate classes BWh and BWk
Tile = tuple[int, int]
Write = Callable[[Path, npt.NDArray[np.int16], Tile], None]
_METADATA = (
    "GROUP=GridStructure\n\tGROUP=GRID_1\n\t\tGridName=\"MOD_Grid_MOD16A2\"\n\t\tXDim={n}\n"
    "\t\tYDim={n}\n\t\tUpperLeftPointMtrs=({west:.6f},{north:.6f})\n"
    "\t\tLowerRightMtrs=({east:.6f},{south:.6f})\n\t\tProjection=GCTP_SNSOID\n"
    "\tEND_GROUP=GRID_1\nEND_GROUP=GridStructure\nEND\n"
)  # fmt: skip


def write_hdf(path: Path, stored: npt.NDArray[np.int16], tile: Tile) -> None:
    """Write a tile as HDF4 with the attributes of the product (needs pyhdf)."""
    sd: Any = import_module("pyhdf.SD")
    north = (TILES[1] / 2 - tile[1]) * TILE_SIZE
    west = (tile[0] - TILES[0] / 2) * TILE_SIZE
    file = sd.SD(str(path), sd.SDC.WRITE | sd.SDC.CREATE | sd.SDC.TRUNC)
    variable = file.create("ET_500m", sd.SDC.INT16, stored.shape)
    variable[:] = stored
    variable.long_name, variable.units = "MODIS Gridded 500m 8-day Composite ET", "kg/m^2/8day"
    variable.scale_factor, variable.add_offset = SCALE, 0.0
    variable.valid_range = [-32767, 32700]
    variable.attr("_FillValue").set(sd.SDC.INT16, FILL)
    variable.endaccess()
    corners = {"west": west, "north": north, "east": west + TILE_SIZE, "south": north - TILE_SIZE}
    text = _METADATA.format(n=stored.shape[0], **corners)
    file.attr("StructMetadata.0").set(sd.SDC.CHAR, text)
    file.end()


def tile_values(tile: Tile, pixels: int, year: int, level: float = 1.0) -> dict[int, Any]:
    """Stored numbers of a year's composites by their first day: daily amounts of the planet summed
    over the days of each composite."""
    planet = PlanetPoints(np.array([0.0]), np.array([0.0]), _RESOLUTION).planet
    globe = Grid.globe(_RESOLUTION, -60.0, 90.0)
    cells = cells_of_pixels(tile, pixels, slice(0, pixels), globe)
    land = (cells >= 0) & planet.land().ravel()[cells]
    barren = np.isin(planet.classes.ravel()[cells], _DESERTS) | planet.land_ice().ravel()[cells]
    rate = level * planet.read_year(year, np.where(land, cells, 0).ravel()).evapotranspiration
    daily = np.clip(rate, 0.0, None).reshape(12, pixels, pixels) * SECONDS_PER_DAY
    stored = {}
    for day in range(1, 362, 8):
        first = date(year, 1, 1) + timedelta(days=day - 1)
        days = [first + timedelta(days=step) for step in range(composite_days(year, day))]
        amount = sum(daily[item.month - 1] for item in days)
        numbers = np.where(barren, BARREN, np.rint(np.where(land, amount, 0.0) / SCALE))
        numbers = np.where(land, numbers, np.where(cells >= 0, WATER, FILL))
        stored[day] = numbers.astype(np.int16)
    return stored


def write_composites(
    folder: Path, tiles: Sequence[Tile], pixels: int, year: int, write: Write = write_hdf
) -> list[Path]:
    """Write all composites of a year for some tiles."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = []
    for tile in tiles:
        for day, stored in tile_values(tile, pixels, year).items():
            name = f"MOD16A2GF.A{year}{day:03d}.h{tile[0]:02d}v{tile[1]:02d}.061.{year + 20}123.hdf"
            write(folder / name, stored, tile)
            paths.append(folder / name)
    return paths
