"""Whether the damage of a scan is of whole stretches, and then what the search over segments makes of it."""

from __future__ import annotations

from typing import Final

from carving.flips.model import FlipModel
from restore.decoding.decoded import Decoded
from restore.explanation import GapKind
from restore.segments.search import Explanation, explain
from restore.segments.stream import Range
from restore.thumbnail.guidance import Pixels

_LEAST: Final = 48
"""Bytes that cannot be data, one after the other, from which on no flip explains them: one redraws 16."""

_MOVED: Final = 8
"""MCUs by which what is behind a gap moves on that no flip explains."""

_TORN: Final = 0.2
"""Share of MCUs that do not go on from what is above, from which on there is more damage than was found."""


def explain_regions(
    data: bytes, decoded: Decoded, model: FlipModel | None, thumbnail: Pixels | None, known_bad: tuple[Range, ...]
) -> Explanation | None:
    """Segments and gaps of a damaged scan; None where flips explain the damage, or there is more than was found."""
    header = decoded.header
    if header.frame.progressive:
        return None
    found = explain(data, header, thumbnail, known_bad)
    if found.unbroken or not found.segments:
        return None
    if known_bad or found.excluded >= _LEAST:
        return found
    if found.torn > _TORN:
        return None
    if model is None:
        return found
    moved = any(
        gap.kind in (GapKind.MISSING, GapKind.INSERTED) and gap.mcus is not None and abs(gap.mcus) > _MOVED
        for gap in found.gaps
    )
    return found if moved else None
