"""Between packed land cells and maps, by runs of cells that lie side by side; without the GIL."""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
Positions = npt.NDArray[np.int64]


class Runs(NamedTuple):
    """Packed cells as runs: where each begins on the flat map, and in the packed array, the end
    of the last one included."""

    on_map: Positions
    packed: Positions

    @classmethod
    def of(cls, cells: Positions) -> Runs:
        """The runs of increasing flat indices.

        >>> Runs.of(np.array([2, 3, 4, 9]))
        Runs(on_map=array([2, 9]), packed=array([0, 3, 4]))
        """
        first = np.flatnonzero(np.diff(cells, prepend=-2) != 1)
        return cls(np.asarray(cells[first], np.int64), np.append(first, cells.size))


def spread_out(values: Array, runs: Runs, maps: Array) -> None:
    """Put (layer, cell) onto the runs of flat maps (layer, place); the rest stays as it is."""
    _kernels()[0](np.ascontiguousarray(values), *runs, maps)


def gathered(maps: Array, runs: Runs) -> Array:
    """The cells of the runs from flat maps (layer, place), as (layer, cell)."""
    found = np.empty((maps.shape[0], int(runs.packed[-1])), maps.dtype)
    _kernels()[1](maps, *runs, found)
    return found


@cache
def _kernels() -> tuple[Any, Any]:
    from saprolite.compiled.binding import specialised

    return specialised(_spread_out, {}, "float64"), specialised(_gathered, {}, "float64")


def _spread_out(values, on_map, packed, maps):  # type: ignore[no-untyped-def]
    for layer in range(values.shape[0]):
        for run in range(on_map.size):
            first, last, place = packed[run], packed[run + 1], on_map[run]
            source = values[layer, first:last]
            target = maps[layer, place : place + last - first]
            for i in range(last - first):
                target[i] = source[i]


def _gathered(maps, on_map, packed, values):  # type: ignore[no-untyped-def]
    for layer in range(values.shape[0]):
        for run in range(on_map.size):
            first, last, place = packed[run], packed[run + 1], on_map[run]
            source = maps[layer, place : place + last - first]
            target = values[layer, first:last]
            for i in range(last - first):
                target[i] = source[i]
