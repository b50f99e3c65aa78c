"""What a click on a cell costs: small files of neighbouring cells, all years of a series in one."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from saprolite.analysis.annual import CONTROL
from saprolite.threads import in_order
from saprolite.viewer.encoding import CELL_BITS, packed
from saprolite.viewer.quantities import MEAN, Quantity
from saprolite.viewer.viewed_run import ViewedRun

# Cells of a file, in map order: 49 years of four layers are 100 kB before they are packed.
TILE = 128


class Fact(NamedTuple):
    """A map whose values are listed for a cell: rows of a file, (series, layers) in order."""

    quantity: Quantity
    time: str
    series: tuple[str, ...]

    @property
    def rows(self) -> int:
        """How many numbers of a cell it is."""
        return len(self.series) * len(self.quantity.layers)

    def maps(self) -> Iterator[tuple[str, str, str]]:
        """The maps in the order of the rows."""
        for series in self.series:
            for layers in self.quantity.layers:
                yield series, layers, self.time


def tiles(run: ViewedRun) -> int:
    """How many files the cells are spread over."""
    return -(-run.cells.size // TILE)


def facts(quantities: tuple[Quantity, ...]) -> tuple[Fact, ...]:
    """The maps that are listed for a cell: all but those of single years and their means, of which
    only the flux of the control is."""
    found = []
    for quantity in quantities:
        labels = tuple(series.label for series in quantity.series)
        if quantity.yearly:
            if MEAN in quantity.times and CONTROL in labels:
                found.append(Fact(quantity, MEAN, (CONTROL,)))
            continue
        found += [Fact(quantity, time, labels) for time in quantity.times]
    return tuple(found)


def facts_file(listed: tuple[Fact, ...], tile: int) -> bytes:
    """The facts of the cells of a tile, (row, cell)."""
    part = slice(tile * TILE, (tile + 1) * TILE)
    wanted = ((fact.quantity.read, which) for fact in listed for which in fact.maps())
    rows = in_order(lambda each: each[0](*each[1])[part], wanted)
    return packed(np.array(list(rows), np.float32), CELL_BITS)


def series_file(run: ViewedRun, quantity: Quantity, series: str, tile: int) -> bytes:
    """All years of a series for the cells of a tile, (single layer, year, cell)."""
    cube = run.cube(
        (quantity.name, series), lambda layers, year: quantity.read(series, layers, str(year))
    )
    return packed(cube[:, :, tile * TILE : (tile + 1) * TILE], CELL_BITS)
