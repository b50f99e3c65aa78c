"""Everything that knows geometry: cell areas, layers, regridding."""

from saprolite.grid.cells import (
    Grid,
    edges,
    ellipsoid_band_area,
    sphere_band_area,
)
from saprolite.grid.layers import overlap, remap_amounts, remap_layers
from saprolite.grid.rectilinear import Rectilinear, Weights
from saprolite.grid.regrid import AreaMeans, conservative, majority, normalise, regridding_error

__all__ = [
    "AreaMeans",
    "Grid",
    "Rectilinear",
    "Weights",
    "conservative",
    "edges",
    "ellipsoid_band_area",
    "majority",
    "normalise",
    "overlap",
    "regridding_error",
    "remap_amounts",
    "remap_layers",
    "sphere_band_area",
]
