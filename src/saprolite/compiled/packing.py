"""Pieces of an array into places among other bytes, and out of them again; without the GIL."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

Bytes = npt.NDArray[np.uint8]
Positions = npt.NDArray[np.int64]


def fill_in(values: npt.NDArray[Any], places: Positions, sizes: Positions, data: Bytes) -> None:
    """Put the bytes of an array, in C order, into pieces of ``sizes`` at ``places`` of ``data``."""
    _kernels()[0](_bytes(values), places, sizes, data)


def take_out(
    data: Bytes, fixed: Bytes, places: Positions, sizes: Positions, values: npt.NDArray[Any]
) -> bool:
    """The way back, into ``values``; whether what is between the pieces is as in ``fixed``."""
    data = data.view()
    data.flags.writeable = False  # one code for what is mapped and what is not
    return bool(_kernels()[1](data, fixed, places, sizes, _bytes(values)))


def _bytes(values: npt.NDArray[Any]) -> Bytes:
    return values.reshape(-1).view(np.uint8)


@cache
def _kernels() -> tuple[Any, Any]:
    from saprolite.compiled.binding import specialised

    return specialised(_fill_in, {}, "float64"), specialised(_take_out, {}, "float64")


def _fill_in(values, places, sizes, data):  # type: ignore[no-untyped-def]
    first = 0
    for piece in range(places.size):
        place, size = places[piece], sizes[piece]
        source, target = values[first : first + size], data[place : place + size]
        for i in range(size):
            target[i] = source[i]
        first += size


def _take_out(data, fixed, places, sizes, values):  # type: ignore[no-untyped-def]
    first, after, differ = 0, 0, np.uint8(0)
    for piece in range(places.size + 1):
        place = places[piece] if piece < places.size else data.size
        found, expected = data[after:place], fixed[after:place]
        for i in range(place - after):
            differ |= found[i] ^ expected[i]
        if piece < places.size:
            size = sizes[piece]
            source, target = data[place : place + size], values[first : first + size]
            for i in range(size):
                target[i] = source[i]
            first, after = first + size, place + size
    return differ == 0
