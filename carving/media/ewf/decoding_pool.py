"""Decoding of chunks on all cores, and ahead of the reader: inflating and checksums need no interpreter lock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Final

from carving.media.ewf.chunks import Chunk
from carving.support.cores import available_cores

Decode = Callable[[int], Chunk]
"""Reads and decodes a chunk by its number; called in several threads."""

_FEWEST_SHARED: Final = 8
"""Fewer chunks than this are not worth a thread."""


class DecodingPool:
    """Threads that are started when first worth it, and the chunks that they were sent ahead for."""

    def __init__(self, decode: Decode) -> None:
        self._decode = decode
        self._cores = available_cores()
        self._threads: ThreadPoolExecutor | None = None
        self._ahead: dict[int, tuple[Future[list[Chunk]], int]] = {}

    def chunks(self, numbers: Sequence[int]) -> dict[int, Chunk]:
        """Those chunks, waiting for the ones that are under way."""
        waiting = {number: self._ahead.pop(number) for number in numbers if number in self._ahead}
        missing = [number for number in numbers if number not in waiting]
        started = self._start(missing) if self._cores > 1 and len(missing) >= _FEWEST_SHARED else None
        found = {} if started else {number: self._decode(number) for number in missing}
        for number, (future, index) in (*waiting.items(), *(started or {}).items()):
            found[number] = future.result()[index]
        return found

    def go_ahead(self, numbers: Sequence[int]) -> None:
        """Start on chunks that will be asked for; those that were not asked for since the last time are forgotten."""
        if self._cores == 1:
            return
        kept = {number: self._ahead[number] for number in numbers if number in self._ahead}
        self._ahead = kept | self._start([number for number in numbers if number not in kept])

    def close(self) -> None:
        """End the threads; a later call starts them again."""
        self._ahead.clear()
        if self._threads is not None:
            self._threads.shutdown(cancel_futures=True)
            self._threads = None

    def _start(self, numbers: Sequence[int]) -> dict[int, tuple[Future[list[Chunk]], int]]:
        if self._threads is None:
            self._threads = ThreadPoolExecutor(self._cores, "ewf")
        share = max(1, -(-len(numbers) // (2 * self._cores)))  # two shares a core, for they do not take equally long
        under_way: dict[int, tuple[Future[list[Chunk]], int]] = {}
        for start in range(0, len(numbers), share):
            part = numbers[start : start + share]
            future = self._threads.submit(self._decode_all, part)
            under_way |= {number: (future, index) for index, number in enumerate(part)}
        return under_way

    def _decode_all(self, numbers: Sequence[int]) -> list[Chunk]:
        return [self._decode(number) for number in numbers]
