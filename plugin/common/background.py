"""One piece of work in a thread of its own, beside the run: asked for its result, or stopped when the run is over."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, ThreadPoolExecutor
from typing import Generic, TypeVar

ResultT = TypeVar("ResultT")

Pause = Callable[[], None]
"""To be called often by the work; raises `CancelledError` once nobody wants its result any more."""


class Background(Generic[ResultT]):
    """Work that runs from its making on."""

    def __init__(self, work: Callable[[Pause], ResultT]) -> None:
        self._unwanted = threading.Event()
        self._thread = ThreadPoolExecutor(1)
        self._future = self._thread.submit(work, self._pause)

    @property
    def is_done(self) -> bool:
        return self._future.done()

    def result(self) -> ResultT:
        """What the work returned, or raised; waits for it."""
        return self._future.result()

    def close(self) -> None:
        """Stop the work, if it still goes on."""
        self._unwanted.set()
        self._thread.shutdown()

    def _pause(self) -> None:
        if self._unwanted.is_set():
            raise CancelledError
