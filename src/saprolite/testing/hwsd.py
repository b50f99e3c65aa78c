"""HWSD v2.0 in the published layout, made from the demo planet. Not data."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import rasterio
from rasterio.transform import from_origin
from rasterio.windows import Window

from saprolite.sources import class_tables
from saprolite.sources.hwsd import OUTSIDE, RASTER
from saprolite.sources.hwsd_table import HORIZONS, LAYER_NAMES, TABLE
from saprolite.testing.demo_soil import DemoSoil

_FIRST_UNIT = 1000
_ROWS = 256
# Of each unit: share in percent, more clay than the mean, first layer that is rock (of seven).
_SOILS = ((60, 0.00, 7), (30, 0.08, 2))
_NOT_SOIL = (10, -9)
_ROCK = -7


def write_hwsd(folder: Path, resolution_deg: float = 0.5 / 60.0) -> list[Path]:
    """``HWSD2.bil`` with its header, and the table ``HWSD2_LAYERS.csv``."""
    folder.mkdir(parents=True, exist_ok=True)
    table = folder / TABLE
    soils().to_csv(table, index=False)
    path = folder / RASTER
    rows, columns = round(180.0 / resolution_deg), round(360.0 / resolution_deg)
    lat = 90.0 - (np.arange(rows) + 0.5) * resolution_deg
    lon = -180.0 + (np.arange(columns) + 0.5) * resolution_deg
    with rasterio.open(
        path, "w", driver="EHdr", height=rows, width=columns, count=1, dtype="uint16",
        crs="EPSG:4326", transform=from_origin(-180.0, 90.0, resolution_deg, resolution_deg),
        nodata=OUTSIDE,
    ) as raster:  # fmt: skip
        for start in range(0, rows, _ROWS):
            band = lat[start : start + _ROWS]
            window = Window(0, start, columns, band.size)
            raster.write(units(DemoSoil(band, lon)), 1, window=window)
    return [path, table]


def units(soil: DemoSoil) -> npt.NDArray[np.uint16]:
    """The map unit of each place: one per climate class and hemisphere."""
    south = np.broadcast_to((soil.lat < 0.0)[:, None], soil.classes.shape)
    unit = _FIRST_UNIT + 2 * soil.classes.astype(np.int64) + south
    return np.where(soil.classes > 0, unit, OUTSIDE).astype(np.uint16)


def soils() -> pd.DataFrame:
    """The table: two soils per unit, one shallow, and a tenth that is not soil."""
    rows = []
    for code in range(1, 30):
        for south in (False, True):
            texture = class_tables.texture(np.array([code]), np.array([south]))
            clay, sand = (100.0 * float(texture[name][0]) for name in ("clay", "sand"))
            if not np.isfinite(clay):
                continue
            unit = _FIRST_UNIT + 2 * code + south
            for sequence, (share, more, rock) in enumerate(_SOILS, start=1):
                moved = min(100.0 * more, 0.5 * sand)
                parts = round(clay + moved), round(sand - moved)
                for layer in range(len(LAYER_NAMES)):
                    rows.append(_row(unit, sequence, share, layer, parts, layer >= rock))
            share, code_of = _NOT_SOIL
            for layer in range(len(LAYER_NAMES)):
                rows.append(_row(unit, 3, share, layer, (code_of, code_of), True, code_of))
    table = pd.DataFrame(rows)
    table.insert(0, "ID", np.arange(1, len(table) + 1))
    return table


def _row(
    unit: int,
    sequence: int,
    share: int,
    layer: int,
    clay_and_sand: tuple[int, int],
    is_rock: bool,
    code: int = _ROCK,
) -> dict[str, object]:
    top, bottom = tuple(pairwise(HORIZONS))[layer]
    clay, sand = clay_and_sand
    bulk = round(1.2 + 0.04 * layer + 0.05 * sequence, 2)
    values: dict[str, object] = {
        "COARSE": 5 * sequence,
        "SAND": sand,
        "SILT": 100 - clay - sand,
        "CLAY": clay,
        "BULK": bulk,
    }
    if is_rock:
        values = dict.fromkeys(values, code)
    return {
        "HWSD2_SMU_ID": unit,
        "SEQUENCE": sequence,
        "SHARE": share,
        "WRB2": "LP" if is_rock else "CM",
        "LAYER": LAYER_NAMES[layer],
        "TOPDEP": round(100 * top),
        "BOTDEP": round(100 * bottom),
        **values,
        "REF_BULK": None if is_rock else round(bulk + 0.3, 2),
    }
