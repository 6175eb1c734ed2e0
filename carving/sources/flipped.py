"""A source as it would read had some of its bits been stored the other way round: to check reversed flips anew."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable

from carving.source import ByteSource
from carving.sources.in_place import LayerInPlace


class FlippedSource(LayerInPlace):
    """The source below with single bits changed."""

    def __init__(self, below: ByteSource, flips: Iterable[tuple[int, int]]) -> None:
        """Args: the source, and the byte and bit (0 = most significant) of each flip."""
        super().__init__(below)
        self._flips = sorted(flips)

    @property
    def name(self) -> str:
        return f"{len(self._flips)} bits reversed"

    def toggle(self, flips: Iterable[tuple[int, int]]) -> None:
        """Reverse further bits; those that are reversed already are again as below."""
        self._flips = sorted(set(self._flips).symmetric_difference(flips))

    def read_at(self, offset: int, length: int) -> bytes:
        data = bytearray(super().read_at(offset, length))
        first, last = (bisect_left(self._flips, (place, 0)) for place in (offset, offset + len(data)))
        for place, bit in self._flips[first:last]:
            data[place - offset] ^= 128 >> bit
        return bytes(data)
