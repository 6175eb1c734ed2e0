"""The tree of folders of an F2FS, walked from its root without going in circles."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from carving.file_systems.f2fs.describing import describe, joined
from carving.file_systems.f2fs.directory import DirectoryEntry, read_directory
from carving.file_systems.f2fs.f2fs_findings import F2fsFindings
from carving.file_systems.f2fs.inode import F2fsKind, Inode
from carving.file_systems.f2fs.mapping import map_inode
from carving.file_systems.f2fs.nodes import TableView
from carving.file_systems.f2fs.records import F2fsFile, F2fsState, name_text
from carving.file_systems.f2fs.volume import F2fsLimits, F2fsVolume, InodeSet

ORPHANS: Final = "/$OrphanFiles"
"""Stands for the folder of files whose own is not known."""


@dataclass(frozen=True, slots=True)
class NamedInode:
    """An inode under one of its names. `findings` are those of reading it."""

    inode: Inode
    entry: DirectoryEntry
    parent: int
    first_path: str | None
    findings: F2fsFindings


class FolderTree:
    """The names of all folders that can be reached, and the set of all inodes that have a name."""

    def __init__(self, volume: F2fsVolume, view: TableView, limits: F2fsLimits, findings: F2fsFindings) -> None:
        self._volume = volume
        self._view = view
        self._limits = limits
        self._findings = findings
        self._root = volume.superblock.root_inode
        self._folders: dict[int, tuple[int, bytes]] = {self._root: (0, b"")}
        self.reached = InodeSet(view.table.node_ids)
        for number in (self._root, *volume.superblock.quota_inodes):
            self.reached.add(number)

    def path(self, folder: int) -> str | None:
        """The path of a folder; None where it was not reached."""
        names: list[bytes] = []
        while folder != self._root:
            if folder not in self._folders:
                return None
            folder, name = self._folders[folder]
            names.append(name)
        return "/" + "/".join(name_text(name) for name in reversed(names))

    def files(self) -> Iterator[F2fsFile]:
        """Every inode by its names, as a record; of folders after the first the runs are told as well."""
        for named in self.walk():
            file = describe(
                *(named.inode, self._view, self._volume, named.findings),
                state=F2fsState.ALLOCATED,
                path=joined(self.path(named.parent) or ORPHANS, named.entry.name),
                name=named.entry.name,
                parent=named.parent,
                first_path=named.first_path,
            )
            self._findings.take(file.findings)
            yield file

    def walk(self) -> Iterator[NamedInode]:
        """Every inode by its names. Each folder is entered once, so that loops end.

        Raises:
            EvidenceError: a block cannot be read.
        """
        first_paths: dict[int, str] = {}
        names = 0
        blocks_read: set[int] = set()
        pending = [(self._root, 0)]
        while pending:
            number, depth = pending.pop()
            for entry in self._entries(number, blocks_read):
                names += 1
                if names > self._limits.names:
                    self._findings.add("folders", None, f"more than {self._limits.names} names; the rest is not read")
                    return
                named = self._open(entry, number, first_paths)
                if named is None:
                    continue
                self._findings.take(named.findings.all)
                yield named
                if named.inode.kind is F2fsKind.DIRECTORY:
                    self._folders[entry.inode] = (number, entry.name)
                    if depth < self._limits.depth:
                        pending.append((entry.inode, depth + 1))
                    else:
                        self._findings.add(f"folder {entry.inode}", None, f"deeper than {self._limits.depth} folders")

    def _entries(self, number: int, blocks_read: set[int]) -> Iterator[DirectoryEntry]:
        inode = self._volume.inode(number, self._view, self._findings, F2fsKind.DIRECTORY)
        if inode is None or inode.kind is not F2fsKind.DIRECTORY:
            self._findings.add(f"folder {number}", None, "its inode cannot be read, or is none of a folder")
            return
        runs = map_inode(inode, self._view, self._volume, self._findings)
        yield from read_directory(inode, runs, self._volume.blocks, blocks_read, self._findings)

    def _open(self, entry: DirectoryEntry, folder: int, first_paths: dict[int, str]) -> NamedInode | None:
        """The inode of an entry; None, and a finding, where it cannot be, or was met before without being linked."""
        findings = F2fsFindings()
        seen = entry.inode in self.reached
        inode = None
        if not seen or entry.inode in first_paths:
            inode = self._volume.inode(entry.inode, self._view, findings, entry.kind)
        if inode is None:
            self._findings.take(findings.all)
            problem = "has a name already, and no further links" if seen else "cannot be read"
            self._findings.add(f"folder {folder}", None, f"inode {entry.inode} of {name_text(entry.name)} {problem}")
            return None
        first = first_paths.get(entry.inode)
        self.reached.add(entry.inode)
        if not seen and inode.links > 1 and inode.kind is not F2fsKind.DIRECTORY:
            first_paths[entry.inode] = joined(self.path(folder) or ORPHANS, entry.name)
        return NamedInode(inode, entry, folder, first, findings)
