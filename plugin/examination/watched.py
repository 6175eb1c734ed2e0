"""A byte source that tells how far it has been read, for progress that no scanner needs to know of."""

from __future__ import annotations

from collections.abc import Callable

from carving.source import ByteSource
from carving.sources.in_place import LayerInPlace


class WatchedSource(LayerInPlace):
    """The source below, unchanged; `report` hears the end of the farthest byte read, as it grows, and the size."""

    def __init__(self, below: ByteSource, report: Callable[[int, int], None]) -> None:
        super().__init__(below)
        self._report = report
        self._farthest = 0

    @property
    def farthest(self) -> int:
        """End of the farthest byte read so far."""
        return self._farthest

    def read_at(self, offset: int, length: int) -> bytes:
        data = super().read_at(offset, length)
        if offset + len(data) > self._farthest:
            self._farthest = offset + len(data)
            self._report(self._farthest, self.size)
        return data
