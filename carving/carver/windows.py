"""A source in windows of equal length, looked at ahead of the carver on all cores.

Looking at a window is reading it, judging its blocks, finding the places where a JPEG may begin, and decoding the files
that begin there. None of it depends on other windows; what the carver makes of it does, and goes in order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from carving.carver.block_map import WindowBlocks, judge
from carving.carver.candidates import Candidate, read_candidate
from carving.carver.signatures import LOOK, find_starts
from carving.databases.sqlite_header import SIGNATURE
from carving.source import ByteSource
from carving.support.side_by_side import in_order


@dataclass(frozen=True, slots=True)
class Search:
    """What is searched, and how: `span` bytes at a time, damaged beginnings at multiples of `alignment` bytes.

    With several threads the source must allow to be read by them.
    """

    source: ByteSource
    span: int
    alignment: int
    max_file_size: int

    def candidate(self, read: Callable[[int, int], bytes], offset: int) -> Candidate | None:
        """The file that begins at `offset`, if one does."""
        return read_candidate(read, offset, min(self.max_file_size, self.source.size - offset), self.alignment)


@dataclass(frozen=True, eq=False, slots=True)
class SearchWindow:
    """A stretch of the source that was looked at.

    Attributes:
        offset: where it begins.
        data: its bytes, and some behind it; nothing where all are zero.
        blocks: which of its blocks can hold entropy-coded data.
        starts: where in the source a JPEG may begin, in order.
        databases: where a database may begin.
        candidates: what begins there, as far as it was looked at.
    """

    offset: int
    data: bytes
    blocks: WindowBlocks | None
    starts: tuple[int, ...]
    databases: frozenset[int]
    candidates: Mapping[int, Candidate | None]

    def candidate(self, search: Search, offset: int) -> Candidate | None:
        """What begins at a place in the window, looked at now if it was not before."""
        if offset in self.candidates:
            return self.candidates[offset]
        return search.candidate(_reader(search.source, self.offset, self.data), offset)


class Windows:
    """The windows of a source in order, but those that lie wholly before `passed` when their turn comes.

    Whoever takes them moves `passed` on to the end of what is known to be files, with no gaps between.
    """

    def __init__(self, search: Search, threads: int) -> None:
        """Look at windows in so many threads, or, with one, in the caller's."""
        self.passed = 0
        self._search = search
        self._threads = threads
        self._blank = bytes(search.span + LOOK)

    def __iter__(self) -> Iterator[SearchWindow]:
        """Yield them.

        Raises:
            EvidenceError: the source cannot be read.
        """
        for _, window in in_order(self._look_at, self._offsets(), self._threads):
            yield window

    def _look_at(self, offset: int) -> SearchWindow:
        search, passed = self._search, self.passed
        data = search.source.read_at(offset, search.span + LOOK)
        if data == self._blank[: len(data)]:
            return SearchWindow(offset, b"", None, (), frozenset(), {})
        blocks, anywhere = judge(data, search.span)
        found = sorted({*find_starts(data, search.span, search.alignment), *anywhere})
        starts = tuple(offset + start for start in found if offset + start >= passed)
        candidates = _candidates(search, starts, _reader(search.source, offset, data))
        return SearchWindow(offset, data, blocks, starts, _databases(data, offset, search.span), candidates)

    def _offsets(self) -> Iterator[int]:
        span = self._search.span
        offset = 0
        while offset < self._search.source.size:
            yield offset
            offset = max(offset + span, self.passed // span * span)


def _databases(data: bytes, offset: int, span: int) -> frozenset[int]:
    """Where in the source a database may begin within the window."""
    found = set()
    start = data.find(SIGNATURE, 0, span + len(SIGNATURE) - 1)
    while start >= 0:
        found.add(offset + start)
        start = data.find(SIGNATURE, start + 1, span + len(SIGNATURE) - 1)
    return frozenset(found)


def _candidates(
    search: Search, starts: tuple[int, ...], read: Callable[[int, int], bytes]
) -> dict[int, Candidate | None]:
    """What begins at the starts, but those inside another that comes before them."""
    candidates: dict[int, Candidate | None] = {}
    free = 0
    for start in starts:
        if start >= free:
            candidate = candidates[start] = search.candidate(read, start)
            free = free if candidate is None else candidate.runs[-1].end
    return candidates


def _reader(source: ByteSource, start: int, data: bytes) -> Callable[[int, int], bytes]:
    """Reads the source; what lies inside the window is not read (and decrypted) again."""

    def read(offset: int, length: int) -> bytes:
        if start <= offset and offset + length <= start + len(data):
            return data[offset - start : offset - start + length]
        return source.read_at(offset, length)

    return read
