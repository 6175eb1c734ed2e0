"""Whether the damage of a scan is of whole stretches, and then what the search over segments makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from carving.flips.model import FlipModel
from restore.decoding.decoded import Decoded
from restore.explanation import GapKind
from restore.segments.level_steps import begins_a_row, level_moves
from restore.segments.scan_cut import Range
from restore.segments.search import Explanation, explain, explain_grid
from restore.thumbnail.guidance import Pixels

_LEAST: Final = 48
"""Bytes that cannot be data, one after the other, from which on no flip explains them: one redraws 16."""

_LARGE: Final = 2048
"""Such bytes as dense flips do not leave either."""

_MOVED: Final = 8
"""MCUs by which what is behind a gap moves on that no flip explains."""

_MOVED_BYTES: Final = 256
"""What these take, at the mean, where a flip redraws whole blocks: what one draws in a flat part of the picture can be
a dozen MCUs short, and no less than a sector goes missing."""

_OF_FLIPS: Final = (GapKind.FLIPS, GapKind.FOREIGN, GapKind.NOISE)
"""Kinds of gaps that flips leave where they redraw whole blocks: among such, a place may be wrong."""

_NO_CHANCE: Final = 16
"""Equal bytes, not zero, that no sound data hold and no flip leaves: a cipher block redrawn has them once in 2^128."""

_WEDGE: Final = 1024
"""Bytes wedged between two blocks that belong together: a flip takes what it puts out of step from the picture."""

_CLEARLY: Final = 0.02
"""Share of the picture by which segments must show more than a search for flips that may explain the damage too."""

_STRIP: Final = 8
"""Rows of MCUs at the top and at the bottom of a picture in which a level that moves may be a strip with text: one of
3,600 sound pictures, a trail camera's, has one that looks like a break, in its last two rows."""

_TORN: Final = 0.1
"""Share of MCUs that do not go on from what is above, from which on there is more damage than was found."""

_SIDES: Final = 2
"""Segments beside one break."""


@dataclass(frozen=True, eq=False, slots=True)
class RegionDamage:
    """What the search over segments makes of a scan.

    Attributes:
        certain: that is all there is to its damage.
        margin: share of the picture by which it must show more than flips do if it is not.
    """

    explanation: Explanation
    certain: bool
    margin: float = 0.0

    def better(self, torn: float, known: float) -> bool:
        """Whether it stands beside another way to place the scan, by what that tears and the share it knows."""
        own = self.explanation
        return torn >= _TORN > own.torn or (known + self.margin <= own.known.mean() and own.torn <= torn)


def region_damage(
    data: bytes, decoded: Decoded, model: FlipModel | None, thumbnail: Pixels | None, known_bad: tuple[Range, ...]
) -> RegionDamage | None:
    """Segments and gaps of a damaged scan; None where there is no damage of stretches."""
    header = decoded.header
    if header.frame.progressive:
        return None
    grid = None if known_bad else explain_grid(data, header)
    if grid is not None:
        return RegionDamage(grid, certain=True)
    found = explain(data, header, thumbnail, known_bad)
    if found.unbroken or not found.segments:
        return None
    if known_bad or found.excluded >= _LARGE:
        return RegionDamage(found, certain=True)
    complete = found.torn <= _TORN and all(segment.first_mcu is not None for segment in found.segments)
    if found.excluded >= _LEAST or model is None:
        return RegionDamage(found, certain=complete)
    least_moved = float(_MOVED)
    if model.encrypted:
        complete &= all(gap.kind not in _OF_FLIPS for gap in found.gaps)
        mcu_bytes = (decoded.end - header.scan.entropy_start) / header.frame.mcu_count
        least_moved = max(least_moved, _MOVED_BYTES / mcu_bytes)
    moved = any(
        gap.kind in (GapKind.MISSING, GapKind.INSERTED) and gap.mcus is not None and abs(gap.mcus) > least_moved
        for gap in found.gaps
    )
    least = {GapKind.CONSTANT: _NO_CHANCE, GapKind.INSERTED: _WEDGE}
    beyond = any(gap.end_byte - gap.first_byte >= least[gap.kind] for gap in found.gaps if gap.kind in least)
    return RegionDamage(found, certain=complete and (moved or beyond), margin=_CLEARLY)


def hidden_break(data: bytes, decoded: Decoded, thumbnail: Pixels | None) -> Explanation | None:
    """What a scan that decodes to its last bit consists of, if its picture shows that it broke on the way.

    Bytes inserted or lost leave no other trace where decoding takes hold again at once and as many MCUs come out.
    """
    if decoded.header.frame.progressive:
        return None
    moves = level_moves(decoded.header, decoded.coefficients)
    if not moves:
        return None
    found = explain(data, decoded.header, thumbnail)
    if found.unbroken or found.excluded or len(found.segments) != _SIDES:
        return None
    columns = decoded.header.frame.mcu_columns
    end, place = found.segments[0].mcus, found.segments[1].first_mcu
    if (
        place is None
        or min(place, decoded.header.frame.mcu_count - place) < _STRIP * columns
        or place - end > _MOVED
        or begins_a_row(np.array([end, place]), columns).any()
    ):
        return None
    return found if min(abs(place - move) for move in moves) <= _MOVED else None
