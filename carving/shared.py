"""A byte source that several threads may read from: one after the other."""

from __future__ import annotations

from threading import Lock

from carving.source import ByteSource, Run, clamp


class SharedSource(ByteSource):
    """The source below, unchanged, from which one thread reads at a time."""

    def __init__(self, below: ByteSource) -> None:
        self._below = below
        self._turn = Lock()

    @property
    def name(self) -> str:
        return self._below.name

    @property
    def size(self) -> int:
        return self._below.size

    @property
    def below(self) -> ByteSource:
        return self._below

    def read_at(self, offset: int, length: int) -> bytes:
        with self._turn:
            return self._below.read_at(offset, length)

    def trace(self, offset: int, length: int) -> tuple[Run, ...]:
        return (clamp(offset, length, self.size),)

    def close(self) -> None:
        self._below.close()
