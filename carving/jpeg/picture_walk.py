"""From the first scan of a picture to its own end-of-image marker, over all its scans."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from carving.errors import JpegError
from carving.jpeg.coding import check_scan, coding_of
from carving.jpeg.entropy_walk import LOOK_AHEAD, NEAR_LOOK, find_entropy_end, looks_entropy_coded
from carving.jpeg.header_walk import LARGEST_SEGMENT, HeaderWalk, resynchronise, walk_header
from carving.jpeg.markers import DHT, EOI, SOF0, SOF2, JpegHeader, read_header
from carving.jpeg.plausibility import next_scan
from carving.jpeg.results import Check, Ending

_MAX_SCANS: Final = 1024
_THUMBNAIL_LIMIT: Final = LARGEST_SEGMENT + (1 << 12)
_HEADER_GAP: Final = 1 << 16


@dataclass(frozen=True, slots=True)
class PictureEnd:
    """The end of a picture: `end` is the offset behind its EOI, or behind its last usable byte.

    `settled` is False when more bytes behind the end of the data could change the answer.
    """

    end: int
    ending: Ending
    settled: bool


def sound_header(data: bytes, walk: HeaderWalk) -> JpegHeader | None:
    """The header that `walk` passed, of the picture that begins at offset 0 of `data`; None where it is damaged."""
    return None if walk.damaged or walk.entropy_start is None else _header(data, walk.entropy_start)


def check_picture(data: bytes, header: JpegHeader | None) -> Check | None:
    """Decode the picture with that header to its first flaw; it begins at offset 0 of `data`.

    None without a sound header, and for progressive pictures and those of several scans.
    """
    if header is None or len(header.scan.components) < len(header.frame.components):
        return None
    coding = coding_of(header)
    return None if coding is None else check_scan(data, header, coding)


def find_picture_end(data: bytes, walk: HeaderWalk) -> PictureEnd:
    """Find the end of the picture whose header `walk` passed; the picture begins at offset 0 of `data`. Never raises.

    Without a scan the picture ends with its last good segment, unless frame and Huffman tables, or what follows, show
    that only the scan header is destroyed.
    """
    start = walk.entropy_start
    markers = {segment.marker for segment in walk.segments}
    if start is None and (
        (DHT in markers and any(SOF0 <= marker <= SOF2 for marker in markers))
        or any(looks_entropy_coded(data, walk.end, look) for look in (NEAR_LOOK, LOOK_AHEAD))
    ):
        start = walk.end
    if start is None:
        return PictureEnd(walk.end, Ending.TRUNCATED, walk.settled)
    header = _header(data, start)
    for _ in range(_MAX_SCANS):
        found = find_entropy_end(data, start, header)
        if found.marker is None:
            return PictureEnd(found.end_offset, Ending.TRUNCATED, found.settled)
        if found.marker == EOI:
            resumed = _own_scan(data, found.end_offset + 2) if walk.damaged else None
            if resumed is None:
                return PictureEnd(found.end_offset + 2, Ending.EOI, found.settled)
            start, header = resumed, None
            continue
        following = next_scan(data, found.end_offset)
        assert following is not None  # the walk stops at such a marker only where a scan follows
        start = following
    return PictureEnd(start, Ending.TRUNCATED, settled=True)


def _header(data: bytes, start: int) -> JpegHeader | None:
    """The header where it is sound; None where the picture's tables cannot be relied on."""
    try:
        header = read_header(data)
    except JpegError:
        return None
    return header if header.scan.entropy_start == start else None


def _own_scan(data: bytes, position: int) -> int | None:
    """The scan that follows a thumbnail's EOI, when a broken header has let the thumbnail pass for the picture."""
    if position > _THUMBNAIL_LIMIT:
        return None
    segment = resynchronise(data, position, min(position + _HEADER_GAP, len(data)))
    if segment is None or data.find(b"\xff\xd8", position, segment.offset) >= 0:
        return None
    return walk_header(data, segment.offset - 2).entropy_start
