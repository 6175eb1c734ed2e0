"""Cells and records of an SQLite database: where the bytes of a column lie ("Database File Format", 1.6 and 2.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from carving.databases.sqlite_pages import INTERIOR_INDEX, LEAF_TABLE, DatabasePages, TreePage
from carving.source import Run, merge

_LONGEST_HEADER: Final = 1 << 16
"""Bytes of the header of a record: enough for 20,000 columns, ten times as many as SQLite allows by default."""
_FIXED: Final = (0, 1, 2, 3, 4, 6, 8, 8, 0, 0, 0, 0)
"""Bytes of a value by serial type, from 0 to 11."""
_FIRST_VARIABLE: Final = 12


def varint(data: bytes, at: int) -> tuple[int, int] | None:
    """A variable-length integer of one to nine bytes, and where it ends; None where the data end within it."""
    value = 0
    for place in range(at, min(at + 8, len(data))):
        byte = data[place]
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, place + 1
    if at + 8 >= len(data):
        return None
    value = value << 8 | data[at + 8]
    return (value - (1 << 64) if value >> 63 else value), at + 9


@dataclass(frozen=True, slots=True)
class Column:
    """A value of a record: its serial type, and where it lies in the payload."""

    serial: int
    offset: int
    length: int

    @property
    def is_blob(self) -> bool:
        """Whether it is a BLOB."""
        return self.serial >= _FIRST_VARIABLE and self.serial % 2 == 0

    @property
    def is_text(self) -> bool:
        """Whether it is text."""
        return self.serial >= _FIRST_VARIABLE and self.serial % 2 == 1

    @property
    def is_integer(self) -> bool:
        """Whether it is an integer that is stored in bytes."""
        return 1 <= self.serial <= 6


class Payload:
    """The bytes of a record: some in a cell of the tree, the others in a chain of overflow pages, followed when needed.

    Once the chain was followed, `flaw` says why it ends too early, `overwritten` which bytes of the payload the list of
    free pages was written over, and `is_copy` whether another record has the same chain: this one is what was left when
    that one was moved.
    """

    def __init__(self, pages: DatabasePages, size: int, local: Run, first_overflow: int) -> None:
        self.size = size
        self.flaw: str | None = None
        self.overwritten: list[Run] = []
        self.is_copy = False
        self._pages = pages
        self._pieces = [local]
        self._known = local.length
        self._next = first_overflow

    def runs(self, offset: int, length: int) -> tuple[Run, ...]:
        """Where a stretch of the payload lies in the source, as far as the chain leads.

        Raises:
            EvidenceError: the source cannot be read.
        """
        self._follow(offset + length)
        found: list[Run] = []
        position = 0
        for piece in self._pieces:
            start, end = max(offset, position), min(offset + length, position + piece.length)
            if start < end:
                found.append(Run(piece.offset + start - position, end - start))
            position += piece.length
        return merge(tuple(found))

    def read(self, offset: int, length: int) -> bytes:
        """Bytes of the payload, as far as the chain leads.

        Raises:
            EvidenceError: the source cannot be read.
        """
        source = self._pages.source
        return b"".join(source.read_at(run.offset, run.length) for run in self.runs(offset, length))

    def _follow(self, end: int) -> None:
        usable = self._pages.header.usable
        while self._known < min(end, self.size) and self.flaw is None:
            self.flaw = self._pages.claim(self._next)
            if self.flaw is not None:
                self.is_copy = len(self._pieces) == 1 and self._pages.is_claimed(self._next)
                self.flaw = f"its chain of overflow pages breaks off: {self.flaw}"
                return
            piece = Run(self._pages.offset(self._next) + 4, min(usable - 4, self.size - self._known))
            trunk = self._pages.trunks.get(self._next)
            if trunk is None:
                self._next = int.from_bytes(self._pages.read(self._next, 4), "big")
            else:  # pointer and first bytes were overwritten when the page was freed; the next one was freed after it
                self.overwritten.append(Run(self._known, min(4 + 4 * trunk.leaves, piece.length)))
                self._next = trunk.first_leaf
            self._pieces.append(piece)
            self._known += piece.length


@dataclass(frozen=True, slots=True)
class Row:
    """A cell with a record: its row number, None in a table without such numbers or where it is lost, the record, and
    whether the cell is free."""

    number: int | None
    payload: Payload
    is_deleted: bool = False


def rows_of(pages: DatabasePages, page: TreePage) -> Iterator[Row]:
    """The records in the cells of a page; cells that cannot be are passed over."""
    for _, row in cells_of(pages, page):
        yield row


def cells_of(pages: DatabasePages, page: TreePage) -> Iterator[tuple[Run, Row]]:
    """The records in the cells of a page, each with the bytes of the page that its cell has."""
    is_table = page.kind == LEAF_TABLE
    for cell in page.cells:
        sized = varint(page.data, cell + (4 if page.kind == INTERIOR_INDEX else 0))
        if sized is None:
            continue
        size, at = sized
        number = None
        if is_table:
            numbered = varint(page.data, at)
            if numbered is None:
                continue
            number, at = numbered
        local = local_size(size, pages.header.usable, is_table=is_table)
        behind = at + local + (4 if local < size else 0)
        if size <= 0 or size > pages.header.size or behind > len(page.data):
            continue
        overflow = int.from_bytes(page.data[at + local : behind], "big")
        payload = Payload(pages, size, Run(pages.offset(page.number) + at, local), overflow)
        yield Run(cell, behind - cell), Row(number, payload)


def local_size(size: int, usable: int, *, is_table: bool) -> int:
    """How many bytes of a payload are in its cell."""
    most = usable - 35 if is_table else (usable - 12) * 64 // 255 - 23
    if size <= most:
        return size
    least = (usable - 12) * 32 // 255 - 23
    spilled = least + (size - least) % (usable - 4)
    return spilled if spilled <= most else least


def columns_of(payload: Payload) -> tuple[Column, ...]:
    """The values of a record, from its header; none where that cannot be one.

    Raises:
        EvidenceError: the source cannot be read.
    """
    sized = varint(payload.read(0, 9), 0)
    if sized is None or not 0 < sized[0] <= min(payload.size, _LONGEST_HEADER):
        return ()
    size, at = sized
    header = payload.read(0, size)
    columns = columns_in(header, at, size)
    return columns if columns and columns[-1].offset + columns[-1].length <= payload.size else ()


def columns_in(data: bytes, at: int, end: int, start: int = 0) -> tuple[Column, ...]:
    """The values that serial types name; none where these do not end where they should.

    Args:
        data: holds the header of a record.
        at, end: where in it the serial types stand.
        start: where in it the header begins.
    """
    columns: list[Column] = []
    offset = end - start
    while at < end:
        coded = varint(data, at)
        if coded is None or coded[0] < 0:
            return ()
        serial, at = coded
        length = _FIXED[serial] if serial < _FIRST_VARIABLE else (serial - _FIRST_VARIABLE) // 2
        columns.append(Column(serial, offset, length))
        offset += length
    return tuple(columns) if at == end else ()
