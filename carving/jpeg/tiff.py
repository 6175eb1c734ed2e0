"""The directories of a TIFF structure inside an Exif segment (TIFF 6.0, section 2; Exif 2.32, 4.6).

Bytes of evidence are hostile: a directory counts at most 512 entries, a walk meets at most 16 directories and none of
them twice, and what would lie outside the structure is left out. Nothing here raises.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, Literal

ByteOrder = Literal["big", "little"]

ASCII: Final = 2
SHORT: Final = 3
RATIONAL: Final = 5
INTEGERS: Final = {1: 1, SHORT: 2, 4: 4, 13: 4}
"""Size in bytes of the types that hold integers: BYTE, SHORT, LONG, IFD."""

HEADER_SIZE: Final = 8
EXIF_IFD: Final = 0x8769
GPS_IFD: Final = 0x8825
_POINTERS: Final = (EXIF_IFD, GPS_IFD, 0xA005)
"""Entries that lead to a further directory: Exif, GPS, interoperability."""
_WIDTH: Final = 0xA002
_HEIGHT: Final = 0xA003
_ENTRY_SIZE: Final = 12
_MAX_ENTRIES: Final = 512
_MAX_DIRECTORIES: Final = 16


@dataclass(frozen=True, slots=True)
class TiffEntry:
    """One entry: its tag, type and number of values, and the four bytes that hold these or the offset of them."""

    tag: int
    kind: int
    count: int
    field: bytes


@dataclass(frozen=True, slots=True)
class Stored:
    """The values of an entry: their type and number, and the bytes they are."""

    kind: int
    count: int
    data: bytes

    def integers(self, order: ByteOrder) -> tuple[int, ...]:
        """The values as integers; none where they are of another type."""
        size = INTEGERS.get(self.kind)
        if size is None:
            return ()
        return tuple(int.from_bytes(self.data[at : at + size], order) for at in range(0, size * self.count, size))


@dataclass(frozen=True, slots=True)
class Directory:
    """One directory: the stretch `[first, last)` it takes, and the values of its entries by tag as integers."""

    first: int
    last: int
    values: dict[int, int]


def byte_order(tiff: bytes) -> ByteOrder | None:
    """The byte order that the first two bytes of a TIFF structure name."""
    orders: dict[bytes, ByteOrder] = {b"II": "little", b"MM": "big"}
    return orders.get(tiff[:2])


def first_directory(tiff: bytes, order: ByteOrder) -> int:
    """Where the header says that the first directory lies."""
    return int.from_bytes(tiff[4:HEADER_SIZE], order)


def next_directory(tiff: bytes, offset: int, order: ByteOrder) -> int:
    """Where the directory at `offset` says that the next one lies; 0 for nowhere."""
    link = _end(tiff, offset, order)
    return int.from_bytes(tiff[link : link + 4], order) if link + 4 <= len(tiff) else 0


def entries(tiff: bytes, offset: int, order: ByteOrder) -> Iterator[TiffEntry]:
    """The entries of the directory at `offset` that lie inside the structure, at most 512."""
    if not 0 < offset < len(tiff) - 1:
        return
    end = min(_end(tiff, offset, order), offset + 2 + _ENTRY_SIZE * _MAX_ENTRIES, len(tiff) - _ENTRY_SIZE + 1)
    for at in range(offset + 2, end, _ENTRY_SIZE):
        tag, kind = int.from_bytes(tiff[at : at + 2], order), int.from_bytes(tiff[at + 2 : at + 4], order)
        yield TiffEntry(tag, kind, int.from_bytes(tiff[at + 4 : at + 8], order), tiff[at + 8 : at + _ENTRY_SIZE])


def stored_values(
    tiff: bytes, offset: int, order: ByteOrder, sizes: Mapping[int, int], most: int | None = None
) -> dict[int, Stored]:
    """The values of a directory by tag; of several entries with one tag the first that can be used counts.

    Args:
        tiff, offset, order: as for `entries`.
        sizes: bytes of a value, by the types that are wanted; entries of others are left out.
        most: values that an entry may have; those with more, without any, or outside the structure are left out.
    """
    found: dict[int, Stored] = {}
    for entry in entries(tiff, offset, order):
        size = entry.count * sizes.get(entry.kind, 0)
        place = int.from_bytes(entry.field, order)
        data = entry.field[:size] if size <= len(entry.field) else tiff[place : place + size]
        if 0 < size == len(data) and (most is None or entry.count <= most):
            found.setdefault(entry.tag, Stored(entry.kind, entry.count, data))
    return found


def directories(tiff: bytes) -> tuple[Directory, ...]:
    """The whole directories that can be reached from the header of a TIFF structure."""
    order = byte_order(tiff)
    if order is None or tiff[:4] not in (b"II*\0", b"MM\0*"):
        return ()
    found: list[Directory] = []
    queue, seen = [first_directory(tiff, order)], {0}
    while queue and len(found) < _MAX_DIRECTORIES:
        first = queue.pop(0)
        last = _end(tiff, first, order)
        if first in seen or not first + 2 < last <= min(len(tiff), first + 2 + _ENTRY_SIZE * _MAX_ENTRIES):
            continue
        seen.add(first)
        values = {
            entry.tag: int.from_bytes(entry.field[: 2 if entry.kind == SHORT else 4], order)
            for entry in entries(tiff, first, order)
        }
        queue += [values[tag] for tag in _POINTERS if tag in values]
        queue.append(next_directory(tiff, first, order))
        found.append(Directory(first, last + 4 * (last + 4 <= len(tiff)), values))
    return tuple(found)


def picture_size(tiff: bytes) -> tuple[int, int] | None:
    """Width and height in pixels that the Exif directory gives the picture; None where it gives none."""
    for directory in directories(tiff):
        if _WIDTH in directory.values and _HEIGHT in directory.values:
            return directory.values[_WIDTH], directory.values[_HEIGHT]
    return None


def _end(tiff: bytes, offset: int, order: ByteOrder) -> int:
    """The offset behind the entries that the directory at `offset` says it has."""
    return offset + 2 + _ENTRY_SIZE * int.from_bytes(tiff[offset : offset + 2], order)
