"""Superblocks of ext2, ext3 and ext4, read so that a flipped bit or a redrawn cipher block does not hide them.

Layout: Linux `Documentation/filesystems/ext4/super.rst`. The primary one is at byte 1024; copies stand at the start of
block groups 1, 3, 5, 7, 9 and further powers of these.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from carving.source import ByteSource

PRIMARY_OFFSET: Final = 1024
_SIZE: Final = 264
_MAGIC: Final = 0xEF53
_BACKUP_GROUPS: Final = (1, 3, 5, 7, 9)


@dataclass(frozen=True, slots=True)
class ExtSuperblock:
    """A superblock that was recognised.

    `head_plausible` says whether its first 16 bytes make sense: those that a wrong sector IV spoils under CBC.
    """

    offset: int
    head_plausible: bool


def read_ext_superblock(source: ByteSource, offset: int) -> ExtSuperblock | None:
    """Judge the bytes at `offset` of a volume.

    The magic may have one bit wrong; three of the five rule-bound fields must then be right as well, which random bytes
    satisfy once in more than 10^20 cases.
    """
    data = source.read_at(offset, _SIZE)
    if len(data) < _SIZE:
        return None
    inodes, blocks, reserved, free = struct.unpack_from("<IIII", data, 0)
    (block_log, cluster_log) = struct.unpack_from("<II", data, 24)
    magic, state, on_error = struct.unpack_from("<HHH", data, 56)
    creator, revision = struct.unpack_from("<II", data, 72)
    if (magic ^ _MAGIC).bit_count() > 1:
        return None
    signs = (
        block_log <= 6,
        cluster_log <= 20,
        state <= 7 and 1 <= on_error <= 3,
        creator <= 4,
        revision <= 1,
    )
    if sum(signs) < 3:
        return None
    block_size = 1024 << block_log if block_log <= 6 else 1024
    wide = int.from_bytes(data[0x60:0x64], "little") & 0x80  # the 64-bit feature: counts continue in high words
    head_plausible = (
        0 < inodes <= 1 << 31
        and blocks > 0
        and (wide != 0 or (reserved <= blocks and free <= blocks))
        and blocks * block_size <= 16 * max(source.size, 1)
    )
    return ExtSuperblock(offset, head_plausible)


def find_ext_superblocks(source: ByteSource) -> Iterator[ExtSuperblock]:
    """The primary superblock, then the copies that the usual block sizes put at known places."""
    for offset in (PRIMARY_OFFSET, *copy_offsets()):
        if found := read_ext_superblock(source, offset):
            yield found


def copy_offsets() -> Iterator[int]:
    """Where the usual block sizes put copies of the superblock."""
    for block_size in (1024, 4096, 2048):
        first_block = 1 if block_size == 1024 else 0
        for group in _BACKUP_GROUPS:
            yield (8 * block_size * group + first_block) * block_size
