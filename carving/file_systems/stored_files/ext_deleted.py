"""Deleted files of ext2, ext3 and ext4: what the journal, the inode tables and the orphan list still say of them.

ext3 and ext4 empty the inode of a file that is deleted; the journal has copies of the inode tables, and of the blocks
of extents, as they were before (K. D. Fairbanks, "An analysis of Ext4 for digital forensics", Digital Investigation 9,
2012). Each copy is a hypothesis that decoding has to test.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Final, Protocol

import numpy as np

from carving.file_systems.stored_files.content import Content, laid_out
from carving.file_systems.stored_files.ext_geometry import read_geometry
from carving.file_systems.stored_files.ext_inode import ExtInode, TooComplexError, parse_inode
from carving.file_systems.stored_files.ext_journal import ExtJournal
from carving.file_systems.stored_files.ext_names import OldNames
from carving.file_systems.stored_files.ext_reader import ExtReader, versions_of
from carving.file_systems.stored_files.heads import begins_as_jpeg
from carving.file_systems.stored_files.record import FileRecord
from carving.file_systems.stored_files.stored import StoredFile
from carving.file_systems.stored_files.tsk_deleted import likeliest
from carving.media.folder import is_named_jpeg
from carving.source import ByteSource, Run

_MOST_FILES: Final = 100_000
_MOST_ORPHANS: Final = 1 << 16
_NOW: Final = 1 << 40
"""A transaction later than all."""


class ReadsEncrypted(Protocol):
    """What a layer that decrypts files says of them."""

    def reads(self, run: Run) -> bool:
        """Whether a stretch of an encrypted file reads as plaintext."""

    def old_name(self, place: int, stored: bytes) -> str | None:
        """A name in a block of an encrypted folder at a byte of the source; None where it cannot be told."""


@dataclass
class ExtDeleted:
    """The deleted files of one file system.

    Attributes:
        reader: of the file system.
        names: paths of deleted inodes that directories still give.
        folder: the path of the folder to which a byte of the source belongs.
        readable: says of encrypted files what can be read; None where none can.
        remarks: what was found beside files.
    """

    reader: ExtReader
    names: dict[int, list[str]]
    folder: Callable[[int], str | None]
    readable: ReadsEncrypted | None = None
    remarks: list[str] = field(default_factory=list)
    _seen: set[tuple[int, bytes, int]] = field(default_factory=set)
    _living: dict[int, bytes] = field(default_factory=dict)
    _count: int = 0

    def files(self) -> Iterator[StoredFile]:
        """All that begin as JPEGs, or are called so; those of which most is known come first.

        Raises:
            EvidenceError: the source cannot be read.
        """
        journal = self.reader.journal()
        yield from self._orphans(journal)
        yield from self._tables(journal)
        if journal.sequences is not None:
            first, last = journal.sequences
            self.remarks.append(f"the journal holds {len(journal.copies)} blocks of transactions {first} to {last}")
            yield from self._of_journal(journal)

    def _orphans(self, journal: ExtJournal) -> Iterator[StoredFile]:
        """The files that were deleted while they were open, and the power failed: a list through their inodes."""
        number, met = self.reader.geometry.first_orphan, 0
        while number and met < _MOST_ORPHANS and (inode := self.reader.inode(number)) is not None:
            yield from self._file(number, inode, journal, _NOW, f"inode {number}, in the orphan list")
            number, met = inode.deleted, met + 1

    def _tables(self, journal: ExtJournal) -> Iterator[StoredFile]:
        """Inodes in their tables that are deleted and still lead to blocks, as on ext2."""
        size = self.reader.geometry.inode_size
        for first, data in self.reader.tables():
            for index in _regular(data, size):
                number = first + index
                inode = parse_inode(data[index * size :][:size])
                if inode.links and not inode.deleted:
                    self._living[number] = inode.fork
                else:
                    yield from self._file(number, inode, journal, _NOW, f"inode {number}, as it was left")

    def _of_journal(self, journal: ExtJournal) -> Iterator[StoredFile]:
        """Older copies of the inode tables in the journal, the newest first."""
        geometry = self.reader.geometry
        size = geometry.inode_size
        copies, others = self.reader.split(journal)
        readable = self.readable

        def place(block: int) -> int:
            return geometry.start + block * geometry.block

        old = OldNames(
            journal,
            lambda block: self.folder(place(block)),
            None if readable is None else lambda block, name: readable.old_name(place(block), name),
        )
        old.read(others)
        for sequence, first, data in self.reader.old_tables(journal, copies):
            for slot in _regular(data, size):
                number = first + slot
                inode = parse_inode(data[slot * size :][:size])
                if not inode.links or inode.deleted or self._living.get(number) == inode.fork:
                    continue
                how = f"inode {number} as transaction {sequence} of the journal has it"
                yield from self._file(number, inode, journal, sequence, how, old.path(number, sequence))

    def _file(
        self, number: int, inode: ExtInode, journal: ExtJournal, sequence: int, how: str, path: str | None = None
    ) -> Iterator[StoredFile]:
        """The file that an inode describes, where it was not described before and may be a JPEG."""
        key = (number, inode.fork, inode.size)
        if not inode.is_regular or not inode.leads_to_blocks or key in self._seen:
            return
        if self._count >= _MOST_FILES:
            self.reader.findings.add(f"there are more than {_MOST_FILES} deleted files that may be JPEGs")
            return
        self._seen.add(key)

        try:
            pieces = self.reader.tree(versions_of(self.reader, journal, sequence)).pieces(inode)
        except TooComplexError:
            self.reader.findings.add("a deleted file lies in too many pieces, and was left to carving")
            return
        if not pieces or (inode.is_encrypted and not self._is_readable(pieces[0][1])):
            return
        content = begins_as_jpeg(self.reader.source, Content(laid_out(pieces, inode.size)))
        old = [] if path is None else [path]
        called, others = likeliest([*old, *self.names.get(number, [])], f"/(nameless inode {number})")
        if not content.begins_as_jpeg and not is_named_jpeg(called):
            return
        self._count += 1
        times = (inode.created or None, inode.modified or None, inode.accessed or None, inode.changed or None)
        yield StoredFile(content, FileRecord(called, number, inode.size, True, how, *times, others))

    def _is_readable(self, run: Run) -> bool:
        return self.readable is not None and self.readable.reads(run)


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
    source: ByteSource,
    start: int,
    names: dict[int, list[str]],
    folder: Callable[[int], str | None],
    readable: ReadsEncrypted | None = None,
) -> Found:
    """The deleted files of the ext file system at a byte of a source that begin as JPEGs or are called so.

    Args:
        source: what it lies in.
        start: its first byte.
        names: paths of deleted inodes that directories still give.
        folder: the path of the folder to which a byte of the source belongs now.
        readable: says of encrypted files what can be read; None where none can.

    Raises:
        EvidenceError: the file system cannot be read.
    """
    reader = ExtReader(source, read_geometry(source, start), set())
    deleted = ExtDeleted(reader, names, folder, readable)
    files = tuple(deleted.files())
    return Found(files, tuple(deleted.remarks), tuple(sorted(reader.findings)), reader.structures)
