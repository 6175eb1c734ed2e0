"""Flip models: what a stretch of a fragment would be, had one bit of the evidence been stored differently.

A model cuts a fragment into units. A unit has as many single-bit hypotheses as it has bits, and each hypothesis
replaces the bytes from the unit's start on. Whoever searches needs to know nothing of encryption or flash.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Final, Protocol

import numpy as np
from numpy.typing import NDArray

from carving.fragments import Fragment
from carving.source import HOLE_OFFSET, BitPlace, ByteSource, ChecksBytes, Run, layers, runs_below, traced_runs

Bytes = NDArray[np.uint8]

_SINGLE_BITS: Final[Bytes] = (128 >> np.arange(8)).astype(np.uint8)


Combination = tuple[tuple[int, int], ...]
"""Flips that come together: unit and bit of each."""


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

    suspect: NDArray[np.bool_]
    """Per unit, whether the medium itself says that bits are wrong there, as error correction does that failed."""

    combinations: tuple[tuple[Combination, ...], ...]
    """For stretches of which the medium's redundancy leaves few ways to have been damaged: those ways."""

    def variants(self, data: Bytes, unit: int, flipped: tuple[int, ...]) -> Bytes:
        """What the bytes from the unit's start on would be, for each of its bits: uint8 (bits, largest reach).

        Args:
            data: the fragment as assumed so far.
            unit: index of the unit.
            flipped: bits of this unit that are already reversed in `data`.
        """

    def place(self, unit: int, bit: int) -> tuple[int, int]:
        """Evidence offset and bit (0 = most significant) that hypothesis `bit` of `unit` flips."""


@dataclass(frozen=True, eq=False)
class Trust:
    """What the medium says of some bytes.

    Attributes:
        suspect, vouched: per byte, whether it is damaged, and whether it is right; neither where nothing is said.
        alternatives: for suspect stretches, the ways in which they may have been damaged, as bits of the evidence.
    """

    suspect: NDArray[np.bool_]
    vouched: NDArray[np.bool_]
    alternatives: tuple[tuple[tuple[BitPlace, ...], ...], ...] = ()

    @classmethod
    def nothing_said(cls, size: int) -> Trust:
        return cls(np.zeros(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_))


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


def flip_model(source: ByteSource, fragment: Fragment) -> FlipModel:
    """The model of a fragment that was carved from `source`: decryption in the stack decides.

    It has no unit where the medium vouches for all of the fragment.
    """
    from carving.stored_files.lznt1 import one_to_one

    unit = 0 if fragment.record is None else fragment.record.compression_unit
    return runs_model(source, one_to_one(fragment.byte_runs, unit), len(fragment.data))


def runs_model(source: ByteSource, stretches: tuple[Run, ...], size: int | None = None) -> FlipModel:
    """The model of stretches of `source`, one behind the other; of their first `size` bytes, where that is given."""
    from carving.encryption.dmcrypt import DmCryptSource
    from carving.encryption.flips import DmCryptFlips

    runs = stretches
    for layer in layers(source):
        if isinstance(layer, DmCryptSource):
            return DmCryptFlips(layer, runs)
        if layer.below is not None:
            runs = runs_below(layer, runs)
    size = sum(run.length for run in stretches) if size is None else size
    return PlainFlips(size, runs, trust_in(source, stretches))


def trust_in(source: ByteSource, stretches: tuple[Run, ...]) -> Trust:
    """What the layers of a stack say of stretches of `source`, one after the other."""
    trust = Trust.nothing_said(sum(run.length for run in stretches))
    alternatives: list[tuple[tuple[BitPlace, ...], ...]] = []
    runs = stretches
    for layer in layers(source):
        if isinstance(layer, ChecksBytes):
            place = 0
            for run in runs:
                if run.offset != HOLE_OFFSET:
                    for marks, said in ((trust.suspect, layer.suspects), (trust.vouched, layer.vouched)):
                        for part in said(run.offset, run.length):
                            marks[place + part.offset - run.offset : place + part.end - run.offset] = True
                    alternatives += layer.alternatives(run.offset, run.length)
                place += run.length
        if layer.below is not None:
            runs = runs_below(layer, runs)
    return replace(trust, alternatives=tuple(alternatives))


def combine(
    alternatives: tuple[tuple[tuple[BitPlace, ...], ...], ...], units: Mapping[int, tuple[int, int]]
) -> tuple[tuple[Combination, ...], ...]:
    """Ways to have been damaged as flips of units.

    Args:
        alternatives: for each stretch the ways, as bits of the evidence; bits of no unit are left out.
        units: unit and first bit of each byte of the evidence.
    """
    return tuple(
        tuple(
            tuple((units[offset][0], units[offset][1] + bit) for offset, bit in way if offset in units) for way in ways
        )
        for ways in alternatives
    )


def offsets_of(runs: tuple[Run, ...]) -> NDArray[np.int64]:
    """The offset of every byte of consecutive runs, a negative one in holes."""
    parts = [
        np.full(run.length, HOLE_OFFSET) if run.offset == HOLE_OFFSET else np.arange(run.offset, run.end)
        for run in runs
    ]
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])


def physical(source: ByteSource, offset: int, length: int) -> NDArray[np.int64]:
    """The evidence offset of each byte of a stretch of `source`, a negative one in holes."""
    return offsets_of(traced_runs(source, offset, length))
