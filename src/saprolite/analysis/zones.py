"""Totals and means by climate group (A to E of the Koeppen-Geiger classes)."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from saprolite.analysis.maps import RunMaps
from saprolite.analysis.means import MeanFlux, mean_flux

# Highest class code of each group, by the codes of Beck et al.
_GROUPS = {
    "A tropical": 3, "B arid": 7, "C temperate": 16, "D cold": 28, "E polar": 30,
}  # fmt: skip
CLIMATE_GROUPS = tuple(_GROUPS)
UNCLASSIFIED = "unclassified"


class ZoneRow(NamedTuple):
    """One climate group: totals by layer and altogether (Tg C yr-1), areas (km2), means."""

    name: str
    total: float
    by_layer: tuple[float, ...]
    land_area: float
    valid_area: float
    means: MeanFlux


def group_masks(climate: npt.NDArray[np.integer]) -> dict[str, npt.NDArray[np.bool_]]:
    """One mask per climate group, and one for land without a class.

    >>> masks = group_masks(np.array([0, 3, 4, 30]))
    >>> [name for name in masks if masks[name].any()]
    ['A tropical', 'B arid', 'E polar', 'unclassified']
    """
    masks, lowest = {}, 1
    for name, highest in _GROUPS.items():
        masks[name] = (climate >= lowest) & (climate <= highest)
        lowest = highest + 1
    masks[UNCLASSIFIED] = ~np.any(list(masks.values()), axis=0)
    return masks


def zone_rows(maps: RunMaps) -> list[ZoneRow]:
    """The climate groups; their totals add up to the global one."""
    rows = []
    for name, mask in group_masks(maps.climate).items():
        zone = mask & maps.land
        by_layer = tuple(maps.total(np.where(zone, layer, np.nan)) for layer in maps.layers)
        rows.append(
            ZoneRow(
                name,
                sum(by_layer),
                by_layer,
                float(maps.area[zone].sum()),
                float(maps.area[zone & maps.valid].sum()),
                mean_flux(np.where(zone, maps.column, np.nan), maps.area, zone),
            )
        )
    return rows
