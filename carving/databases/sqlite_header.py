"""The first 100 bytes of an SQLite database, as "Database File Format" of sqlite.org describes them (section 1.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

SIGNATURE: Final = b"SQLite format 3\0"
HEADER_SIZE: Final = 100
_SMALLEST: Final = 512
_LARGEST: Final = 65536
_LEAST_USABLE: Final = 480
_FRACTIONS: Final = bytes((64, 32, 32))
_ENCODINGS: Final = {0: "utf-8", 1: "utf-8", 2: "utf-16-le", 3: "utf-16-be"}
_MOST_PAGES: Final = 1 << 28
"""Pages beyond this number are not followed: a bit is kept for each."""


@dataclass(frozen=True, slots=True)
class DatabaseHeader:
    """What the header says, checked against the bytes that there are.

    Attributes:
        page_size: bytes of a page.
        usable: bytes of a page that hold content; the others at its end are reserved for extensions.
        pages: how many pages there are, no more than the source holds.
        first_trunk: page with the beginning of the list of free pages; 0 where there are none.
        free_pages: how many pages are free.
        encoding: of text, as Python calls it.
    """

    page_size: int
    usable: int
    pages: int
    first_trunk: int
    free_pages: int
    encoding: str

    @property
    def size(self) -> int:
        """Bytes of all pages."""
        return self.pages * self.page_size


def read_database_header(data: bytes, available: int) -> DatabaseHeader | None:
    """The header in the first bytes of a database; None where they are none, or cannot be.

    Args:
        data: the first `HEADER_SIZE` bytes.
        available: bytes from the first one to the end of the source.
    """
    if len(data) < HEADER_SIZE or not data.startswith(SIGNATURE) or data[21:24] != _FRACTIONS:
        return None
    page_size = int.from_bytes(data[16:18], "big")
    page_size = _LARGEST if page_size == 1 else page_size
    usable = page_size - data[20]
    encoding = int.from_bytes(data[56:60], "big")
    if page_size < _SMALLEST or page_size & (page_size - 1) or usable < _LEAST_USABLE or encoding not in _ENCODINGS:
        return None
    there = min(available // page_size, _MOST_PAGES)
    told = int.from_bytes(data[28:32], "big")
    is_valid = told > 0 and data[24:28] == data[92:96]  # else written by a version before 3.7.0, which kept no count
    pages = min(there, told) if is_valid else there
    if pages == 0:
        return None
    first, free = (int.from_bytes(data[at : at + 4], "big") for at in (32, 36))
    return DatabaseHeader(page_size, usable, pages, first, free, _ENCODINGS[encoding])
