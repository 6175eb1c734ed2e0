"""Flip models: what a stretch of a fragment would be, had one bit of the evidence been stored differently.

A model cuts a fragment into units. A unit has as many single-bit hypotheses as it has bits, and each hypothesis
replaces the bytes from the unit's start on. Whoever searches needs to know nothing of encryption or flash.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from carving.source import BitPlace

Bytes = NDArray[np.uint8]

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
