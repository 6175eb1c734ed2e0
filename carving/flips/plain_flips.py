"""Flips of bytes that are stored as they are: one bit each."""

from __future__ import annotations

from typing import Final

import numpy as np

from carving.flips.model import Bytes, combine
from carving.flips.trust import Trust, offsets_of
from carving.source import Run

_SINGLE_BITS: Final[Bytes] = (128 >> np.arange(8)).astype(np.uint8)


class PlainFlips:
    """Bytes stored as they are: a unit is one byte."""

    bits = 8
    encrypted = False

    def __init__(self, size: int, evidence: tuple[Run, ...], trust: Trust | None = None) -> None:
        """Take the bytes of a fragment as units, those left out that lie in holes or are vouched for.

        Args:
            size: bytes of the fragment.
            evidence: its runs in the evidence, holes among them.
            trust: what the medium says of each byte; None where it says nothing.
        """
        trust = trust or Trust.nothing_said(size)
        offsets = offsets_of(evidence)
        self.starts = np.flatnonzero((offsets[:size] >= 0) & ~trust.vouched)
        self.reaches = np.ones(self.starts.size, dtype=np.int64)
        self.suspect = trust.suspect[self.starts]
        self._offsets = offsets[self.starts]
        places = {int(self._offsets[unit]): (int(unit), 0) for unit in np.flatnonzero(self.suspect)}
        self.combinations = combine(trust.alternatives, places)

    def variants(self, data: Bytes, unit: int, flipped: tuple[int, ...]) -> Bytes:
        del flipped  # they are in `data` already
        changed: Bytes = data[self.starts[unit]] ^ _SINGLE_BITS
        return changed[:, np.newaxis]

    def place(self, unit: int, bit: int) -> tuple[int, int]:
        return int(self._offsets[unit]), bit
