"""A bounded sample of a dump: stretches spread over it, and the pages in them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.source import ByteSource

Bytes = NDArray[np.uint8]

STRETCH: Final = 2 << 20
"""Bytes read in one piece: at least 100 pages of the largest size."""
STRETCHES: Final = 12


@dataclass(frozen=True, eq=False)
class Sample:
    """Stretches of a dump: where they begin, and their bytes."""

    size: int
    starts: tuple[int, ...]
    stretches: tuple[Bytes, ...]

    def pages(self, width: int, most: int) -> tuple[Bytes, NDArray[np.int64]]:
        """At most `most` whole pages of `width` bytes that are not erased, evenly drawn, and their numbers."""
        found: list[Bytes] = []
        numbers: list[NDArray[np.int64]] = []
        for start, stretch in zip(self.starts, self.stretches, strict=True):
            skip = -start % width
            count = max(0, stretch.size - skip) // width
            rows = stretch[skip : skip + count * width].reshape(count, width)
            written = np.flatnonzero((rows != 0xFF).sum(axis=1) > width // 16)
            written = written[: max(1, most // len(self.starts) + 1)]
            found.append(rows[written])
            numbers.append((start + skip) // width + written)
        return np.concatenate(found)[:most], np.concatenate(numbers)[:most]


def take_sample(source: ByteSource) -> Sample:
    """Read a sample of at most 24 MiB.

    Raises:
        EvidenceError: the dump cannot be read.
    """
    last = max(0, source.size - STRETCH)
    starts = sorted({last * place // (STRETCHES - 1) for place in range(STRETCHES)})
    stretches = tuple(np.frombuffer(source.read_at(start, STRETCH), dtype=np.uint8) for start in starts)
    return Sample(source.size, tuple(starts), stretches)


def entropy(data: Bytes) -> float:
    """Entropy of bytes in bits per byte; 8 where all values are equally frequent."""
    counts = np.bincount(data.reshape(-1), minlength=256)
    shares = counts[counts > 0] / max(1, data.size)
    return float(-(shares * np.log2(shares)).sum())
