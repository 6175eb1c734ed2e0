"""Which flips are reversed in a scan's bytes, for now or for good."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.flips import FlipModel
from restore.repair.scan import Scan

Flips = tuple[tuple[int, int], ...]
"""Units and bits of a flip model."""

Undo = list[tuple[int, NDArray[np.uint8]]]
"""Offsets, and the bytes that stood there, in the order they were changed."""


class Ledger:
    """Keeps the bytes of a scan and the flips that are reversed in them in step.

    Attributes:
        reversed: the bits of each unit that are reversed for good.
    """

    def __init__(self, scan: Scan, model: FlipModel) -> None:
        """Args: a scan in which nothing is reversed, and its flip model."""
        self._scan = scan
        self._model = model
        self.reversed: dict[int, tuple[int, ...]] = {}

    def enter(self, flips: Flips) -> None:
        """Note flips that are reversed in the scan's bytes already."""
        for unit, bit in flips:
            self.reversed[unit] = (*self.reversed.get(unit, ()), bit)

    def assume(self, flips: Flips) -> Undo:
        """Reverse flips in the scan's bytes; `undo` with what this returns puts them back."""
        raw, model = self._scan.raw, self._model
        done = dict(self.reversed)
        undo = []
        for unit, bit in flips:
            start = int(model.starts[unit])
            first, last = max(start, 0), min(start + int(model.reaches[unit]), raw.size)
            undo.append((first, raw[first:last].copy()))
            raw[first:last] = model.variants(raw, unit, done.get(unit, ()))[bit][first - start : last - start]
            done[unit] = (*done.get(unit, ()), bit)
        return undo

    def undo(self, undo: Undo) -> None:
        """Put back what an assumption changed."""
        for start, stored in reversed(undo):
            self._scan.raw[start : start + stored.size] = stored
