"""A byte source that changes little about the one below: same size, each byte from the byte at the same place."""

from __future__ import annotations

from carving.source import ByteSource, Run, clamp


class LayerInPlace(ByteSource):
    """The source below, unchanged; what a layer does differently it overrides. Closing it closes that below."""

    def __init__(self, below: ByteSource) -> None:
        self._below = below

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
        return self._below.read_at(offset, length)

    def trace(self, offset: int, length: int) -> tuple[Run, ...]:
        return (clamp(offset, length, self.size),)

    def close(self) -> None:
        self._below.close()
