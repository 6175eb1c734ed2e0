"""Whose tables are tried on a piece without a header, and in which order they are believed.

Photos that the examiner gives come first; then the file that is cut off in front of the piece, whose rest it may be;
then those of the same camera; then all others. A later one is taken only where the earlier ones read far less of the
piece, or where rows plainly do not follow rows at their width.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from dataclasses import dataclass, field
from typing import Final

from carving.carver.borrowing import STARTS, LentReading, Sibling, read_with, sibling_of
from carving.errors import JpegError
from carving.fragments import Borrowed
from carving.jpeg.markers import JpegHeader, read_header

_MOST_KNOWN: Final = 256
_MOST_TRIED: Final = 12
_AS_FAR: Final = 0.98
"""Share of the farthest reading's bytes from which on another one reads as far."""
_ROUGHER: Final = 1.5
"""How much rougher than at another file's width rows may follow rows at the width of the one to be believed."""


@dataclass
class Families:
    """Files that can lend their tables, those with the same ones together; commonly used tables come first."""

    _members: dict[bytes, dict[int, Sibling]] = field(default_factory=dict)
    _seen: Counter[bytes] = field(default_factory=Counter)
    _heads: list[Sibling] = field(default_factory=list)
    _references: list[Sibling] = field(default_factory=list)
    _restarting: list[Sibling] = field(default_factory=list)

    def note(self, jpeg: bytes, header: JpegHeader, offset: int, named: str | None = None) -> None:
        """Remember a whole file, unless one like it, or enough others, are known."""
        sibling = sibling_of(jpeg, header, offset, named)
        if sibling is None:
            return
        if header.restart_interval:
            if len(self._restarting) < _MOST_KNOWN:
                self._restarting.append(sibling)
            return
        tables = sibling.tables
        if tables in self._members or len(self._members) < _MOST_KNOWN:
            self._seen[tables] += 1
            self._members.setdefault(tables, {}).setdefault(sibling.coding.columns, sibling)

    def note_head(self, jpeg: bytes, header: JpegHeader, offset: int) -> None:
        """Remember a file that is cut off, and whose rest may be found."""
        sibling = None if header.restart_interval else sibling_of(jpeg, header, offset)
        if sibling is not None:
            self._heads.append(sibling)
            self._heads.sort(key=lambda head: head.offset)

    def refer_to(self, jpeg: bytes, named: str) -> bool:
        """Remember a photo that the examiner gives; whether it can lend anything."""
        try:
            header = read_header(jpeg)
        except JpegError:
            return False
        sibling = sibling_of(jpeg, header, -1, named)
        if sibling is not None:
            (self._restarting if header.restart_interval else self._references).append(sibling)
        return sibling is not None

    @property
    def restarting(self) -> list[Sibling]:
        """Files with restart intervals, in the order in which they were learned of: the examiner's first."""
        return self._restarting

    def ranked(self, place: int) -> list[list[list[Sibling]]]:
        """The families that are tried on a piece at some offset, those that are believed first in front."""
        before = bisect_left(self._heads, place, key=lambda head: head.offset)
        head = self._heads[before - 1] if before else None
        common = [list(self._members[tables].values()) for tables, _ in self._seen.most_common(_MOST_TRIED)]
        camera = self._camera_before(place) if head is None else head.camera
        same = [[one for one in family if camera and one.camera == camera] for family in common]
        ranks = [
            _families(self._references),
            [] if head is None else [[head]],
            [family for family in same if family],
            common,
        ]
        return [rank for rank in ranks if rank]

    def _camera_before(self, place: int) -> str:
        """The camera of the nearest whole file in front of a place."""
        known = (one for family in self._members.values() for one in family.values() if one.offset < place)
        nearest = max(known, key=lambda one: one.offset, default=None)
        return "" if nearest is None else nearest.camera


def borrow(
    data: bytes, ranks: list[list[list[Sibling]]], starts: int = STARTS
) -> tuple[Borrowed, tuple[str, ...]] | None:
    """How to read a headerless stretch, and what is to be said of that; None where no tables read it for long.

    Args:
        data: entropy-coded bytes without restart markers.
        ranks: families of files with the same tables, as `Families.ranked` gives them.
        starts: bits of the stretch at which a first MCU is looked for.
    """
    best: list[LentReading] = []
    for rank in ranks:
        readings = [reading for family in rank if (reading := read_with(data, family, starts)) is not None]
        if readings:
            best.append(max(readings, key=lambda reading: (reading.end, -reading.step)))
    if not best:
        return None
    farthest = max(reading.end for reading in best)
    as_far = [reading for reading in best if reading.end >= _AS_FAR * farthest]
    smoothest = min(reading.step for reading in as_far)
    chosen = next(reading for reading in as_far if reading.step <= _ROUGHER * smoothest)
    others = [reading for reading in as_far if _differ(reading, chosen)]
    return chosen.borrowed, () if not others else (_disagreement(chosen, others[0]),)


def _families(siblings: list[Sibling]) -> list[list[Sibling]]:
    """Files with the same tables together, one of each width."""
    groups: dict[bytes, dict[int, Sibling]] = {}
    for sibling in siblings:
        groups.setdefault(sibling.tables, {}).setdefault(sibling.coding.columns, sibling)
    return [list(group.values()) for group in groups.values()]


def _differ(one: LentReading, other: LentReading) -> bool:
    """Whether two readings make different pictures of a piece: of another width, or in other tones."""
    first, second = one.sibling.parsed, other.sibling.parsed
    return first.frame.mcu_columns != second.frame.mcu_columns or first.quant_tables != second.quant_tables


def _disagreement(chosen: LentReading, other: LentReading) -> str:
    taken, left = chosen.borrowed, other.borrowed
    widths = chosen.sibling.parsed.frame.width, other.sibling.parsed.frame.width
    what = f"a width of {widths[1]} instead of {widths[0]}" if widths[0] != widths[1] else "other tones"
    return (
        f"two files that read this piece disagree: {taken.lent_by} is taken; {left.lent_by} reads it as far, and would "
        f"give it {what}"
    )
