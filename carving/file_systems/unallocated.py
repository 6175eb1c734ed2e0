"""The bytes of a source that no file occupies, joined: a deleted file around a living one is whole again."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import replace
from itertools import accumulate

from carving.fragments import Fragment
from carving.source import ByteSource, Run, clamp, merge


class UnallocatedSource(ByteSource):
    """Chosen stretches of the source below, one behind the other."""

    def __init__(self, below: ByteSource, runs: tuple[Run, ...]) -> None:
        """Args: the source, and the stretches of it in order; they must lie within it."""
        self._below = below
        self._runs = runs
        self._starts = tuple(accumulate((run.length for run in runs), initial=0))

    @property
    def name(self) -> str:
        return "unallocated"

    @property
    def size(self) -> int:
        return self._starts[-1]

    @property
    def below(self) -> ByteSource:
        return self._below

    def read_at(self, offset: int, length: int) -> bytes:
        return b"".join(self._below.read_at(run.offset, run.length) for run in self.trace(offset, length))

    def trace(self, offset: int, length: int) -> tuple[Run, ...]:
        return merge(tuple(self._pieces(clamp(offset, length, self.size))))

    def close(self) -> None:
        self._below.close()

    def _pieces(self, wanted: Run) -> Iterator[Run]:
        index = bisect_right(self._starts, wanted.offset) - 1
        position = wanted.offset
        while position < wanted.end:
            run, start = self._runs[index], self._starts[index]
            count = min(wanted.end, start + run.length) - position
            yield Run(run.offset + position - start, count)
            position += count
            index += 1


def placed_below(fragment: Fragment, source: ByteSource) -> Fragment:
    """A fragment that was carved from chosen stretches, with its offset and runs counted in the source below, and the
    place of the file that lends it a header as well."""
    runs = merge(tuple(lower for run in fragment.byte_runs for lower in source.trace(run.offset, run.length)))
    borrowed = fragment.borrowed
    if borrowed is not None:
        borrowed = replace(borrowed, lender=source.trace(borrowed.lender, 1)[0].offset)
    return replace(fragment, offset=runs[0].offset, byte_runs=runs, borrowed=borrowed)
