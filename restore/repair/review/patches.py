"""The bytes about some units with each of their bits reversed in turn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from carving.flips.model import Bytes, FlipModel
from restore.repair.search.flip_state import stretch_of
from restore.repair.search.hypotheses import Flips
from restore.scan.scan import Candidates


@dataclass(frozen=True, eq=False)
class Patches:
    """Ways in which a stretch of the file may have been stored.

    Attributes:
        first: its first byte in the file.
        rows: uint8 (ways, bytes).
        flips: the (unit, bit) that each of the first rows reverses; a row behind these reverses none.
    """

    first: int
    rows: NDArray[np.uint8]
    flips: Flips

    def candidates(self, mcu: int) -> Candidates:
        """To be extended from `mcu`, which is decoded and begins before the stretch."""
        count, length = self.rows.shape
        return Candidates(np.full(count, self.first), np.full(count, length), self.rows, np.full(count, mcu))

    def settle(self, raw: Bytes, row: int) -> None:
        """Make one of them true in the file's bytes."""
        raw[self.first : self.first + self.rows.shape[1]] = self.rows[row]


def patches_of(
    raw: Bytes, model: FlipModel, units: Sequence[int], reversed_bits: Mapping[int, tuple[int, ...]]
) -> Patches:
    """Each bit reversed that is not yet, and behind these the bytes as they are.

    Args:
        raw: uint8, the file as assumed so far.
        model: its flip model.
        units: ascending and consecutive.
        reversed_bits: bits that are reversed in `raw`, by unit.
    """
    first, last = stretch_of(model, units[0], raw.size)[0], stretch_of(model, units[-1], raw.size)[1]
    flips = tuple((unit, bit) for unit in units for bit in range(model.bits) if bit not in reversed_bits.get(unit, ()))
    rows = np.repeat(raw[np.newaxis, first:last], len(flips) + 1, axis=0)
    row = 0
    for unit in units:
        begin, end = stretch_of(model, unit, raw.size)
        start, done = int(model.starts[unit]), reversed_bits.get(unit, ())
        fresh = [bit for bit in range(model.bits) if bit not in done]
        variants = model.variants(raw, unit, done)[fresh, begin - start : end - start]
        rows[row : row + len(fresh), begin - first : end - first] = variants
        row += len(fresh)
    return Patches(first, rows, flips)
