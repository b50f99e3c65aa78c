"""Soil thickness of Pelletier et al. (2016), ORNL DAAC 1304: six GeoTIFFs of 30 seconds, metres.

Quirks: the average and the lowland map are bytes of whole metres, 255 (or -1) is nodata and 50
means 50 m or more; the hillslope maps are floats with -1 as nodata; ``hill-slope_valley-bottom``,
the fraction of hillslope, uses -1 too but does not say so.
"""

from __future__ import annotations

from contextlib import ExitStack
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.equations import layer_presence
from saprolite.errors import InputError, Problem, raise_if_any
from saprolite.grid import Grid
from saprolite.sources.files import Array, StaticField
from saprolite.sources.rasters import means_of_bands, opened_geographic, require_one_grid
from saprolite.sources.thickness import DEEPEST_MAPPED, effective_thickness, layers_present

AVERAGE = "average_soil_and_sedimentary-deposit_thickness.tif"
HILLSLOPE = "upland_hill-slope_soil_thickness.tif"
LOWLAND = "upland_valley-bottom_and_lowland_sedimentary_deposit_thickness.tif"
FRACTION = "hill-slope_valley-bottom.tif"
_WHAT = "a GeoTIFF of Pelletier et al. 2016 (ORNL DAAC 1304)"
_NODATA = (-1, 255)


def read_pelletier_average(
    folder: Path, layer_edges: tuple[float, ...], target: Grid, valid_share: float = 0.5
) -> StaticField:
    """Soil present in each layer from the average map, which knows whole metres only."""
    path = folder / AVERAGE
    with opened_geographic(path, _WHAT) as raster:
        byte = _Metres(path, raster)

        def present(stored: list[npt.NDArray[Any]]) -> Array:
            return layers_present(byte.values(stored[0]), layer_edges)

        means = means_of_bands([raster], target, valid_share, present, str(path))
    notes = ("thickness: whole metres; a soil thinner than 0.5 m may count as none", *byte.notes())
    return effective_thickness(means, layer_edges, target, "pelletier", (path,), notes)


def read_pelletier_hillslopes(
    folder: Path, layer_edges: tuple[float, ...], target: Grid, valid_share: float = 0.5
) -> StaticField:
    """Soil present in each layer: on the hillslopes the soil, on the rest the deposits.

    Each part is clipped to the layers, then weighted by the fraction of hillslope. Where one part
    has no value, the other stands alone, unless the fraction gives it no area.
    """
    paths = [folder / name for name in (HILLSLOPE, LOWLAND, FRACTION)]
    with ExitStack() as stack:
        rasters: list[Any] = []
        problems: list[Problem] = []
        for path in paths:
            try:
                rasters.append(stack.enter_context(opened_geographic(path, _WHAT)))
            except InputError as error:
                problems += error.problems
        raise_if_any(InputError, "The maps of soil thickness cannot be used", problems)
        require_one_grid(paths, rasters)
        soil, deposit = (_Metres(*pair) for pair in zip(paths[:2], rasters[:2], strict=True))
        fraction = _Fraction(paths[2], rasters[2])

        def present(stored: list[npt.NDArray[Any]]) -> Array:
            return _weighted(
                soil.values(stored[0]),
                deposit.values(stored[1]),
                fraction.values(stored[2]),
                layer_edges,
            )

        means = means_of_bands(rasters, target, valid_share, present, str(folder))
    notes = (*soil.notes(), *deposit.notes())
    return effective_thickness(means, layer_edges, target, "pelletier", tuple(paths), notes)


def _weighted(
    soil: Array, deposit: Array, fraction: Array, layer_edges: tuple[float, ...]
) -> Array:
    """Soil in each layer (layer, row, column): the two parts clipped to it, then their mean by
    area. A part without a value has no weight; both without a fraction have none."""
    has_soil, has_deposit = np.isfinite(soil), np.isfinite(deposit)
    stated = np.isfinite(fraction)
    share = np.where(stated, fraction, 0.5)
    on_soil = np.where(has_soil & (stated | ~has_deposit), share, 0.0)
    on_deposit = np.where(has_deposit & (stated | ~has_soil), 1.0 - share, 0.0)
    total = on_soil + on_deposit
    total[total == 0.0] = np.nan
    on_soil /= total
    on_deposit /= total
    soil, deposit = np.where(has_soil, soil, 0.0), np.where(has_deposit, deposit, 0.0)
    present = np.empty((len(layer_edges) - 1, *soil.shape))
    for layer, (top, bottom) in enumerate(pairwise(layer_edges)):
        present[layer] = on_soil * layer_presence(soil, top, bottom)
        present[layer] += on_deposit * layer_presence(deposit, top, bottom)
    return present


class _Metres:
    """A map of metres up to the cap; counts the cells at the cap."""

    def __init__(self, path: Path, raster: Any) -> None:
        self._path = path
        self._nodata = raster.nodata
        self._capped = 0

    def values(self, stored: npt.NDArray[Any]) -> Array:
        """Metres, NaN where missing; ``InputError`` for what is no thickness of the product."""
        values = _without_nodata(stored, self._nodata)
        low, high = np.nanmin(values, initial=0.0), np.nanmax(values, initial=0.0)
        if low < 0.0 or high > DEEPEST_MAPPED:
            raise _refused(self._path, low, high, f"0 to {DEEPEST_MAPPED:g} m", "thickness in m")
        self._capped += int((values == DEEPEST_MAPPED).sum())
        return values

    def notes(self) -> tuple[str, ...]:
        """How many cells hold the cap."""
        if not self._capped:
            return ()
        name = self._path.name
        return (
            f"thickness: {self._capped} cells of {name} hold {DEEPEST_MAPPED:g} m, "
            "which means or more",
        )


class _Fraction:
    """The fraction of hillslope."""

    def __init__(self, path: Path, raster: Any) -> None:
        self._path = path
        self._nodata = raster.nodata

    def values(self, stored: npt.NDArray[Any]) -> Array:
        """0 to 1, NaN where missing; ``InputError`` for what is no fraction."""
        values = _without_nodata(stored, self._nodata)
        low, high = np.nanmin(values, initial=0.0), np.nanmax(values, initial=0.0)
        if low < 0.0 or high > 1.0 + 1e-6:
            raise _refused(self._path, low, high, "0 to 1", "fraction of hillslope")
        return values


def _without_nodata(stored: npt.NDArray[Any], nodata: float | None) -> Array:
    values = stored.astype(np.float64)
    for mark in {*_NODATA, nodata} - {None}:
        values[stored == mark] = np.nan
    return values


def _refused(path: Path, low: float, high: float, accepted: str, what: str) -> InputError:
    return InputError(
        "The maps of soil thickness cannot be used (1 problem)",
        [
            Problem(
                f"{path}: {what}",
                f"{low:g} to {high:g}",
                f"{accepted}, nodata -1 (255 as a byte)",
                "give the published files; check the fill value and the unit",
            )
        ],
    )
