"""A block that cannot be computed: which cell it is, and what goes into it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from saprolite.engine.kernels import Block, Kernel
from saprolite.engine.ledger import Entry
from saprolite.errors import IncompleteRunError, Problem, SaproliteError, raise_if_any
from saprolite.inputs import Prepared

SHOWN = 20


def described(kernel: Kernel, prepared: Prepared, block: Block, error: Exception) -> str:
    """The error of a block, and the cell that it comes from with its inputs if it can be found."""
    if isinstance(error, SaproliteError):
        return str(error)  # says itself what is wrong, and where
    text = f"{type(error).__name__}: {error}"
    cell, where = narrowed(kernel, block)
    if cell is None:
        return f"{text}; {where}"
    row, column = divmod(int(prepared.cells[cell]), prepared.grid.lon.size)
    lat, lon = prepared.grid.lat[row], prepared.grid.lon[column]
    values = "\n".join(f"      {name}: {value}" for name, value in inputs(prepared, block, cell))
    return f"{text}; cell lat {lat:g}, lon {lon:g}, with\n{values}"


def narrowed(kernel: Kernel, block: Block) -> tuple[int | None, str]:
    """The first cell of a block that fails by itself; None, and why, where no cell stands out."""
    first, last = block.cells.start, block.cells.stop
    passed = False
    while last - first > 1:
        middle = (first + last) // 2
        halves = (slice(first, middle), slice(middle, last))
        failing = [half for half in halves if _fails(kernel, block._replace(cells=half))]
        passed |= len(failing) < len(halves)
        if not failing:
            return None, f"its {last - first} cells can be computed in two halves"
        first, last = failing[0].start, failing[0].stop
    if not passed and block.cells.stop - block.cells.start > 1:
        return None, "every part of the block fails"
    return first, ""


def inputs(prepared: Prepared, block: Block, cell: int) -> list[tuple[str, str]]:
    """What goes into a cell in the year of a block: names and values, layer by layer."""
    soil, forcing = prepared.soil, prepared.read_year(block.year)
    fields: dict[str, Any] = {
        **{name: getattr(soil, name) for name in ("clay", "silt", "sand", "bulk_density")},
        "thickness": soil.thickness,
        **{f"share of {name}": share for name, share in soil.mineral_share.items()},
    }
    found = [(name, _numbers(np.asarray(values)[..., cell])) for name, values in fields.items()]
    for name, months in forcing._asdict().items():
        here = np.asarray(months)[..., cell]
        if here.ndim == 1:
            found.append((name, _numbers(here)))
        else:
            found += [
                (f"{name}, layer {layer + 1}", _numbers(values))
                for layer, values in enumerate(here.T)
            ]
    return found


def refuse_incomplete(out: str, failed: Sequence[tuple[Block, Entry]], prepared: Prepared) -> None:
    """Raise :class:`IncompleteRunError` that names the failed blocks, if there are any."""
    problems = [
        Problem(_place(block, prepared), str(entry.error), "a block that can be computed",
                "correct what the error names, then the same command again: it computes "
                f"the failed blocks alone (saprolite run STUDY.toml --out {out})")
        for block, entry in failed[:SHOWN]
    ]  # fmt: skip
    if len(failed) > SHOWN:
        problems.append(
            Problem(f"{len(failed) - SHOWN} more blocks", "the same or other errors",
                    "blocks that can be computed", f"see the ledger in {out}")
        )  # fmt: skip
    raise_if_any(IncompleteRunError, "The run is incomplete: blocks failed", problems)


def _fails(kernel: Kernel, block: Block) -> bool:
    try:
        kernel.block(block)
    except Exception:  # whatever it is: the question is where
        return True
    return False


def _place(block: Block, prepared: Prepared) -> str:
    lat = prepared.grid.lat_edges
    south, north = sorted((lat[block.rows.start], lat[block.rows.stop]))
    return f"block {block.number}: {block.year}, lat {south:g} to {north:g}"


def _numbers(values: Any) -> str:
    return " ".join(f"{value:.9g}" for value in np.atleast_1d(values))
