"""What computes a year of a run: the CO2 pathway on months, or soil columns on means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from saprolite.engine import blocks
from saprolite.engine.blocks import COUNTS, Statics
from saprolite.engine.column_blocks import COLUMN_COUNTS, ColumnSolver
from saprolite.inputs import Prepared

Array = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]


class Year(NamedTuple):
    """Flux of a year by part (kinetic group or mineral), (part, layer, cell), t C km-2 yr-1;
    the total, (layer, cell), where it is not the sum of the parts in order; the counts."""

    parts: Array
    total: Array | None
    counts: Mapping[str, int]


class Kernel(Protocol):
    """What a run asks of a model."""

    @property
    def counted(self) -> tuple[str, ...]:
        """Names of the counts."""

    def year(self, year: int) -> Year:
        """One year."""

    def shares(self) -> Array:
        """Share of its part's flux that each mineral has, (mineral, layer, cell)."""

    def known(self) -> Flags:
        """Where the static inputs are complete, (part or 1, layer, cell)."""


class PathwayKernel:
    """The CO2 pathway: static factors times four drivers."""

    counted = COUNTS

    def __init__(self, prepared: Prepared) -> None:
        self._prepared = prepared
        self._statics = Statics.of(prepared.model, prepared.soil)

    def year(self, year: int) -> Year:
        """One year, month by month."""
        flux, counts = blocks.compute_year(self._statics, self._prepared, year)
        return Year(flux, None, counts)

    def shares(self) -> Array:
        """Static shares of the minerals in their kinetic groups."""
        return self._statics.mineral_shares(self._prepared.model)

    def known(self) -> Flags:
        """Where every static factor is known."""
        return np.isfinite(self._statics.by_group)


class ColumnKernel:
    """Soil columns: every mineral is a part of its own."""

    counted = COLUMN_COUNTS

    def __init__(self, prepared: Prepared) -> None:
        self._solver = ColumnSolver(prepared)
        layers = len(prepared.layer_edges) - 1
        self._shape = (len(prepared.minerals), layers, prepared.cells.size)

    def year(self, year: int) -> Year:
        """One year or climatology."""
        solved = self._solver.year(year)
        return Year(solved.by_mineral, solved.total, solved.counts)

    def shares(self) -> Array:
        """Every mineral is the whole of its part."""
        return np.ones(self._shape)

    def known(self) -> Flags:
        """Cells with every static input."""
        return np.broadcast_to(self._solver.complete, (1, *self._shape[1:]))


def kernel_of(prepared: Prepared) -> Kernel:
    """The kernel of a study's model."""
    return PathwayKernel(prepared) if prepared.column is None else ColumnKernel(prepared)


def compute_year(kernel: Kernel, year: int) -> Year:
    """A block of a run: one year of its kernel."""
    return kernel.year(year)


def forcing_is_known(prepared: Prepared) -> Flags:
    """Cells with every value of the forcing in every year of the run."""
    known = np.ones(prepared.cells.size, bool)
    for year in prepared.study.years:
        for values in prepared.read_year(year):
            known &= np.isfinite(values).reshape(-1, known.size).all(axis=0)
    return known
