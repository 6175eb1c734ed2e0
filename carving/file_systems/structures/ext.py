"""Check the structures of an ext4 file system with checksums, in the order in which one leads to the next."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from carving.errors import EvidenceError
from carving.file_systems.stored_files.content import laid_out
from carving.file_systems.stored_files.ext_geometry import ExtGeometry, read_geometry
from carving.file_systems.stored_files.ext_inode import BlockTree, ExtInode, TooComplexError, parse_inode
from carving.file_systems.stored_files.ext_superblock import PRIMARY_OFFSET, copy_offsets
from carving.file_systems.structures.checking import StructureChecks
from carving.file_systems.structures.checksums import CRC32C, crc_of
from carving.file_systems.structures.ext_checks import DIRECTORY_TAIL, SUPERBLOCK_SIZE, ExtChecks, superblock_check
from carving.file_systems.structures.ext_groups import check_bitmaps, check_descriptors
from carving.flips.model import Bytes
from carving.source import HOLE_OFFSET, Run

_MAGIC: Final = b"\x53\xef"
_SEED_STORED: Final = 0x2000
_TAIL: Final = bytes.fromhex("000000000c0000de")
_EXTENTS, _INDEXED = 0x80000, 0x1000
_KIND, _DIRECTORY = 0xF000, 0x4000
_MOST_TABLE_BYTES: Final = 1 << 30
_MOST_DIRECTORY_BYTES: Final = 1 << 30
_CHUNK: Final = 1 << 20


def check_ext(checks: StructureChecks, start: int) -> None:
    """Check the ext file system that begins at a byte of the source; nothing where there is none with checksums.

    Raises:
        EvidenceError: the source cannot be read.
    """
    superblock = _superblock(checks, start)
    if superblock is None:
        return
    try:
        geometry = read_geometry(checks.source, start)
        check = ExtChecks(_seed(superblock), geometry.inode_size, geometry.block)
        check_descriptors(checks, check, geometry, superblock)
        geometry = read_geometry(checks.source, start)
    except EvidenceError:  # said by who reads it
        return
    check_bitmaps(checks, check, geometry, superblock)
    _Inodes(checks, check, geometry).check()


def _superblock(checks: StructureChecks, start: int) -> bytes | None:
    """The superblock, mended or as a copy has it; None where there is none with checksums."""
    run = Run(start + PRIMARY_OFFSET, SUPERBLOCK_SIZE)
    data, check = checks.read(run), superblock_check()
    if data is None or not data.any():
        return None
    if check.residual(data) and not checks.mend_quietly("superblock", run, check, _is_sound):
        for offset in copy_offsets():
            copy = Run(start + offset, SUPERBLOCK_SIZE)
            other = checks.read(copy)
            if other is not None and _is_sound(other) and _is_copy(other, offset) and not check.residual(other):
                checks.take_copy("superblock", run, copy)
                break
        else:
            if _is_sound(data):
                checks.mend("superblock", run, check, _is_sound)
            return None
    found = checks.read(run)
    return found.tobytes() if found is not None and _is_sound(found) else None


def _is_sound(data: Bytes) -> bool:
    """Whether bytes are the superblock of a file system with checksums, whatever else they are."""
    return data[56:58].tobytes() == _MAGIC and bool(data[0x65] & 0x04) and data[0x175] == 1


def _is_copy(data: Bytes, offset: int) -> bool:
    """Whether a superblock says of itself that it is the copy at that byte of its file system, not of another one."""
    first, block_log, per_group = (_number(data, at, 4) for at in (20, 24, 32))
    group = _number(data, 0x5A, 2)
    return group > 0 and block_log <= 6 and (first + group * per_group) << (10 + block_log) == offset


def _number(data: Bytes, offset: int, size: int) -> int:
    return int.from_bytes(data[offset : offset + size].tobytes(), "little")


def _seed(superblock: bytes) -> int:
    if struct.unpack_from("<I", superblock, 0x60)[0] & _SEED_STORED:
        return int(struct.unpack_from("<I", superblock, 0x270)[0])
    return crc_of(superblock[0x68:0x78], CRC32C, 0xFFFFFFFF)


@dataclass
class _Inodes:
    """The inodes of a file system, the blocks of their extents, and those of folders."""

    checks: StructureChecks
    check_of: ExtChecks
    geometry: ExtGeometry
    _directory_bytes: int = field(default=0)

    def check(self) -> None:
        """Check them all.

        Raises:
            EvidenceError: the source cannot be read.
        """
        geometry, left = self.geometry, _MOST_TABLE_BYTES
        for group, used in enumerate(geometry.used):
            left -= used * geometry.inode_size
            if left < 0:
                return
            first = group * geometry.inodes_per_group + 1
            step = max(1, _CHUNK // geometry.inode_size)
            for index in range(0, used, step):
                count = min(step, used - index)
                self._stretch(first + index, geometry.start + geometry.tables[group] * geometry.block, index, count)

    def _stretch(self, number: int, table: int, index: int, count: int) -> None:
        """Check consecutive inodes, and what they lead to."""
        size = self.geometry.inode_size
        run = Run(table + index * size, count * size)
        data = self.checks.read(run)
        if data is None:
            return
        rows = data.reshape(count, size)
        failed = np.flatnonzero((self.check_of.inode_residuals(number, rows) != 0) & rows.any(axis=1))
        for row in failed.tolist():
            place = Run(run.offset + row * size, size)
            self.checks.holds(f"inode {number + row}", place, self.check_of.inode(number + row))
        if failed.size:
            data = self.checks.read(run)
            if data is None:
                return
            rows = data.reshape(count, size)
        for row in _leading_on(rows).tolist():
            raw = rows[row].tobytes()
            self._follow(number + row, parse_inode(raw), int(struct.unpack_from("<I", raw, 0x64)[0]))

    def _follow(self, number: int, inode: ExtInode, generation: int) -> None:
        """Check the blocks of an inode's extents, and those of a folder."""
        if not inode.leads_to_blocks:
            return
        geometry = self.geometry

        def nodes(block: int, _depth: int) -> Iterator[bytes]:
            run = Run(geometry.start + block * geometry.block, geometry.block)
            if inode.flags & _EXTENTS:
                check = self.check_of.extent_block(number, generation)
                self.checks.holds(f"extent block {block} of inode {number}", run, check)
            yield self.checks.source.read_at(run.offset, run.length)

        try:
            pieces = BlockTree(geometry.start, geometry.block, nodes).pieces(inode)
        except TooComplexError:  # said by who reads the file
            return
        if inode.mode & _KIND == _DIRECTORY:
            self._folder(number, inode, generation, laid_out(pieces, _folder_size(inode)))

    def _folder(self, number: int, inode: ExtInode, generation: int, runs: tuple[Run, ...]) -> None:
        block, first = self.geometry.block, True
        for run in runs:
            if run.offset == HOLE_OFFSET:
                continue
            for offset in range(run.offset, run.end - block + 1, block):
                self._directory_bytes += block
                if self._directory_bytes > _MOST_DIRECTORY_BYTES:
                    return
                if not (first and inode.flags & _INDEXED):
                    self._names(number, inode, generation, Run(offset, block))
                first = False

    def _names(self, number: int, inode: ExtInode, generation: int, run: Run) -> None:
        data = self.checks.read(run)
        if data is None:
            return
        if inode.flags & _INDEXED and data[:6].tobytes() == struct.pack("<IH", 0, run.length & 0xFFFF):
            return  # an inner block of the index holds no names
        block = (run.offset - self.geometry.start) // run.length
        check = self.check_of.directory_block(number, generation)
        self.checks.holds(f"directory block {block} of inode {number}", run, check, _has_tail)


def _has_tail(data: Bytes) -> bool:
    """Whether a block of names ends in the entry that carries its checksum."""
    return data[-DIRECTORY_TAIL:-4].tobytes() == _TAIL


def _leading_on(rows: Bytes) -> np.ndarray[tuple[int], np.dtype[np.intp]]:
    """Which inodes in use are folders, or have blocks of extents."""
    modes = rows[:, 0].astype(np.uint16) | rows[:, 1].astype(np.uint16) << 8
    linked = (rows[:, 26] | rows[:, 27]) != 0
    deep = ((rows[:, 34] & 0x08) != 0) & (rows[:, 46] != 0)
    return np.flatnonzero(linked & (((modes & _KIND) == _DIRECTORY) | deep))


def _folder_size(inode: ExtInode) -> int:
    return min(inode.size, _MOST_DIRECTORY_BYTES)
