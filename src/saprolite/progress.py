"""Progress in a terminal, on the error stream; silent where that is a pipe or a file."""

from __future__ import annotations

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import TaskID


def rate_text(done: int, seconds: float) -> str:
    """How fast work goes, in words; nothing before it has gone at all.

    >>> rate_text(50, 4.0), rate_text(2, 9.0), rate_text(0, 9.0)
    ('12/s', '4.5 s each', '')
    """
    if done <= 0 or seconds <= 0.0:
        return ""
    rate = done / seconds
    if rate < 1.0:
        return f"{1.0 / rate:.2g} s each"
    return f"{rate:.0f}/s" if rate >= 10.0 else f"{rate:.2g}/s"


class Progress:
    """One bar per stage of a run: done, rate, time left."""

    def __init__(self) -> None:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            TextColumn,
            TimeElapsedColumn,
            TimeRemainingColumn,
        )
        from rich.progress import Progress as Bars

        self._bars = Bars(
            TextColumn("{task.description:16s}"), BarColumn(), MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"), TimeElapsedColumn(), TextColumn("left"),
            TimeRemainingColumn(),
            console=Console(stderr=True), disable=not sys.stderr.isatty(),
        )  # fmt: skip
        self._tasks: dict[str, TaskID] = {}
        self._begun: dict[str, tuple[float, int]] = {}

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Bring the bar of a stage forward."""
        now = time.monotonic()
        if stage not in self._tasks:
            self._tasks[stage] = self._bars.add_task(stage, total=total, rate="")
            self._begun[stage] = now, done
        begun, before = self._begun[stage]
        rate = rate_text(done - before, now - begun)
        self._bars.update(self._tasks[stage], completed=done, total=total, rate=rate)

    def __enter__(self) -> Progress:
        self._bars.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._bars.stop()
