"""The carver: one pass over a byte source that yields every JPEG in it, whole or damaged, with bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from carving.errors import UsageError
from carving.fragments import Ending, Fragment
from carving.jpeg.coding import Check
from carving.jpeg.header_walk import HeaderWalk, walk_header
from carving.jpeg.markers import DHT, DQT, SOI, SOS
from carving.jpeg.picture_walk import PictureEnd, check_picture, find_picture_end
from carving.jpeg.plausibility import is_followed, is_strict
from carving.jpeg.signatures import LOOK, find_starts
from carving.jpeg.thumbnails import extract_thumbnail
from carving.source import ByteSource, Run, evidence_runs

_FIRST_LOOK: Final = 1 << 20
_GROWTH: Final = 4
_SHORTEST: Final = 20
_TABLES: Final = (DQT, DHT, SOS)


def carve(
    source: ByteSource,
    *,
    layer: str = "decrypted",
    alignment: int = 512,
    window: int = 16 << 20,
    max_file_size: int = 64 << 20,
) -> Iterator[Fragment]:
    """Yield the JPEGs in `source` in the order of their offsets; they never overlap.

    An undamaged file comes back exact to its EOI, padding behind it left out. A damaged header or scan does not end a
    fragment: false markers are passed over, and a picture without EOI ends where its data stop looking entropy-coded,
    before the next file, or at a limit. Thumbnails are part of their file, never fragments of their own.

    Args:
        source: what to scan; about `window` plus two times `max_file_size` bytes of it are in memory at most.
        layer: name of the scanned view, copied into every fragment.
        alignment: files begin at multiples of this many bytes.
        window: bytes scanned at a time.
        max_file_size: the longest file believed.

    Raises:
        UsageError: a parameter is not positive.
        EvidenceError: the source cannot be read.
    """
    for name, value in (("alignment", alignment), ("window", window), ("maximum file size", max_file_size)):
        if value < 1:
            raise UsageError(f"the {name} must be at least 1, not {value}")
    span = max(alignment, window - window % alignment)
    position = free = 0
    while position < source.size:
        scanned = _Window(source, position, source.read_at(position, span + LOOK))
        for start in find_starts(scanned.data, span, alignment):
            if position + start < free:
                continue
            fragment = _carve_at(scanned, position + start, layer, max_file_size)
            if fragment is not None:
                yield fragment
                free = fragment.offset + len(fragment.data)
        position = max(position + span, free - free % alignment)


@dataclass(frozen=True, slots=True)
class _Window:
    """The bytes being scanned; what lies inside them is not read (and decrypted) again."""

    source: ByteSource
    offset: int
    data: bytes

    def read(self, offset: int, length: int) -> bytes:
        if offset + length <= self.offset + len(self.data):
            return self.data[offset - self.offset : offset - self.offset + length]
        return self.source.read_at(offset, length)


def _carve_at(window: _Window, offset: int, layer: str, max_file_size: int) -> Fragment | None:
    """The file that begins at `offset`, read in growing pieces until its end is certain; None where there is none."""
    limit = min(max_file_size, window.source.size - offset)
    size = min(_FIRST_LOOK, limit)
    while True:
        data = window.read(offset, size)
        walk = walk_header(data)
        if not _is_picture(walk, data):
            return None
        final = size == limit or len(data) < size
        check = check_picture(data, walk)
        if check is not None and check.whole:
            picture = PictureEnd(check.offset, Ending.EOI, settled=True)
        elif check is None or not check.open or final:
            picture = find_picture_end(data, walk)
        else:
            size = min(_GROWTH * size, limit)
            continue
        if picture.settled or final:
            if picture.end < _SHORTEST:
                return None
            return _fragment(window.source, layer, offset, data, walk, picture, check)
        size = min(_GROWTH * size, limit)


def _is_picture(walk: HeaderWalk, data: bytes) -> bool:
    """Whether a JPEG begins here rather than bytes that happen to look like SOI."""
    named = data[6:11] in (b"JFIF\0", b"Exif\0")
    if not walk.segments or walk.segments[0].marker != SOI:
        return walk.entropy_start is not None
    if len(walk.segments) < 2:
        return named
    first = walk.segments[1]
    return named or (
        (is_strict(first, data) or is_followed(first, data))
        and any(segment.marker in _TABLES and is_strict(segment, data) for segment in walk.segments)
    )


def _fragment(
    source: ByteSource, layer: str, offset: int, data: bytes, walk: HeaderWalk, picture: PictureEnd, check: Check | None
) -> Fragment:
    kept = data[: picture.end]
    return Fragment(
        layer=layer,
        offset=offset,
        data=kept,
        byte_runs=(Run(offset, len(kept)),),
        evidence_runs=evidence_runs(source, offset, len(kept)),
        ending=picture.ending,
        thumbnail=extract_thumbnail(kept, walk.segments),
        check=check,
    )
