"""What the land cells of a run bind, by mineral and layer, and the sums that errors act on.

The CO2 pathway's flux of a mineral is a product: of its rate constant, its content, the soil that
is present, and what the climate makes of them. So a relative error of one of these is a factor on
the stored mean, and on its trend; no run is made anew.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import xarray as xr

from saprolite.analysis.maps import KM2_T_PER_TG
from saprolite.analysis.zones import group_masks
from saprolite.equations import linear_trend
from saprolite.errors import InputError, Problem
from saprolite.models import CO2Pathway, Reading

Array = npt.NDArray[np.float64]
BY_MINERAL, BY_GROUP = "carbon_sink_flux_by_mineral", "carbon_sink_flux_by_group"
CONTROL = "control"


@dataclass(frozen=True)
class CellAmounts:
    """Land cells with a value, sorted by climate group: ``flux`` and ``trend`` (mineral, layer,
    cell), Tg C yr-1 and yr-2, 0 where a layer has none; ``trend`` is 0 in a run without trends
    (``has_trend``). ``place``: flat index of a cell on the map; ``valid``: it has a value in every
    layer; ``starts``: where each group (and what has no class) begins; ``area``: km2."""

    minerals: tuple[str, ...]
    layers: tuple[str, ...]
    groups: tuple[str, ...]
    flux: Array
    trend: Array
    has_trend: bool
    place: npt.NDArray[np.int64]
    valid: npt.NDArray[np.bool_]
    starts: npt.NDArray[np.int64]
    area: Array
    reading: Reading

    def sums(self, weights: Array | None = None) -> Array:
        """Sums over cells times ``weights`` (cell), 1 by default: (mineral, layer, column).

        The columns are the climate groups, the cells with a value in every layer, and the trend.
        The order of the sums is fixed.
        """
        weighted = np.ones(self.place.size) if weights is None else weights
        parts = [
            _sum(self.flux[..., first:last], weighted[first:last])
            for first, last in itertools.pairwise(self.starts)
        ]
        parts.append(_sum(self.flux, weighted * self.valid))
        parts.append(_sum(self.trend, weighted))
        return np.stack(parts, axis=-1)

    def squares(self) -> Array:
        """Sums over the cells of each group of products of two (mineral, layer), (group, pair,
        pair): what independent errors of cells are made of."""
        pairs = self.flux.reshape(-1, self.place.size)
        return np.stack(
            [pairs[:, a:b] @ pairs[:, a:b].T
             for a, b in itertools.pairwise(self.starts)]
        )  # fmt: skip

    @property
    def valid_area(self) -> float:
        """Area of the cells with a value in every layer, km2."""
        return float(self.area[self.valid].sum())


def cell_amounts(fluxes: xr.Dataset) -> CellAmounts:
    """Read the stored means and trends of a finished run.

    Raises ``InputError`` for a run whose flux is not linear in its static factors (a soil column).
    """
    if "column_reading" in fluxes.attrs:
        raise InputError(
            "The errors of this run cannot be drawn (1 problem)",
            [Problem("the run", "a soil column, whose chemistry feeds back on itself",
                     "a run of the CO2 pathway, linear in constants, contents and thickness",
                     'a study with model = "profile-co2"')],
        )  # fmt: skip
    flux = fluxes[BY_MINERAL].values
    layers = flux.sum(axis=0)
    there = np.isfinite(layers).any(axis=0)
    if not there.any():
        raise InputError(
            "The errors of this run cannot be drawn (1 problem)",
            [Problem("the run", "no cell with a mean", "a finished run", "saprolite run STUDY")],
        )
    masks = group_masks(fluxes["climate_class"].values)
    number = np.zeros(there.shape, np.int64)
    for index, mask in enumerate(masks.values()):
        number[mask] = index
    cells = np.flatnonzero(there)
    cells = cells[np.argsort(number.ravel()[cells], kind="stable")]
    area = fluxes["cell_area"].values.ravel()[cells]
    amounts = area / KM2_T_PER_TG
    reading = Reading(**json.loads(str(fluxes.attrs["reading"])))
    packed = flux.reshape(*flux.shape[:2], -1)[..., cells]
    has_trend = "trend_slope" in fluxes
    slope = _slopes(fluxes, reading, packed, cells) if has_trend else np.zeros_like(packed)
    bounds = 100.0 * fluxes["depth_bounds"].values
    return CellAmounts(
        minerals=tuple(str(name) for name in fluxes["mineral"].values),
        layers=tuple(f"{top:g}-{bottom:g} cm" for top, bottom in bounds),
        groups=tuple(masks),
        flux=np.nan_to_num(packed) * amounts,
        trend=np.nan_to_num(slope) * amounts,
        has_trend=has_trend,
        place=cells,
        valid=np.isfinite(layers.sum(axis=0)).ravel()[cells],
        starts=np.searchsorted(number.ravel()[cells], np.arange(len(masks) + 1)),
        area=area,
        reading=reading,
    )


def _slopes(
    fluxes: xr.Dataset, reading: Reading, flux: Array, cells: npt.NDArray[np.int64]
) -> Array:
    """Trends by mineral (mineral, layer, cell): its static share of the trend of its kinetic
    group."""
    minerals = tuple(str(name) for name in fluxes["mineral"].values)
    groups = CO2Pathway.of(reading, minerals).groups
    used = [int(year) for year in fluxes.attrs["years_used"]]
    slopes = np.empty_like(flux)
    for index, group in enumerate(groups):
        members = list(group.members)
        whole = flux[members].sum(axis=0)
        for layer in range(flux.shape[1]):
            if BY_GROUP in fluxes:
                series = fluxes[BY_GROUP].sel(year=used).isel(group=index, layer=layer).values
                slope = linear_trend(series.reshape(len(used), -1)[:, cells].T).slope
            else:
                stored = fluxes["trend_slope"].sel(series=CONTROL).isel(layer=layer).values
                slope = stored.ravel()[cells]
            # 0/0: no mineral of the group in the layer, so no trend to share.
            per_flux = slope / np.where(whole[layer] == 0.0, 1.0, whole[layer])
            slopes[members, layer] = flux[members, layer] * per_flux
    return slopes


def _sum(values: Array, weights: Array) -> Array:
    return np.asarray(np.einsum("mlc,c->ml", values, weights))
