"""The few kinds of error of saprolite, and how a good message is put together.

A message names everything that is wrong at once; each item says where, what was found, what is
accepted and what to type next.

    >>> problem = Problem(where="bulk.nc: bulk_density", found="units 'kg'",
    ...                   accepted="'g cm-3' or 'kg m-3'", next_step="set units = \\"g cm-3\\"")
    >>> print(problem)
    bulk.nc: bulk_density
        found:    units 'kg'
        accepted: 'g cm-3' or 'kg m-3'
        next:     set units = "g cm-3"
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import NoReturn

_SHOWN = 6


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where it is, what was found, what is accepted, what to do."""

    where: str
    found: str
    accepted: str
    next_step: str

    def __str__(self) -> str:
        return (
            f"{self.where}\n    found:    {self.found}\n"
            f"    accepted: {self.accepted}\n    next:     {self.next_step}"
        )


class SaproliteError(Exception):
    """Base of every error that saprolite raises on purpose.

    ``problems`` holds the items of the message; ``exit_code`` is what the command line returns.
    """

    exit_code = 2

    def __init__(self, headline: str, problems: Iterable[Problem] = ()) -> None:
        self.headline = headline
        self.problems = tuple(problems)
        super().__init__("\n".join([headline, *(f"- {problem}" for problem in self.problems)]))


class ReadingError(SaproliteError):
    """A choice of equations that does not exist or does not go together."""


class MineralError(SaproliteError):
    """A mineral, or a pathway of a mineral, without data."""


class StudyError(SaproliteError):
    """A study file that cannot be used."""


class InputError(SaproliteError):
    """An input file that is missing, broken, or not what its product should be."""


class StoreError(SaproliteError):
    """A folder of results that cannot be read or written."""


class EngineError(SaproliteError):
    """A way of computing that is not there: no cluster, workers that do not fit, no memory."""


class IncompleteRunError(SaproliteError):
    """A run whose blocks could not all be computed; the others are stored."""

    exit_code = 3


class AuditError(SaproliteError):
    """Numbers that contradict one another."""

    exit_code = 4


def did_you_mean(word: str, accepted: Iterable[str]) -> str:
    """The closest accepted word as advice, or the list of all of them.

    >>> did_you_mean("anual", ["annual", "monthly_x12"])
    "did you mean 'annual'?"
    >>> did_you_mean("??", ["dry", "moist"])
    "use one of 'dry', 'moist'"
    """
    words = list(accepted)
    close = difflib.get_close_matches(str(word), words, n=1, cutoff=0.6)
    if close:
        return f"did you mean '{close[0]}'?"
    return "use one of " + ", ".join(f"'{item}'" for item in words)


def shortened(items: Sequence[str]) -> str:
    """A list of any length in one line.

    >>> shortened([str(number) for number in range(9)])
    '0, 1, 2, 3, 4, 5 and 3 more'
    """
    rest = len(items) - _SHOWN
    return ", ".join(items[:_SHOWN]) + (f" and {rest} more" if rest > 0 else "")


def raise_if_any(kind: type[SaproliteError], headline: str, problems: list[Problem]) -> None:
    """Raise one error that lists all problems; do nothing when there is none."""
    if problems:
        _raise(kind, headline, problems)


def _raise(kind: type[SaproliteError], headline: str, problems: list[Problem]) -> NoReturn:
    count = "1 problem" if len(problems) == 1 else f"{len(problems)} problems"
    raise kind(f"{headline} ({count})", problems)
