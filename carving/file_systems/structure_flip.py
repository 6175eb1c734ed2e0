"""A reversed bit of a structure, for reports."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class StructureFlip:
    """A bit of the evidence that was flipped in a structure.

    Attributes:
        evidence_offset, bit: where; bit 0 is the most significant.
        structure: what was damaged, in words.
        probability: that it is this bit (`carving.file_systems.structures.reversal.probability_of`).
    """

    evidence_offset: int
    bit: int
    structure: str
    probability: float
