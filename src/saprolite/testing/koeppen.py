"""Koeppen-Geiger classes in the published layout of Beck et al. 2018, from the demo planet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from saprolite.inputs.demo import demo_climate
from saprolite.sources.files import Array
from saprolite.testing.geotiff import write_geotiff


def write_koeppen(folder: Path, resolution_deg: float = 1.0 / 12.0) -> Path:
    """``Beck_KG_V1_present_0p083.tif``: bytes of the codes 1 to 30, 0 over sea, 90 N first."""
    return write_geotiff(
        folder / "Beck_KG_V1_present_0p083.tif", resolution_deg, _codes, "uint8", 0.0
    )


def _codes(lat: Array, lon: Array) -> npt.NDArray[np.uint8]:
    classes = demo_climate().data["climate_class"]
    return np.asarray(classes.sel(lat=lat, lon=lon, method="nearest").values, np.uint8)
