"""Everything that knows geometry: cell areas, layers, regridding."""

from saprolite.grid.cells import (
    Grid,
    edges,
    ellipsoid_band_area,
    sphere_band_area,
)
from saprolite.grid.layers import overlap, remap_amounts, remap_layers
from saprolite.grid.rectilinear import Rectilinear, Weights
from saprolite.grid.regrid import AreaMeans, conservative, majority, normalise, overlap_shares
from saprolite.grid.resampling import ResamplingError, resampled, resampling_error

__all__ = [
    "AreaMeans",
    "Grid",
    "Rectilinear",
    "ResamplingError",
    "Weights",
    "conservative",
    "edges",
    "ellipsoid_band_area",
    "majority",
    "normalise",
    "overlap",
    "overlap_shares",
    "remap_amounts",
    "remap_layers",
    "resampled",
    "resampling_error",
    "sphere_band_area",
]
