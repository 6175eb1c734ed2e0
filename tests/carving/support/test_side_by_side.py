"""Calls in several threads: results in order, few calls ahead, errors in their turn, no thread left."""

from __future__ import annotations

import threading
from collections.abc import Generator

import pytest

from carving.support.side_by_side import in_order


def test_results_come_in_the_order_of_the_items() -> None:
    first = threading.Event()

    def square(item: int) -> int:
        if item == 0:
            assert first.wait(30)  # until a later one is done
        first.set()
        return item * item

    assert list(in_order(square, range(40), 3)) == [(item, item * item) for item in range(40)]


def test_with_one_thread_all_is_done_by_the_caller_when_asked() -> None:
    callers: list[threading.Thread] = []
    results = in_order(lambda _: callers.append(threading.current_thread()), range(3), 1)
    next(results)
    assert callers == [threading.current_thread()]


@pytest.mark.parametrize("threads", [2, 4])
def test_no_more_is_begun_than_is_bounded(threads: int) -> None:
    taken: list[int] = []

    def items() -> Generator[int]:
        for number in range(20):
            taken.append(number)
            yield number

    results = in_order(abs, items(), threads)
    assert next(results) == (0, 0)
    assert taken == list(range(threads + 1))


def test_an_error_comes_when_its_turn_comes_and_ends_the_threads() -> None:
    before = threading.active_count()
    results = in_order(lambda item: 6 // item, [3, 2, 0, 1], 2)
    assert [next(results), next(results)] == [(3, 2), (2, 3)]
    with pytest.raises(ZeroDivisionError):
        next(results)
    assert threading.active_count() == before
