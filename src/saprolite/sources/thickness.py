"""Maps of soil thickness: the soil that is present in each layer, clipped before it is averaged."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.equations import layer_presence
from saprolite.errors import InputError, Problem
from saprolite.grid import Grid
from saprolite.grid.fields import fields_of
from saprolite.sources.files import Array, StaticField
from saprolite.sources.rasters import means_of_bands, opened_geographic, require_values
from saprolite.variables import REGISTRY

# m: where the maps of Pelletier et al. 2016 end; they say "50 m or more".
DEEPEST_MAPPED = 50.0


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
    is read in bands, so that a 30-second world map fits in memory. A map whose soil is mostly
    deeper than ``DEEPEST_MAPPED`` gets a note: its unit may be another.

    Raises ``InputError`` for a thickness out of range, and for the largest number of a byte in a
    map that declares no nodata.
    """
    with opened_geographic(path, "a GeoTIFF of soil thickness") as raster:
        soil = _SoilOfMap(path, raster.nodata, metres_per_unit)

        def present(stored: list[npt.NDArray[Any]]) -> Array:
            return layers_present(soil.metres(stored[0]), layer_edges)

        means = means_of_bands([raster], target, valid_share, present, str(path))
    notes = soil.notes()
    return effective_thickness(means, layer_edges, target, "soil_thickness", (path,), notes)


class _SoilOfMap:
    """A map of thickness in some unit; counts the cells with soil, and the deep ones among them."""

    def __init__(self, path: Path, nodata: float | None, metres_per_unit: float) -> None:
        self._path = path
        self._nodata = nodata
        self._metres_per_unit = metres_per_unit
        self._with_soil = 0
        self._deep = 0

    def metres(self, stored: npt.NDArray[Any]) -> Array:
        """Thickness in m of a band, NaN where missing."""
        if self._nodata is None:
            _refuse_undeclared(self._path, stored)
        thickness = stored.astype(np.float64)
        thickness[(thickness < 0.0) | (stored == self._nodata)] = np.nan
        thickness *= self._metres_per_unit
        refuse_thick(self._path, thickness, 'give the unit of the file: units = "m" or "cm"')
        self._with_soil += int((thickness > 0.0).sum())
        self._deep += int((thickness > DEEPEST_MAPPED).sum())
        return thickness

    def notes(self) -> tuple[str, ...]:
        """That the median is deep, where it is."""
        if 2 * self._deep <= self._with_soil:
            return ()
        share = 100.0 * self._deep / self._with_soil
        return (
            f"thickness: {share:.0f} % of the map's cells with soil are deeper than "
            f"{DEEPEST_MAPPED:g} m, where the maps of Pelletier et al. 2016 end; check units of "
            "[inputs.thickness]",
        )


def _refuse_undeclared(path: Path, stored: npt.NDArray[Any]) -> None:
    """Raise where unsigned numbers reach their end, 255 of a byte: maps mean nodata by it."""
    if not np.issubdtype(stored.dtype, np.unsignedinteger):
        return
    last = np.iinfo(stored.dtype).max
    count = int((stored == last).sum())
    if count:
        raise InputError(
            "The soil thickness cannot be used (1 problem)",
            [
                Problem(
                    f"{path}: thickness",
                    f"{last} in {count} cells, the largest {stored.dtype}, and no nodata declared",
                    "a map that declares its nodata, or a type that does not end at a thickness",
                    f"rio edit-info --nodata {last} {path}; if {last} is a thickness: "
                    f"rio convert --dtype int32 {path} OUT.tif",
                )
            ],
        )


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
