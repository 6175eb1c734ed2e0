"""The blocks of an F2FS in a source, by their number."""

from __future__ import annotations

from carving.source import ByteSource


class BlockDevice:
    """Reads blocks; `offset` is where block 0 stands in the source, in bytes."""

    def __init__(self, source: ByteSource, offset: int, block_size: int) -> None:
        self.source = source
        self.offset = offset
        self.block_size = block_size
        self.block_count = max(0, source.size - offset) // block_size

    def place(self, block: int) -> int:
        """Where a block begins in the source, in bytes."""
        return self.offset + block * self.block_size

    def read(self, block: int) -> bytes | None:
        """One block; None where it lies outside the source.

        Raises:
            EvidenceError: the bytes cannot be read.
        """
        data = self.read_many(block, 1)
        return data if len(data) == self.block_size else None

    def read_many(self, block: int, count: int) -> bytes:
        """Consecutive blocks, fewer at the end of the source; only whole ones.

        Raises:
            EvidenceError: the bytes cannot be read.
        """
        count = max(0, min(count, self.block_count - block)) if block >= 0 else 0
        if count == 0:
            return b""
        data = self.source.read_at(self.place(block), count * self.block_size)
        return data[: len(data) // self.block_size * self.block_size]
