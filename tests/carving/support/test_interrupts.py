"""What interrupts waits for the end of the block, is not lost, and leaves the handlers as they were."""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator

import pytest

from carving.support.interrupts import put_off_interrupts


@pytest.fixture(autouse=True)
def interruptible() -> Iterator[None]:
    """A suite that runs in the background may have inherited that interrupts are ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def test_an_interrupt_comes_at_the_end_of_the_block() -> None:
    before = signal.getsignal(signal.SIGINT)
    reached = []

    def work() -> None:
        with put_off_interrupts():
            signal.raise_signal(signal.SIGINT)
            reached.append("behind the signal")

    with pytest.raises(KeyboardInterrupt):
        work()
    assert reached == ["behind the signal"]
    assert signal.getsignal(signal.SIGINT) is before


def test_an_error_of_the_block_passes() -> None:
    before = signal.getsignal(signal.SIGINT)
    with pytest.raises(OSError, match="no table"), put_off_interrupts():
        raise OSError("no table")
    assert signal.getsignal(signal.SIGINT) is before


def test_other_threads_are_let_through() -> None:
    done = []

    def work() -> None:
        with put_off_interrupts():
            done.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert done == [True]
