"""Check the structures of an F2FS that have checksums: superblocks, checkpoints, inodes.

Layout: Linux `Documentation/filesystems/f2fs.rst` and `include/linux/f2fs_fs.h`. All of them are CRC-32, begun with the
magic number or with the UUID, and not inverted at their end.
"""

from __future__ import annotations

import struct
from functools import cache, partial
from typing import Final

import numpy as np

from carving.errors import EvidenceError
from carving.file_systems.f2fs.blocks import BlockDevice
from carving.file_systems.f2fs.checkpoint import read_checkpoints
from carving.file_systems.f2fs.f2fs_findings import F2fsFindings
from carving.file_systems.f2fs.f2fs_layout import BLOCKS_PER_SEGMENT, INODE_HEAD_SIZE, MAGIC, Feature, crc32
from carving.file_systems.f2fs.inode import checksum_holds
from carving.file_systems.f2fs.journal import read_journals
from carving.file_systems.f2fs.node_table import NodeTable
from carving.file_systems.f2fs.reader import is_f2fs
from carving.file_systems.f2fs.superblock import F2fsSuperblock, read_superblock
from carving.file_systems.structures.checking import StructureChecks
from carving.file_systems.structures.checksums import (
    CRC32,
    Checksum,
    SeededCheck,
    crc_checksum,
    crc_of_zeros,
    crc_responses,
)
from carving.flips.model import Bytes
from carving.source import Run

_NAME: Final = "CRC-32"
_CHECKSUM_PLACE_AT, _FIRST_PLACE = 164, 192
_GENERATION: Final = 68
_INODE_CHECKSUM: Final = INODE_HEAD_SIZE + 8
_INLINE, _EXTRA = 3, 0x20
_MOST_INODES: Final = 1 << 20


def check_f2fs(checks: StructureChecks, start: int) -> None:
    """Check the F2FS that begins at a byte of the source; nothing where there is none.

    Raises:
        EvidenceError: the source cannot be read.
    """
    if not is_f2fs(checks.source, start):
        return
    try:
        superblock = read_superblock(checks.source, start, F2fsFindings())
    except EvidenceError:  # said by who reads it
        return
    blocks = BlockDevice(checks.source, start, superblock.layout.block_size)
    _checkpoints(checks, blocks, superblock)
    if superblock.features & Feature.INODE_CHECKSUM:
        _inodes(checks, blocks, superblock)


def _checkpoints(checks: StructureChecks, blocks: BlockDevice, superblock: F2fsSuperblock) -> None:
    """Check the first and the last block of both packs."""
    size = blocks.block_size
    for pack in (1, 2):
        block = superblock.checkpoint_block + (pack - 1) * BLOCKS_PER_SEGMENT
        if _checkpoint(checks, f"checkpoint {pack}", Run(blocks.place(block), size)):
            data = blocks.read(block) or bytes(size)
            (length,) = struct.unpack_from("<I", data, 136)
            if 2 <= length <= BLOCKS_PER_SEGMENT:
                _checkpoint(checks, f"end of checkpoint {pack}", Run(blocks.place(block + length - 1), size))


def _checkpoint(checks: StructureChecks, name: str, run: Run) -> bool:
    """Whether a block of a checkpoint whose checksum stands at its end holds; others are left to the reader."""
    data = checks.read(run)
    if data is None or not data.any():
        return False
    raw = data.tobytes()
    (place,) = struct.unpack_from("<I", raw, _CHECKSUM_PLACE_AT)
    covered = run.length - 4
    if place == _FIRST_PLACE:
        return bool(crc32(raw[place + 4 :], crc32(raw[:place])) == struct.unpack_from("<I", raw, place)[0])
    check = SeededCheck(_block(covered, run.length), crc_of_zeros(CRC32, MAGIC, covered))
    if check.residual(data) == 0:
        return True
    return checks.mend(
        name, run, check, lambda block: block[_CHECKSUM_PLACE_AT : _CHECKSUM_PLACE_AT + 4].view("<u4")[0] == covered
    )


def _inodes(checks: StructureChecks, blocks: BlockDevice, superblock: F2fsSuperblock) -> None:
    findings = F2fsFindings()
    packs = read_checkpoints(blocks, superblock, findings)
    if not packs:
        return
    journals = read_journals(blocks, superblock.layout, packs[0], findings)
    table = NodeTable(blocks, superblock, packs[0], journals.nodes)
    size = blocks.block_size
    constant = crc_of_zeros(CRC32, crc32(superblock.uuid, 0xFFFFFFFF), 8 + size)
    for count, (number, block) in enumerate(table.inodes()):
        if count == _MOST_INODES:
            return
        if not superblock.main_block <= block < superblock.main_end:
            continue
        data = blocks.read(block)
        if data is None or not any(data[:4]) or checksum_holds(data, superblock.uuid):
            continue
        run, check = Run(blocks.place(block), size), SeededCheck(_inode(size), constant)
        is_sound = partial(_is_inode, owner=np.frombuffer(struct.pack("<I", number), dtype=np.uint8))
        if data[_INLINE] & _EXTRA:
            checks.mend(f"inode {number}", run, check, is_sound)
        else:  # one without a checksum, or what says that it has one is damaged
            checks.mend_quietly(f"inode {number}", run, check, is_sound)


def _is_inode(row: Bytes, owner: Bytes) -> bool:
    """Whether a block is the inode of a number, and has room for a checksum."""
    return bool(row[_INLINE] & _EXTRA) and bool((row[-20:-16] == owner).all())


@cache
def _block(covered: int, size: int) -> Checksum:
    return crc_checksum(_NAME, CRC32, covered, size, range(covered, covered + 4))


@cache
def _inode(size: int) -> Checksum:
    """With number and generation counted twice: they stand before the inode as well."""
    responses = crc_checksum(_NAME, CRC32, size, size, range(_INODE_CHECKSUM, _INODE_CHECKSUM + 4)).responses.copy()
    before = crc_responses(CRC32, 8 + size)
    responses[size - 20 : size - 16] ^= before[:4]
    responses[_GENERATION : _GENERATION + 4] ^= before[4:8]
    return Checksum(_NAME, 32, responses)
