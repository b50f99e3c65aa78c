"""How forcing lies in a store: months on packed land cells, uncompressed, a year to a chunk.

So a year of a local store is mapped into memory and never copied, and a year that is added touches
none of those that are there.
"""

from __future__ import annotations

from datetime import date

import numpy as np

from saprolite.chunks import Codec, chunk_file, map_chunk, write_chunk
from saprolite.places import Place
from saprolite.sources.forcing import ForcingYear
from saprolite.stores import Group
from saprolite.variables import REGISTRY

FORCING = ForcingYear._fields


def add_forcing(group: Group, years: range, layers: int, cells: int) -> None:
    """Add the arrays of the forcing, empty, and their months."""
    _add_months(group, years)
    for name in FORCING:
        chunk = _shape(name, layers, cells)
        group.add_empty(
            name,
            REGISTRY[name].dims,
            (12 * len(years), *chunk[1:]),
            chunk,
            REGISTRY[name].attributes,
            np.float32,
            Codec.RAW,
        )


def write_year(path: Place, number: int, values: ForcingYear) -> dict[str, str]:
    """Write the year that is ``number`` in the store at ``path``; checksums of its chunks."""
    return {
        name: write_chunk(path / name, year_index(name, number), array)
        for name, array in values._asdict().items()
    }


def map_year(path: Place, number: int, layers: int, cells: int) -> ForcingYear:
    """The year that is ``number`` in a store, read-only.

    ``OSError`` or ``ValueError`` where a chunk is not there or has another size.
    """
    return ForcingYear(
        *(
            map_chunk(
                path / name, year_index(name, number), np.float32, _shape(name, layers, cells)
            )
            for name in FORCING
        )
    )


def year_index(name: str, number: int) -> tuple[int, ...]:
    """Which chunk of a variable a year is."""
    return (number, *(0,) * (len(REGISTRY[name].dims) - 1))


def year_files(path: Place, number: int) -> list[Place]:
    """The files that a year consists of."""
    return [chunk_file(path / name, year_index(name, number)) for name in FORCING]


def year_bytes(layers: int, cells: int) -> int:
    """Size of a year as it is stored: float32, uncompressed.

    >>> year_bytes(layers=4, cells=1000)
    432000
    """
    return 4 * 12 * (2 * layers + 1) * cells


def _shape(name: str, layers: int, cells: int) -> tuple[int, ...]:
    """Of a chunk: a year of all cells."""
    return (12, layers, cells) if "layer" in REGISTRY[name].dims else (12, cells)


def _add_months(group: Group, years: range) -> None:
    origin = date(1970, 1, 1)
    days = [(date(year, month, 1) - origin).days for year in years for month in range(1, 13)]
    group.add(
        "month",
        ["month"],
        np.array(days),
        {
            "standard_name": "time",
            "units": "days since 1970-01-01",
            "calendar": "standard",
            "long_name": "first day of the month",
        },
    )
