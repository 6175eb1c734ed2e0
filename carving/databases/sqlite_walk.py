"""The rows of an SQLite database: of its tables, and of pages that once held some and are free now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from carving.databases.sqlite_pages import INTERIOR_TABLE, LEAF_TABLE, DatabasePages, TreePage
from carving.databases.sqlite_records import Column, Payload, Row, columns_of, rows_of

_SCHEMA_ROOT: Final = 1
_SCHEMA_COLUMNS: Final = 5
_MOST_TABLES: Final = 100_000
_DEEPEST: Final = 24
"""Levels of a tree that are followed; 2^32 pages make no more."""
_LONGEST_NAME: Final = 512


@dataclass(frozen=True, slots=True)
class DatabaseTable:
    """A table: its name as the schema has it, and the page its tree begins at; the pages of none are free."""

    name: str
    root: int


FREE_PAGES: Final = DatabaseTable("", 0)
"""Stands for the pages that belong to no table any more."""


def tables_of(pages: DatabasePages) -> tuple[DatabaseTable, ...]:
    """The tables that the schema names.

    Raises:
        EvidenceError: the source cannot be read.
    """
    tables: list[DatabaseTable] = []
    for row in _rows(pages, _SCHEMA_ROOT):
        columns = columns_of(row.payload)
        if len(columns) != _SCHEMA_COLUMNS or len(tables) == _MOST_TABLES:
            continue
        kind, name, _, root, _ = columns
        if not (kind.is_text and name.is_text and root.is_integer and _text(pages, row.payload, kind) == "table"):
            continue
        page = int.from_bytes(row.payload.read(root.offset, root.length), "big")
        if page > _SCHEMA_ROOT:
            tables.append(DatabaseTable(_text(pages, row.payload, name), page))
    return tuple(tables)


def all_rows(pages: DatabasePages) -> Iterator[tuple[DatabaseTable, Row]]:
    """Every row, first those of the tables, then those that are left on free pages.

    Raises:
        EvidenceError: the source cannot be read.
    """
    for table in tables_of(pages):
        for row in _rows(pages, table.root):
            yield table, row
    for number in _free_leaves(pages):
        if not pages.affords():
            return
        page = None if pages.is_claimed(number) else pages.tree_page(number)
        if page is not None and page.kind == LEAF_TABLE and pages.claim(number) is None:
            for row in rows_of(pages, page):
                yield FREE_PAGES, row


def _rows(pages: DatabasePages, root: int) -> Iterator[Row]:
    """The rows of the tree below a page; what is no page of it, or was reached before, ends its branch."""
    waiting = [iter((root,))]
    while waiting:
        number = next(waiting[-1], None)
        if number is None:
            waiting.pop()
            continue
        page = pages.tree_page(number) if pages.claim(number) is None else None
        if page is None:
            continue
        if page.kind != INTERIOR_TABLE:
            yield from rows_of(pages, page)
        if page.rightmost and len(waiting) < _DEEPEST:
            waiting.append(_children(page))


def _children(page: TreePage) -> Iterator[int]:
    for cell in page.cells:
        yield int.from_bytes(page.data[cell : cell + 4], "big")
    yield page.rightmost


def _free_leaves(pages: DatabasePages) -> Iterator[int]:
    """The free pages that no list is written over: leaves of the trunks (section 1.5)."""
    trunk, left = pages.header.first_trunk, pages.header.free_pages
    while trunk and left > 0 and pages.claim(trunk) is None:
        data = pages.read(trunk)
        count = min(int.from_bytes(data[4:8], "big"), len(data) // 4 - 2, left)
        left -= count + 1
        trunk = int.from_bytes(data[:4], "big")
        for at in range(8, 8 + 4 * count, 4):
            leaf = int.from_bytes(data[at : at + 4], "big")
            if 1 <= leaf <= pages.header.pages:
                yield leaf


def _text(pages: DatabasePages, payload: Payload, column: Column) -> str:
    data = payload.read(column.offset, min(column.length, _LONGEST_NAME))
    return data.decode(pages.header.encoding, "replace")
