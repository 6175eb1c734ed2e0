"""Android sparse images written chunk by chunk, so that they can lie."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field

BLOCK = 4096
RAW, FILL, DONT_CARE, CRC32 = 0xCAC1, 0xCAC2, 0xCAC3, 0xCAC4


@dataclass
class SparseFile:
    """A sparse file in the making; what is set otherwise than None is written in place of the truth."""

    version: tuple[int, int] = (1, 0)
    header_size: int = 28
    chunk_header_size: int = 12
    block_size: int = BLOCK
    blocks: int | None = None
    chunks: int | None = None
    checksum: int = 0
    _written: list[tuple[int, int, bytes]] = field(default_factory=list)

    def raw(self, data: bytes, blocks: int | None = None, total: int | None = None) -> SparseFile:
        return self.chunk(RAW, -(-len(data) // self.block_size) if blocks is None else blocks, data, total)

    def fill(self, value: bytes, blocks: int, total: int | None = None) -> SparseFile:
        return self.chunk(FILL, blocks, value, total)

    def skip(self, blocks: int, total: int | None = None) -> SparseFile:
        return self.chunk(DONT_CARE, blocks, b"", total)

    def crc(self, value: int) -> SparseFile:
        return self.chunk(CRC32, 0, struct.pack("<I", value))

    def chunk(self, kind: int, blocks: int, data: bytes, total: int | None = None) -> SparseFile:
        size = self.chunk_header_size + len(data) if total is None else total
        header = struct.pack("<HHII", kind, 0, blocks, size).ljust(self.chunk_header_size, b"\xee")
        self._written.append((kind, blocks, header + data))
        return self

    def data(self) -> bytes:
        blocks = sum(blocks for _, blocks, _ in self._written) if self.blocks is None else self.blocks
        chunks = len(self._written) if self.chunks is None else self.chunks
        header = struct.pack(
            "<4s4H4I",
            b"\x3a\xff\x26\xed",
            *self.version,
            self.header_size,
            self.chunk_header_size,
            self.block_size,
            blocks,
            chunks,
            self.checksum,
        ).ljust(self.header_size, b"\xee")
        return header + b"".join(written for _, _, written in self._written)
