"""From the horizons of a product to the layers of a study, conserving mass."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from saprolite.errors import InputError, Problem

Array = npt.NDArray[np.float64]


def overlap(source: Sequence[float], target: Sequence[float]) -> Array:
    """Thickness (m) that each target layer (rows) shares with each source horizon (columns).

    ``source`` and ``target`` are depths of borders, m, from the surface down.

    >>> overlap([0.0, 0.3, 1.0], [0.0, 0.1, 0.4]).round(12)
    array([[0.1, 0. ],
           [0.2, 0.1]])
    """
    _require_order(source, target)
    top = np.maximum(np.asarray(source)[None, :-1], np.asarray(target)[:-1, None])
    bottom = np.minimum(np.asarray(source)[None, 1:], np.asarray(target)[1:, None])
    return np.asarray(np.clip(bottom - top, 0.0, None))


def remap_layers(values: Array, source: Sequence[float], target: Sequence[float]) -> Array:
    """Mean over each target layer of a quantity per volume or mass (density, fraction).

    ``values``: first axis the source horizons. The deepest horizon is extended down where the
    target goes deeper, the shallowest up. Thickness x value is conserved where both cover the same
    depth. A horizon without value (NaN) makes NaN of the layers that it reaches.

    >>> remap_layers(np.array([1.0, 4.0]), [0.0, 0.3, 1.0], [0.0, 0.1, 0.4, 1.0, 2.0]).round(12)
    array([1., 2., 4., 4.])
    """
    _require_order(source, target)
    source = list(source)
    source[0] = min(source[0], target[0])
    source[-1] = max(source[-1], target[-1])
    shared = overlap(source, target)
    return _weighted(values, shared / shared.sum(axis=1, keepdims=True))


def remap_amounts(values: Array, source: Sequence[float], target: Sequence[float]) -> Array:
    """Amount in each target layer of a quantity per area (kg m-2): split by shared thickness.

    The sum over the layers is the sum over the horizons wherever the target covers the source.

    >>> remap_amounts(np.array([30.0, 70.0]), [0.0, 0.3, 1.0], [0.0, 0.1, 0.4, 1.0]).round(12)
    array([10., 30., 60.])
    """
    shared = overlap(source, target)
    return _weighted(values, shared / np.diff(source)[None, :])


def _require_order(source: Sequence[float], target: Sequence[float]) -> None:
    for name, depths in (("source", source), ("target", target)):
        if len(depths) < 2 or np.any(np.diff(depths) <= 0.0):
            raise InputError(
                "Layers cannot be remapped (1 problem)",
                [
                    Problem(
                        f"{name} borders",
                        str(list(depths)),
                        "depths in m, increasing downwards",
                        "correct the depths of the layers",
                    )
                ],
            )


def _weighted(values: Array, weights: Array) -> Array:
    rows = []
    for row in weights:
        total = np.zeros(values.shape[1:])
        for weight, value in zip(row, values, strict=True):
            if weight > 0.0:
                total = total + weight * value
        rows.append(total)
    return np.stack(rows)
