"""Check what ext4 keeps of each block group: its descriptor, of which there are copies, and its inode bitmap."""

from __future__ import annotations

import struct
from functools import partial
from typing import Final

import numpy as np

from carving.file_systems.stored_files.ext_geometry import ExtGeometry
from carving.file_systems.stored_files.ext_superblock import PRIMARY_OFFSET
from carving.file_systems.structures.checking import StructureChecks
from carving.file_systems.structures.ext_checks import ExtChecks
from carving.flips.model import Bytes
from carving.source import Run

_64BIT: Final = 0x80
_UNINITIALISED: Final = 0x1
_MOST_BITMAPS: Final = 1 << 14


def check_descriptors(checks: StructureChecks, check: ExtChecks, geometry: ExtGeometry, superblock: bytes) -> None:
    """Check the descriptors; one that cannot be mended is read as its copy in group 1 has it.

    Raises:
        EvidenceError: the source cannot be read.
    """
    size, table = _table(geometry, superblock)
    data = checks.read(table)
    if data is None:
        return
    blocks = struct.unpack_from("<I", superblock, 4)[0]
    rows = data.reshape(-1, size)
    for group in np.flatnonzero(check.descriptor_residuals(rows)).tolist():
        run = Run(table.offset + group * size, size)
        copy = Run(run.offset + struct.unpack_from("<I", superblock, 32)[0] * geometry.block, size)
        other = checks.read(copy)
        of_group, lies_inside = check.descriptor(group, size), partial(_lies_inside, blocks=blocks)
        if other is None or of_group.residual(other) or not other.any():
            checks.holds(f"descriptor of group {group}", run, of_group, lies_inside)
        elif not checks.mend_quietly(f"descriptor of group {group}", run, of_group, lies_inside):
            checks.take_copy(f"descriptor of group {group}", run, copy)


def check_bitmaps(checks: StructureChecks, check: ExtChecks, geometry: ExtGeometry, superblock: bytes) -> None:
    """Check the bitmaps that say which inodes are in use.

    Raises:
        EvidenceError: the source cannot be read.
    """
    size, table = _table(geometry, superblock)
    data = checks.read(table)
    if data is None:
        return
    length = geometry.inodes_per_group // 8
    for group, row in enumerate(data.reshape(-1, size)[:_MOST_BITMAPS]):
        raw = row.tobytes()
        if struct.unpack_from("<H", raw, 0x12)[0] & _UNINITIALISED or not 0 < length <= geometry.block:
            continue
        block, stored, bits = struct.unpack_from("<I", raw, 4)[0], struct.unpack_from("<H", raw, 0x1A)[0], 16
        if size >= 64:
            block |= struct.unpack_from("<I", raw, 0x24)[0] << 32
            stored, bits = stored | struct.unpack_from("<H", raw, 0x3A)[0] << 16, 32
        run = Run(geometry.start + block * geometry.block, length)
        checks.holds(f"inode bitmap of group {group}", run, check.bitmap(length, stored, bits))


def _table(geometry: ExtGeometry, superblock: bytes) -> tuple[int, Run]:
    """Bytes of a descriptor, and where all of them lie."""
    wide = struct.unpack_from("<I", superblock, 0x60)[0] & _64BIT
    size = struct.unpack_from("<H", superblock, 254)[0] if wide else 32
    first = PRIMARY_OFFSET // geometry.block + 1
    return size, Run(geometry.start + first * geometry.block, len(geometry.tables) * size)


def _lies_inside(descriptor: Bytes, blocks: int) -> bool:
    """Whether a descriptor of a file system of fewer than 2^32 blocks leads to blocks inside it."""
    low = descriptor[:12].view("<u4")
    return bool((low < blocks).all())
