"""Nodes of an F2FS: inodes, direct and indirect nodes, and nodes of extended attributes, told apart by their footers.

Layout: Linux `include/linux/f2fs_fs.h`, `struct node_footer`.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final, Protocol

from carving.file_systems.f2fs.blocks import BlockDevice
from carving.file_systems.f2fs.f2fs_findings import F2fsFindings
from carving.file_systems.f2fs.f2fs_layout import FOOTER_SIZE
from carving.file_systems.f2fs.node_table import NodeTable

_FOOTER: Final = struct.Struct("<IIIQI")
_OFFSET_SHIFT: Final = 3
_FSYNC: Final = 2


@dataclass(frozen=True, slots=True)
class NodeFooter:
    """What a node says of itself.

    Attributes:
        nid: its own id.
        inode: of the file it belongs to.
        offset: its place among the nodes of that file, 0 the inode.
        fsync: written because a program asked for it; a mount takes such nodes in that are newer than the checkpoint.
        version: of the checkpoint before it; the upper half may be a checksum.
    """

    nid: int
    inode: int
    offset: int
    fsync: bool
    version: int
    next_block: int

    @property
    def age(self) -> int:
        """The part of the version that counts."""
        return self.version & 0xFFFFFFFF


@dataclass(frozen=True, slots=True)
class F2fsNode:
    """The bytes of a node, and the block they stand in."""

    data: bytes
    block: int

    @property
    def footer(self) -> NodeFooter:
        nid, inode, flags, version, next_block = _FOOTER.unpack_from(self.data, len(self.data) - FOOTER_SIZE)
        return NodeFooter(nid, inode, flags >> _OFFSET_SHIFT, bool(flags & _FSYNC), version, next_block)


class NodeView(Protocol):
    """A state of the file system in which nodes are found."""

    def node(self, nid: int, inode: int, offset: int, findings: F2fsFindings) -> F2fsNode | None:
        """The node of an id that is the `offset`th of a file; None where there is none, which is a finding."""


class TableView:
    """The nodes as a node table has them."""

    def __init__(self, blocks: BlockDevice, table: NodeTable, main_block: int, main_end: int) -> None:
        self._blocks = blocks
        self.table = table
        self._main = range(main_block, main_end)

    def node(self, nid: int, inode: int, offset: int, findings: F2fsFindings) -> F2fsNode | None:
        """Two of the three numbers in the footer must be right, or one and the table's, so that a flip does not cost
        the file: under encryption it redraws 16 bytes, which may be two of the three."""
        owner, block = self.table.lookup(nid)
        name = f"node {nid}"
        if block not in self._main:
            problem = f"block {block} of its table entry lies outside the main area" if block else "has no table entry"
            findings.add(name, None, problem)
            return None
        place = self._blocks.place(block)
        data = self._blocks.read(block)
        if data is None:
            findings.add(name, place, "lies outside the source")
            return None
        node = F2fsNode(data, block)
        footer = node.footer
        right = (footer.nid == nid) + (footer.inode == inode) + (footer.offset == offset)
        if right < 3 or owner != inode:
            findings.add(
                name,
                place,
                f"is node {offset} of inode {inode}, but its footer says node {footer.nid}, number {footer.offset} of "
                f"inode {footer.inode}, and the table inode {owner}",
            )
        if right == 1 and self.table.lookup(footer.nid)[1] == block:
            return None  # it is what it says, and the table's entry for it is right
        return node if right + (owner == inode) >= 2 else None
