"""One place where a JPEG may begin: whether one does, how far it goes, and whether it decodes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from carving.carver.cutting import refined_end
from carving.fragments import Fragment
from carving.jpeg.header_walk import HeaderWalk, walk_header
from carving.jpeg.markers import DHT, DQT, SOI, SOS, JpegHeader, MarkerSegment
from carving.jpeg.mcu_count import share_coded
from carving.jpeg.picture_walk import PictureEnd, check_picture, find_picture_end, sound_header
from carving.jpeg.plausibility import is_followed, is_strict
from carving.jpeg.results import Check, Ending
from carving.jpeg.thumbnails import extract_thumbnail
from carving.source import ByteSource, Run, evidence_runs, merge

Reader = Callable[[int, int], bytes]
"""Reads up to a number of bytes at an offset."""

_FIRST_LOOK: Final = 1 << 20
_GROWTH: Final = 4
_SHORTEST: Final = 20
_TABLES: Final = (DQT, DHT, SOS)
_FAIR_SHARE: Final = 0.02
"""How far the number of MCUs in a damaged file may be off; a gap inside a file makes it more."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A JPEG, as far as one look at the data tells: its runs, their bytes, and its header's segments."""

    runs: tuple[Run, ...]
    data: bytes
    segments: tuple[MarkerSegment, ...]
    ending: Ending
    check: Check | None
    header: JpegHeader | None = None
    """The same header read; None where it is damaged, or was not looked at again."""
    witnessed: bool | None = None
    """Whether the thumbnail shows what is behind a join; None where nothing was joined, or it cannot tell."""

    @property
    def is_broken(self) -> bool:
        """Whether the picture may go on elsewhere: its header is sound, but it ends early, or has too much inside."""
        if self.check is None or self.check.whole:
            return False
        if self.ending is Ending.TRUNCATED:
            return True
        share = share_coded(self.data)
        return share is None or abs(share - 1.0) > _FAIR_SHARE

    def fragment(self, source: ByteSource, layer: str) -> Fragment:
        """The candidate as it stands."""
        lower = tuple(low for run in self.runs for low in evidence_runs(source, run.offset, run.length))
        return Fragment(
            layer=layer,
            offset=self.runs[0].offset,
            data=self.data,
            byte_runs=self.runs,
            evidence_runs=merge(lower),
            ending=self.ending,
            thumbnail=extract_thumbnail(self.data, self.segments),
            check=self.check,
            witnessed=self.witnessed,
        )


def read_candidate(read: Reader, offset: int, limit: int, alignment: int) -> Candidate | None:
    """The file that begins at `offset`, read in growing pieces until its end is certain; None where there is none.

    Args:
        read: reads the source.
        offset: where it may begin.
        limit: bytes it may have at most.
        alignment: a file at no multiple of it must have a sound header and decode for a while.
    """
    size = min(_FIRST_LOOK, limit)
    while True:
        data = read(offset, size)
        walk = walk_header(data)
        if not _is_picture(walk, data):
            return None
        final = size == limit or len(data) < size
        header = sound_header(data, walk)
        check = check_picture(data, header)
        if offset % alignment and not _is_sound(walk, check):
            return None
        if check is not None and check.whole:
            picture = PictureEnd(check.offset, Ending.EOI, settled=True)
        elif check is None or not check.open or final:
            picture = find_picture_end(data, walk)
        else:
            size = min(_GROWTH * size, limit)
            continue
        if picture.settled or final:
            return _candidate(offset, data, walk, picture, header, check)
        size = min(_GROWTH * size, limit)


def _candidate(
    offset: int,
    data: bytes,
    walk: HeaderWalk,
    picture: PictureEnd,
    header: JpegHeader | None,
    check: Check | None,
) -> Candidate | None:
    if picture.end < _SHORTEST:
        return None
    end = picture.end
    if check is not None and picture.ending is Ending.TRUNCATED:
        end = refined_end(offset, end, check)
    return Candidate((Run(offset, end),), data[:end], walk.segments, picture.ending, check, header)


def _is_picture(walk: HeaderWalk, data: bytes) -> bool:
    """Whether a JPEG begins here rather than bytes that happen to look like SOI."""
    named = data[6:11] in (b"JFIF\0", b"Exif\0")
    if not walk.segments or walk.segments[0].marker != SOI:
        return walk.entropy_start is not None
    if len(walk.segments) < 2:
        return named
    first = walk.segments[1]
    if named or (is_strict(first, data) and 0xE0 <= first.marker <= 0xEF):
        return True
    return (is_strict(first, data) or is_followed(first, data)) and any(
        segment.marker in _TABLES and is_strict(segment, data) for segment in walk.segments
    )


def _is_sound(walk: HeaderWalk, check: Check | None) -> bool:
    """Whether so much is in order that no cluster boundary is needed to believe in a file."""
    return not walk.damaged and walk.entropy_start is not None and (check is None or check.sound > 0)
