"""What each MCU and each file is: evidence as stored, corrected evidence, or a guess."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray


class Provenance(enum.IntEnum):
    """Class of one MCU, as stored in a provenance map."""

    INTACT = 0
    """Decoded as stored."""
    REPAIRED = 1
    """Its bytes were corrected by reversed bit flips."""
    PLACED = 2
    """Stored bits, but its position or DC was corrected."""
    GENERATED = 3
    """Pixels from the thumbnail or a network: an enhancement, never evidence."""
    LOST = 4
    """Neither stored bits nor a guess."""


EXACT_FROM: Final = 0.995
"""Probability of being the original byte stream up to EOI from which on a repaired file is called `exact`."""


class Status(enum.StrEnum):
    """State of one file, from best to worst.

    In one that is `repaired` every visible sign of damage is reversed, without the certainty that `exact` asks for.
    """

    INTACT = "intact"
    EXACT = "exact"
    REPAIRED = "repaired"
    RESTORED = "restored"
    PARTIAL = "partial"
    UNRECOVERABLE = "unrecoverable"


COLOURS: Final[dict[Provenance, tuple[int, int, int]]] = {
    Provenance.INTACT: (46, 125, 50),
    Provenance.REPAIRED: (21, 101, 192),
    Provenance.PLACED: (249, 168, 37),
    Provenance.GENERATED: (198, 40, 40),
    Provenance.LOST: (33, 33, 33),
}
"""RGB of each class in provenance pictures."""


@dataclass(frozen=True, slots=True)
class BitFlip:
    """One reversed bit flip: where it is in the evidence, and how sure the search was.

    `bit` counts from 0, the most significant; `gain` and `margin` are log-likelihood differences in nats, `probability`
    is that of this bit having been flipped.
    """

    evidence_offset: int
    bit: int
    gain: float
    margin: float
    probability: float


def counts(provenance: NDArray[np.uint8]) -> dict[str, int]:
    """Number of MCUs of each class and in all; `provenance` has shape (MCU rows, MCU columns)."""
    tally = np.bincount(provenance.ravel(), minlength=len(Provenance))
    return {"total": int(provenance.size)} | {kind.name.lower(): int(tally[kind]) for kind in Provenance}


def picture(provenance: NDArray[np.uint8], mcu_height: int, mcu_width: int) -> NDArray[np.uint8]:
    """The map as an RGB picture, one MCU as `mcu_height` × `mcu_width` pixels, uncropped."""
    palette = np.array([COLOURS[kind] for kind in Provenance], dtype=np.uint8)
    return palette[provenance].repeat(mcu_height, axis=0).repeat(mcu_width, axis=1)
