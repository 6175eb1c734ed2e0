"""Interruptions put off while foreign code runs that would swallow them."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final

_SIGNALS: Final = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@contextmanager
def put_off_interrupts() -> Iterator[None]:
    """Let signals that interrupt take effect at the end of the block.

    An exception that a signal raises inside a callback is lost where the C code that called clears it, as libtsk's
    binding does, and libraries lose one that is raised while they are imported. Signals reach the main thread only;
    elsewhere this does nothing.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    seen: list[int] = []

    def note(number: int, _frame: FrameType | None) -> None:
        seen.append(number)

    handlers = {number: signal.getsignal(number) for number in _SIGNALS}
    raising = {number: handler for number, handler in handlers.items() if callable(handler)}
    for number in raising:
        signal.signal(number, note)
    try:
        yield
    finally:
        for number, handler in raising.items():
            signal.signal(number, handler)
    if seen:
        signal.raise_signal(signal.Signals(seen[0]))
