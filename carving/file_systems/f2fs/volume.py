"""An F2FS as it is being read: its blocks, its areas, and what inodes say, apart from which state is looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from carving.file_systems.f2fs.blocks import BlockDevice
from carving.file_systems.f2fs.f2fs_findings import F2fsFindings
from carving.file_systems.f2fs.f2fs_layout import BlockLayout
from carving.file_systems.f2fs.inode import F2fsKind, Inode, parse_inode
from carving.file_systems.f2fs.nodes import F2fsNode, NodeView
from carving.file_systems.f2fs.superblock import F2fsSuperblock

MIB: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class F2fsLimits:
    """How much is followed before a finding ends it.

    Attributes:
        depth: folders in folders.
        names: in all folders together.
        older_nodes: nodes that no table has, kept in memory at about 40 bytes each.
        versions: older nodes of one inode that are looked at.
    """

    depth: int = 256
    names: int = 20 * MIB
    older_nodes: int = 4 * MIB
    versions: int = 64


@dataclass(frozen=True, slots=True)
class F2fsVolume:
    """Blocks and superblock of a file system."""

    blocks: BlockDevice
    superblock: F2fsSuperblock

    @property
    def layout(self) -> BlockLayout:
        return self.superblock.layout

    @property
    def main_end(self) -> int:
        """The block behind the part of the main area that is in the source."""
        return min(self.superblock.main_end, self.blocks.block_count)

    def in_main(self, block: int) -> bool:
        """Whether a block may hold nodes or data."""
        return self.superblock.main_block <= block < self.main_end

    def parse(
        self, node: F2fsNode, number: int, findings: F2fsFindings, expected: F2fsKind | None = None
    ) -> Inode | None:
        """Read a node as the inode of that number, which its folder says to be of the expected kind."""
        superblock, place = self.superblock, self.blocks.place(node.block)
        return parse_inode(node, number, self.layout, superblock.features, superblock.uuid, findings, place, expected)

    def inode(
        self, number: int, view: NodeView, findings: F2fsFindings, expected: F2fsKind | None = None
    ) -> Inode | None:
        """Find and read an inode, which its folder says to be of the expected kind.

        Raises:
            EvidenceError: its block cannot be read.
        """
        node = view.node(number, number, 0, findings)
        return None if node is None else self.parse(node, number, findings, expected)


class InodeSet:
    """Numbers of inodes, one bit each."""

    def __init__(self, limit: int) -> None:
        """Args: all numbers lie below `limit`; others are never in the set."""
        self._bits = bytearray(limit // 8 + 1)

    def add(self, number: int) -> None:
        if 0 <= number < 8 * len(self._bits):
            self._bits[number // 8] |= 1 << number % 8

    def __contains__(self, number: int) -> bool:
        return 0 <= number < 8 * len(self._bits) and bool(self._bits[number // 8] >> number % 8 & 1)
