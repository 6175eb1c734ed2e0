"""Rows that were deleted from an SQLite table: their cells, which SQLite leaves in the page until it needs the space.

The first four bytes of a free cell are written over, and with them the size of the record; its header tells it anew.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from carving.databases.sqlite_pages import DatabasePages, TreePage
from carving.databases.sqlite_records import Column, Payload, Row, cells_of, columns_in, local_size, varint
from carving.source import Run

_SOI: Final = b"\xff\xd8\xff"
_MOST: Final = 64
"""Beginnings of pictures in the free space of one page that are looked at."""
_FARTHEST: Final = 1024
"""Bytes before a picture in which the header of its record may begin: others of its columns lie between."""
_LONGEST_HEADER: Final = 127
_SHORTEST: Final = 128
_A_LOOK: Final = 1 << 16
_A_COLUMN: Final = 1 << 10
"""Bytes that are read in the time that it takes to look for a record, and at a column of one."""


def has_remains(pages: DatabasePages, page: TreePage) -> bool:
    """Whether a picture begins in the free space of a page."""
    return next(_beginnings(pages, page), None) is not None


def deleted_rows(pages: DatabasePages, page: TreePage) -> Iterator[Row]:
    """The rows with pictures in the free space of a page of a table, as far as their headers are there."""
    for place in _beginnings(pages, page):
        found = _record_before(pages, page.data, place) if pages.affords(_A_LOOK) else None
        if found is None:
            continue
        start, size = found
        local = local_size(size, pages.header.usable, is_table=True)
        behind = start + local + (4 if local < size else 0)
        if size > pages.header.size or behind > len(page.data):
            continue
        overflow = int.from_bytes(page.data[start + local : behind], "big")
        payload = Payload(pages, size, Run(pages.offset(page.number) + start, local), overflow)
        yield Row(None, payload, is_deleted=True)


def _beginnings(pages: DatabasePages, page: TreePage) -> Iterator[int]:
    """Where pictures begin in the free space of a page."""
    place = page.data.find(_SOI)
    if place < 0:
        return
    taken = [cell for cell, _ in cells_of(pages, page)]
    for _ in range(_MOST):
        if not any(cell.offset <= place < cell.end for cell in taken):
            yield place
        place = page.data.find(_SOI, place + 1)
        if place < 0:
            return


def _record_before(pages: DatabasePages, data: bytes, place: int) -> tuple[int, int] | None:
    """The nearest record before a picture that has it in a column: where its header begins, and its size."""
    for start in range(place - 2, max(0, place - _FARTHEST), -1):
        sized = varint(data, start)
        if sized is None or sized[0] > _LONGEST_HEADER or not sized[1] < start + sized[0] <= place:
            continue
        if not pages.affords(sized[0] * _A_COLUMN):
            return None
        columns = columns_in(data, sized[1], start + sized[0], start)
        if any(_is_it(column, place - start) for column in columns):
            last = columns[-1]
            return start, last.offset + last.length
    return None


def _is_it(column: Column, place: int) -> bool:
    return column.is_blob and column.offset == place and column.length >= _SHORTEST
