"""Chunk tables of an EWF image: where each compressed or plain chunk of the medium is stored.

A table is read when a chunk of it is first needed; only its header is read at opening. `table2` mirrors `table` and is
used where the first is damaged.
"""

from __future__ import annotations

import struct
import zlib
from bisect import bisect_right
from collections import OrderedDict
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.errors import EvidenceError
from carving.media.ewf.sections import Section
from carving.media.files import OrderedFiles

_HEADER: Final = struct.Struct("<I4xQ4xI")
_MAX_ENTRIES: Final = 1 << 24
_MAX_OFFSET: Final = 1 << 62
_TABLES_IN_MEMORY: Final = 8
_COMPRESSED: Final = 0x80000000


@dataclass(frozen=True, slots=True)
class StoredChunk:
    """Where one chunk is: `size` bytes at `offset` of file `segment`; a little of what follows may be counted in."""

    segment: int
    offset: int
    size: int
    compressed: bool


@dataclass(frozen=True, slots=True)
class TableHeader:
    """One copy of a table: its section, number of entries, and the offset that is added to each."""

    section: Section
    count: int
    base_offset: int


@dataclass(frozen=True, slots=True)
class ChunkTable:
    """A table and its mirror, `copies[0]` preferred; it describes `count` chunks from number `first_chunk`."""

    copies: tuple[TableHeader, ...]
    first_chunk: int
    count: int


@dataclass(frozen=True, eq=False, slots=True)
class _Entries:
    """A loaded table: int64 (n,) starts and ends in the segment file, bool (n,) compressed."""

    segment: int
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    compressed: NDArray[np.bool_]


def read_table_header(files: OrderedFiles, section: Section) -> TableHeader | None:
    """Read the 24-byte header of a table or table2 section; None where it is damaged, cut off, or counts its places
    from a byte that no file has."""
    data = files.read(section.segment, section.offset, _HEADER.size)
    if len(data) < _HEADER.size or zlib.adler32(data[:-4]) != int.from_bytes(data[-4:], "little"):
        return None
    count, base_offset, _ = _HEADER.unpack(data)
    if count > min(_MAX_ENTRIES, (section.size - _HEADER.size) // 4) or base_offset >= _MAX_OFFSET:
        return None
    return TableHeader(section, count, base_offset)


def pair_tables(files: OrderedFiles, sections: tuple[Section, ...], first_chunk: int) -> tuple[ChunkTable, ...]:
    """The tables of one segment in order, each with its mirror.

    Raises:
        EvidenceError: both copies of a table are damaged.
    """
    groups: list[list[Section]] = []
    for section in sections:
        if section.kind == "table" or (section.kind == "table2" and not (groups and len(groups[-1]) == 1)):
            groups.append([section])
        elif section.kind == "table2":
            groups[-1].append(section)
    tables: list[ChunkTable] = []
    for group in groups:
        copies = tuple(header for section in group if (header := read_table_header(files, section)))
        if not copies:
            where = group[0]
            raise EvidenceError(f"the chunk table at byte {where.offset} of {files.paths[where.segment]} is damaged")
        tables.append(ChunkTable(copies, first_chunk, copies[0].count))
        first_chunk += copies[0].count
    return tuple(tables)


class ChunkMap:
    """Finds the stored place of any chunk of the image."""

    def __init__(
        self,
        files: OrderedFiles,
        tables: tuple[ChunkTable, ...],
        boundaries: tuple[NDArray[np.int64], ...],
        footer: bool,
    ) -> None:
        """Keep what was read at opening.

        Args:
            files: the segments.
            tables: all tables in order of their chunks.
            boundaries: for each segment, the sorted section ends; a chunk never runs over one.
            footer: whether the entries of a table are followed by their Adler-32 (not in the legacy layout).
        """
        self._files = files
        self._tables = tuple(table for table in tables if table.count)
        self._firsts = [table.first_chunk for table in self._tables]
        self._boundaries = boundaries
        self._footer = footer
        self._loaded: OrderedDict[int, _Entries] = OrderedDict()

    def find(self, chunk: int) -> StoredChunk:
        """The place of chunk number `chunk`, which must be one of the image."""
        index = bisect_right(self._firsts, chunk) - 1
        entries = self._loaded.get(index)
        if entries is None:
            entries = self._loaded[index] = self._load(self._tables[index])
            if len(self._loaded) > _TABLES_IN_MEMORY:
                self._loaded.popitem(last=False)
        else:
            self._loaded.move_to_end(index)
        row = chunk - self._firsts[index]
        start = int(entries.starts[row])
        size = max(0, int(entries.ends[row]) - start)
        return StoredChunk(entries.segment, start, size, bool(entries.compressed[row]))

    def _load(self, table: ChunkTable) -> _Entries:
        """Offsets, ends and compression of the chunks of a table, from its first copy that passes its checksum.

        Where none passes, the first one is used as it is: every chunk has a checksum of its own.
        """
        chosen = table.copies[0], self._entries(table.copies[0])[0]
        for copy in table.copies:
            stored, valid = self._entries(copy)
            if valid and copy.count == table.count:
                chosen = copy, stored
                break
        header, stored = chosen
        starts, compressed = resolve_entries(stored)
        starts += header.base_offset
        section = header.section
        limits = self._boundaries[section.segment]
        places = np.minimum(np.searchsorted(limits, starts, side="right"), len(limits) - 1)
        ends = limits[places]
        ends[:-1] = np.where(starts[1:] > starts[:-1], np.minimum(starts[1:], ends[:-1]), ends[:-1])
        return _Entries(section.segment, starts, ends, compressed)

    def _entries(self, header: TableHeader) -> tuple[NDArray[np.uint32], bool]:
        size = 4 * header.count
        start = header.section.offset + _HEADER.size
        data = self._files.read(header.section.segment, start, size + 4)
        stored = np.zeros(header.count, dtype=np.uint32)
        whole = np.frombuffer(data[: min(size, len(data)) // 4 * 4], dtype="<u4")
        stored[: len(whole)] = whole
        if not self._footer:
            return stored, len(data) >= size
        return stored, len(data) == size + 4 and zlib.adler32(data[:size]) == int.from_bytes(data[size:], "little")


def resolve_entries(stored: NDArray[np.uint32]) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Offsets and compression flags from the 32-bit entries of a table.

    The top bit says compressed. EnCase 6.7 and later let a segment grow beyond 2 GiB: from the entry that would pass
    that limit on, all 32 bits are the offset and the chunks are plain.

    Args:
        stored: uint32 (n,).

    Returns:
        int64 (n,) offsets relative to the base of the table, bool (n,) compressed.
    """
    offsets = (stored & ~np.uint32(_COMPRESSED)).astype(np.int64)
    compressed = (stored & np.uint32(_COMPRESSED)) != 0
    backward = np.flatnonzero(offsets[1:] < offsets[:-1])
    if len(backward):
        turn = int(backward[0]) + 1
        if compressed[turn:].all():
            offsets[turn:] = stored[turn:]
            compressed[turn:] = False
    return offsets, compressed
