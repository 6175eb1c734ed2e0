"""Databases that SQLite itself writes."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

LETTERS = "CREATE TABLE letters(id INTEGER PRIMARY KEY, who TEXT, pic BLOB)"


def database(
    path: Path,
    pictures: list[bytes],
    *,
    page_size: int = 4096,
    reserved: int = 0,
    schema: str = LETTERS,
    insert: str = "INSERT INTO letters VALUES(?, ?, ?)",
    settings: tuple[str, ...] = (),
    then: tuple[str, ...] = (),
) -> bytes:
    """A database with a row (number, name, picture) for each picture, and a row of text behind each.

    Args:
        path: where it is made.
        pictures: in the order of their rows, which are numbered from 1.
        page_size, reserved: bytes of a page, and of those that it keeps for extensions.
        schema, insert: statements.
        settings: PRAGMA statements before anything is made.
        then: statements afterwards.
    """
    path.unlink(missing_ok=True)
    with closing(sqlite3.connect(path, isolation_level=None)) as made:
        made.execute(f"PRAGMA page_size = {page_size}")
        for setting in settings:
            made.execute(setting)
        made.execute("CREATE TABLE first(a)")
        made.execute("DROP TABLE first")
        made.execute("VACUUM")
    if reserved:
        _reserve(path, page_size, reserved)
    with closing(sqlite3.connect(path, isolation_level=None)) as made:
        made.execute("PRAGMA secure_delete = OFF")  # as SQLite is by default, though not as Debian builds it
        made.execute(schema)
        for number, picture in enumerate(pictures):
            made.execute(insert, (2 * number + 1, f"someone {number}" * 3, picture))
            made.execute(insert, (2 * number + 2, "words " * 2000, None))
        for statement in then:
            made.execute(statement)
        assert made.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        assert made.execute("PRAGMA page_size").fetchone() == (page_size,)
    return path.read_bytes()


def _reserve(path: Path, page_size: int, reserved: int) -> None:
    """Keep bytes at the end of every page of a database without tables: no PRAGMA does."""
    data = bytearray(path.read_bytes())
    assert len(data) == page_size
    data[20] = reserved
    data[105:107] = ((page_size - reserved) & 0xFFFF).to_bytes(2, "big")
    path.write_bytes(data)
