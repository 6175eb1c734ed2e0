"""Where ext4 keeps the data of a file that lie in its inode (Linux `Documentation/filesystems/ext4/inlinedata.rst`)."""

from __future__ import annotations

import struct
from typing import Final

from carving.file_systems.stored_files.content import cut
from carving.file_systems.stored_files.ext_geometry import ExtGeometry
from carving.file_systems.stored_files.ext_inode import INLINE, parse_inode
from carving.source import ByteSource, Run

_FORK: Final = Run(40, 60)
_CLASSIC: Final = 128
_MAGIC: Final = 0xEA020000
_SYSTEM: Final = 7
_ENTRY: Final = 16
_NAME: Final = b"data"


def inline_runs(source: ByteSource, geometry: ExtGeometry, number: int) -> tuple[Run, ...]:
    """The runs of a file whose data lie in its inode: the space for block numbers, then an extended attribute.

    None of them where the inode keeps no data.

    Raises:
        EvidenceError: the inode cannot be read.
    """
    place = geometry.place(number)
    data = b"" if place is None else source.read_at(place, geometry.inode_size)
    if place is None or len(data) < geometry.inode_size:
        return ()
    inode = parse_inode(data)
    if not inode.flags & INLINE:
        return ()
    runs = [_FORK, *_attribute(data)]
    return cut((Run(place + run.offset, run.length) for run in runs), inode.size)


def _attribute(data: bytes) -> list[Run]:
    """The value of `system.data` among the attributes in an inode; nothing where there is none."""
    if len(data) <= _CLASSIC + 2:
        return []
    start = _CLASSIC + int(struct.unpack_from("<H", data, _CLASSIC)[0])
    if start + 4 > len(data) or struct.unpack_from("<I", data, start)[0] != _MAGIC:
        return []
    first = at = start + 4
    while at + _ENTRY <= len(data) and data[at]:
        length, kind, offset, _, size = struct.unpack_from("<BBHII", data, at)
        if kind == _SYSTEM and data[at + _ENTRY : at + _ENTRY + length] == _NAME:
            return [Run(first + offset, size)] if first + offset + size <= len(data) else []
        at += (_ENTRY + length + 3) // 4 * 4
    return []
