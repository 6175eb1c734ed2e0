"""The pictures among the BLOBs of an SQLite database, each through its chain of overflow pages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from carving.databases.sqlite_header import HEADER_SIZE, read_database_header
from carving.databases.sqlite_pages import DatabasePages, ReadingBudget
from carving.databases.sqlite_records import Column, Row, columns_of
from carving.databases.sqlite_walk import DatabaseTable, all_rows
from carving.source import ByteSource, Run

_SOI: Final = b"\xff\xd8\xff"
_SHORTEST: Final = 128
"""Bytes of a BLOB that is looked at."""
_LOOK: Final = 4096
"""Bytes of a BLOB in which a picture may begin: some are wrapped."""


@dataclass(frozen=True, slots=True)
class StoredPicture:
    """A BLOB that holds a JPEG.

    Attributes:
        runs: where the BLOB lies in the source from the first byte of the JPEG on, in order.
        size: how many bytes it has from there on; more than the runs hold where `flaw` says why.
        is_whole_blob: whether the JPEG begins with the BLOB.
        table: whose row it is or was; one without a name where the row was on a free page.
        row: number of that row, None in a table that has none.
        column: its number, from 1.
        flaw: why not all of it was found, in words.
        is_deleted: whether the row is one no more.
        is_copy: whether it is what was left when the database moved another row, which is found by itself.
        overwritten: stretches, from the first byte of the JPEG on, that the database has written over since.
    """

    runs: tuple[Run, ...]
    size: int
    is_whole_blob: bool
    table: DatabaseTable
    row: int | None
    column: int
    flaw: str | None
    is_deleted: bool
    is_copy: bool
    overwritten: tuple[Run, ...]


def open_database(source: ByteSource, start: int, budget: ReadingBudget) -> DatabasePages | None:
    """The pages of a database that begins at a byte of a source, None where none does.

    Raises:
        EvidenceError: the source cannot be read.
    """
    header = read_database_header(source.read_at(start, HEADER_SIZE), source.size - start)
    return None if header is None else DatabasePages(source, start, header, budget)


def pictures_in(pages: DatabasePages) -> Iterator[StoredPicture]:
    """The pictures of a database.

    Raises:
        EvidenceError: the source cannot be read.
    """
    for table, row in all_rows(pages):
        if row.payload.size < _SHORTEST:
            continue
        for number, column in enumerate(columns_of(row.payload), start=1):
            if column.is_blob and column.length >= _SHORTEST:
                found = _picture(table, row, number, column)
                if found is not None:
                    yield found


def _picture(table: DatabaseTable, row: Row, number: int, column: Column) -> StoredPicture | None:
    payload = row.payload
    begins = payload.read(column.offset, min(column.length, _LOOK)).find(_SOI)
    if begins < 0:
        return None
    size = column.length - begins
    runs = payload.runs(column.offset + begins, size)
    flaw = payload.flaw if sum(run.length for run in runs) < size else None
    start = column.offset + begins
    lost = (Run(max(run.offset - start, 0), run.end - max(run.offset, start)) for run in payload.overwritten)
    overwritten = tuple(run for run in lost if run.length > 0 and run.offset < size)
    return StoredPicture(
        runs, size, begins == 0, table, row.number, number, flaw, row.is_deleted, payload.is_copy, overwritten
    )
