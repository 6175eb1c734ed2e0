"""A file as a byte source: its runs in the source below one behind the other, holes as zeros."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterator
from itertools import accumulate

from carving.source import HOLE_OFFSET, ByteSource, Run, clamp, merge


class FileSource(ByteSource):
    """Chosen stretches of the source below in any order and number. Closing it leaves that below open."""

    def __init__(self, below: ByteSource, runs: tuple[Run, ...], name: str = "file") -> None:
        """Args: the source, the stretches of it that make the file (a hole is a run at `HOLE_OFFSET`), and a name.

        What of a stretch lies past the end of the source is a hole.
        """
        self._below = below
        self._runs = tuple(part for run in runs for part in _inside(run, below.size))
        self._starts = tuple(accumulate((run.length for run in self._runs), initial=0))
        self._name = name

    @property
    def name(self) -> str:
        return self._name

    @property
    def size(self) -> int:
        return self._starts[-1]

    @property
    def below(self) -> ByteSource:
        return self._below

    @property
    def runs(self) -> tuple[Run, ...]:
        """The stretches, holes among them."""
        return self._runs

    def read_at(self, offset: int, length: int) -> bytes:
        return b"".join(self._read(run) for run in self.trace(offset, length))

    def trace(self, offset: int, length: int) -> tuple[Run, ...]:
        return merge(tuple(self._pieces(clamp(offset, length, self.size))))

    def close(self) -> None:
        """Leave the source below open: other files are read from it."""

    def _read(self, run: Run) -> bytes:
        if run.offset == HOLE_OFFSET:
            return bytes(run.length)
        return self._below.read_at(run.offset, run.length)

    def _pieces(self, wanted: Run) -> Iterator[Run]:
        index = bisect_right(self._starts, wanted.offset) - 1
        position = wanted.offset
        while position < wanted.end:
            run, start = self._runs[index], self._starts[index]
            count = min(wanted.end, start + run.length) - position
            if count > 0:
                hole = run.offset == HOLE_OFFSET
                yield Run(HOLE_OFFSET if hole else run.offset + position - start, count)
            position += count
            index += 1


def _inside(run: Run, size: int) -> tuple[Run, ...]:
    """A run, with what of it lies outside a source of `size` bytes as a hole."""
    if run.offset == HOLE_OFFSET:
        return (run,)
    inside = clamp(run.offset, run.length, size)
    if inside.length == run.length:
        return (run,)
    parts = (inside, Run(HOLE_OFFSET, run.length - inside.length))
    return tuple(part for part in parts if part.length)
