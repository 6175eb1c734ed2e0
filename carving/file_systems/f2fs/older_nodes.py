"""Nodes of an F2FS that its table does not have: what a log-structured file system leaves of its past.

A node is never changed in place: a newer one is written elsewhere, and the older block stays until its segment is used
again. Its footer says what it is (Linux `include/linux/f2fs_fs.h`, `struct node_footer`).
"""

from __future__ import annotations

from typing import Final, cast

import numpy as np
from numpy.typing import NDArray

from carving.file_systems.f2fs.f2fs_findings import F2fsFindings
from carving.file_systems.f2fs.f2fs_layout import BLOCKS_PER_SEGMENT, FOOTER_SIZE, XATTR_NODE_OFFSET
from carving.file_systems.f2fs.inode import FORMATS
from carving.file_systems.f2fs.nodes import F2fsNode, TableView
from carving.file_systems.f2fs.segment_table import SegmentTable
from carving.file_systems.f2fs.volume import F2fsLimits, F2fsVolume, InodeSet

_FOOTER: Final = np.dtype([("nid", "<u4"), ("inode", "<u4"), ("flags", "<u4"), ("version", "<u8"), ("next", "<u4")])
_FOUND: Final = np.dtype(
    [
        *(("nid", "u4"), ("inode", "u4"), ("offset", "u4"), ("version", "u8"), ("block", "u4")),
        *(("generation", "u4"), ("in_force", "?")),
    ]
)
_GENERATION_AT: Final = 68

FoundNodes = NDArray[np.void]


def scan_nodes(
    volume: F2fsVolume,
    view: TableView,
    segments: SegmentTable,
    reached: InodeSet,
    limits: F2fsLimits,
    findings: F2fsFindings,
) -> OlderNodes:
    """The older nodes of the main area, and the inodes in force that no folder names, sorted by id and age.

    Segments that are full of data in use are not read.

    Raises:
        EvidenceError: a segment cannot be read.
    """
    kept: list[FoundNodes] = []
    count = 0
    for segment in range(segments.segments):
        if segments.full_of_data(segment):
            continue
        found = _scan_segment(volume, view, segments, reached, segment)
        count += found.size
        if count > limits.older_nodes:
            findings.add("older nodes", None, f"more than {limits.older_nodes}; those further on are not read")
            break
        if found.size:
            kept.append(found)
    nodes = np.concatenate(kept) if kept else np.zeros(0, _FOUND)
    return OlderNodes(nodes[np.lexsort((nodes["block"], _age(nodes), nodes["nid"]))])


def _age(nodes: FoundNodes) -> NDArray[np.uint32]:
    return nodes["version"].astype(np.uint32)


def _scan_segment(
    volume: F2fsVolume, view: TableView, segments: SegmentTable, reached: InodeSet, segment: int
) -> FoundNodes:
    first = volume.superblock.main_block + segment * BLOCKS_PER_SEGMENT
    data = np.frombuffer(volume.blocks.read_many(first, BLOCKS_PER_SEGMENT), np.uint8)
    rows = data.reshape(-1, volume.layout.block_size)
    footers = np.ascontiguousarray(rows[:, -FOOTER_SIZE:]).view(_FOOTER).ravel()
    nid, inode, offset = footers["nid"], footers["inode"], footers["flags"] >> np.uint32(3)
    is_inode = offset == 0
    formats = np.ascontiguousarray(rows[:, :2]).view("<u2").ravel() & 0xF000
    most = volume.layout.most_file_blocks // volume.layout.words_per_node + 2 * volume.layout.words_per_node
    likely = (nid > 0) & (nid < view.table.node_ids) & (inode > 2) & (inode < view.table.node_ids)
    likely &= ((nid == inode) == is_inode) & ((offset <= most) | (offset == XATTR_NODE_OFFSET))
    likely &= (footers["version"].astype(np.uint32) != 0) & (~is_inode | np.isin(formats, FORMATS))
    follows = footers["next"]  # 0 where a program, not a kernel, wrote the node
    likely &= (follows == 0) | (follows >= volume.superblock.main_block) & (follows <= volume.superblock.main_end)
    index = np.nonzero(likely)[0]
    if index.size == 0:
        return np.zeros(0, _FOUND)
    blocks = (first + index).astype(np.uint32)
    in_force = view.table.addresses(nid[index]) == blocks
    unnamed = np.array([number not in reached for number in nid[index].tolist()], np.bool_)
    wanted = np.where(in_force, is_inode[index] & unnamed, True)
    if segments.sound and segments.holds_data(segment):
        wanted &= ~segments.in_use(first, rows.shape[0])[index]  # content of a file that looks like a node
    found = np.zeros(int(wanted.sum()), _FOUND)
    chosen = index[wanted]
    for name, values in (("nid", nid), ("inode", inode), ("offset", offset), ("version", footers["version"])):
        found[name] = values[chosen]
    found["block"], found["in_force"] = blocks[wanted], in_force[wanted]
    generations = np.ascontiguousarray(rows[chosen, _GENERATION_AT : _GENERATION_AT + 4]).view("<u4").ravel()
    found["generation"] = np.where(is_inode[chosen], generations, 0)
    return found


class OlderNodes:
    """The older nodes of a file system, found by their ids."""

    def __init__(self, found: FoundNodes) -> None:
        """Args: nodes, sorted as `scan_nodes` does."""
        self.found = found
        self._nids = np.ascontiguousarray(found["nid"])

    def of(self, nid: int, inode: int, offset: int) -> FoundNodes:
        """All versions of a node, oldest first."""
        first, end = (int(np.searchsorted(self._nids, np.uint32(nid), side)) for side in ("left", "right"))
        nodes = self.found[first:end]
        fits = (nodes["inode"] == inode) & (nodes["offset"] == offset) & ~nodes["in_force"]
        return cast(FoundNodes, nodes[fits])


class OlderView:
    """The nodes of a file as they were when a version of its inode was written, as far as they are left."""

    def __init__(
        self, volume: F2fsVolume, older: OlderNodes, current: TableView, earlier: TableView | None, newest: int
    ) -> None:
        """
        Args:
            earlier: the state whose table has this very version of the inode, if there is one.
            newest: the age above which nodes belong to a newer version.
        """
        self._volume = volume
        self._older = older
        self._current = current
        self._earlier = earlier
        self._newest = newest

    def node(self, nid: int, inode: int, offset: int, findings: F2fsFindings) -> F2fsNode | None:
        """The node that the earlier table has; else the newest that is not too new; else the oldest."""
        if self._earlier is not None and (node := self._in_table(self._earlier, nid, inode, offset)):
            return node
        left = self._older.of(nid, inode, offset)
        current = self._in_table(self._current, nid, inode, offset)
        if current is not None and (current.footer.age <= self._newest or left.size == 0):
            return current
        if left.size == 0:
            findings.add(f"node {nid}", None, f"no older version of it, number {offset} of inode {inode}, is left")
            return None
        not_newer = left[_age(left) <= self._newest]
        chosen = not_newer[-1] if not_newer.size else left[0]
        return self._read(int(chosen["block"]))

    def _in_table(self, view: TableView, nid: int, inode: int, offset: int) -> F2fsNode | None:
        node = self._read(view.table.lookup(nid)[1])
        if node is None:
            return None
        footer = node.footer
        return node if (footer.nid, footer.inode, footer.offset) == (nid, inode, offset) else None

    def _read(self, block: int) -> F2fsNode | None:
        if not self._volume.in_main(block):
            return None
        data = self._volume.blocks.read(block)
        return None if data is None else F2fsNode(data, block)
