"""The command ``saprolite prepare``: pack the forcing of a study once, for its runs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from saprolite.progress import Progress

if TYPE_CHECKING:
    from saprolite.engine.packing import Packing


def prepare(study: Path, *, to: str | None = None, restart: bool = False) -> None:
    """Pack the forcing of a study into a store that its runs read in the place of the files.

    A year at a time: the same command goes on after a stop, and adds the years of a study that ends
    later.

    Parameters
    ----------
    study
        The study file (TOML).
    to
        Folder of the store, or a URL; by default that of [inputs.packed], or packed/NAME.
    restart
        Pack anew, whatever the store holds.
    """
    from saprolite import workflow
    from saprolite.engine.plan_text import time_text

    packing = workflow.packing(study, to, restart=restart)
    print(_estimate(packing))
    packing.require_space()
    per_year = packing.source_bytes / len(packing.asked)

    def first_year_took(seconds: float, left: int) -> None:
        rate = f"{time_text(seconds)}, about {per_year / seconds / 1e6:.3g} MB/s of the files"
        print(f"  first     {rate}; about {time_text(seconds * left)} more", flush=True)

    with Progress() as report:
        packed = packing.pack(report, first_year_took)
    first, last = packing.asked[0], packing.asked[-1]
    print(f"packed: {len(packed)}; all years from {first} to {last} are whole")
    for note in packing.wanted.notes:
        print(f"  note: {note}")
    where = packing.store
    shown = where.absolute() if isinstance(where, Path) else where
    print(f'in {study}, for its runs to read them:\n\n[inputs.packed]\npath = "{shown}"')


def _estimate(packing: Packing) -> str:
    """What packing will cost, before it starts."""
    from saprolite.engine.plan_text import size_text
    from saprolite.places import free_bytes

    years, lacking, store = packing.asked, len(packing.lacking), packing.store
    there = f"; {len(years) - lacking} are there" if lacking < len(years) else ""
    read = packing.source_bytes * lacking / len(years)
    free = free_bytes(store)
    disk = "" if free is None else f"; {size_text(free)} free"
    return "\n".join([
        packing.title,
        f"  packs     {lacking} of {len(years)} years, {years[0]} to {years[-1]}{there}",
        f"  reads     about {size_text(read)} of {len(packing.files)} files",
        f"  writes    {size_text(lacking * packing.year_bytes)} into {store}{disk}",
    ])  # fmt: skip
