"""The blocks of an ext file system that nothing occupies.

Layout: Linux `Documentation/filesystems/ext4/bitmaps.rst` and `group_descr.rst`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

import numpy as np

from carving.file_systems.stored_files.ext_geometry import ExtGeometry
from carving.file_systems.stored_files.ext_superblock import PRIMARY_OFFSET
from carving.source import ByteSource, Run

_64BIT: Final = 0x80
_NEVER_WRITTEN: Final = 0x2
"""A group whose block bitmap was never made: it is free but for the file system's own structures."""
_SMALLEST_WIDE: Final = 64


def free_runs(source: ByteSource, geometry: ExtGeometry) -> Iterator[Run]:
    """The stretches of a source that the block bitmaps call free, in order.

    Raises:
        EvidenceError: they cannot be read.
    """
    head = source.read_at(geometry.start + PRIMARY_OFFSET, 1024)
    first, per_group = struct.unpack_from("<I", head, 20)[0], struct.unpack_from("<I", head, 32)[0]
    wide = bool(struct.unpack_from("<I", head, 96)[0] & _64BIT)
    blocks = struct.unpack_from("<I", head, 4)[0] | (struct.unpack_from("<I", head, 336)[0] << 32 if wide else 0)
    size = struct.unpack_from("<H", head, 254)[0] if wide else 32
    if per_group > 8 * geometry.block:
        return
    place = geometry.start + (PRIMARY_OFFSET // geometry.block + 1) * geometry.block
    table = source.read_at(place, len(geometry.tables) * size)
    for group, offset in enumerate(range(0, len(table) - size + 1, size)):
        start = first + group * per_group
        count = min(per_group, blocks - start)
        if count <= 0:
            return
        low, flags = struct.unpack_from("<I", table, offset)[0], struct.unpack_from("<H", table, offset + 18)[0]
        high = struct.unpack_from("<I", table, offset + 32)[0] if wide and size >= _SMALLEST_WIDE else 0
        if flags & _NEVER_WRITTEN:
            yield _run(geometry, start, count)
            continue
        bits = source.read_at(geometry.start + (low | high << 32) * geometry.block, geometry.block)
        used = np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")[:count]
        edges = np.flatnonzero(np.diff(used, prepend=1, append=1)).tolist()
        for begin, end in zip(edges[::2], edges[1::2], strict=True):
            yield _run(geometry, start + begin, end - begin)


def _run(geometry: ExtGeometry, block: int, count: int) -> Run:
    return Run(geometry.start + block * geometry.block, count * geometry.block)
