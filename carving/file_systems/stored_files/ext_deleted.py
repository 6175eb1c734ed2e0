"""Deleted files of ext2, ext3 and ext4: what the journal, the inode tables and the orphan list still say of them.

ext3 and ext4 empty the inode of a file that is deleted; the journal has copies of the inode tables, and of the blocks
of extents, as they were before (K. D. Fairbanks, "An analysis of Ext4 for digital forensics", Digital Investigation 9,
2012). Each copy is a hypothesis that decoding has to test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from carving.file_systems.stored_files.content import Content, laid_out
from carving.file_systems.stored_files.ext_geometry import ExtGeometry, read_geometry, table_blocks
from carving.file_systems.stored_files.ext_inode import BlockTree, ExtInode, TooComplexError, parse_inode
from carving.file_systems.stored_files.ext_journal import ExtJournal, read_journal
from carving.file_systems.stored_files.ext_names import OldNames
from carving.file_systems.stored_files.file_source import FileSource
from carving.file_systems.stored_files.heads import begins_as_jpeg
from carving.file_systems.stored_files.record import FileRecord
from carving.file_systems.stored_files.stored import StoredFile
from carving.file_systems.stored_files.tsk_deleted import likeliest
from carving.media.folder import is_named_jpeg
from carving.source import HOLE_OFFSET, ByteSource, Run

_MOST_FILES: Final = 100_000
_MOST_TABLE_BYTES: Final = 1 << 30
_MOST_ORPHANS: Final = 1 << 16
_NOW: Final = 1 << 40
"""A transaction later than all."""


@dataclass
class ExtDeleted:
    """The deleted files of one file system.

    Attributes:
        source: what it lies in.
        geometry: of the file system.
        names: paths of deleted inodes that directories still give.
        folder: the path of the folder to which a byte of the source belongs.
        findings: what could not be read, or was too much.
        remarks: what was found beside files.
        structures: where the file system keeps its inodes and its journal.
    """

    source: ByteSource
    geometry: ExtGeometry
    names: dict[int, list[str]]
    folder: Callable[[int], str | None]
    findings: set[str] = field(default_factory=set)
    remarks: list[str] = field(default_factory=list)
    _journal_runs: tuple[Run, ...] = ()
    _seen: set[tuple[int, bytes, int]] = field(default_factory=set)
    _living: dict[int, bytes] = field(default_factory=dict)
    _count: int = 0

    def files(self) -> Iterator[StoredFile]:
        """All that begin as JPEGs, or are called so; those of which most is known come first.

        Raises:
            EvidenceError: the source cannot be read.
        """
        journal = self._journal()
        yield from self._orphans(journal)
        yield from self._tables(journal)
        if journal.sequences is not None:
            first, last = journal.sequences
            self.remarks.append(f"the journal holds {len(journal.copies)} blocks of transactions {first} to {last}")
            yield from self._of_journal(journal)

    @property
    def structures(self) -> tuple[Run, ...]:
        geometry = self.geometry
        size = geometry.inodes_per_group * geometry.inode_size
        tables = (Run(geometry.start + table * geometry.block, size) for table in geometry.tables)
        return (*tables, *(run for run in self._journal_runs if run.offset != HOLE_OFFSET))

    def _journal(self) -> ExtJournal:
        geometry = self.geometry
        inode = self._inode(geometry.journal_inode)
        empty = FileSource(self.source, ())
        if inode is None or not inode.leads_to_blocks:
            return ExtJournal(empty, geometry.block)
        try:
            pieces = BlockTree(geometry.start, geometry.block, self._on_medium).pieces(inode)
        except TooComplexError:
            self.findings.add("the journal lies in too many pieces, and was not read")
            return ExtJournal(empty, geometry.block)
        self._journal_runs = laid_out(pieces, inode.size)
        return read_journal(FileSource(self.source, self._journal_runs, "journal"), geometry.block)

    def _inode(self, number: int) -> ExtInode | None:
        place = self.geometry.place(number)
        if place is None:
            return None
        data = self.source.read_at(place, self.geometry.inode_size)
        return parse_inode(data) if len(data) == self.geometry.inode_size else None

    def _on_medium(self, block: int, _depth: int) -> Iterator[bytes]:
        yield self.source.read_at(self.geometry.start + block * self.geometry.block, self.geometry.block)

    def _orphans(self, journal: ExtJournal) -> Iterator[StoredFile]:
        """The files that were deleted while they were open, and the power failed: a list through their inodes."""
        number, met = self.geometry.first_orphan, 0
        while number and met < _MOST_ORPHANS and (inode := self._inode(number)) is not None:
            yield from self._file(number, inode, journal, _NOW, f"inode {number}, in the orphan list")
            number, met = inode.deleted, met + 1

    def _tables(self, journal: ExtJournal) -> Iterator[StoredFile]:
        """Inodes in their tables that are deleted and still lead to blocks, as on ext2."""
        geometry = self.geometry
        left = _MOST_TABLE_BYTES
        for group, used in enumerate(geometry.used):
            size = used * geometry.inode_size
            if size > left:
                self.findings.add("not all inode tables were looked at for deleted files: there are too many inodes")
                return
            left -= size
            data = self.source.read_at(geometry.start + geometry.tables[group] * geometry.block, size)
            for index in _regular(data, geometry.inode_size):
                number = group * geometry.inodes_per_group + index + 1
                inode = parse_inode(data[index * geometry.inode_size :][: geometry.inode_size])
                if inode.links and not inode.deleted:
                    self._living[number] = inode.fork
                else:
                    yield from self._file(number, inode, journal, _NOW, f"inode {number}, as it was left")

    def _of_journal(self, journal: ExtJournal) -> Iterator[StoredFile]:
        """Older copies of the inode tables in the journal, the newest first."""
        size, tables = self.geometry.inode_size, table_blocks(self.geometry)
        inodes: list[tuple[int, int, int]] = []
        others: list[int] = []
        for block, copies in journal.copies.items():
            first = tables.first_inode(block)
            if first is None:
                others.append(block)
            else:
                inodes += [(-copy.sequence, first, index) for index, copy in enumerate(copies)]
        old = OldNames(journal, lambda block: self.folder(self.geometry.start + block * self.geometry.block))
        old.read(others)
        for negative, first, index in sorted(inodes):
            data = journal.read(journal.copies[self._block_of(first)][index])
            for slot in _regular(data, size):
                number, sequence = first + slot, -negative
                inode = parse_inode(data[slot * size :][:size])
                if not inode.links or inode.deleted or self._living.get(number) == inode.fork:
                    continue
                how = f"inode {number} as transaction {sequence} of the journal has it"
                yield from self._file(number, inode, journal, sequence, how, old.path(number, sequence))

    def _block_of(self, inode: int) -> int:
        place = self.geometry.place(inode)
        assert place is not None  # it came from a block of a table
        return (place - self.geometry.start) // self.geometry.block

    def _file(
        self, number: int, inode: ExtInode, journal: ExtJournal, sequence: int, how: str, path: str | None = None
    ) -> Iterator[StoredFile]:
        """The file that an inode describes, where it was not described before and may be a JPEG."""
        key = (number, inode.fork, inode.size)
        if not inode.is_regular or not inode.leads_to_blocks or key in self._seen or inode.is_encrypted:
            return
        if self._count >= _MOST_FILES:
            self.findings.add(f"there are more than {_MOST_FILES} deleted files that may be JPEGs")
            return
        self._seen.add(key)

        def nodes(block: int, depth: int) -> Iterator[bytes]:
            yield from journal.versions(block, sequence)
            yield from self._on_medium(block, depth)

        try:
            pieces = BlockTree(self.geometry.start, self.geometry.block, nodes).pieces(inode)
        except TooComplexError:
            self.findings.add("a deleted file lies in too many pieces, and was left to carving")
            return
        if not pieces:
            return
        content = begins_as_jpeg(self.source, Content(laid_out(pieces, inode.size)))
        old = [] if path is None else [path]
        called, others = likeliest([*old, *self.names.get(number, [])], f"/(nameless inode {number})")
        if not content.begins_as_jpeg and not is_named_jpeg(called):
            return
        self._count += 1
        times = (inode.created or None, inode.modified or None, inode.accessed or None, inode.changed or None)
        yield StoredFile(content, FileRecord(called, number, inode.size, True, how, *times, others))


def _regular(data: bytes, size: int) -> list[int]:
    """Which inodes of a stretch of a table are regular files with content."""
    count = len(data) // size
    words = np.frombuffer(data, dtype="<u4", count=count * size // 4).reshape(count, size // 4)
    return np.flatnonzero(((words[:, 0] & 0xF000) == 0x8000) & (words[:, 1] != 0)).tolist()


@dataclass(frozen=True, slots=True)
class Found:
    """What was found of deleted files: them, remarks, what could not be read, and where structures lie."""

    files: tuple[StoredFile, ...]
    remarks: tuple[str, ...]
    findings: tuple[str, ...]
    structures: tuple[Run, ...]


def read_deleted(
    source: ByteSource, start: int, names: dict[int, list[str]], folder: Callable[[int], str | None]
) -> Found:
    """The deleted files of the ext file system at a byte of a source that begin as JPEGs or are called so.

    Args:
        source: what it lies in.
        start: its first byte.
        names: paths of deleted inodes that directories still give.
        folder: the path of the folder to which a byte of the source belongs now.

    Raises:
        EvidenceError: the file system cannot be read.
    """
    deleted = ExtDeleted(source, read_geometry(source, start), names, folder)
    files = tuple(deleted.files())
    return Found(files, tuple(deleted.remarks), tuple(sorted(deleted.findings)), deleted.structures)
