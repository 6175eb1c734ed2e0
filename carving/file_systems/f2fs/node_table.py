"""The node address table (NAT) of an F2FS as a checkpoint has it: where each node lies.

Layout: Linux `Documentation/filesystems/f2fs.rst` and `include/linux/f2fs_fs.h`, `struct f2fs_nat_entry`. Each segment
of the table is followed by its second copy; a bitmap in the checkpoint tells for each block which is in force.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from carving.file_systems.f2fs.blocks import BlockDevice
from carving.file_systems.f2fs.checkpoint import F2fsCheckpoint
from carving.file_systems.f2fs.f2fs_layout import BLOCKS_PER_SEGMENT
from carving.file_systems.f2fs.superblock import F2fsSuperblock

_ENTRY: Final = np.dtype([("version", "u1"), ("inode", "<u4"), ("address", "<u4")])
_CACHED_BLOCKS: Final = 1024

Entries = NDArray[np.void]


class NodeTable:
    """Inode number and block address of every node id, 0 where there is none."""

    def __init__(
        self,
        blocks: BlockDevice,
        superblock: F2fsSuperblock,
        checkpoint: F2fsCheckpoint,
        journal: dict[int, tuple[int, int]],
    ) -> None:
        self._blocks = blocks
        self._first = superblock.nat_block
        self._bitmap = checkpoint.node_bitmap
        self._journal = journal
        self._per_block = superblock.layout.nat_entries
        in_source = max(0, blocks.block_count - superblock.nat_block)
        table_blocks = min(superblock.nat_segments // 2 * BLOCKS_PER_SEGMENT, in_source)
        self.node_ids = table_blocks * self._per_block
        """Ids lie below this number."""
        self._cached: dict[int, Entries] = {}

    def lookup(self, nid: int) -> tuple[int, int]:
        """Inode number and block address of a node.

        Raises:
            EvidenceError: the table cannot be read.
        """
        if not 0 < nid < self.node_ids:
            return 0, 0
        if nid in self._journal:
            return self._journal[nid]
        block, index = divmod(nid, self._per_block)
        entry = self._entries(block)[index]
        return int(entry["inode"]), int(entry["address"])

    def addresses(self, nids: NDArray[np.uint32]) -> NDArray[np.uint32]:
        """The block addresses of many nodes."""
        found = np.zeros(nids.size, np.uint32)
        table_blocks = nids // np.uint32(self._per_block)
        inside = nids < self.node_ids
        for block in np.unique(table_blocks[inside]).tolist():
            chosen = inside & (table_blocks == block)
            found[chosen] = self._entries(block)["address"][nids[chosen] - np.uint32(block * self._per_block)]
        for nid in self._journal.keys() & set(nids.tolist()):
            found[nids == nid] = self._journal[nid][1]
        return found

    def inodes(self) -> Iterator[tuple[int, int]]:
        """Number and block address of every inode, by the entries that say so.

        Raises:
            EvidenceError: the table cannot be read.
        """
        for block in range(self.node_ids // self._per_block):
            entries = self._entries(block)
            ids = np.arange(block * self._per_block, (block + 1) * self._per_block, dtype=np.uint32)
            for index in np.flatnonzero((entries["inode"] == ids) & (entries["address"] > 1)).tolist():
                if int(ids[index]) not in self._journal:
                    yield int(ids[index]), int(entries["address"][index])
        for number, (inode, address) in self._journal.items():
            if inode == number and address > 1:
                yield number, address

    def _entries(self, block: int) -> Entries:
        entries = self._cached.get(block)
        if entries is None:
            if len(self._cached) >= _CACHED_BLOCKS:
                self._cached.clear()
            entries = self._cached[block] = self._read_entries(block)
        return entries

    def _read_entries(self, block: int) -> Entries:
        segment, index = divmod(block, BLOCKS_PER_SEGMENT)
        place = self._first + 2 * segment * BLOCKS_PER_SEGMENT + index
        if block // 8 < len(self._bitmap) and self._bitmap[block // 8] & 0x80 >> block % 8:
            place += BLOCKS_PER_SEGMENT
        data = self._blocks.read(place) or bytes(self._blocks.block_size)
        return cast(Entries, np.frombuffer(data, _ENTRY, self._per_block))
