"""The data of a scan without what cannot belong to it, unstuffed, cut where something was taken out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restore.decoding.entropy_kernels import STREAM_PADDING

Range = tuple[int, int]
"""First byte and end of a stretch of the file."""


@dataclass(frozen=True, slots=True)
class ScanPiece:
    """A stretch of a cut scan without a break.

    Attributes:
        first, end: bytes of the stream.
        opened, closed: number of the restart marker before and behind it; -1 where there is none.
    """

    first: int
    end: int
    opened: int = -1
    closed: int = -1


@dataclass(frozen=True, eq=False)
class Cut:
    """A scan cut into pieces.

    Attributes:
        data: uint8, all pieces one behind the other, unstuffed, and `STREAM_PADDING` zeros.
        origins: int64 (size + 1,), offset in the file of each byte of the stream.
        pieces: in order.
    """

    data: NDArray[np.uint8]
    origins: NDArray[np.int64]
    pieces: tuple[ScanPiece, ...]

    @property
    def size(self) -> int:
        """Bytes in all pieces."""
        return self.origins.size - 1

    def place(self, bit: int) -> int:
        """Where a bit of the stream lies in the file, in bits; for an end, use the bit before it."""
        return 8 * int(self.origins[min(bit >> 3, self.size)]) + (bit & 7)

    def places(self, bits: NDArray[np.int64]) -> NDArray[np.int64]:
        """As `place`, of many."""
        return np.asarray(8 * self.origins[np.minimum(bits >> 3, self.size)] + (bits & 7))

    def end_place(self, bit: int) -> int:
        """Where what ends before a bit of the stream ends in the file, in bits."""
        return self.place(bit - 1) + 1 if bit else self.place(0)


def cut_scan(raw: NDArray[np.uint8], start: int, end: int, taken_out: tuple[Range, ...], *, restarts: bool) -> Cut:
    """Unstuff bytes `[start, end)` of a file, leaving out stretches (in order, apart) and restart markers."""
    scan = raw[start:end]
    keep = np.ones(scan.size, dtype=np.bool_)
    for first, last in taken_out:
        keep[first - start : last - start] = False
    is_ff = (scan == 0xFF) & keep
    before = np.concatenate([[False], is_ff[:-1]])
    breaks: list[tuple[int, int]] = [(first - start, -1) for first, _ in taken_out]
    markers = np.flatnonzero(before & keep & (scan >= 0xD0) & (scan <= 0xD7)) if restarts else np.zeros(0, np.int64)
    breaks += [(int(index), int(scan[index]) & 7) for index in markers]
    keep &= ~(before & (scan == 0))
    keep[markers] = False
    keep[markers - 1] = False
    origins = np.flatnonzero(keep)
    data = np.concatenate([scan[origins], np.zeros(STREAM_PADDING, dtype=np.uint8)])
    pieces, first, opened = [], 0, -1
    for index, number in sorted(breaks):
        position = int(np.searchsorted(origins, index))
        if position > first:
            pieces.append(ScanPiece(first, position, opened, number))
        elif number < 0 and pieces and opened >= 0:
            opened = -1
        first, opened = position, number
    if origins.size > first:
        pieces.append(ScanPiece(first, int(origins.size), opened, -1))
    return Cut(data, np.append(origins + start, end), tuple(pieces))
