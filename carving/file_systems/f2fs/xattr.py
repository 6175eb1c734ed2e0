"""Extended attributes of F2FS: in the inode, going on in a node of their own.

Layout: Linux `fs/f2fs/xattr.h` as `Documentation/filesystems/fscrypt.rst` uses it: the context that an encrypted file's
key is derived with stands under index 9, name `c`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from carving.file_systems.f2fs.f2fs_findings import F2fsFindings
from carving.file_systems.f2fs.f2fs_layout import FOOTER_SIZE, XATTR_NODE_OFFSET
from carving.file_systems.f2fs.inode import Inode
from carving.file_systems.f2fs.nodes import NodeView

_MAGIC: Final = 0xF2F52011
_HEADER_SIZE: Final = 24
_ENTRY: Final = struct.Struct("<BBH")
_ENCRYPTION: Final = (9, b"c")


def extended_attributes(inode: Inode, view: NodeView, findings: F2fsFindings) -> Iterator[tuple[int, bytes, bytes]]:
    """Index, name and value of each attribute of an inode.

    Raises:
        EvidenceError: the node cannot be read.
    """
    area = inode.inline_xattr
    if inode.xattr_nid:
        node = view.node(inode.xattr_nid, inode.number, XATTR_NODE_OFFSET, findings)
        if node is not None:
            area += node.data[:-FOOTER_SIZE]
    if len(area) < _HEADER_SIZE or not any(area):
        return
    if struct.unpack_from("<I", area)[0] != _MAGIC:
        findings.add(f"inode {inode.number}", None, "its extended attributes do not begin with their magic")
        return
    place = _HEADER_SIZE
    while place + _ENTRY.size <= len(area):
        index, name_size, value_size = _ENTRY.unpack_from(area, place)
        if not (index or name_size or value_size):
            return
        end = place + _ENTRY.size + name_size + value_size
        if end > len(area):
            findings.add(f"inode {inode.number}", None, "an extended attribute ends outside their area")
            return
        name_end = place + _ENTRY.size + name_size
        yield index, area[place + _ENTRY.size : name_end], area[name_end:end]
        place = -(-end // 4) * 4


def encryption_context(inode: Inode, view: NodeView, findings: F2fsFindings) -> bytes | None:
    """The fscrypt context of an inode, as stored; None where there is none.

    Raises:
        EvidenceError: a node cannot be read.
    """
    for index, name, value in extended_attributes(inode, view, findings):
        if (index, name) == _ENCRYPTION:
            return value
    return None
