"""The sizes and places that the block size of an F2FS fixes, its reserved addresses, and its checksum.

Layout: Linux `Documentation/filesystems/f2fs.rst` and `include/linux/f2fs_fs.h`. All numbers are little-endian.
"""

from __future__ import annotations

import zlib
from dataclasses import dataclass
from enum import IntFlag
from typing import Final

MAGIC: Final = 0xF2F52010
BLOCKS_PER_SEGMENT: Final = 512
"""Fixed: the bitmap of valid blocks has 64 bytes for each segment."""

HOLE_ADDRESS: Final = 0
RESERVED_ADDRESS: Final = 0xFFFFFFFF
"""Promised to the file, never written: reads as zeros."""
COMPRESSED_ADDRESS: Final = 0xFFFFFFFE
"""Stands in front of the blocks of a compressed cluster."""

INODE_HEAD_SIZE: Final = 360
"""Bytes of an inode before its block addresses."""
FOOTER_SIZE: Final = 24
XATTR_NODE_OFFSET: Final = (1 << 29) - 1
"""Place of the node of extended attributes among the nodes of a file."""

_NIDS_PER_INODE: Final = 5
_NAT_ENTRY_SIZE: Final = 9
_SIT_ENTRY_SIZE: Final = 74
_SUMMARY_SIZE: Final = 7
_SUMMARY_FOOTER_SIZE: Final = 5


class Feature(IntFlag):
    """What a superblock says the file system uses; only what matters for reading."""

    ENCRYPT = 0x1
    EXTRA_ATTRIBUTES = 0x8
    INODE_CHECKSUM = 0x20
    FLEXIBLE_INLINE_XATTR = 0x40
    CREATION_TIME = 0x100
    VERITY = 0x400
    SUPERBLOCK_CHECKSUM = 0x800
    CASEFOLD = 0x1000
    COMPRESSION = 0x2000


@dataclass(frozen=True, slots=True)
class BlockLayout:
    """What follows from the size of a block in bytes: 4096, or that of the pages of the kernel that made it."""

    block_size: int

    @property
    def addresses_per_inode(self) -> int:
        """Words between the head of an inode and its five node ids: addresses, attributes, inline content."""
        return (self.block_size - INODE_HEAD_SIZE - 4 * _NIDS_PER_INODE - FOOTER_SIZE) // 4

    @property
    def words_per_node(self) -> int:
        """Block addresses of a direct node, or node ids of an indirect one."""
        return (self.block_size - FOOTER_SIZE) // 4

    @property
    def nat_entries(self) -> int:
        return self.block_size // _NAT_ENTRY_SIZE

    @property
    def sit_entries(self) -> int:
        return self.block_size // _SIT_ENTRY_SIZE

    @property
    def journal_offset(self) -> int:
        """Where the journal stands in a summary block."""
        return self.block_size // 8 * _SUMMARY_SIZE

    @property
    def journal_size(self) -> int:
        return self.block_size - _SUMMARY_FOOTER_SIZE - self.journal_offset

    @property
    def most_file_blocks(self) -> int:
        """No file has more blocks than this."""
        words = self.words_per_node
        return self.addresses_per_inode + 2 * words + 2 * words**2 + words**3


def crc32(data: bytes, seed: int = MAGIC) -> int:
    """The checksum of all structures: CRC-32 (IEEE), begun with `seed`, without the final inversion."""
    return zlib.crc32(data, seed ^ 0xFFFFFFFF) ^ 0xFFFFFFFF
