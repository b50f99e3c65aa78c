"""How long work says how far it is."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

T = TypeVar("T")

# Called with (stage, done, total) as the work goes on.
Report = Callable[[str, int, int], None]


def quiet(stage: str, done: int, total: int) -> None:
    """No progress: what a notebook or a script gets."""


def counted(items: Sequence[T], stage: str, report: Report) -> Iterator[T]:
    """The items one after another; before the first and after each, how many are done.

    >>> said = []
    >>> for _ in counted("ab", "drawing", lambda *told: said.append(told)):
    ...     pass
    >>> said
    [('drawing', 0, 2), ('drawing', 1, 2), ('drawing', 2, 2)]
    """
    report(stage, 0, len(items))
    for number, item in enumerate(items, 1):
        yield item
        report(stage, number, len(items))
