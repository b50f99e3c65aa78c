"""Koeppen-Geiger climate classes (Beck et al. 2018 and 2023): GeoTIFF of codes 1 to 30."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from saprolite.errors import InputError, Problem
from saprolite.sources.files import StaticField
from saprolite.sources.rasters import read_raster

CLASS_NAMES = (
    "Af", "Am", "Aw", "BWh", "BWk", "BSh", "BSk", "Csa", "Csb", "Csc", "Cwa", "Cwb", "Cwc",
    "Cfa", "Cfb", "Cfc", "Dsa", "Dsb", "Dsc", "Dsd", "Dwa", "Dwb", "Dwc", "Dwd", "Dfa", "Dfb",
    "Dfc", "Dfd", "ET", "EF",
)  # fmt: skip


def read_koeppen(path: Path) -> StaticField:
    """The class map, 0 where the product has none."""
    import xarray as xr

    what = "a Koeppen-Geiger GeoTIFF with class codes 1 to 30, 0 = none"
    values = read_raster(path, what)
    codes = np.asarray(values.values)
    if not np.issubdtype(codes.dtype, np.integer) or codes.min() < 0 or codes.max() > 30:
        raise InputError(
            "The climate map cannot be used (1 problem)",
            [
                Problem(
                    f"{path}: climate_class",
                    f"{codes.dtype} values {codes.min()} to {codes.max()}",
                    what,
                    "use Beck_KG_V1_present_*.tif or koeppen_geiger_*.tif of Beck et al.",
                )
            ],
        )
    classes = xr.DataArray(codes.astype(np.int16), coords=values.coords, dims=values.dims)
    return StaticField(classes.to_dataset(name="climate_class"), (), "koeppen_geiger", (path,))
