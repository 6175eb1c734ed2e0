"""A byte source that several threads may read from: one after the other."""

from __future__ import annotations

from threading import Lock

from carving.source import ByteSource
from carving.sources.in_place import LayerInPlace


class SharedSource(LayerInPlace):
    """The source below, unchanged, from which one thread reads at a time."""

    def __init__(self, below: ByteSource) -> None:
        super().__init__(below)
        self._turn = Lock()

    def read_at(self, offset: int, length: int) -> bytes:
        with self._turn:
            return super().read_at(offset, length)
