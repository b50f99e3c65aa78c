"""Years at which the record that drove a run changes its source, from the notes of the run."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

# What the sources say of themselves in the notes of a run.
_VERSIONS = re.compile(r"^forcing: GLDAS Noah 2\.0 before (\d{4}), 2\.1 from then on")
_OTHER_YEARS = re.compile(r"^evapotranspiration: in ([\d, -]+) the forcing's")
_SPAN = re.compile(r"(\d{4})(?:-(\d{4}))?")


class Splice(NamedTuple):
    """The first year of a new source, and what changes."""

    year: int
    what: str


def splices(notes: Iterable[str], years: Iterable[int]) -> list[Splice]:
    """The splices within the years of a run, in order.

    >>> notes = ["forcing: GLDAS Noah 2.0 before 2000, 2.1 from then on, spliced as they are",
    ...          "evapotranspiration: in 1998-2001 the forcing's, spliced as it is"]
    >>> [(splice.year, splice.what) for splice in splices(notes, range(1998, 2011))]
    [(2000, 'GLDAS 2.0 to 2.1'), (2002, 'evapotranspiration')]
    """
    inner = set(years)
    inner -= {min(inner, default=0)}
    found = set()
    for note in notes:
        versions, others = _VERSIONS.match(note), _OTHER_YEARS.match(note)
        if versions:
            found.add(Splice(int(versions[1]), "GLDAS 2.0 to 2.1"))
        for span in _SPAN.finditer(others[1]) if others else ():
            first, last = int(span[1]), int(span[2] or span[1])
            found |= {Splice(year, "evapotranspiration") for year in (first, last + 1)}
    return sorted(splice for splice in found if splice.year in inner)
