"""Maps of soil thickness in the published layouts, made from the demo planet. Not data."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from saprolite.sources.files import Array
from saprolite.sources.pelletier import AVERAGE, FRACTION, HILLSLOPE, LOWLAND
from saprolite.testing.demo_soil import DemoSoil
from saprolite.testing.geotiff import write_geotiff

_REGOLITH = "upland_hill-slope_regolith_thickness.tif"
_MASK = "land_cover_mask.tif"
_CAP = 50.0
_BYTE_NODATA = 255
_BEDROCK_NODATA = -99999


def write_pelletier(folder: Path, resolution_deg: float = 0.5 / 60.0) -> list[Path]:
    """The six maps: bytes of whole metres with 255, floats with -1, a fraction without a tag."""
    maps: list[tuple[str, Callable[[DemoSoil], Array], str, float | None, float]] = [
        (AVERAGE, average_metres, "uint8", _BYTE_NODATA, _BYTE_NODATA),
        (LOWLAND, deposit_metres, "uint8", _BYTE_NODATA, _BYTE_NODATA),
        (HILLSLOPE, lambda soil: soil.soil_thickness(), "float32", -1.0, -1.0),
        (_REGOLITH, lambda soil: 2.0 * soil.soil_thickness(), "float32", -1.0, -1.0),
        (FRACTION, lambda soil: soil.hillslope(), "float32", None, -1.0),
        (_MASK, lambda soil: (soil.classes > 0).astype(float), "uint8", None, 0.0),
    ]
    return [
        write_geotiff(folder / name, resolution_deg, _filled(values, fill), dtype, tag)
        for name, values, dtype, tag, fill in maps
    ]


def write_shangguan(folder: Path, resolution_deg: float = 7.5 / 3600.0) -> Path:
    """``BDTICM_M_*_ll.tif`` in whole centimetres; the name tells the nearest published size."""
    sizes = {"250m": 7.5 / 3600.0, "1km": 30.0 / 3600.0, "10km": 300.0 / 3600.0}
    size = min(sizes, key=lambda name: abs(np.log(sizes[name] / resolution_deg)))
    path = folder / f"BDTICM_M_{size}_ll.tif"
    numbers = _filled(bedrock_centimetres, _BEDROCK_NODATA)
    return write_geotiff(path, resolution_deg, numbers, "int32", _BEDROCK_NODATA)


def deposit_metres(soil: DemoSoil) -> Array:
    """Whole metres of deposits, 50 where there are more."""
    return np.minimum(np.rint(soil.deposit_thickness()), _CAP)


def average_metres(soil: DemoSoil) -> Array:
    """Whole metres of soil and deposits, weighted by the fraction of hillslope."""
    share = soil.hillslope()
    mean = share * soil.soil_thickness() + (1.0 - share) * soil.deposit_thickness()
    return np.minimum(np.rint(mean), _CAP)


def bedrock_centimetres(soil: DemoSoil) -> Array:
    """Whole centimetres down to the bedrock."""
    return np.rint(100.0 * (2.0 * soil.soil_thickness() + 5.0 * soil.hillslope()))


def _filled(values: Callable[[DemoSoil], Array], fill: float) -> Callable[[Array, Array], Array]:
    def numbers(lat: Array, lon: Array) -> Array:
        found = values(DemoSoil(lat, lon))
        return np.where(np.isfinite(found), found, fill)

    return numbers
