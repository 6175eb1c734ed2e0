"""The segment information table (SIT) of an F2FS: which blocks of the main area are in use.

Layout: Linux `include/linux/f2fs_fs.h`, `struct f2fs_sit_entry`. The second copy of the table follows the first; a
bitmap in the checkpoint tells for each block which is in force.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.file_systems.f2fs.blocks import BlockDevice
from carving.file_systems.f2fs.checkpoint import F2fsCheckpoint
from carving.file_systems.f2fs.f2fs_findings import F2fsFindings
from carving.file_systems.f2fs.f2fs_layout import BLOCKS_PER_SEGMENT
from carving.file_systems.f2fs.superblock import F2fsSuperblock
from carving.source import Run

_ENTRY: Final = np.dtype([("blocks", "<u2"), ("valid", "u1", (64,)), ("modified", "<u8")])
_SEGMENTS_AT_ONCE: Final = 4096
_COUNT_MASK: Final = 0x3FF
_KIND_SHIFT: Final = 10
_DATA_KINDS: Final = 3
"""Kinds of segments below this hold data, those from it on nodes."""


class SegmentTable:
    """The blocks in use, by segment of the main area."""

    def __init__(
        self,
        blocks: BlockDevice,
        superblock: F2fsSuperblock,
        checkpoint: F2fsCheckpoint,
        journal: dict[int, bytes],
        findings: F2fsFindings,
    ) -> None:
        """Read the table, and check that the count of each segment is that of its bits.

        Raises:
            EvidenceError: the table cannot be read.
        """
        self._blocks = blocks
        self.sound = checkpoint.sound
        """Whether the checkpoint that it belongs to can be trusted."""
        self._first = superblock.main_block
        in_source = max(0, blocks.block_count - superblock.main_block)
        self.segments = min(superblock.main_segments, -(-in_source // BLOCKS_PER_SEGMENT))
        """Those of the main area that begin in the source."""
        self._valid = np.zeros((self.segments, 64), np.uint8)
        counts = np.zeros(self.segments, np.uint16)
        per_block = superblock.layout.sit_entries
        second = superblock.sit_segments // 2 * BLOCKS_PER_SEGMENT
        for index in range(min(-(-self.segments // per_block), second)):
            bitmap = checkpoint.segment_bitmap
            chosen = index // 8 < len(bitmap) and bool(bitmap[index // 8] & 0x80 >> index % 8)
            data = blocks.read(superblock.sit_block + index + second * chosen)
            if data is None:
                continue
            entries = np.frombuffer(data, _ENTRY, per_block)[: self.segments - index * per_block]
            rows = slice(index * per_block, index * per_block + entries.size)
            self._valid[rows], counts[rows] = entries["valid"], entries["blocks"]
        for segment, raw in journal.items():
            if segment < self.segments:
                (entry,) = np.frombuffer(raw, _ENTRY)
                self._valid[segment], counts[segment] = entry["valid"], entry["blocks"]
        self._kinds = counts >> _KIND_SHIFT
        self._counts = counts & _COUNT_MASK
        wrong = np.nonzero(np.bitwise_count(self._valid).sum(axis=1) != self._counts)[0]
        for segment in wrong.tolist():
            findings.add(f"segment {segment}", None, "the count of its blocks in use is not that of its bits")

    def in_use(self, block: int, count: int) -> NDArray[np.bool_]:
        """Which of `count` consecutive blocks are in use; those outside the main area are not."""
        first = block - self._first
        start, end = max(first, 0), min(first + count, self.segments * BLOCKS_PER_SEGMENT)
        used = np.zeros(count, np.bool_)
        if start < end:
            rows = self._valid[start // BLOCKS_PER_SEGMENT : -(-end // BLOCKS_PER_SEGMENT)]
            skip = start % BLOCKS_PER_SEGMENT
            used[start - first : end - first] = np.unpackbits(rows)[skip : skip + end - start]
        return used

    def holds_data(self, segment: int) -> bool:
        """Whether the segment is said to hold data, not nodes."""
        return bool(self._kinds[segment] < _DATA_KINDS)

    def full_of_data(self, segment: int) -> bool:
        """Whether every block of it is in use and holds data, so that no older node can be left in it."""
        return self.sound and self.holds_data(segment) and bool((self._valid[segment] == 0xFF).all())

    def free(self) -> Iterator[Run]:
        """The stretches of the source that the main area does not use, in bytes, in order."""
        start: int | None = None
        end = min(self._first + self.segments * BLOCKS_PER_SEGMENT, self._blocks.block_count)
        for segment in range(0, self.segments, _SEGMENTS_AT_ONCE):
            block = self._first + segment * BLOCKS_PER_SEGMENT
            used = np.unpackbits(self._valid[segment : segment + _SEGMENTS_AT_ONCE])[: end - block]
            for edge in (np.nonzero(np.diff(used, prepend=np.uint8(start is None)))[0]).tolist():
                if start is None:
                    start = block + edge
                else:
                    yield self._run(start, block + edge)
                    start = None
        if start is not None:
            yield self._run(start, end)

    def _run(self, first: int, end: int) -> Run:
        return Run(self._blocks.place(first), (end - first) * self._blocks.block_size)
