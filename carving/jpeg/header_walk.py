"""The header of a possibly damaged JPEG: a marker walk that resynchronises instead of giving up.

`carving.jpeg.markers` reads sound headers; this walk answers the carver's weaker question, where the picture's own
scan begins, also when a length, a marker or the first bytes of the file are destroyed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import Final

from carving.jpeg.foreign_sectors import SECTOR
from carving.jpeg.markers import SOI, SOS, MarkerSegment
from carving.jpeg.plausibility import is_followed, is_strict, jpeg_at, read_segment

RESYNC_LIMIT: Final = 1 << 18
"""How far behind a broken segment the next one is looked for, in bytes."""
_NEAR: Final = 1024
LARGEST_SEGMENT: Final = 0xFFFF + 2
_SCAN_HEADER_LENGTHS: Final = (10, 12, 14, 16)
_MAX_SEGMENTS: Final = 1024
_MAX_BREAKS: Final = 8
_NESTED_TRIES: Final = 8
_MAX_PAIRS: Final = 1024
"""Bounds on the work that hostile bytes can cause; real headers stay far below."""
_HEADER_PAIR: Final = re.compile(rb"\xff[\xc0-\xcf\xd8\xda-\xdd\xe0-\xef]")


@dataclass(frozen=True, slots=True)
class HeaderWalk:
    """What the walk found.

    Attributes:
        segments: the segments passed, in order; an SOS, if found, is the last.
        entropy_start: offset of the first entropy-coded byte; None when no scan was reached.
        end: offset behind the last good segment.
        damaged: the chain of segments broke at least once.
        settled: False when more bytes behind the end of the data could change the answer.
    """

    segments: tuple[MarkerSegment, ...]
    entropy_start: int | None
    end: int
    damaged: bool
    settled: bool


def walk_header(data: bytes, position: int = 0) -> HeaderWalk:
    """Walk from SOI (or from where it should be) at `position` to the first scan of the picture itself.

    An embedded thumbnail is passed over even when the segment around it has lost its length. Never raises.
    """
    found: list[MarkerSegment] = []
    damaged = data[position : position + 2] != b"\xff\xd8"
    if not damaged:
        found.append(MarkerSegment(SOI, position, 2))
    position += 2
    breaks = 0
    while len(found) < _MAX_SEGMENTS:
        segment = read_segment(data, position)
        if segment is None or not (is_followed(segment, data) or _needs_no_successor(segment, data)):
            damaged = True
            breaks += 1
            broken, stop = segment, _next_file(data, position)
            segment = _resume(data, position, broken, stop) if breaks <= _MAX_BREAKS else None
            if segment is None:
                if broken is not None and is_strict(broken, data):
                    found.append(broken)
                    position = min(broken.end, stop)
                break
        found.append(segment)
        if segment.marker == SOS:
            return HeaderWalk(tuple(found), segment.end, segment.end, damaged, settled=True)
        position = segment.end
    end = min(position, len(data))
    return HeaderWalk(tuple(found), None, end, damaged, end + LARGEST_SEGMENT + RESYNC_LIMIT <= len(data))


def resynchronise(data: bytes, start: int, stop: int) -> MarkerSegment | None:
    """The first segment between `start` and `stop` that is sound and leads on to another; skips embedded pictures."""
    free, tries = start, _NESTED_TRIES
    for match in islice(_HEADER_PAIR.finditer(data, start, stop), _MAX_PAIRS):
        position = match.start()
        if position < free:
            continue
        if data[position + 1] == SOI:
            nested = jpeg_at(data, position, stop) if tries > 0 else None
            tries -= 1
            if nested is not None and nested.length <= LARGEST_SEGMENT:
                free = nested.end
            continue
        segment = read_segment(data, position)
        if segment is not None and is_strict(segment, data) and (segment.marker == SOS or is_followed(segment, data)):
            return segment
    return None


def _needs_no_successor(segment: MarkerSegment, data: bytes) -> bool:
    """Whether a segment is good without a next one: a scan header, or tables so sound that the next is gone."""
    if segment.marker == SOS:
        return segment.length in _SCAN_HEADER_LENGTHS
    return is_strict(segment, data) and not 0xE0 <= segment.marker <= 0xEF


def _next_file(data: bytes, position: int) -> int:
    """Where the next file begins, by SOI and identifier on a sector boundary; the limit of the search if none does."""
    stop = min(position + LARGEST_SEGMENT + RESYNC_LIMIT, len(data))
    for sector in range((position // SECTOR + 1) * SECTOR, stop, SECTOR):
        if data[sector : sector + 3] == b"\xff\xd8\xff" and data[sector + 6 : sector + 11] in (b"Exif\0", b"JFIF\0"):
            return sector
    return stop


def _resume(data: bytes, position: int, broken: MarkerSegment | None, stop: int) -> MarkerSegment | None:
    """The next good segment before `stop`: behind the claimed end of the broken one if there is one, else anywhere."""
    if broken is not None:
        limit = RESYNC_LIMIT if is_strict(broken, data) else _NEAR
        behind = resynchronise(data, broken.end, min(stop, broken.end + limit))
        if behind is not None:
            return behind
    start = position + (0 if broken is None else 4)
    return resynchronise(data, start, min(stop, start + RESYNC_LIMIT))
