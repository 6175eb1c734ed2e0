"""Where the bytes of a file lie: block addresses in its inode, in direct nodes, and behind indirect ones.

Layout: Linux `Documentation/filesystems/f2fs.rst`, index structure, and `include/linux/f2fs_fs.h`.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.file_systems.f2fs.f2fs_findings import F2fsFindings
from carving.file_systems.f2fs.f2fs_layout import COMPRESSED_ADDRESS, HOLE_ADDRESS, RESERVED_ADDRESS, BlockLayout
from carving.file_systems.f2fs.inode import InlineFlag, Inode
from carving.file_systems.f2fs.nodes import NodeView
from carving.file_systems.f2fs.records import F2fsRun, RunKind
from carving.file_systems.f2fs.volume import F2fsVolume

MOST_RUNS: Final = 1 << 20
"""A file in more pieces than this is cut there, with a finding."""

_LEVELS: Final = (0, 0, 1, 1, 2)
"""Levels of node ids behind each of the five of an inode."""
_HOLE, _LOST, _COMPRESSED = -1, -2, -3
_KINDS: Final = {_HOLE: RunKind.HOLE, _LOST: RunKind.LOST, _COMPRESSED: RunKind.COMPRESSED}


@dataclass(frozen=True, slots=True)
class _Piece:
    """Blocks of a file from `start` on, by their addresses, or `count` of them that are all a hole or lost."""

    start: int
    count: int
    addresses: NDArray[np.uint32] | None
    lost: bool = False


def map_inode(inode: Inode, view: NodeView, volume: F2fsVolume, findings: F2fsFindings) -> tuple[F2fsRun, ...]:
    """The runs of a file up to its size, in order and without gaps.

    Raises:
        EvidenceError: a node cannot be read.
    """
    if inode.inline & (InlineFlag.DATA | InlineFlag.DENTRIES):
        return _inline_runs(inode, volume, findings)
    block_size = volume.layout.block_size
    wanted = -(-inode.size // block_size)
    if wanted > volume.layout.most_file_blocks:
        findings.add(f"inode {inode.number}", None, f"a size of {inode.size} bytes, more than any file can have")
        wanted = volume.layout.most_file_blocks
    runs = _Runs(volume, min(inode.size, wanted * block_size))
    for piece in _pieces(inode, view, wanted, volume.layout, findings):
        if len(runs.found) >= MOST_RUNS:
            findings.add(f"inode {inode.number}", None, f"more than {MOST_RUNS} pieces")
            break
        if piece.addresses is None:
            runs.add(piece.start, piece.count, _LOST if piece.lost else _HOLE)
        elif not runs.add_addresses(piece.start, _checked(piece.addresses, volume, inode.cluster_blocks)):
            findings.add(f"inode {inode.number}", None, "addresses of blocks outside the main area, or of no meaning")
    runs.close()
    return tuple(runs.found)


def inline_content(inode: Inode) -> bytes | None:
    """The bytes of a file that stand in its inode; None where they do not."""
    if not inode.inline & InlineFlag.DATA or not inode.inline & InlineFlag.DATA_EXISTS:
        return None
    end = inode.content_offset + min(inode.size, inode.content_size)
    return inode.data[inode.content_offset : end]


def _inline_runs(inode: Inode, volume: F2fsVolume, findings: F2fsFindings) -> tuple[F2fsRun, ...]:
    length = min(inode.size, inode.content_size)
    if inode.inline & InlineFlag.DATA and inode.size > inode.content_size:
        findings.add(f"inode {inode.number}", None, f"{inode.size} bytes of inline content in {inode.content_size}")
    if length == 0:
        return ()
    if inode.inline & InlineFlag.DATA and not inode.inline & InlineFlag.DATA_EXISTS:
        return (F2fsRun(0, None, length, RunKind.HOLE),)
    return (F2fsRun(0, volume.blocks.place(inode.block) + inode.content_offset, length, RunKind.DATA),)


def _pieces(inode: Inode, view: NodeView, wanted: int, layout: BlockLayout, findings: F2fsFindings) -> Iterator[_Piece]:
    yield _Piece(0, inode.addresses.size, inode.addresses)
    words = layout.words_per_node
    per_direct = words // inode.cluster_blocks * inode.cluster_blocks
    walk = _NodeWalk(inode, view, wanted, words, per_direct, findings)
    start, offset = inode.addresses.size, 1
    for nid, level in zip(inode.node_ids, _LEVELS, strict=True):
        yield from walk.below(nid, level, offset, start)
        start += per_direct * words**level
        offset += sum(words**above for above in range(level + 1))
    if start < wanted:
        yield _Piece(start, wanted - start, None)


class _NodeWalk:
    """Goes through the nodes of one file, each at most once."""

    def __init__(
        self, inode: Inode, view: NodeView, wanted: int, words: int, per_direct: int, findings: F2fsFindings
    ) -> None:
        self._inode = inode
        self._view = view
        self._wanted = wanted
        self._words = words
        self._per_direct = per_direct
        self._findings = findings
        self._seen: set[int] = set()

    def below(self, nid: int, level: int, offset: int, start: int) -> Iterator[_Piece]:
        """The blocks behind a node id; `offset` is the place of the node among those of the file."""
        if start >= self._wanted:
            return
        span = self._per_direct * self._words**level
        if nid == 0:
            yield _Piece(start, span, None)
            return
        if nid in self._seen:
            self._findings.add(f"inode {self._inode.number}", None, f"node {nid} stands twice in it")
            yield _Piece(start, span, None, lost=True)
            return
        self._seen.add(nid)
        node = self._view.node(nid, self._inode.number, offset, self._findings)
        if node is None:
            yield _Piece(start, span, None, lost=True)
        elif level == 0:
            yield _Piece(start, self._per_direct, np.frombuffer(node.data, "<u4", self._per_direct))
        else:
            child_nodes = sum(self._words**above for above in range(level))
            child_span = span // self._words
            for index, child in enumerate(struct.unpack_from(f"<{self._words}I", node.data)):
                place = offset + 1 + index * child_nodes
                yield from self.below(child, level - 1, place, start + index * child_span)


def _checked(addresses: NDArray[np.uint32], volume: F2fsVolume, cluster: int) -> NDArray[np.int64]:
    """Addresses as they are, and what stands for none as a negative number."""
    checked = addresses.astype(np.int64)
    outside = (checked < volume.superblock.main_block) | (checked >= volume.main_end)
    hole = (addresses == HOLE_ADDRESS) | (addresses == RESERVED_ADDRESS)
    checked[outside] = _LOST
    checked[hole] = _HOLE
    if cluster > 1:
        heads = addresses.reshape(-1, cluster)[:, 0] == COMPRESSED_ADDRESS
        checked[np.repeat(heads, cluster)] = _COMPRESSED
    return checked


class _Runs:
    """Joins blocks to runs, and cuts them at the size of the file."""

    def __init__(self, volume: F2fsVolume, size: int) -> None:
        self.found: list[F2fsRun] = []
        self._volume = volume
        self._size = size
        self._start = self._count = 0
        self._place = _HOLE

    def add(self, start: int, count: int, place: int) -> None:
        """Blocks `start` and following: from block `place` on, or one of the negative numbers."""
        follows = place == self._place if place < 0 else self._place >= 0 and place == self._place + self._count
        if self._count and follows:
            self._count += count
            return
        self.close()
        self._start, self._count, self._place = start, count, place

    def add_addresses(self, start: int, places: NDArray[np.int64]) -> bool:
        """Blocks one by one; False where one of them is lost."""
        left = max(0, -(-self._size // self._volume.layout.block_size) - start)
        places = places[:left]
        if places.size == 0:
            return True
        index = np.arange(places.size)
        alike = np.where(places < 0, places, places - index)  # the same along a run
        jumps = np.diff(alike) != 0
        edges = [0, *(np.nonzero(jumps)[0] + 1).tolist(), places.size]
        for first, end in pairwise(edges):
            self.add(start + first, end - first, int(places[first]))
        return not bool((places == _LOST).any())

    def close(self) -> None:
        """Write the run that is still open."""
        block_size = self._volume.layout.block_size
        logical = self._start * block_size
        length = min(self._count * block_size, self._size - logical)
        if length > 0:
            physical = self._volume.blocks.place(self._place) if self._place >= 0 else None
            self.found.append(F2fsRun(logical, physical, length, _KINDS.get(self._place, RunKind.DATA)))
        self._count = 0
