"""Reads F2FS, the file system of most phones: files, deleted files, free space, and what is wrong with it.

Layout: Linux `Documentation/filesystems/f2fs.rst` and `include/linux/f2fs_fs.h`.
"""

from __future__ import annotations

from collections.abc import Iterator

from carving.file_systems.f2fs.blocks import BlockDevice
from carving.file_systems.f2fs.checkpoint import F2fsCheckpoint, no_checkpoint, read_checkpoints, read_orphans
from carving.file_systems.f2fs.deleted import F2fsDeletedFiles
from carving.file_systems.f2fs.f2fs_findings import F2fsFinding, F2fsFindings
from carving.file_systems.f2fs.journal import Journals, read_journals
from carving.file_systems.f2fs.node_table import NodeTable
from carving.file_systems.f2fs.nodes import TableView
from carving.file_systems.f2fs.older_nodes import scan_nodes
from carving.file_systems.f2fs.records import F2fsFile
from carving.file_systems.f2fs.segment_table import SegmentTable
from carving.file_systems.f2fs.superblock import F2fsSuperblock, has_superblock, read_superblock
from carving.file_systems.f2fs.tree import FolderTree
from carving.file_systems.f2fs.volume import F2fsLimits, F2fsVolume
from carving.source import ByteSource, Run


def is_f2fs(source: ByteSource, offset: int = 0) -> bool:
    """Whether an F2FS begins at byte `offset`, by a superblock that agrees with itself.

    Raises:
        EvidenceError: the source cannot be read.
    """
    return has_superblock(source, offset)


def read_f2fs(source: ByteSource, offset: int = 0, limits: F2fsLimits | None = None) -> F2fs:
    """Open the F2FS that begins at byte `offset`.

    Raises:
        EvidenceError: there is no superblock, or the source cannot be read.
    """
    return F2fs(source, offset, limits or F2fsLimits())


class F2fs:
    """One file system. Damage and lies of its structures are `findings`; nothing in it raises but unreadable evidence.

    Attributes:
        superblock: the copy that was taken.
        checkpoint: the one in force; version 0 where none can be read.
        earlier: the one before it, where that is still whole.
    """

    def __init__(self, source: ByteSource, offset: int, limits: F2fsLimits) -> None:
        self._findings = F2fsFindings()
        self._limits = limits
        self.superblock: F2fsSuperblock = read_superblock(source, offset, self._findings)
        blocks = BlockDevice(source, offset, self.superblock.layout.block_size)
        self._volume = F2fsVolume(blocks, self.superblock)
        packs = read_checkpoints(blocks, self.superblock, self._findings)
        self.checkpoint: F2fsCheckpoint = packs[0] if packs else no_checkpoint(self.superblock)
        self.earlier: F2fsCheckpoint | None = packs[1] if len(packs) > 1 else None
        self._journals = self._read_journals(self.checkpoint, self._findings)
        self._view = self._table_view(self.checkpoint, self._journals)
        self._tree: FolderTree | None = None
        self._segments: SegmentTable | None = None
        if not packs:
            self._findings.add("checkpoints", None, "neither can be read; the first copies of the tables are taken")

    @property
    def findings(self) -> tuple[F2fsFinding, ...]:
        """What is wrong, as far as it was read; at most 1000 findings."""
        return self._findings.all

    def files(self) -> Iterator[F2fsFile]:
        """The files and folders of the tree, each under every name it has.

        Raises:
            EvidenceError: a block cannot be read.
        """
        tree = self._new_tree()
        yield from tree.files()
        self._tree = tree

    def deleted(self) -> Iterator[F2fsFile]:
        """What the tree does not hold; reads all of the main area but what is full of data in use.

        Raises:
            EvidenceError: a block cannot be read.
        """
        tree = self._tree
        if tree is None:
            tree = self._new_tree()
            for _ in tree.walk():
                pass
            self._tree = tree
        segments = self._segment_table()
        older = scan_nodes(self._volume, self._view, segments, tree.reached, self._limits, self._findings)
        earlier = None
        if self.earlier is not None:
            earlier = self._table_view(self.earlier, self._read_journals(self.earlier, F2fsFindings()))
        deleted = F2fsDeletedFiles(
            *(self._volume, self.checkpoint, self._view, earlier, segments, tree, older, self._limits, self._findings)
        )
        orphans = read_orphans(self._volume.blocks, self.superblock, self.checkpoint, self._findings)
        yield from deleted.orphans(orphans)
        yield from deleted.files(orphans)

    def free_runs(self) -> Iterator[Run]:
        """The stretches of the main area that are not in use, in bytes of the source, in order.

        Raises:
            EvidenceError: the segment table cannot be read.
        """
        return self._segment_table().free()

    def _new_tree(self) -> FolderTree:
        return FolderTree(self._volume, self._view, self._limits, self._findings)

    def _segment_table(self) -> SegmentTable:
        if self._segments is None:
            self._segments = SegmentTable(
                *(self._volume.blocks, self.superblock, self.checkpoint, self._journals.segments, self._findings)
            )
        return self._segments

    def _read_journals(self, checkpoint: F2fsCheckpoint, findings: F2fsFindings) -> Journals:
        return read_journals(self._volume.blocks, self.superblock.layout, checkpoint, findings)

    def _table_view(self, checkpoint: F2fsCheckpoint, journals: Journals) -> TableView:
        blocks, superblock = self._volume.blocks, self.superblock
        table = NodeTable(blocks, superblock, checkpoint, journals.nodes)
        return TableView(blocks, table, superblock.main_block, superblock.main_end)
