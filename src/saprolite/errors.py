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
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

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


def raise_if_any(kind: type[SaproliteError], headline: str, problems: Iterable[Problem]) -> None:
    """Raise one error that lists all problems, those of one cause once; do nothing for none."""
    causes = by_cause(problems)
    if causes:
        count = "1 problem" if len(causes) == 1 else f"{len(causes)} problems"
        raise kind(f"{headline} ({count})", causes)


_FILE = re.compile(
    r"[^\s:]+\.(nc|nc4|cdf|h5|hdf|tiff?|csv|tsv|txt|dat|stm|xlsx?|toml|gz|zip|part)(?![\w.])"
)
_MONTH = re.compile(r"(?<!\d)\d{4}-?(0[1-9]|1[0-2])(?!\d)")
_OF_A_MONTH = re.compile(r"\(\d{4}-\d{2}\)")
# The values of a month are those of no other: what is wrong with them is the same all the same.
_VALUES = re.compile(r"\S+ to \S+|a mean of \S+")
_NAMED = 3


def by_cause(problems: Iterable[Problem]) -> list[Problem]:
    """The same problems, but what differs in the file or the month alone is told once.

    The first stands for the others: its place says how many more files, or months, there are.

    >>> wrong = [Problem(f"/data/{name}.nc: e", "units 'mm'", "'m'", "convert") for name in "abc"]
    >>> [problem.where for problem in by_cause(wrong)]
    ['/data/a.nc and 2 more files (b.nc, c.nc): e']
    """
    causes: dict[tuple[str, ...], list[Problem]] = {}
    for problem in dict.fromkeys(problems):
        causes.setdefault(_cause(problem), []).append(problem)
    return [replace(same[0], where=_place_of_all(same)) for same in causes.values()]


def _cause(problem: Problem) -> tuple[str, ...]:
    """The words of a problem without its file, its month and the values of the month."""
    file, found = _file_of(problem), problem.found
    if _OF_A_MONTH.search(problem.where):
        found = _VALUES.sub("VALUES", found)
    words = [problem.where, found, problem.accepted, problem.next_step]
    if file:
        words = [word.replace(file, "FILE").replace(_name(file), "FILE") for word in words]
    return tuple(_MONTH.sub("MONTH", word) for word in words)


def _place_of_all(same: list[Problem]) -> str:
    where, file = same[0].where, _file_of(same[0])
    files = list(dict.fromkeys(map(_file_of, same)))
    if len(files) > 1:
        # Of what is wrong with files as a whole, each has to be fetched again.
        named = len(files) if where.endswith(file) else _NAMED
        others = _and_more(map(_name, files[1:]), "file", named)
        return where.replace(file, f"{file}{others}", 1)
    words = (str(problem).replace(file, "") for problem in same)
    months = list(dict.fromkeys(found[0] for text in words if (found := _MONTH.search(text))))
    return where + _and_more(months[1:], "month", _NAMED)


def _file_of(problem: Problem) -> str:
    """The file in the place of a problem, or an empty text."""
    found = _FILE.search(problem.where)
    return found[0] if found else ""


def _name(file: str) -> str:
    return re.split(r"[/\\]", file)[-1]


def _and_more(names: Iterable[str], what: str, named: int) -> str:
    """How many more there are, by name where they are few.

    >>> _and_more(["b.nc"], "file", 3), _and_more([], "file", 3)
    (' and 1 more file (b.nc)', '')
    """
    others = list(names)
    if not others:
        return ""
    listed = f" ({', '.join(others)})" if len(others) <= named else ""
    return f" and {len(others)} more {what}{'' if len(others) == 1 else 's'}{listed}"
