"""What computes a block of a run: the CO2 pathway on months, or soil columns on means."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Protocol

import numpy as np
import numpy.typing as npt

from saprolite.inputs import Prepared
from saprolite.stages import Report
from saprolite.threads import cores

Array = npt.NDArray[Any]
Flags = npt.NDArray[np.bool_]


class Block(NamedTuple):
    """A year of a band of latitude rows; ``cells`` are the packed cells in these rows."""

    number: int
    year: int
    rows: slice
    cells: slice


class Extra(NamedTuple):
    """An array that a kernel gives besides the flux: its name, what its labels are, attributes.

    One without labels has no dimension of its own. Fluxes take the attributes of the flux besides.
    """

    name: str
    dim: str
    labels: tuple[str, ...]
    attributes: Mapping[str, Any]


class Result(NamedTuple):
    """A block computed. Flux by part (kinetic group or mineral), (part, layer, cell), t C km-2
    yr-1, float64; the total, (layer, cell), where it is not the sum of the parts in order; extras
    by name, (label, layer, cell), or (layer, cell) without labels; the counts."""

    parts: Array
    total: Array | None
    extras: Mapping[str, Array]
    counts: Mapping[str, int]


class Kernel(Protocol):
    """What a run asks of a model. Blocks may be asked for by several threads at once."""

    @property
    def counted(self) -> tuple[str, ...]:
        """Names of the counts."""

    @property
    def extras(self) -> tuple[Extra, ...]:
        """What every result holds besides the flux."""

    @property
    def shares_bands(self) -> bool:
        """Whether the blocks of a band share something that is made once for them."""

    def block(self, block: Block) -> Result:
        """One block."""

    def shares(self) -> Array:
        """Share of its part's flux that each mineral has, (mineral, layer, cell)."""

    def known(self) -> Flags:
        """Where the static inputs are complete, (part or 1, layer, cell)."""

    def warm_up(self, report: Report) -> None:
        """What is done once, before threads start: compiling."""


def kernel_of(prepared: Prepared) -> Kernel:
    """The kernel of a study's model."""
    if prepared.column is not None:
        from saprolite.engine.column_blocks import ColumnKernel

        return ColumnKernel(prepared)
    from saprolite.engine.pathway_blocks import PathwayKernel

    return PathwayKernel(prepared)


def extras_of(prepared: Prepared) -> tuple[Extra, ...]:
    """The extras that the kernel of a study has, without making it."""
    if prepared.column is not None:
        return ()
    from saprolite.engine import pathway_blocks

    return pathway_blocks.extras_of(prepared.study)


def workers_of(prepared: Prepared) -> int:
    """Threads that compute blocks at a time."""
    return prepared.study.engine.workers or cores()


def is_climatology(prepared: Prepared) -> bool:
    """Whether a study computes one mean year, the same result for all its years."""
    column = prepared.study.column
    return column is not None and column.averaging == "climatology"


def forcing_is_known(prepared: Prepared) -> Flags:
    """Cells with every value of the forcing in every year of the run."""
    known = np.ones(prepared.cells.size, bool)
    for year in prepared.study.years:
        for values in prepared.read_year(year):
            known &= np.isfinite(values).reshape(-1, known.size).all(axis=0)
    return known
