"""Apply a function in several threads, a bounded number of calls ahead of whoever takes the results."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

ItemT = TypeVar("ItemT")
ResultT = TypeVar("ResultT")


def in_order(
    function: Callable[[ItemT], ResultT], items: Iterable[ItemT], threads: int
) -> Iterator[tuple[ItemT, ResultT]]:
    """Each item with what the function makes of it, in order; an exception is raised when its turn comes.

    Args:
        function: called from several threads, or, with one, from the caller's when a result is asked for.
        items: taken one more than there are threads ahead of the results.
        threads: how many.
    """
    if threads == 1:
        for item in items:
            yield item, function(item)
        return
    executor = ThreadPoolExecutor(threads, "carve")
    ahead: deque[tuple[ItemT, Future[ResultT]]] = deque()
    try:
        for item in items:
            ahead.append((item, executor.submit(function, item)))
            if len(ahead) > threads:
                first, result = ahead.popleft()
                yield first, result.result()
        for first, result in ahead:
            yield first, result.result()
    finally:
        executor.shutdown(cancel_futures=True)
