"""How long work says how far it is."""

from __future__ import annotations

from collections.abc import Callable

# Called with (stage, done, total) as the work goes on.
Report = Callable[[str, int, int], None]


def quiet(stage: str, done: int, total: int) -> None:
    """No progress: what a notebook or a script gets."""
