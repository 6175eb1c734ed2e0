"""Reverse the one flipped bit behind a checksum that fails, where the checksum leaves no doubt which it was."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Protocol

import numpy as np

from carving.file_systems.structure_flip import StructureFlip
from carving.file_systems.structures.checksums import Words
from carving.flips.model import Bytes, FlipModel
from carving.flips.of_fragment import runs_model
from carving.source import ByteSource, Run, clamp
from carving.sources.flipped import FlippedSource

LEAST_PROBABILITY: Final = 0.99
_NEIGHBOURHOOD: Final = 16
"""Bytes beside a structure through which a flip may reach it, or which one in it reaches: a cipher block."""


class StructureCheck(Protocol):
    """A checksum over the bytes of one structure."""

    @property
    def bits(self) -> int:
        """Its width."""

    def residuals(self, data: Bytes, start: int, variants: Bytes) -> Words:
        """By how much computed and stored checksum differ, 0 where they agree: uint32 (variants,).

        Args:
            data: the structure.
            start: where in it it is varied.
            variants: what might stand there, one in a row.
        """


@dataclass(frozen=True, slots=True)
class Structure:
    """Something that a checksum covers.

    Attributes:
        name: in words, with its place.
        run: its bytes in the source.
        check: its checksum.
        is_sound: whether bytes keep what the format fixes beside the checksum; None where nothing is asked.
    """

    name: str
    run: Run
    check: StructureCheck
    is_sound: Callable[[Bytes], bool] | None = None


def probability_of(hypotheses: int, bits: int) -> float:
    """How likely the only hypothesis that a checksum agrees with is the right one.

    Before the checksum is looked at, one flipped bit is held as likely as any other damage. In the first case the right
    hypothesis agrees for sure; in the second each of `hypotheses` agrees by chance once in 2^`bits` cases. By Bayes'
    rule the probability is 1 / (1 + hypotheses / 2^bits).
    """
    return 1.0 / (1.0 + hypotheses / float(1 << bits))


class CorrectedSource(FlippedSource):
    """The source below as it would read had the bits of its structures not flipped that were found; none at first."""

    def __init__(self, below: ByteSource) -> None:
        super().__init__(below, ())
        self.flips: list[StructureFlip] = []

    @property
    def name(self) -> str:
        return self._below.name

    def reverse(self, structure: Structure) -> bool:
        """Find and reverse the flip behind a failed checksum; whether there was one beyond doubt.

        Raises:
            EvidenceError: the source cannot be read.
        """
        run = structure.run
        start = max(0, run.offset - _NEIGHBOURHOOD)
        window = clamp(start, run.end + _NEIGHBOURHOOD - start, self.size)
        data = np.frombuffer(self.read_at(window.offset, window.length), dtype=np.uint8)
        inside = slice(run.offset - window.offset, run.end - window.offset)
        if data.size < inside.stop:
            return False
        model = runs_model(self._below, (window,))
        found = self._search(structure, model, data, inside)
        if found is None:
            return False
        unit, bit, changed, probability = found
        bits = np.flatnonzero(np.unpackbits(changed ^ data))
        self.toggle((window.offset + int(at) // 8, int(at) % 8) for at in bits)
        self.flips.append(StructureFlip(*model.place(unit, bit), structure.name, probability))
        return True

    def _search(
        self, structure: Structure, model: FlipModel, data: Bytes, inside: slice
    ) -> tuple[int, int, Bytes, float] | None:
        """The only hypothesis that the checksum agrees with, and the window as it would be; None where there is none,
        or doubt."""
        already = {(flip.evidence_offset, flip.bit) for flip in self.flips}
        matches: list[tuple[int, int, Bytes]] = []
        hypotheses, own = 0, data[inside]
        for unit in range(model.starts.size):
            start = int(model.starts[unit])
            reach = slice(max(start, inside.start), min(start + int(model.reaches[unit]), inside.stop))
            if reach.start >= reach.stop:
                continue
            flipped = tuple(bit for bit in range(model.bits) if model.place(unit, bit) in already) if already else ()
            variants = model.variants(data, unit, flipped)
            place = reach.start - inside.start
            parts = variants[:, reach.start - start : reach.stop - start]
            kept = np.ones(model.bits, dtype=np.bool_)
            if structure.is_sound is not None:
                rows = np.repeat(own[np.newaxis], model.bits, axis=0)
                rows[:, place : place + parts.shape[1]] = parts
                kept = np.array([structure.is_sound(row) for row in rows], dtype=np.bool_)
            hypotheses += int(kept.sum())
            for bit in np.flatnonzero(kept & (structure.check.residuals(own, place, parts) == 0)):
                changed = data.copy()
                low, high = max(start, 0), min(start + int(model.reaches[unit]), data.size)
                changed[low:high] = variants[bit, low - start : high - start]
                matches.append((unit, int(bit), changed))
        probability = probability_of(hypotheses, structure.check.bits)
        if len(matches) != 1 or probability < LEAST_PROBABILITY:
            return None
        return *matches[0], probability
