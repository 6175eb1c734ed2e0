"""Records of an NTFS file table, for what The Sleuth Kit does not tell: the place of resident data, and compression.

Layout: Linux `fs/ntfs3/ntfs.h`; B. Carrier, "File System Forensic Analysis", 2005, chapters 11 to 13.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from carving.file_systems.stored_files.file_source import FileSource
from carving.source import Run, merge

_DATA: Final = 0x80
_FILE_NAME: Final = 0x30
_DOS_NAME: Final = 2
_SHORTEST_NAME: Final = 24 + 66
_END: Final = 0xFFFFFFFF
_SECTOR: Final = 512
_MOST_ATTRIBUTES: Final = 1024


@dataclass(frozen=True, slots=True)
class DataAttribute:
    """A data attribute in a record.

    Attributes:
        number: of the attribute in its file.
        resident: where its content lies in the source, if in the record itself; else None.
        unit: clusters that are compressed together; 0 without compression.
        initialised: bytes that were ever written; behind them the file reads as zeros.
    """

    number: int
    resident: tuple[Run, ...] | None
    unit: int
    initialised: int


@dataclass(frozen=True, slots=True)
class FileTable:
    """The file table: its bytes, and how long a record is."""

    source: FileSource
    record: int

    def data_attributes(self, inode: int) -> Iterator[DataAttribute]:
        """The data attributes of a record; none where it is not one.

        Raises:
            EvidenceError: it cannot be read.
        """
        data = self._read(inode)
        fixups = struct.unpack_from("<H", data, 4)[0] if data else 0
        for at, length in _attributes(data):
            if struct.unpack_from("<I", data, at)[0] == _DATA and length >= 24:
                found = self._data(data, inode * self.record, at, length, fixups)
                if found is not None:
                    yield found

    def name(self, inode: int) -> tuple[int, str] | None:
        """The record of the folder a record says it lies in, and its name, the long one of two; None without one.

        Raises:
            EvidenceError: it cannot be read.
        """
        data = self._read(inode)
        found: tuple[int, str] | None = None
        for at, length in _attributes(data):
            if struct.unpack_from("<I", data, at)[0] != _FILE_NAME or data[at + 8] or length < _SHORTEST_NAME:
                continue
            start = at + int(struct.unpack_from("<H", data, at + 20)[0])
            if start + 66 > len(data):
                continue
            parent = int.from_bytes(data[start : start + 6], "little")
            name = data[start + 66 : start + 66 + 2 * data[start + 64]].decode("utf-16-le", "replace")
            if found is None or data[start + 65] != _DOS_NAME:
                found = parent, name
        return found

    def _read(self, inode: int) -> bytearray:
        """A record as it was before the fixups; empty where there is none."""
        data = bytearray(self.source.read_at(inode * self.record, self.record))
        if len(data) < self.record or data[:4] != b"FILE":
            return bytearray()
        fixups, count = struct.unpack_from("<HH", data, 4)
        if count != self.record // _SECTOR + 1 or fixups + 2 * count > len(data):
            return bytearray()
        for sector in range(1, count):
            data[sector * _SECTOR - 2 : sector * _SECTOR] = data[fixups + 2 * sector : fixups + 2 * sector + 2]
        return data

    def _data(self, data: bytearray, base: int, at: int, length: int, fixups: int) -> DataAttribute | None:
        (number,) = struct.unpack_from("<H", data, at + 14)
        if data[at + 8]:  # not resident
            if length < 64:
                return None
            unit = data[at + 34]
            (initialised,) = struct.unpack_from("<Q", data, at + 56)
            return DataAttribute(number, None, 1 << unit if 0 < unit <= 8 else 0, initialised)
        size, offset = struct.unpack_from("<IH", data, at + 16)
        if offset + size > length:
            return None
        places = _places(Run(at + offset, size), fixups)
        runs = merge(tuple(low for run in places for low in self.source.trace(base + run.offset, run.length)))
        return DataAttribute(number, runs, 0, size)


def _attributes(data: bytearray) -> Iterator[tuple[int, int]]:
    """Place and length of each attribute of a record."""
    if not data:
        return
    (at,) = struct.unpack_from("<H", data, 20)
    for _ in range(_MOST_ATTRIBUTES):
        if at + 8 > len(data) or struct.unpack_from("<I", data, at)[0] == _END:
            return
        (length,) = struct.unpack_from("<I", data, at + 4)
        if length < 16 or at + length > len(data):
            return
        yield at, length
        at += length


def _places(content: Run, fixups: int) -> Iterator[Run]:
    """Where bytes of a record really stand: the last two of each sector are kept in the list of fixups."""
    position = content.offset
    while position < content.end:
        sector, inside = divmod(position, _SECTOR)
        if inside < _SECTOR - 2:
            end = min(content.end, (sector + 1) * _SECTOR - 2)
            yield Run(position, end - position)
        else:
            end = min(content.end, (sector + 1) * _SECTOR)
            yield Run(fixups + 2 * (sector + 1) + inside - (_SECTOR - 2), end - position)
        position = end
