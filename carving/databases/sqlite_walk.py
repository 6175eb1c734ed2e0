"""The rows of an SQLite database: of its tables, and of pages that once held some and are free now."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Final

from carving.databases.sqlite_deleted import deleted_rows, has_remains
from carving.databases.sqlite_pages import INTERIOR_TABLE, LEAF_TABLE, DatabasePages, TreePage
from carving.databases.sqlite_records import Column, Payload, Row, columns_of, rows_of

_SCHEMA_ROOT: Final = 1
_SCHEMA_COLUMNS: Final = 5
_MOST_TABLES: Final = 100_000
_DEEPEST: Final = 24
"""Levels of a tree that are followed; 2^32 pages make no more."""
_LONGEST_NAME: Final = 512
_MOST_REMAINS: Final = 1 << 20
"""Pages with remains of deleted rows that are come back to."""


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
    for row in (row for page in _leaves(pages, _SCHEMA_ROOT) for row in rows_of(pages, page)):
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
    """Every row, first those of the tables, then those that were deleted from them, then those left on free pages.

    Raises:
        EvidenceError: the source cannot be read.
    """
    remains: list[tuple[DatabaseTable, int]] = []
    for table in tables_of(pages):
        for page in _leaves(pages, table.root):
            yield from ((table, row) for row in rows_of(pages, page))
            if page.kind == LEAF_TABLE and len(remains) < _MOST_REMAINS and has_remains(pages, page):
                remains.append((table, page.number))
    for table, number in remains:  # now that every page which rows use is taken
        page_again = pages.tree_page(number) if pages.affords() else None
        if page_again is not None:
            yield from ((table, row) for row in deleted_rows(pages, page_again))
    for number in pages.free_leaves():
        if not pages.affords():
            return
        freed = None if pages.is_claimed(number) else pages.tree_page(number)
        if freed is not None and freed.kind == LEAF_TABLE and pages.claim(number) is None:
            yield from ((FREE_PAGES, replace(row, is_deleted=True)) for row in rows_of(pages, freed))
            yield from ((FREE_PAGES, row) for row in deleted_rows(pages, freed))


def _leaves(pages: DatabasePages, root: int) -> Iterator[TreePage]:
    """The pages with rows of the tree below a page; what is no page of it, or was reached before, ends its branch."""
    waiting = [iter((root,))]
    while waiting:
        number = next(waiting[-1], None)
        if number is None:
            waiting.pop()
            continue
        page = pages.tree_page(number) if pages.claim(number) is None else None
        if page is None:
            continue
        pages.note_tree_page(number)
        if page.kind != INTERIOR_TABLE:
            yield page
        if page.rightmost and len(waiting) < _DEEPEST:
            waiting.append(_children(page))


def _children(page: TreePage) -> Iterator[int]:
    for cell in page.cells:
        yield int.from_bytes(page.data[cell : cell + 4], "big")
    yield page.rightmost


def _text(pages: DatabasePages, payload: Payload, column: Column) -> str:
    data = payload.read(column.offset, min(column.length, _LONGEST_NAME))
    return data.decode(pages.header.encoding, "replace")
