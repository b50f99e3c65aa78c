"""Whose turn it is: the order of the blocks of a run, and what the blocks of a band share."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from saprolite.engine.kernels import Block

Value = TypeVar("Value")


def turn(block: Block, bands: int, workers: int) -> tuple[int, int, int]:
    """Where a block stands in the order of a run: (group of bands, year, band).

    As many bands as there are workers are gone through together, year after year, before the next
    ones are begun: each worker makes what a band shares, none waits, and few bands are held.

    >>> blocks = [Block(n, 2000 + n // 3, slice(0), slice(0)) for n in range(6)]  # of three bands
    >>> [block.number for block in sorted(blocks, key=lambda block: turn(block, 3, 2))]
    [0, 1, 3, 4, 2, 5]
    """
    band = block.number % bands
    return band // workers, block.year, band


def in_turns(blocks: Iterable[Block], bands: int, workers: int, shares_bands: bool) -> list[Block]:
    """Blocks in the order in which so many workers are to take them; year after year where the
    blocks of a band share nothing (those of a year have their files in common)."""
    together = workers if shares_bands else bands
    return sorted(blocks, key=lambda block: turn(block, bands, together))


@dataclass
class _Entry(Generic[Value]):
    """What a band shares: a list of one once it is made; how many blocks use it now."""

    made: list[Value] = field(default_factory=list)
    users: int = 0
    making: threading.Lock = field(default_factory=threading.Lock)


class SharedByBand(Generic[Value]):
    """What all blocks of a band share, made by the first one that asks; others of the band wait
    for it, those of other bands do not.

    Values of the bands that were asked for last are held: one for each of the ``workers``, and the
    next one, so that a worker that goes ahead to it takes nothing from the others.
    """

    def __init__(self, make: Callable[[slice], Value], workers: int) -> None:
        self._make = make
        self._held = workers + 1
        self._entries: dict[tuple[int, int], _Entry[Value]] = {}
        self._lock = threading.Lock()

    @contextmanager
    def of(self, cells: slice) -> Iterator[Value]:
        """The value of the band of these cells, held at least as long as the context."""
        key = (cells.start, cells.stop)
        with self._lock:
            entry = self._entries.pop(key, None) or _Entry()
            self._entries[key] = entry  # the last one: asked for last
            entry.users += 1
            self._let_go()
        try:
            with entry.making:
                if not entry.made:
                    entry.made.append(self._make(cells))
            yield entry.made[0]
        finally:
            with self._lock:
                entry.users -= 1
                self._let_go()

    def _let_go(self) -> None:
        """Forget the bands that nobody uses, those first that were asked for longest ago."""
        idle = [key for key, entry in self._entries.items() if not entry.users]
        for key in idle[: max(0, len(self._entries) - self._held)]:
            del self._entries[key]
