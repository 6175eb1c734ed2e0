"""The checksums of ext4: CRC-32C over each structure, begun with the file system's seed and what owns the structure.

Layout: Linux `Documentation/filesystems/ext4/checksums.rst`, `super.rst`, `group_descr.rst`, `inodes.rst`, `ifork.rst`
and `directory.rst`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from functools import cache
from typing import Final

import numpy as np

from carving.file_systems.structures.checksums import (
    CRC32C,
    Checksum,
    SeededCheck,
    Words,
    crc_checksum,
    crc_of,
    crc_of_zeros,
    crc_responses,
)
from carving.flips.model import Bytes

_ALL_ONES: Final = 0xFFFFFFFF
SUPERBLOCK_SIZE: Final = 1024
_GENERATION: Final = 0x64
_LOW, _HIGH = 0x7C, 0x82
_EXTRA_SIZE: Final = 0x80
_NODE_HEADER: Final = 12
DIRECTORY_TAIL: Final = 12
_NAME: Final = "CRC-32C"


def superblock_check() -> SeededCheck:
    """Of a superblock or one of its copies."""
    return SeededCheck(_superblock(), crc_of_zeros(CRC32C, _ALL_ONES, SUPERBLOCK_SIZE - 4))


@cache
def _superblock() -> Checksum:
    end = SUPERBLOCK_SIZE - 4
    return crc_checksum(_NAME, CRC32C, end, SUPERBLOCK_SIZE, range(end, end + 4))


@dataclass(frozen=True, slots=True)
class ExtChecks:
    """The checksums of one file system: its seed, bytes of an inode and of a block."""

    seed: int
    inode_size: int
    block: int

    def descriptor(self, group: int, size: int) -> SeededCheck:
        """Of the descriptor of a block group."""
        seed = crc_of(group.to_bytes(4, "little"), CRC32C, self.seed)
        return SeededCheck(_descriptor(size), crc_of_zeros(CRC32C, seed, size) & 0xFFFF)

    def descriptor_residuals(self, rows: Bytes) -> Words:
        """The residuals of the descriptors of all groups, as rows."""
        size = rows.shape[1]
        return _descriptor(size).residuals(rows) ^ self._constants(0, len(rows), 4 + size, 16)

    def inode(self, number: int) -> SeededCheck:
        """Of an inode."""
        checksum = _inode(self.inode_size, self.inode_size > _EXTRA_SIZE)
        seed = crc_of(number.to_bytes(4, "little"), CRC32C, self.seed)
        return SeededCheck(checksum, crc_of_zeros(CRC32C, seed, 4 + self.inode_size) & (1 << checksum.bits) - 1)

    def inode_residuals(self, first: int, rows: Bytes) -> Words:
        """The residuals of the inodes from number `first` on, as rows."""
        wide = self.inode_size > _EXTRA_SIZE
        checksum = _inode(self.inode_size, wide)
        residuals = checksum.residuals(rows) ^ self._constants(first, len(rows), 8 + self.inode_size, checksum.bits)
        if not wide:
            return residuals
        extra = rows[:, _EXTRA_SIZE].astype(np.uint16) | rows[:, _EXTRA_SIZE + 1].astype(np.uint16) << 8
        for row in np.flatnonzero((residuals != 0) & (extra < 4)):  # such an inode has no room for the high half
            narrow = _inode(self.inode_size, False)
            constant = self._constants(first + int(row), 1, 8 + self.inode_size, narrow.bits)
            residuals[row] = (narrow.residuals(rows[row : row + 1]) ^ constant)[0]
        return residuals

    def _constants(self, first: int, count: int, size: int, bits: int) -> Words:
        """What the seed and four bytes with a number add to the residuals of structures of `size` bytes with these."""
        numbers = np.arange(first, first + count, dtype="<u4").view(np.uint8).reshape(count, 4)
        responses = crc_responses(CRC32C, size)[:4]
        constants = Checksum(_NAME, 32, responses).residuals(numbers)
        return (constants ^ np.uint32(crc_of_zeros(CRC32C, self.seed, size))) & np.uint32((1 << bits) - 1)

    def extent_block(self, number: int, generation: int) -> SeededCheck:
        """Of a block of the extent tree of an inode."""
        entries = (self.block - _NODE_HEADER) // 12
        end = _NODE_HEADER + 12 * entries
        return self._owned(number, generation, end, end)

    def directory_block(self, number: int, generation: int) -> SeededCheck:
        """Of a block of names of a folder's inode."""
        return self._owned(number, generation, self.block - DIRECTORY_TAIL, self.block - 4)

    def _owned(self, number: int, generation: int, covered: int, place: int) -> SeededCheck:
        seed = crc_of(struct.pack("<II", number, generation), CRC32C, self.seed)
        return SeededCheck(_owned(self.block, covered, place), crc_of_zeros(CRC32C, seed, covered))

    def bitmap(self, size: int, stored: int, bits: int) -> SeededCheck:
        """Of the first `size` bytes of a bitmap, whose checksum of `bits` bits stands in the group's descriptor."""
        mask = (1 << bits) - 1
        return SeededCheck(_bitmap(size, bits), (crc_of_zeros(CRC32C, self.seed, size) & mask) ^ stored)


@cache
def _descriptor(size: int) -> Checksum:
    return crc_checksum(_NAME, CRC32C, size, size, (0x1E, 0x1F))


@cache
def _inode(size: int, wide: bool) -> Checksum:
    """With the generation counted twice: it stands before the inode as well."""
    fields = (_LOW, _LOW + 1, _HIGH, _HIGH + 1) if wide else (_LOW, _LOW + 1)
    plain = crc_checksum(_NAME, CRC32C, size, size, fields)
    responses = plain.responses.copy()
    mask = np.uint32((1 << plain.bits) - 1)
    responses[_GENERATION : _GENERATION + 4] ^= crc_responses(CRC32C, 4 + size)[:4] & mask
    return Checksum(_NAME, plain.bits, responses)


@cache
def _owned(size: int, covered: int, place: int) -> Checksum:
    return crc_checksum(_NAME, CRC32C, covered, size, range(place, place + 4))


@cache
def _bitmap(size: int, bits: int) -> Checksum:
    mask = np.uint32((1 << bits) - 1)
    return Checksum(_NAME, bits, crc_responses(CRC32C, size) & mask)
