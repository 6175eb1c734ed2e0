"""A byte source that tells how far it has been read, for progress that no scanner needs to know of."""

from __future__ import annotations

from collections.abc import Callable

from carving.source import ByteSource, Run, clamp


class WatchedSource(ByteSource):
    """The source below, unchanged; `report` hears the end of the farthest byte read, as it grows, and the size."""

    def __init__(self, below: ByteSource, report: Callable[[int, int], None]) -> None:
        self._below = below
        self._report = report
        self._farthest = 0

    @property
    def name(self) -> str:
        return self._below.name

    @property
    def size(self) -> int:
        return self._below.size

    @property
    def below(self) -> ByteSource:
        return self._below

    @property
    def farthest(self) -> int:
        """End of the farthest byte read so far."""
        return self._farthest

    def read_at(self, offset: int, length: int) -> bytes:
        data = self._below.read_at(offset, length)
        if offset + len(data) > self._farthest:
            self._farthest = offset + len(data)
            self._report(self._farthest, self.size)
        return data

    def trace(self, offset: int, length: int) -> tuple[Run, ...]:
        return (clamp(offset, length, self.size),)

    def close(self) -> None:
        self._below.close()
