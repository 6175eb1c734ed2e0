"""The chunks of an Android sparse file, one after the other: what each says, held against what can be.

Source: `system/core/libsparse/sparse_format.h` and `sparse_read.cpp` of the Android Open Source Project.
"""

from __future__ import annotations

import enum
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from carving.errors import EvidenceError
from carving.media.android_sparse.sparse_header import SparseHeader
from carving.source import ByteSource

MOST_CHUNKS: Final = 4_000_000
"""Chunks of one file that are followed; each takes 24 bytes of memory."""
_HEADER: Final = struct.Struct("<HHII")


class ChunkKind(enum.IntEnum):
    """What a chunk holds, by its type number."""

    RAW = 0xCAC1
    """The bytes of its blocks."""
    FILL = 0xCAC2
    """Four bytes that fill its blocks."""
    DONT_CARE = 0xCAC3
    """Nothing: nobody cared for its blocks when the image was made."""
    CRC32 = 0xCAC4
    """The CRC-32 of the image up to here; no blocks."""


@dataclass(frozen=True, slots=True)
class SparseChunk:
    """One chunk.

    Attributes:
        kind: what it holds.
        start, length: the bytes of the image that it stands for.
        place: where its data begin in the source below.
        stored: bytes of data that are there; fewer than `length` where the file ends within a raw chunk.
        value: the four bytes of a FILL or CRC32 chunk; else nothing.
    """

    kind: ChunkKind
    start: int
    length: int
    place: int
    stored: int
    value: bytes = b""


def walk_chunks(below: ByteSource, header: SparseHeader, offset: int) -> Iterator[SparseChunk]:
    """Yield the chunks of the sparse file that begins at `offset` of a source, as far as they make sense.

    Raises:
        EvidenceError: a chunk contradicts itself or the header, or the file ends too early; the message says where.
            All chunks before it have been yielded, also the part of a raw chunk that is there.
    """
    place = offset + header.header_size
    block = 0
    if header.chunks > MOST_CHUNKS:
        raise EvidenceError(f"it would have {header.chunks} chunks; up to {MOST_CHUNKS} are followed")
    for number in range(1, header.chunks + 1):
        where = f"chunk {number} of {header.chunks}, at byte {place},"
        data = below.read_at(place, header.chunk_header_size)
        if len(data) < header.chunk_header_size:
            raise EvidenceError(f"{where} is not there: the file ends before it")
        type_number, _, blocks, total = _HEADER.unpack_from(data)
        try:
            kind = ChunkKind(type_number)
        except ValueError:
            raise EvidenceError(f"{where} is of the unknown type {type_number:#06x}") from None
        size = total - header.chunk_header_size
        _require_size(kind, blocks * header.block_size, size, where)
        if block + blocks > header.blocks:
            raise EvidenceError(f"{where} runs past the end of the image: to block {block + blocks} of {header.blocks}")
        data_place = place + header.chunk_header_size
        start, length = block * header.block_size, blocks * header.block_size
        if kind is ChunkKind.RAW:
            stored = min(length, max(0, below.size - data_place))
            yield SparseChunk(kind, start, length, data_place, stored)
            if stored < length:
                raise EvidenceError(f"{where} is cut off: {stored} of its {length} bytes are there")
        else:
            value = b"" if kind is ChunkKind.DONT_CARE else below.read_at(data_place, 4)
            if kind is not ChunkKind.DONT_CARE and len(value) < 4:
                raise EvidenceError(f"{where} is cut off")
            yield SparseChunk(kind, start, length, data_place, len(value), value)
        block += blocks
        place = data_place + size
    if block != header.blocks:
        raise EvidenceError(f"its chunks end at block {block} of {header.blocks}")


def _require_size(kind: ChunkKind, length: int, size: int, where: str) -> None:
    """A chunk for `length` bytes of the image must have `size` bytes of data as its kind demands."""
    wanted = {ChunkKind.RAW: length, ChunkKind.DONT_CARE: 0}.get(kind, 4)
    if size != wanted:
        raise EvidenceError(
            f"{where} contradicts itself: a {kind.name} chunk for {length} bytes of the image has {wanted} bytes "
            f"of data, it says {size}"
        )
    if kind is ChunkKind.CRC32 and length:
        raise EvidenceError(f"{where} contradicts itself: a CRC32 chunk stands for no blocks")
