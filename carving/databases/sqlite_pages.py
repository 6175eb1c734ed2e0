"""Pages of an SQLite database in a source, each handed out once: loops and crossed chains end there."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Final

from carving.databases.sqlite_header import HEADER_SIZE, DatabaseHeader
from carving.source import ByteSource

INTERIOR_INDEX: Final = 0x02
INTERIOR_TABLE: Final = 0x05
LEAF_INDEX: Final = 0x0A
LEAF_TABLE: Final = 0x0D
_HEADERS: Final = {INTERIOR_INDEX: 12, INTERIOR_TABLE: 12, LEAF_INDEX: 8, LEAF_TABLE: 8}
"""Bytes of the header of each kind of page of a b-tree."""


class ReadingBudget:
    """How many bytes may still be read of databases: many that lie in one another would be read again and again."""

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, count: int) -> bool:
        """Whether so many bytes may still be read."""
        self.left -= count
        return self.left >= 0


@dataclass(frozen=True, slots=True)
class TreePage:
    """A page of a b-tree.

    Attributes:
        number: from 1.
        kind: one of the four.
        data: its usable bytes.
        cells: where its cells begin, in the order of their keys.
        rightmost: the last child of an interior page, 0 for a leaf.
    """

    number: int
    kind: int
    data: bytes
    cells: tuple[int, ...]
    rightmost: int


class DatabasePages:
    """The pages of a database that begins at byte `start` of a source."""

    def __init__(self, source: ByteSource, start: int, header: DatabaseHeader, budget: ReadingBudget) -> None:
        self.source = source
        self.start = start
        self.header = header
        self._budget = budget
        self._seen = bytearray(-(-(header.pages + 1) // 8))

    def claim(self, number: int) -> str | None:
        """Take a page, which nobody may take again; why that cannot be, None where it can.

        Args:
            number: from 1; anything may be asked for.
        """
        if not 1 <= number <= self.header.pages:
            return f"page {number} is not one of its {self.header.pages} pages"
        if self._seen[number >> 3] & (1 << (number & 7)):
            return f"page {number} is reached a second time"
        if not self._budget.spend(self.header.page_size):
            return "more databases claim these bytes than are read"
        self._seen[number >> 3] |= 1 << (number & 7)
        return None

    def affords(self) -> bool:
        """Whether a page may be looked at without taking it."""
        return self._budget.spend(self.header.page_size)

    def is_claimed(self, number: int) -> bool:
        """Whether a page that there is was taken."""
        return bool(self._seen[number >> 3] & (1 << (number & 7)))

    def offset(self, number: int) -> int:
        """Where a page begins in the source."""
        return self.start + (number - 1) * self.header.page_size

    def read(self, number: int, length: int | None = None) -> bytes:
        """The first bytes of a page, all usable ones if not told how many.

        Raises:
            EvidenceError: the source cannot be read.
        """
        return self.source.read_at(self.offset(number), self.header.usable if length is None else length)

    def tree_page(self, number: int) -> TreePage | None:
        """A page of a b-tree; None where it is not one.

        Raises:
            EvidenceError: the source cannot be read.
        """
        data = self.read(number)
        at = HEADER_SIZE if number == 1 else 0
        size = _HEADERS.get(data[at]) if len(data) == self.header.usable else None
        if size is None:
            return None
        count = int.from_bytes(data[at + 3 : at + 5], "big")
        first = at + size
        if first + 2 * count > len(data):
            return None
        cells = struct.unpack_from(f">{count}H", data, first)
        if any(not first + 2 * count <= cell < len(data) for cell in cells):
            return None
        rightmost = int.from_bytes(data[at + 8 : at + 12], "big") if size == 12 else 0
        return TreePage(number, data[at], data, cells, rightmost)
