"""What a gap is, by the bytes in it and the MCUs that are lost."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.explanation import GapKind
from restore.segments.bad_ranges import constant_runs
from restore.segments.scan_cut import Range

_MOSTLY: Final = 0.5
_FLIPS: Final = 48
"""Bytes up to which a gap may be what a flip leaves: a block of 16 redrawn, and MCUs cut off on both sides."""

_AS_MANY: Final = 3
"""MCUs by which a gap's bytes may fail to account for its loss."""

_RUN: Final = 8


def kind_of(
    raw: NDArray[np.uint8], gap: Range, known_bad: tuple[Range, ...], lost: int | None, expected: float
) -> GapKind:
    """The kind of a gap.

    Args:
        raw: uint8, the file; gap: first byte and end.
        known_bad: stretches that a layer below could not read.
        lost: MCUs lost in it, None where not known; expected: as many as its bytes would be.
    """
    first, end = gap
    if any(low < end and first < high for low, high in known_bad):
        return GapKind.KNOWN_BAD
    size = end - first
    runs = constant_runs(raw, first, end, _RUN)
    if size and sum(last - begin for begin, last in runs) > _MOSTLY * size:
        zeros = sum(last - begin for begin, last in runs if raw[begin] == 0)
        return GapKind.ZEROS if zeros > _MOSTLY * size else GapKind.CONSTANT
    if lost is not None and lost > 2.0 * expected + _AS_MANY:
        return GapKind.MISSING
    if lost is not None and size and lost < 0.3 * expected - _AS_MANY:
        return GapKind.INSERTED
    if size <= _FLIPS:
        return GapKind.FLIPS
    return GapKind.FOREIGN if _is_coded(raw[first:end]) else GapKind.NOISE


def _is_coded(data: NDArray[np.uint8]) -> bool:
    """Whether every FF is stuffed, or a restart marker, as in entropy-coded data."""
    where = np.flatnonzero(data[:-1] == 0xFF)
    behind = data[where + 1]
    odd = (behind != 0) & ((behind < 0xD0) | (behind > 0xD7))
    return where.size > 0 and int(odd.sum()) * 8 <= where.size
