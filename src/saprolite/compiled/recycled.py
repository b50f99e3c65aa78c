"""Memory of results that are gone, given to new ones of their size.

The first touch of new memory costs more than what is computed into it: the system clears a page
after the other, and a virtual machine has to find each of them first.
"""

from __future__ import annotations

import math
from collections import deque
from typing import Any

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[Any]
# Pieces that may wait, those that came first go back to the system; larger ones do so at once.
_MOST, _LARGEST_BYTES = 8, 128 * 1024 * 1024


class Recycled:
    """Arrays from memory that is used again as soon as no array, nor any view of one, has it;
    ``most`` pieces wait for that.

    >>> memory = Recycled()
    >>> first = memory.empty((2, 3), np.float64)
    >>> place = first.ctypes.data
    >>> view = first[1]
    >>> del first
    >>> memory.empty((3, 2), np.float64).ctypes.data == place  # the view still has it
    False
    >>> del view
    >>> memory.empty((6,), np.float64).ctypes.data == place
    True
    """

    def __init__(self, most: int = _MOST) -> None:
        self._waiting: deque[Array] = deque(maxlen=most)

    def empty(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """An array (C order) whose values are not set; thread-safe."""
        kind = np.dtype(dtype)
        size = math.prod(shape) * kind.itemsize
        if not size:
            return np.empty(shape, kind)
        lent: Any = _Lent(self._taken(size), self._waiting)
        array: Array = np.asarray(lent).view(kind).reshape(shape)
        return array

    def _taken(self, size: int) -> Array:
        """Memory of a size that waits, or new memory."""
        for _ in range(len(self._waiting)):
            try:
                memory = self._waiting.pop()
            except IndexError:  # another thread was faster
                break
            if memory.size == size:
                return memory
            self._waiting.appendleft(memory)
        return np.empty(size, np.uint8)


class _Lent:
    """What the arrays of a piece of memory hold on to: when the last of them is gone, the memory
    waits for the next."""

    def __init__(self, memory: Array, waiting: deque[Array]) -> None:
        self._memory, self._waiting = memory, waiting
        self.__array_interface__ = memory.__array_interface__

    def __del__(self) -> None:
        if self._memory.size <= _LARGEST_BYTES:
            self._waiting.append(self._memory)
