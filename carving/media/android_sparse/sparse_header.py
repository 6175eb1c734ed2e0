"""The file header of an Android sparse image.

Source: `system/core/libsparse/sparse_format.h` of the Android Open Source Project.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from carving.errors import EvidenceError
from carving.source import ByteSource

MAGIC: Final = b"\x3a\xff\x26\xed"
LARGEST: Final = 1 << 44
"""Bytes of an image that are believed: 16 TiB, all that blocks of 4 KiB can number."""
_HEADER: Final = struct.Struct("<4s4H4I")
CHUNK_HEADER_BYTES: Final = 12
_ADVICE: Final = "simg2img, or the tool that wrote it, may make a raw image of it"


@dataclass(frozen=True, slots=True)
class SparseHeader:
    """What the header of one file says; sizes in bytes.

    Attributes:
        header_size, chunk_header_size: of the headers themselves, later versions may have longer ones.
        block_size: of a block of the image.
        blocks: of the image once it is expanded.
        chunks: that the file holds.
        checksum: CRC-32 of the expanded image, 0 where none is stored.
    """

    header_size: int
    chunk_header_size: int
    block_size: int
    blocks: int
    chunks: int
    checksum: int

    @property
    def image_size(self) -> int:
        """Bytes of the expanded image."""
        return self.blocks * self.block_size


def read_sparse_header(below: ByteSource, offset: int, where: str) -> SparseHeader:
    """The header of the sparse file that begins at `offset` of a source; `where` names it in messages.

    Raises:
        EvidenceError: it is cut off, of another version, or contradicts itself; or it cannot be read.
    """
    data = below.read_at(offset, _HEADER.size)
    if len(data) < _HEADER.size:
        raise EvidenceError(f"{where} ends within its header of {_HEADER.size} bytes; a whole copy of it is needed")
    magic, major, minor, header_size, chunk_header_size, block_size, blocks, chunks, checksum = _HEADER.unpack(data)
    if magic != MAGIC:
        raise EvidenceError(f"{where} does not begin as an Android sparse image does")
    if major != 1:
        raise EvidenceError(
            f"{where} is an Android sparse image of version {major}.{minor}; only version 1 is known; {_ADVICE}"
        )
    if header_size < _HEADER.size or chunk_header_size < CHUNK_HEADER_BYTES:
        raise EvidenceError(
            f"{where} is no Android sparse image that can be read: it says that its header has {header_size} bytes and "
            f"those of its chunks {chunk_header_size}, but they have at least {_HEADER.size} and {CHUNK_HEADER_BYTES}"
        )
    if block_size == 0 or block_size % 4:
        raise EvidenceError(
            f"{where} is no Android sparse image that can be read: its block size is {block_size}, no multiple of 4"
        )
    header = SparseHeader(header_size, chunk_header_size, block_size, blocks, chunks, checksum)
    if not 0 < header.image_size <= LARGEST:
        raise EvidenceError(
            f"{where} is no Android sparse image that can be read: it would have {header.image_size} bytes when "
            f"expanded; up to {LARGEST} are believed"
        )
    return header
