"""Work on threads whose results come back in the order in which they were asked for."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

Item = TypeVar("Item")
Found = TypeVar("Found")


def cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def pool_of(workers: int) -> Iterator[ThreadPoolExecutor]:
    """Threads for as long as the context; where it is left early, nothing further is begun."""
    pool = ThreadPoolExecutor(workers, thread_name_prefix="saprolite")
    try:
        yield pool
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def in_order(
    work: Callable[[Item], Found], items: Iterable[Item], workers: int | None = None
) -> Iterator[Found]:
    """Results of ``work`` in the order of ``items``, one ahead of each worker at most.

    So memory is bounded, whatever the number of items; ``workers`` is that of the cores by
    default. The first error in the order of the items is raised, and no further item is begun.

    >>> list(in_order(abs, [-1, 2, -3]))
    [1, 2, 3]
    """
    count = workers or cores()
    waiting: deque[Future[Found]] = deque()
    with pool_of(count) as pool:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > count:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
