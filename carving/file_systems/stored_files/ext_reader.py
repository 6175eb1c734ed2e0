"""Inodes, blocks and journal of an ext2, ext3 or ext4, by their numbers."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from carving.file_systems.stored_files.content import laid_out
from carving.file_systems.stored_files.ext_geometry import ExtGeometry, table_blocks
from carving.file_systems.stored_files.ext_inode import BlockTree, ExtInode, Nodes, TooComplexError, parse_inode
from carving.file_systems.stored_files.ext_journal import ExtJournal, read_journal
from carving.file_systems.stored_files.file_source import FileSource
from carving.source import HOLE_OFFSET, ByteSource, Run

_MOST_TABLE_BYTES: Final = 1 << 30


@dataclass
class ExtReader:
    """Reads one file system.

    Attributes:
        source: what it lies in.
        geometry: of the file system.
        findings: what could not be read, or was too much.
        journal_runs: where its journal lies, once that was opened.
    """

    source: ByteSource
    geometry: ExtGeometry
    findings: set[str]
    journal_runs: tuple[Run, ...] = ()

    def data_of(self, number: int) -> bytes | None:
        """The bytes of an inode; None where there is no such inode.

        Raises:
            EvidenceError: they cannot be read.
        """
        place = self.geometry.place(number)
        if place is None:
            return None
        data = self.source.read_at(place, self.geometry.inode_size)
        return data if len(data) == self.geometry.inode_size else None

    def inode(self, number: int) -> ExtInode | None:
        """An inode; None where there is no such one."""
        data = self.data_of(number)
        return None if data is None else parse_inode(data)

    def on_medium(self, block: int, _depth: int = 0) -> Iterator[bytes]:
        """A block as it stands now."""
        yield self.source.read_at(self.geometry.start + block * self.geometry.block, self.geometry.block)

    def tree(self, nodes: Nodes | None = None) -> BlockTree:
        """Follows an inode to its blocks, through the blocks as they stand or as `nodes` has them."""
        return BlockTree(self.geometry.start, self.geometry.block, nodes or self.on_medium)

    def tables(self) -> Iterator[tuple[int, bytes]]:
        """The used part of each inode table, with the number of its first inode.

        Raises:
            EvidenceError: one cannot be read.
        """
        geometry = self.geometry
        left = _MOST_TABLE_BYTES
        for group, used in enumerate(geometry.used):
            size = used * geometry.inode_size
            if size > left:
                self.findings.add("not all inode tables were looked at: there are too many inodes")
                return
            left -= size
            place = geometry.start + geometry.tables[group] * geometry.block
            yield group * geometry.inodes_per_group + 1, self.source.read_at(place, size)

    def journal(self) -> ExtJournal:
        """The journal; an empty one where there is none that can be read.

        Raises:
            EvidenceError: the source cannot be read.
        """
        geometry = self.geometry
        inode = self.inode(geometry.journal_inode)
        empty = FileSource(self.source, ())
        if inode is None or not inode.leads_to_blocks:
            return ExtJournal(empty, geometry.block)
        try:
            pieces = self.tree().pieces(inode)
        except TooComplexError:
            self.findings.add("the journal lies in too many pieces, and was not read")
            return ExtJournal(empty, geometry.block)
        self.journal_runs = laid_out(pieces, inode.size)
        return read_journal(FileSource(self.source, self.journal_runs, "journal"), geometry.block)

    @property
    def structures(self) -> tuple[Run, ...]:
        """Where the file system keeps its inodes and its journal."""
        geometry = self.geometry
        size = geometry.inodes_per_group * geometry.inode_size
        tables = (Run(geometry.start + table * geometry.block, size) for table in geometry.tables)
        return (*tables, *(run for run in self.journal_runs if run.offset != HOLE_OFFSET))

    def split(self, journal: ExtJournal) -> tuple[list[tuple[int, int, int]], list[int]]:
        """The copies in a journal of blocks of inode tables, the newest first: transaction (negative), first inode and
        index of the copy; and the numbers of all other blocks."""
        tables = table_blocks(self.geometry)
        inodes: list[tuple[int, int, int]] = []
        others: list[int] = []
        for block, copies in journal.copies.items():
            first = tables.first_inode(block)
            if first is None:
                others.append(block)
            else:
                inodes += [(-copy.sequence, first, index) for index, copy in enumerate(copies)]
        return sorted(inodes), others

    def old_tables(self, journal: ExtJournal, copies: list[tuple[int, int, int]]) -> Iterator[tuple[int, int, bytes]]:
        """Those copies of blocks of inode tables: transaction, first inode, and bytes.

        Raises:
            EvidenceError: one cannot be read.
        """
        for negative, first, index in copies:
            place = self.geometry.place(first)
            assert place is not None  # it came from a block of a table
            block = (place - self.geometry.start) // self.geometry.block
            yield -negative, first, journal.read(journal.copies[block][index])


def versions_of(reader: ExtReader, journal: ExtJournal, sequence: int) -> Nodes:
    """What the blocks of a tree may hold, as a transaction of the journal had them first."""

    def nodes(block: int, depth: int) -> Iterator[bytes]:
        yield from journal.versions(block, sequence)
        yield from reader.on_medium(block, depth)

    return nodes
