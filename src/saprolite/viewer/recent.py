"""What has been read of late, up to so many bytes: maps that are asked for again and again."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Any

import numpy.typing as npt

Array = npt.NDArray[Any]


class Recent:
    """Arrays by key; each is made once at a time, the longest unused give way.

    >>> import numpy as np
    >>> recent = Recent(most_bytes=8 * 10)
    >>> recent.get("a", lambda: np.zeros(8)) is recent.get("a", lambda: np.ones(8))
    True
    """

    def __init__(self, most_bytes: int) -> None:
        self._most, self._bytes = most_bytes, 0
        self._kept: OrderedDict[Hashable, Array] = OrderedDict()
        self._lock = threading.Lock()
        self._making: dict[Hashable, threading.Lock] = {}

    def get(self, key: Hashable, make: Callable[[], Array]) -> Array:
        """The array of a key, made if it is not there; threads that ask for the same one wait."""
        with self._lock:
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._kept:
                    self._kept.move_to_end(key)
                    return self._kept[key]
            made = make()
            with self._lock:
                self._keep(key, made)
                self._making.pop(key, None)
        return made

    def _keep(self, key: Hashable, made: Array) -> None:
        self._kept[key] = made
        self._bytes += made.nbytes
        while self._bytes > self._most and len(self._kept) > 1:
            self._bytes -= self._kept.popitem(last=False)[1].nbytes
