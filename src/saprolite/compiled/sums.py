"""Sums over the layers of a map and over its rows, in one fixed order."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.compiled.binding import specialised

Array = npt.NDArray[Any]


def add_up(flux: Array, area: Array, starts: Array, column: Array, rows: Array) -> None:
    """Fill ``column`` and ``rows`` with the sums of a flux (layer, cell), in float64.

    ``column`` (cell): all layers in order; NaN where a layer has no value. ``rows`` (row): flux
    times ``area`` over the cells ``starts[row]`` to ``starts[row + 1]``, a layer without a value
    counted as 0.
    """
    _kernel()(flux, area, starts, column, rows)


@cache
def _kernel() -> Callable[..., None]:
    return specialised(_sums, {}, "float64")


def _sums(flux, area, starts, column, rows):  # type: ignore[no-untyped-def]
    layers, cells = flux.shape
    valid = np.zeros(cells)
    column[:] = 0.0
    for layer in range(layers):
        row = flux[layer]
        for cell in range(cells):
            value = np.float64(row[cell])
            column[cell] += value
            valid[cell] += value if value == value else 0.0
    for cell in range(cells):
        valid[cell] *= area[cell]
    for row in range(rows.shape[0]):
        total = 0.0
        for cell in range(starts[row], starts[row + 1]):
            total += valid[cell]
        rows[row] = total
