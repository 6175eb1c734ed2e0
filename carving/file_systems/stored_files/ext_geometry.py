"""Where ext2, ext3 and ext4 keep their inodes.

Layout: Linux `Documentation/filesystems/ext4/super.rst` and `group_descr.rst`.
"""

from __future__ import annotations

import struct
from bisect import bisect_right
from dataclasses import dataclass
from typing import Final

from carving.errors import EvidenceError
from carving.file_systems.stored_files.ext_superblock import PRIMARY_OFFSET
from carving.source import ByteSource

_SUPERBLOCK: Final = 1024
_MAGIC: Final = 0xEF53
_META_BG: Final = 0x10
_64BIT: Final = 0x80
_MOST_GROUPS: Final = 1 << 20
_UNINITIALISED: Final = 0x1


@dataclass(frozen=True, slots=True)
class ExtGeometry:
    """What is needed to find an inode.

    Attributes:
        start: byte of the source where the file system begins.
        block: bytes of a block.
        inode_size: bytes of an inode in its table.
        inodes_per_group: inodes of one block group.
        tables: first block of each group's inode table.
        used: inodes at the beginning of each table that were ever used.
        journal_inode: inode of the journal; 0 without one of its own.
        first_orphan: first inode of the orphan list; 0 where it is empty.
    """

    start: int
    block: int
    inode_size: int
    inodes_per_group: int
    tables: tuple[int, ...]
    used: tuple[int, ...]
    journal_inode: int
    first_orphan: int

    def place(self, inode: int) -> int | None:
        """Byte of the source where an inode lies; None where there is no such inode."""
        group, index = divmod(inode - 1, self.inodes_per_group)
        if inode < 1 or group >= len(self.tables):
            return None
        return self.start + self.tables[group] * self.block + index * self.inode_size

    @property
    def table_blocks(self) -> int:
        """Blocks of one inode table."""
        return -(-self.inodes_per_group * self.inode_size // self.block)


@dataclass(frozen=True, slots=True)
class TableBlocks:
    """Says of a block which inodes it holds."""

    geometry: ExtGeometry
    order: tuple[tuple[int, int], ...]

    def first_inode(self, block: int) -> int | None:
        """The first inode in a block; None where the block is in no inode table."""
        index = bisect_right(self.order, (block, len(self.order))) - 1
        if index < 0:
            return None
        table, group = self.order[index]
        if block >= table + self.geometry.table_blocks:
            return None
        inside = (block - table) * self.geometry.block // self.geometry.inode_size
        return group * self.geometry.inodes_per_group + inside + 1


def table_blocks(geometry: ExtGeometry) -> TableBlocks:
    """The blocks of the inode tables."""
    return TableBlocks(geometry, tuple(sorted((table, group) for group, table in enumerate(geometry.tables))))


def read_geometry(source: ByteSource, start: int) -> ExtGeometry:
    """Read superblock and group descriptors.

    Raises:
        EvidenceError: they cannot be read, or make no sense.
    """
    data = source.read_at(start + PRIMARY_OFFSET, _SUPERBLOCK)
    if len(data) < _SUPERBLOCK or struct.unpack_from("<H", data, 56)[0] != _MAGIC:
        raise EvidenceError(f"there is no ext superblock at byte {start + PRIMARY_OFFSET} of {source.name}")
    inodes, blocks = struct.unpack_from("<II", data, 0)
    block_log = struct.unpack_from("<I", data, 24)[0]
    blocks_per_group, _, inodes_per_group = struct.unpack_from("<III", data, 32)
    revision = struct.unpack_from("<I", data, 76)[0]
    inode_size = struct.unpack_from("<H", data, 88)[0] if revision else 128
    incompatible = struct.unpack_from("<I", data, 96)[0]
    journal, _, orphan = struct.unpack_from("<III", data, 224)
    wide = bool(incompatible & _64BIT)
    size = struct.unpack_from("<H", data, 254)[0] if wide else 32
    if wide:
        blocks |= struct.unpack_from("<I", data, 0x150)[0] << 32
    if not (
        block_log <= 6
        and blocks_per_group
        and inodes_per_group
        and inode_size in (128, 256, 512, 1024, 2048, 4096)
        and 32 <= size <= 1024
    ):
        raise EvidenceError(f"the ext superblock at byte {start + PRIMARY_OFFSET} contradicts itself")
    if incompatible & _META_BG:
        raise EvidenceError("the ext file system keeps its group descriptors apart (meta_bg), which is not read")
    block = 1024 << block_log
    descriptors = PRIMARY_OFFSET // block + 1
    groups = min(-(-inodes // inodes_per_group), -(-blocks // blocks_per_group), _MOST_GROUPS)
    table = source.read_at(start + descriptors * block, groups * size)
    tables: list[int] = []
    used: list[int] = []
    for offset in range(0, len(table) - size + 1, size):
        low, flags, unused = _descriptor(table, offset)
        high = struct.unpack_from("<I", table, offset + 40)[0] if wide and size >= 64 else 0
        tables.append(low | high << 32)
        never = inodes_per_group if flags & _UNINITIALISED else min(unused, inodes_per_group)
        used.append(inodes_per_group - never)
    return ExtGeometry(start, block, inode_size, inodes_per_group, tuple(tables), tuple(used), journal, orphan)


def _descriptor(table: bytes, offset: int) -> tuple[int, int, int]:
    """Low half of the inode table's block, flags, and number of unused inodes of a group descriptor."""
    low = struct.unpack_from("<I", table, offset + 8)[0]
    flags = struct.unpack_from("<H", table, offset + 18)[0]
    unused = struct.unpack_from("<H", table, offset + 28)[0]
    return low, flags, unused
