"""Sums over the layers of a map, its rows, and the months of a year, in one fixed order."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from saprolite.compiled.binding import readable, specialised

Array = npt.NDArray[Any]


def add_up_rows(flux: Array, area: Array, starts: Array, rows: Array) -> None:
    """Fill ``rows`` (row) with the sums of a flux (layer, cell) times ``area``, in float64.

    The cells of a row are ``starts[row]`` to ``starts[row + 1]``; a layer without a value counts
    as 0.
    """
    _kernels()[0](flux, area, starts, rows)


def add_up_layers(flux: Array, first: int, columns: Array) -> None:
    """Fill ``columns`` (year, cell) with the sums of all layers of a flux (year, layer, cell), from
    its cell ``first`` on, in float64; NaN where a layer has no value."""
    _kernels()[1](flux, first, columns)


def mean_over_months(months: Array, weights: Array, mean: Array) -> None:
    """Fill ``mean`` (layer, cell) with the sum of months (month, layer, cell) times the weight of
    each, in float64; NaN where a month has no value."""
    _kernels()[2](readable(months), weights, mean)


@cache
def _kernels() -> tuple[Callable[..., None], ...]:
    return tuple(specialised(kernel, {}, "float64") for kernel in (_rows, _layers, _months))


def _rows(flux, area, starts, rows):  # type: ignore[no-untyped-def]
    longest = 0
    for row in range(rows.shape[0]):
        longest = max(longest, starts[row + 1] - starts[row])
    sums = np.empty(longest)
    for row in range(rows.shape[0]):
        first, size = starts[row], starts[row + 1] - starts[row]
        for cell in range(size):
            sums[cell] = 0.0
        for layer in range(flux.shape[0]):
            values = flux[layer, first : first + size]
            for cell in range(size):
                value = np.float64(values[cell])
                sums[cell] += value if value == value else 0.0
        total = 0.0
        for cell in range(size):
            total += sums[cell] * area[first + cell]
        rows[row] = total


def _layers(flux, first, columns):  # type: ignore[no-untyped-def]
    years, size = columns.shape
    for year in range(years):
        column = columns[year]
        for cell in range(size):
            column[cell] = 0.0
        for layer in range(flux.shape[1]):
            values = flux[year, layer, first : first + size]
            for cell in range(size):
                column[cell] += np.float64(values[cell])


def _months(months, weights, mean):  # type: ignore[no-untyped-def]
    size = mean.shape[1]
    piece = np.empty(512)
    for layer in range(mean.shape[0]):
        for first in range(0, size, piece.size):
            cells = min(piece.size, size - first)
            for cell in range(piece.size):
                piece[cell] = 0.0
            for month in range(months.shape[0]):
                values, weight = months[month, layer, first : first + cells], weights[month]
                for cell in range(cells):
                    piece[cell] += weight * np.float64(values[cell])
            result = mean[layer, first : first + cells]
            for cell in range(cells):
                result[cell] = piece[cell]
