"""What the tree of an F2FS does not hold: orphans, files newer than the checkpoint, deleted files, older versions.

Each is a hypothesis: an inode's block is what it says, but the blocks it names may hold something else by now.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Final

import numpy as np

from carving.file_systems.f2fs.checkpoint import CheckpointFlag, F2fsCheckpoint
from carving.file_systems.f2fs.describing import describe, joined
from carving.file_systems.f2fs.f2fs_findings import F2fsFindings
from carving.file_systems.f2fs.inode import Advice, F2fsKind, Inode
from carving.file_systems.f2fs.nodes import F2fsNode, NodeView, TableView
from carving.file_systems.f2fs.older_nodes import FoundNodes, OlderNodes, OlderView
from carving.file_systems.f2fs.placement import Placement
from carving.file_systems.f2fs.records import F2fsFile, F2fsRun, F2fsState, RunKind
from carving.file_systems.f2fs.segment_table import SegmentTable
from carving.file_systems.f2fs.tree import ORPHANS, FolderTree
from carving.file_systems.f2fs.volume import F2fsLimits, F2fsVolume

_FOLDERS_UP: Final = 64
_ANY_AGE: Final = 0xFFFFFFFF


class F2fsDeletedFiles:
    """Finds and describes them; `older` are the nodes that were found in the main area."""

    def __init__(
        self,
        volume: F2fsVolume,
        checkpoint: F2fsCheckpoint,
        current: TableView,
        earlier: TableView | None,
        segments: SegmentTable,
        tree: FolderTree,
        older: OlderNodes,
        limits: F2fsLimits,
        findings: F2fsFindings,
    ) -> None:
        self._volume = volume
        self._checkpoint = checkpoint
        self._current = current
        self._earlier = earlier
        self._segments = segments
        self._tree = tree
        self._older = older
        self._limits = limits
        self._findings = findings

    def orphans(self, numbers: tuple[int, ...]) -> Iterator[F2fsFile]:
        """The inodes that the checkpoint lists as deleted while open.

        Raises:
            EvidenceError: a block cannot be read.
        """
        for number in numbers:
            findings = F2fsFindings()
            inode = self._volume.inode(number, self._current, findings)
            if inode is None:
                self._findings.take(findings.all)
            else:
                yield self._describe(inode, self._current, F2fsState.ORPHAN, findings)

    def files(self, orphans: tuple[int, ...]) -> Iterator[F2fsFile]:
        """All the others, in the order of their inodes; of several versions the preferred one first.

        Raises:
            EvidenceError: a block cannot be read.
        """
        found = self._older.found[self._older.found["offset"] == 0]
        edges = [0, *(np.nonzero(np.diff(found["nid"]))[0] + 1).tolist(), found.size]
        for first, end in pairwise(edges):
            if first < end:
                yield from self._versions(found[first:end], orphans)

    def _versions(self, rows: FoundNodes, orphans: tuple[int, ...]) -> Iterator[F2fsFile]:
        """The files that had one inode number, one after the other: told apart by their generation."""
        number = int(rows["nid"][0])
        if rows["in_force"].any():
            if number not in orphans:
                yield from self._unreached(number)
            rows = rows[~rows["in_force"]]
        if rows.size > self._limits.versions:
            problem = f"{rows.size} older versions; the newest {self._limits.versions} are looked at"
            self._findings.add(f"inode {number}", None, problem)
            rows = rows[-self._limits.versions :]
        listed = self._current.table.lookup(number)[1] != 0
        living = self._volume.inode(number, self._current, F2fsFindings()) if listed else None
        for generation in np.unique(rows["generation"]).tolist():
            same = rows[rows["generation"] == generation]
            alive = living if living is not None and living.generation == generation else None
            yield from self._of_one_file(number, same, alive, listed=listed and (living is None or alive is not None))

    def _of_one_file(self, number: int, rows: FoundNodes, living: Inode | None, listed: bool) -> Iterator[F2fsFile]:
        """The versions of one file that tell something that no newer one tells.

        Args:
            living: its inode in force, if that can be read.
            listed: whether the node table has it, readable or not.
        """
        now: Placement | None = None
        if living is not None:
            now = Placement(self._describe(living, self._current, F2fsState.ALLOCATED, F2fsFindings()))
        kept: list[F2fsFile] = []
        placements = [] if now is None else [now]
        newest = _ANY_AGE
        for row in rows[::-1]:
            file = self._version(number, row, newest, now, listed)
            newest = int(row["version"]) & 0xFFFFFFFF
            if file is None or any(placement.holds(file) for placement in placements):
                continue
            if file.kind is not F2fsKind.DIRECTORY or not kept:  # older versions of a folder only have other names
                kept.append(file)
                placements.append(Placement(file))
        best = max(kept, key=_worth, default=None)
        for file in sorted(kept, key=lambda file: file is not best):
            yield replace(file, preferred=file is best)

    def _version(
        self, number: int, row: FoundNodes, newest: int, now: Placement | None, listed: bool
    ) -> F2fsFile | None:
        block, version = int(row["block"]), int(row["version"])
        data = self._volume.blocks.read(block)
        findings = F2fsFindings()
        inode = None if data is None else self._volume.parse(F2fsNode(data, block), number, findings)
        if inode is None:
            return None
        after = self._after_checkpoint(version)
        if inode.kind is F2fsKind.DIRECTORY and now is not None and not after:
            return None
        in_earlier = self._earlier is not None and self._earlier.table.lookup(number)[1] == block
        view = OlderView(self._volume, self._older, self._current, self._earlier if in_earlier else None, newest)
        state = F2fsState.OLDER_VERSION if listed else F2fsState.DELETED
        state = F2fsState.AFTER_CHECKPOINT if after else state
        file = self._describe(inode, view, state, findings, in_earlier)
        return replace(
            file, overwritten=sum(self._overwritten(run, now) for run in file.runs) if not file.inline else 0
        )

    def _unreached(self, number: int) -> Iterator[F2fsFile]:
        findings = F2fsFindings()
        inode = self._volume.inode(number, self._current, findings)
        if inode is not None:
            yield self._describe(inode, self._current, F2fsState.UNREACHED, findings)

    def _after_checkpoint(self, version: int) -> bool:
        """Whether a node was written after the checkpoint in force: it carries its number, and its checksum."""
        expected = self._checkpoint.version & 0xFFFFFFFF
        if not self._checkpoint.sound or version & 0xFFFFFFFF != expected:
            return False
        return not self._checkpoint.flags & CheckpointFlag.CRC_IN_NODES or version >> 32 == self._checkpoint.checksum

    def _overwritten(self, run: F2fsRun, now: Placement | None) -> int:
        """Bytes of a run that lie in blocks in use, other than by the file itself at the same place."""
        if run.physical is None:
            return 0
        blocks = self._volume.blocks
        size = blocks.block_size
        first, count = (run.physical - blocks.offset) // size, -(-run.length // size)
        used = self._segments.in_use(first, count)
        for start, end in now.shared(run) if now is not None and used.any() else ():
            used[start // size : -(-end // size)] = False
        return min(int(used.sum()) * size, run.length)

    def _describe(
        self, inode: Inode, view: NodeView, state: F2fsState, findings: F2fsFindings, in_earlier: bool = False
    ) -> F2fsFile:
        return describe(
            *(inode, view, self._volume, findings),
            state=state,
            path=self._path(inode),
            name=inode.name,
            parent=inode.parent,
            in_earlier_checkpoint=in_earlier,
        )

    def _path(self, inode: Inode) -> str:
        """The path by the folder that an inode says it is in, which may be deleted itself."""
        names = [inode.name or f"inode {inode.number}".encode()]
        seen = {inode.number}
        while not inode.advice & Advice.LOST_PARENT and len(names) < _FOLDERS_UP:
            known = self._tree.path(inode.parent)
            if known is not None:
                return _under(known, names)
            parent = None if inode.parent in seen else self._folder(inode.parent)
            if parent is None:
                break
            inode = parent
            seen.add(inode.number)
            names.append(inode.name or f"inode {inode.number}".encode())
        return _under(ORPHANS, names)

    def _folder(self, number: int) -> Inode | None:
        """A folder that no name leads to: the one in force, or the newest of the older ones."""
        found = self._volume.inode(number, self._current, F2fsFindings())
        if found is None:
            above = self._older.of(number, number, 0)
            block = int(above["block"][-1]) if above.size else 0
            data = self._volume.blocks.read(block) if self._volume.in_main(block) else None
            found = None if data is None else self._volume.parse(F2fsNode(data, block), number, F2fsFindings())
        return found if found is not None and found.kind is F2fsKind.DIRECTORY else None


def _under(folder: str, names: list[bytes]) -> str:
    for name in reversed(names):
        folder = joined(folder, name)
    return folder


def _worth(file: F2fsFile) -> tuple[bool, int, int, int]:
    """What makes a version the one to try first: newer than all others, data that nothing else took, age."""
    after = file.state is F2fsState.AFTER_CHECKPOINT
    return after, file.bytes_of(RunKind.DATA) - file.overwritten, file.version & 0xFFFFFFFF, file.node_offset
