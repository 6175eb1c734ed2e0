"""The files of a ZIP archive without its central directory, as one that was cut off: from local header to local header.

Source: PKWARE APPNOTE 6.3.10, sections 4.3.7 and 4.3.9 (data descriptors).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from carving.media.archive.entries import LARGEST_JPEG, is_bomb
from carving.media.archive.zip_directory import CentralHeader, extra_fields, widened
from carving.source import ByteSource

LOCAL: Final = b"PK\x03\x04"
LOCAL_HEADER: Final = struct.Struct("<4s5H3I2H")
_DESCRIPTOR: Final = b"PK\x07\x08"
_HAS_DESCRIPTOR: Final = 8
_STORED, _DEFLATED = 0, 8
_PIECE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class _Extent:
    """What a file turns out to have: bytes compressed and not, and their CRC-32."""

    packed: int
    size: int
    crc32: int


def walk_local_headers(source: ByteSource) -> Iterator[CentralHeader]:
    """Yield what the local headers say, each as the directory would have said it, the last one cut off where the
    archive is. What is said behind the data is found by inflating these, or, where they are stored, by its signature.

    Raises:
        EvidenceError: the source cannot be read.
    """
    position = _find(source, LOCAL, 0)
    while position is not None:
        fields = LOCAL_HEADER.unpack(source.read_at(position, LOCAL_HEADER.size).ljust(LOCAL_HEADER.size, b"\0"))
        _, _, flags, method, time, date, crc32, packed, size, name_size, extra_size = fields
        name = source.read_at(position + LOCAL_HEADER.size, name_size)
        extra = source.read_at(position + LOCAL_HEADER.size + name_size, extra_size)
        size, packed, _ = widened((size, packed, 0), dict(extra_fields(extra)))
        start = position + LOCAL_HEADER.size + name_size + extra_size
        there = max(0, source.size - start)
        extent = _Extent(packed, size, crc32)
        if flags & _HAS_DESCRIPTOR and packed == 0:
            extent = _inflated(source, start) if method == _DEFLATED else _behind_stored(source, start)
        packed = min(extent.packed, there)
        size = packed if method == _STORED else extent.size
        is_utf8 = bool(flags & 0x800)
        yield CentralHeader(
            name, is_utf8, 0, 0, flags, method, extent.crc32, packed, size, position, None, date << 16 | time
        )
        position = _find(source, LOCAL, start + packed)


def _inflated(source: ByteSource, start: int) -> _Extent:
    """The extent of deflated data, by inflating them; what grows too much is followed no further."""
    stream = zlib.decompressobj(-zlib.MAX_WBITS)
    position, size, crc = start, 0, 0
    try:
        while not stream.eof and size <= LARGEST_JPEG and not is_bomb(size, position - start):
            piece = stream.unconsumed_tail
            if not piece:
                piece = source.read_at(position, _PIECE)
                position += len(piece)
                if not piece:
                    break
            data = stream.decompress(piece, _PIECE)
            size, crc = size + len(data), zlib.crc32(data, crc)
    except zlib.error:
        following = _find(source, LOCAL, start)
        return _Extent((source.size if following is None else following) - start, LARGEST_JPEG, 0)
    return _Extent(position - len(stream.unused_data) - len(stream.unconsumed_tail) - start, size, crc)


def _behind_stored(source: ByteSource, start: int) -> _Extent:
    """The extent of stored data, by a descriptor behind them that says how many there are; else to the end."""
    position = _find(source, _DESCRIPTOR, start)
    while position is not None:
        crc, packed = struct.unpack("<II", source.read_at(position + 4, 8).ljust(8, b"\0"))
        if packed == position - start:
            return _Extent(packed, packed, crc)
        position = _find(source, _DESCRIPTOR, position + 1)
    return _Extent(source.size - start, source.size - start, 0)


def _find(source: ByteSource, signature: bytes, position: int) -> int | None:
    """Where a signature stands, from a position on."""
    while position < source.size:
        piece = source.read_at(position, _PIECE)
        at = piece.find(signature)
        if at >= 0:
            return position + at
        position += max(1, len(piece) - len(signature) + 1)
    return None
