"""Which flips are reversed in a scan's bytes, for now or for good."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import numpy as np
from numpy.typing import NDArray

from carving.flips.model import Bytes, FlipModel
from restore.repair.search.hypotheses import Flips
from restore.scan.scan import Scan

Undo = list[tuple[int, NDArray[np.uint8]]]
"""Offsets, and the bytes that stood there, in the order they were changed."""


def bits_by_unit(flips: Flips) -> dict[int, tuple[int, ...]]:
    """The bits of each unit among some flips, in their order."""
    bits: dict[int, tuple[int, ...]] = {}
    for unit, bit in flips:
        bits[unit] = (*bits.get(unit, ()), bit)
    return bits


def stretch_of(model: FlipModel, unit: int, size: int) -> tuple[int, int]:
    """First byte that a flip in a unit can change, and the one behind the last, in a file of `size` bytes."""
    start = int(model.starts[unit])
    return max(start, 0), min(start + int(model.reaches[unit]), size)


def reverse_flips(raw: Bytes, model: FlipModel, flips: Flips, before: Mapping[int, tuple[int, ...]]) -> Undo:
    """Reverse flips in `raw`, in place, where the bits of units in `before` are reversed already."""
    done = dict(before)
    undo = []
    for unit, bit in flips:
        start = int(model.starts[unit])
        first, last = stretch_of(model, unit, raw.size)
        undo.append((first, raw[first:last].copy()))
        raw[first:last] = model.variants(raw, unit, done.get(unit, ()))[bit][first - start : last - start]
        done[unit] = (*done.get(unit, ()), bit)
    return undo


@contextmanager
def undone(scan: Scan, model: FlipModel, flip: tuple[int, int], flips: Flips) -> Iterator[tuple[int, int]]:
    """Take one of the flips that are reversed in a scan's bytes back for a while; gives its first byte, and the one
    behind its last."""
    first, last = stretch_of(model, flip[0], scan.raw.size)
    with_it = scan.raw[first:last].copy()
    reverse_flips(scan.raw, model, (flip,), bits_by_unit(flips))  # reversing a bit once more undoes it
    try:
        yield first, last
    finally:
        scan.raw[first:last] = with_it


class FlipState:
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
        for unit, bits in bits_by_unit(flips).items():
            self.reversed[unit] = (*self.reversed.get(unit, ()), *bits)

    def assume(self, flips: Flips) -> Undo:
        """Reverse flips in the scan's bytes; `undo` with what this returns puts them back."""
        return reverse_flips(self._scan.raw, self._model, flips, self.reversed)

    def undo(self, undo: Undo) -> None:
        """Put back what an assumption changed."""
        for start, stored in reversed(undo):
            self._scan.raw[start : start + stored.size] = stored
