"""Flip models: what a stretch of a fragment would be, had one bit of the evidence been stored differently.

A model cuts a fragment into units. A unit has as many single-bit hypotheses as it has bits, and each hypothesis
replaces the bytes from the unit's start on. Whoever searches needs to know nothing of encryption or flash.
"""

from __future__ import annotations

from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from carving.fragments import Fragment
from carving.source import ByteSource, Run, evidence_runs, layers, merge

Bytes = NDArray[np.uint8]

_SINGLE_BITS: Final[Bytes] = (128 >> np.arange(8)).astype(np.uint8)


class FlipModel(Protocol):
    """Single-bit hypotheses about the evidence behind one fragment. Models can be pickled."""

    starts: NDArray[np.int64]
    """First byte of each unit in the fragment, ascending; the first may be negative."""

    reaches: NDArray[np.int64]
    """How many bytes from its start on a flip in each unit can change."""

    bits: int
    """Hypotheses per unit."""

    encrypted: bool
    """Whether a flip redraws a whole unit, so that no flip in a picture goes unseen."""

    def variants(self, data: Bytes, unit: int, flipped: tuple[int, ...]) -> Bytes:
        """What the bytes from the unit's start on would be, for each of its bits: uint8 (bits, largest reach).

        Args:
            data: the fragment as assumed so far.
            unit: index of the unit.
            flipped: bits of this unit that are already reversed in `data`.
        """

    def place(self, unit: int, bit: int) -> tuple[int, int]:
        """Evidence offset and bit (0 = most significant) that hypothesis `bit` of `unit` flips."""


class PlainFlips:
    """Bytes stored as they are: a unit is one byte."""

    bits = 8
    encrypted = False

    def __init__(self, size: int, evidence: tuple[Run, ...]) -> None:
        """Args: size of the fragment in bytes, and its runs in the evidence."""
        self.starts = np.arange(size, dtype=np.int64)
        self.reaches = np.ones(size, dtype=np.int64)
        self._offsets = offsets_of(evidence)

    def variants(self, data: Bytes, unit: int, flipped: tuple[int, ...]) -> Bytes:
        del flipped  # they are in `data` already
        changed: Bytes = data[unit] ^ _SINGLE_BITS
        return changed[:, np.newaxis]

    def place(self, unit: int, bit: int) -> tuple[int, int]:
        return int(self._offsets[unit]), bit


def flip_model(source: ByteSource, fragment: Fragment) -> FlipModel:
    """The model of a fragment that was carved from `source`: decryption in the stack decides."""
    from carving.encryption.dmcrypt import DmCryptSource
    from carving.encryption.flips import DmCryptFlips

    runs = fragment.byte_runs
    for layer in layers(source):
        if isinstance(layer, DmCryptSource):
            return DmCryptFlips(layer, runs)
        runs = merge(tuple(lower for run in runs for lower in layer.trace(run.offset, run.length)))
    return PlainFlips(len(fragment.data), fragment.evidence_runs)


def offsets_of(runs: tuple[Run, ...], step: int = 1) -> NDArray[np.int64]:
    """The offset of every `step`-th byte of consecutive runs."""
    parts = [np.arange(run.offset, run.end, step, dtype=np.int64) for run in runs]
    return np.concatenate(parts) if parts else np.zeros(0, dtype=np.int64)


def physical(source: ByteSource, offset: int, length: int) -> NDArray[np.int64]:
    """The evidence offset of each byte of a stretch of `source`."""
    return offsets_of(evidence_runs(source, offset, length))
