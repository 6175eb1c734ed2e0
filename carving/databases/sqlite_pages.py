"""Pages of an SQLite database in a source, each handed out once: loops and crossed chains end there."""

from __future__ import annotations

import struct
from collections.abc import Iterator
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
_MOST_TRUNKS: Final = 1 << 16
_MOST_NOTED: Final = 1 << 16


class ReadingBudget:
    """How many bytes may still be read of databases: many that lie in one another would be read again and again."""

    def __init__(self, left: int) -> None:
        self.left = left

    def spend(self, count: int) -> bool:
        """Whether so many bytes may still be read."""
        self.left -= count
        return self.left >= 0


@dataclass(frozen=True, slots=True)
class Trunk:
    """A free page that lists others: how many, and the first of them, which was freed right after it (section 1.5)."""

    leaves: int
    first_leaf: int


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
        self.trunks = self._read_trunks()
        self.tree_pages: list[int] = []

    def _read_trunks(self) -> dict[int, Trunk]:
        """The trunks of the list of free pages, in order, as far as it can be followed."""
        trunks: dict[int, Trunk] = {}
        number, left = self.header.first_trunk, self.header.free_pages
        while 1 < number <= self.header.pages and number not in trunks and left > 0 and len(trunks) < _MOST_TRUNKS:
            if not self.affords():
                break
            data = self.read(number)
            if len(data) < self.header.usable:
                break
            count = min(int.from_bytes(data[4:8], "big"), len(data) // 4 - 2, left)
            trunks[number] = Trunk(count, int.from_bytes(data[8:12], "big") if count else 0)
            left -= count + 1
            number = int.from_bytes(data[:4], "big")
        return trunks

    def free_leaves(self) -> Iterator[int]:
        """The free pages that no list is written over."""
        for number, trunk in self.trunks.items():
            data = self.read(number, 8 + 4 * trunk.leaves)
            for at in range(8, len(data) - 3, 4):
                leaf = int.from_bytes(data[at : at + 4], "big")
                if 1 < leaf <= self.header.pages:
                    yield leaf

    def note_tree_page(self, number: int) -> None:
        """Take note of a page of a table's tree: what else is left in it is no file of its own."""
        if len(self.tree_pages) < _MOST_NOTED:
            self.tree_pages.append(number)

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

    def affords(self, count: int | None = None) -> bool:
        """Whether a page may be looked at without taking it, or work be done that is worth reading so many bytes."""
        return self._budget.spend(self.header.page_size if count is None else count)

    def is_claimed(self, number: int) -> bool:
        """Whether there is such a page, and it was taken."""
        return 1 <= number <= self.header.pages and bool(self._seen[number >> 3] & (1 << (number & 7)))

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
