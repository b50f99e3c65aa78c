"""Layers taken together: fluxes are added first, then fitted; states are means by thickness."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]
# Top and bottom of the groups of several layers that the tables speak of, cm; the whole column is
# always one.
_GROUPS_CM = ((0.0, 40.0), (40.0, 200.0), (0.0, 100.0))
_NEAR_CM = 1e-6


class LayerGroup(NamedTuple):
    """Layers that follow one another: positions from ``first`` to before ``stop``, depths in m."""

    name: str
    first: int
    stop: int
    top: float
    bottom: float

    @property
    def layers(self) -> slice:
        """Their positions."""
        return slice(self.first, self.stop)


def layer_groups(bounds: npt.ArrayLike) -> tuple[LayerGroup, ...]:
    """Each layer, then 0-40, 40-200 and 0-100 cm where layers end there, then the whole column.

    Parameters
    ----------
    bounds
        Top and bottom of each layer, (layer, 2), m.

    Source: layers and depths of the manuscript, its Figs 5, 6 and section 3.3.

    >>> groups = layer_groups([[0.0, 0.1], [0.1, 0.4], [0.4, 1.0], [1.0, 2.0]])
    >>> [group.name for group in groups]
    ['0-10 cm', '10-40 cm', '40-100 cm', '100-200 cm', '0-40 cm', '40-200 cm', '0-100 cm',
     '0-200 cm']
    """
    edges = 100.0 * np.asarray(bounds, dtype=np.float64)
    layers = range(edges.shape[0])
    spans = [(layer, layer + 1) for layer in layers]
    for top, bottom in (*_GROUPS_CM, (edges[0, 0], edges[-1, 1])):
        first = [layer for layer in layers if abs(edges[layer, 0] - top) < _NEAR_CM]
        last = [layer for layer in layers if abs(edges[layer, 1] - bottom) < _NEAR_CM]
        if first and last and first[0] <= last[0]:
            spans.append((first[0], last[0] + 1))
    return tuple(_group(edges, *span) for span in dict.fromkeys(spans))


def summed(fields: npt.NDArray[np.floating], group: LayerGroup) -> Array:
    """A flux of a group, (..., cell) from (..., layer, cell), float64; NaN where a layer has none.

    >>> group = layer_groups([[0.0, 0.1], [0.1, 0.4]])[-1]
    >>> summed(np.array([[1.0, np.nan], [2.0, 3.0]]), group)
    array([ 3., nan])
    """
    total = fields[..., group.first, :].astype(np.float64)
    for layer in range(group.first + 1, group.stop):
        total += fields[..., layer, :]
    return total


def mean_state(fields: npt.NDArray[np.floating], group: LayerGroup, bounds: npt.ArrayLike) -> Array:
    """Mean of a state (soil moisture, temperature) of a group by the thickness of its layers.

    >>> bounds = [[0.0, 0.1], [0.1, 0.4]]
    >>> mean_state(np.array([[280.0], [284.0]]), layer_groups(bounds)[-1], bounds)
    array([283.])
    """
    edges = np.asarray(bounds, dtype=np.float64)[group.layers]
    thickness = edges[:, 1] - edges[:, 0]
    total = np.zeros((*fields.shape[:-2], fields.shape[-1]))
    for layer, part in zip(range(group.first, group.stop), thickness, strict=True):
        total += part * fields[..., layer, :]
    return np.asarray(total / thickness.sum())


def _group(edges: Array, first: int, stop: int) -> LayerGroup:
    top, bottom = float(edges[first, 0]), float(edges[stop - 1, 1])
    return LayerGroup(f"{top:g}-{bottom:g} cm", first, stop, top / 100.0, bottom / 100.0)
