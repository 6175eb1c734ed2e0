"""Inodes of ext2, ext3 and ext4, and the blocks they lead to.

Layout: Linux `Documentation/filesystems/ext4/inodes.rst` and `ifork.rst`.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from carving.file_systems.stored_files.content import Piece
from carving.source import Run

REGULAR: Final = 0x8000
_KIND: Final = 0xF000
_EXTENTS: Final = 0x80000
_ENCRYPTED: Final = 0x800
INLINE: Final = 0x10000000
_EXTENT_MAGIC: Final = 0xF30A
_LONGEST_EXTENT: Final = 32768
_NODE_HEADER: Final = 12
_DEEPEST: Final = 5
_DIRECT: Final = 12
_MOST_PIECES: Final = 1 << 16
_MOST_NODES: Final = 1 << 14


@dataclass(frozen=True, slots=True)
class ExtInode:
    """An inode, as far as it matters here. `fork` is the 60 bytes that lead to its blocks."""

    mode: int
    size: int
    links: int
    deleted: int
    flags: int
    fork: bytes
    accessed: int
    changed: int
    modified: int
    created: int

    @property
    def is_regular(self) -> bool:
        return self.mode & _KIND == REGULAR

    @property
    def leads_to_blocks(self) -> bool:
        """Whether it still says where the content of a file lies."""
        if self.flags & INLINE or not self.size:
            return False
        if self.flags & _EXTENTS:
            magic, entries = struct.unpack_from("<HH", self.fork)
            return bool(magic == _EXTENT_MAGIC and entries)
        return any(self.fork)

    @property
    def is_encrypted(self) -> bool:
        """Whether its content is encrypted by fscrypt."""
        return bool(self.flags & _ENCRYPTED)


def parse_inode(data: bytes) -> ExtInode:
    """Read an inode of 128 bytes or more."""
    mode, _, low, accessed, changed, modified, deleted, _, links = struct.unpack_from("<HHIIIIIHH", data)
    flags = struct.unpack_from("<I", data, 32)[0]
    high = struct.unpack_from("<I", data, 108)[0]
    created = struct.unpack_from("<I", data, 144)[0] if len(data) >= 148 else 0
    size = low | (high << 32 if mode & _KIND == REGULAR else 0)
    return ExtInode(mode, size, links, deleted, flags, bytes(data[40:100]), accessed, changed, modified, created)


Nodes = Callable[[int, int], Iterator[bytes]]
"""What a block of the tree may hold, the likeliest first: its number, and the depth at which it stands."""


class TooComplexError(Exception):
    """A tree is larger or deeper than any file's; it never leaves this package."""


@dataclass
class BlockTree:
    """Follows an inode to its blocks.

    Attributes:
        start, block: where the file system begins in the source, and bytes of its blocks.
        nodes: gives the blocks of the tree.
    """

    start: int
    block: int
    nodes: Nodes
    _visited: int = 0

    def pieces(self, inode: ExtInode) -> list[Piece]:
        """The pieces of a file; what is allocated but not written yet is a hole.

        Raises:
            TooComplexError: there are too many.
        """
        self._visited = 0
        blocks = -(-inode.size // self.block)
        if inode.flags & _EXTENTS:
            found = self._extents(inode.fork, blocks, _DEEPEST)
        else:
            found = self._mapped(inode.fork, blocks)
        return [
            (logical * self.block, Run(self.start + physical * self.block, count * self.block))
            for logical, physical, count in found
        ]

    def _extents(self, node: bytes, end: int, deepest: int) -> list[tuple[int, int, int]]:
        """Logical block, physical block and number of blocks of each extent below a node whose range ends at `end`."""
        if len(node) < _NODE_HEADER:
            return []
        magic, entries, _, depth = struct.unpack_from("<HHHH", node)
        if magic != _EXTENT_MAGIC or depth > deepest or 12 + 12 * entries > len(node):
            return []
        found: list[tuple[int, int, int]] = []
        for index in range(entries):
            at = 12 + 12 * index
            logical = struct.unpack_from("<I", node, at)[0]
            if depth == 0:
                count, high, low = struct.unpack_from("<HHI", node, at + 4)
                if 0 < count <= _LONGEST_EXTENT:
                    found.append((logical, low | high << 32, count))
            else:
                low, high = struct.unpack_from("<IH", node, at + 4)
                last = index + 1 == entries
                behind = end if last else struct.unpack_from("<I", node, at + 12)[0]
                found += self._below(low | high << 32, logical, behind, depth - 1)
            if len(found) > _MOST_PIECES:
                raise TooComplexError
        return found

    def _below(self, block: int, logical: int, behind: int, depth: int) -> list[tuple[int, int, int]]:
        """The extents below an index entry, by the version of its block that covers most of what it should."""
        best: list[tuple[int, int, int]] = []
        covered = -1
        for node in self.nodes(block, depth):
            self._visit()
            extents = [extent for extent in self._extents(node, behind, depth) if logical <= extent[0] < behind]
            count = sum(extent[2] for extent in extents)
            if count > covered:
                best, covered = extents, count
            if covered >= behind - logical:
                break
        return best

    def _mapped(self, fork: bytes, blocks: int) -> list[tuple[int, int, int]]:
        """The blocks of an ext2 or ext3 file: twelve direct ones, then trees of one, two and three levels."""
        numbers = struct.unpack("<15I", fork)
        found: list[tuple[int, int, int]] = []
        for logical, physical in enumerate(numbers[:_DIRECT]):
            _extend(found, logical, physical, blocks)
        logical = _DIRECT
        for levels, physical in enumerate(numbers[_DIRECT:], start=1):
            self._indirect(found, logical, physical, levels, blocks)
            logical += (self.block // 4) ** levels
        return found

    def _indirect(self, found: list[tuple[int, int, int]], logical: int, block: int, levels: int, blocks: int) -> None:
        if not block or logical >= blocks:
            return
        self._visit()
        span = (self.block // 4) ** (levels - 1)
        node = next((node for node in self.nodes(block, levels) if any(node)), b"")
        for index, physical in enumerate(struct.unpack_from(f"<{len(node) // 4}I", node)):
            if levels == 1:
                _extend(found, logical + index, physical, blocks)
            elif physical:
                self._indirect(found, logical + index * span, physical, levels - 1, blocks)
            if len(found) > _MOST_PIECES:
                raise TooComplexError

    def _visit(self) -> None:
        self._visited += 1
        if self._visited > _MOST_NODES:
            raise TooComplexError


def _extend(found: list[tuple[int, int, int]], logical: int, physical: int, blocks: int) -> None:
    """Add one block, to the last piece where it goes on from there."""
    if not physical or logical >= blocks:
        return
    if found:
        first, place, count = found[-1]
        if first + count == logical and place + count == physical:
            found[-1] = (first, place, count + 1)
            return
    found.append((logical, physical, 1))
