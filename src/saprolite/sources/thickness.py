"""Maps of soil thickness: the soil that is present in each layer, clipped before it is averaged."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt

from saprolite.equations import layer_presence
from saprolite.errors import InputError, Problem
from saprolite.grid import Grid
from saprolite.grid.fields import fields_of
from saprolite.sources.files import Array, StaticField
from saprolite.sources.rasters import means_of_bands, opened_geographic, require_values
from saprolite.variables import REGISTRY


def read_soil_thickness(
    path: Path,
    metres_per_unit: float,
    layer_edges: tuple[float, ...],
    target: Grid,
    valid_share: float = 0.5,
) -> StaticField:
    """Soil present in each layer, from a map of soil thickness, as the mean over target cells.

    The layers are clipped on the map's own grid and averaged afterwards: the mean of
    min(thickness, depth), not the min of the mean. Nodata and negative values are missing. The map
    is read in bands, so that a 30-second world map fits in memory.
    """
    with opened_geographic(path, "a GeoTIFF of soil thickness") as raster:

        def present(stored: list[npt.NDArray[np.generic]]) -> Array:
            thickness = stored[0].astype(np.float64)
            thickness[(thickness < 0.0) | (stored[0] == raster.nodata)] = np.nan
            thickness *= metres_per_unit
            refuse_thick(path, thickness, 'give the unit of the file: units = "m" or "cm"')
            return layers_present(thickness, layer_edges)

        means = means_of_bands([raster], target, valid_share, present, str(path))
    return effective_thickness(means, layer_edges, target, "soil_thickness", (path,))


def layers_present(thickness: Array, layer_edges: tuple[float, ...]) -> Array:
    """Soil present in each layer, m, (layer, ...), of a thickness in m."""
    return np.stack(
        [layer_presence(thickness, top, bottom) for top, bottom in pairwise(layer_edges)]
    )


def effective_thickness(
    means: Array,
    layer_edges: tuple[float, ...],
    target: Grid,
    product: str,
    files: tuple[Path, ...],
    notes: tuple[str, ...] = (),
) -> StaticField:
    """The means (layer, lat, lon) of the soil present, as a product gives it to a study."""
    require_values(str(files[0]), means, target)
    dataset = fields_of({"effective_thickness": means}, target, ("layer", "lat", "lon"))
    return StaticField(dataset, layer_edges, product, files, notes)


def refuse_thick(path: Path, thickness: Array, advice: str) -> None:
    """Raise for a thickness in m that leaves the valid range: it is in another unit."""
    low, high = REGISTRY["soil_thickness"].valid_range
    largest = float(np.nanmax(thickness, initial=0.0))
    if largest > high:
        raise InputError(
            "The soil thickness cannot be used (1 problem)",
            [
                Problem(
                    f"{path}: thickness",
                    f"values up to {largest:g} m",
                    f"{low:g} to {high:g} m",
                    advice,
                )
            ],
        )
