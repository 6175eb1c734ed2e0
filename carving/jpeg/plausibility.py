"""Whether bytes look like a marker segment or the start of a file: the tests behind every resynchronisation.

Damaged evidence is full of accidental `FF xx` pairs; a pair counts only when what follows it obeys ITU-T T.81 annex B.
"""

from __future__ import annotations

from itertools import islice
from typing import Final

from carving.errors import JpegError
from carving.jpeg.markers import COM, DHT, DNL, DQT, DRI, EOI, SOS, MarkerSegment, read_header, segments
from carving.jpeg.tables import HuffmanTable
from carving.source import Run

_FRAMES: Final = frozenset(range(0xC0, 0xD0)) - {DHT, 0xC8, 0xCC}
_APPLICATION: Final = range(0xE0, 0xF0)
HEADER_MARKERS: Final = _FRAMES | frozenset(_APPLICATION) | {DHT, 0xCC, DQT, DRI, DNL, SOS, COM}
"""Markers that begin a segment inside a header."""
_KNOWN_IDENTIFIERS: Final = (
    b"JFIF\0", b"JFXX\0", b"Exif\0", b"http:", b"ICC_P", b"MPF\0", b"Photo", b"Adobe", b"FPXR\0", b"Ducky", b"AVI1",
)  # fmt: skip
_HEADER_LIMIT: Final = 1 << 16
_HEADER_SEGMENTS: Final = 64
_NESTED_TRIES: Final = 16
"""Bounds on what one look at hostile bytes may cost."""


def read_segment(data: bytes, position: int) -> MarkerSegment | None:
    """The header segment at `position`, fill bytes allowed, by its marker and length; None where there is none."""
    limit = position + 16
    while data[position : position + 2] == b"\xff\xff" and position < limit:
        position += 1
    if position + 4 > len(data) or data[position] != 0xFF or data[position + 1] not in HEADER_MARKERS:
        return None
    length = int.from_bytes(data[position + 2 : position + 4], "big")
    if length < 2 or position + 2 + length > len(data):
        return None
    return MarkerSegment(data[position + 1], position, length + 2)


def is_strict(segment: MarkerSegment, data: bytes) -> bool:
    """Whether the payload is what its marker demands, down to the exact length."""
    payload = segment.payload(data)
    if segment.marker == DQT:
        return _quant_tables_fit(payload)
    if segment.marker == DHT:
        return _huffman_tables_fit(payload) if payload else is_followed(segment, data)  # encoders leave empty ones
    if segment.marker == SOS:
        return _scan_fits(payload)
    if segment.marker in _FRAMES:
        return _frame_fits(payload)
    if segment.marker in (DRI, DNL):
        return len(payload) == 2
    return segment.marker in _APPLICATION and payload.startswith(_KNOWN_IDENTIFIERS)


def is_followed(segment: MarkerSegment, data: bytes) -> bool:
    """Whether another header segment begins where this one ends."""
    position = segment.end
    while data[position : position + 2] == b"\xff\xff":
        position += 1
        if position - segment.end > 16:
            return False
    return position + 1 < len(data) and data[position] == 0xFF and data[position + 1] in HEADER_MARKERS


def next_scan(data: bytes, position: int) -> int | None:
    """Offset of the first entropy-coded byte behind an unbroken chain of strict segments from `position` to SOS."""
    while True:
        segment = read_segment(data, position)
        if segment is None or not (is_strict(segment, data) or (segment.marker == COM and is_followed(segment, data))):
            return None
        if segment.marker == SOS:
            return segment.end
        position = segment.end


def begins_file(data: bytes, position: int) -> bool:
    """Whether a JPEG of its own begins at `position`: SOI, then a known application segment or a whole header."""
    if data[position : position + 3] != b"\xff\xd8\xff":
        return False
    return data[position + 6 : position + 11] in (b"JFIF\0", b"Exif\0") or _has_header(
        data[position : position + _HEADER_LIMIT]
    )


def jpeg_at(data: bytes, position: int, end: int) -> Run | None:
    """The JPEG with a sound header at `position`, from SOI through EOI or, without one, to `end`; else None."""
    head = data[position : min(end, position + _HEADER_LIMIT)]
    if not head.startswith(b"\xff\xd8\xff") or not _has_header(head):
        return None
    try:
        header = read_header(head)
    except JpegError:
        return None
    finish = data.find(bytes((0xFF, EOI)), position + header.scan.entropy_start, end)
    return Run(position, (end if finish < 0 else finish + 2) - position)


def embedded_jpeg(data: bytes, start: int, end: int) -> Run | None:
    """The first JPEG with a sound header inside `data[start:end]`, as `jpeg_at` gives it."""
    position = data.find(b"\xff\xd8\xff", start, end)
    for _ in range(_NESTED_TRIES):
        if position < 0:
            return None
        run = jpeg_at(data, position, end)
        if run is not None:
            return run
        position = data.find(b"\xff\xd8\xff", position + 2, end)
    return None


def _has_header(head: bytes) -> bool:
    """Whether `head` holds an unbroken chain of not too many segments from SOI to SOS."""
    try:
        return any(segment.marker == SOS for segment in islice(segments(head), _HEADER_SEGMENTS))
    except JpegError:
        return False


def _quant_tables_fit(payload: bytes) -> bool:
    position = 0
    while position < len(payload):
        if payload[position] >> 4 > 1 or payload[position] & 15 > 3:
            return False
        position += 129 if payload[position] >> 4 else 65
    return position == len(payload) > 0


def _huffman_tables_fit(payload: bytes) -> bool:
    position = 0
    while position < len(payload):
        counts = payload[position + 1 : position + 17]
        if len(counts) < 16 or payload[position] >> 4 > 1 or payload[position] & 15 > 3 or not 0 < sum(counts) <= 256:
            return False
        if not HuffmanTable(tuple(counts), b"").is_prefix_code:
            return False
        position += 17 + sum(counts)
    return position == len(payload) > 0


def _scan_fits(payload: bytes) -> bool:
    count = payload[0] if payload else 0
    if not 1 <= count <= 4 or len(payload) != 4 + 2 * count:
        return False
    tables = payload[2 : 1 + 2 * count : 2]
    spectral_start, spectral_end = payload[1 + 2 * count], payload[2 + 2 * count]
    return all(table >> 4 <= 3 and table & 15 <= 3 for table in tables) and spectral_start <= spectral_end <= 63


def _frame_fits(payload: bytes) -> bool:
    if len(payload) < 9 or len(payload) != 6 + 3 * payload[5] or not 2 <= payload[0] <= 16:
        return False
    if payload[5] > 4 or payload[3:5] == b"\0\0":
        return False
    return all(1 <= sampling >> 4 <= 4 and 1 <= sampling & 15 <= 4 for sampling in payload[7::3])
