"""The directories of a TIFF structure inside an Exif segment (TIFF 6.0, section 2; Exif 2.32, 4.6.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

_POINTERS: Final = (0x8769, 0x8825, 0xA005)
"""Entries that lead to a further directory: Exif, GPS, interoperability."""
_WIDTH: Final = 0xA002
_HEIGHT: Final = 0xA003
_SHORT: Final = 3
_MAX_ENTRIES: Final = 512
_MAX_DIRECTORIES: Final = 16
HEADER_SIZE: Final = 8


@dataclass(frozen=True, slots=True)
class Directory:
    """One directory: the stretch `[first, last)` it takes, and the values of its entries by tag as integers."""

    first: int
    last: int
    values: dict[int, int]


def directories(tiff: bytes) -> tuple[Directory, ...]:
    """The directories that can be reached from the header of a TIFF structure. Never raises."""
    order: Literal["big", "little"] = "little" if tiff[:2] == b"II" else "big"
    if tiff[:4] not in (b"II*\0", b"MM\0*"):
        return ()
    found: list[Directory] = []
    queue, seen = [int.from_bytes(tiff[4:8], order)], {0}
    while queue and len(found) < _MAX_DIRECTORIES:
        first = queue.pop(0)
        count = int.from_bytes(tiff[first : first + 2], order)
        last = first + 2 + 12 * count
        if first in seen or not 0 < count <= _MAX_ENTRIES or last > len(tiff):
            continue
        seen.add(first)
        values: dict[int, int] = {}
        for at in range(first + 2, last, 12):
            entry = tiff[at : at + 12]
            short = int.from_bytes(entry[2:4], order) == _SHORT
            values[int.from_bytes(entry[:2], order)] = int.from_bytes(entry[8 : 10 if short else 12], order)
        queue += [values[tag] for tag in _POINTERS if tag in values]
        if last + 4 <= len(tiff):
            queue.append(int.from_bytes(tiff[last : last + 4], order))
            last += 4
        found.append(Directory(first, last, values))
    return tuple(found)


def picture_size(tiff: bytes) -> tuple[int, int] | None:
    """Width and height in pixels that the Exif directory gives the picture; None where it gives none."""
    for directory in directories(tiff):
        if _WIDTH in directory.values and _HEIGHT in directory.values:
            return directory.values[_WIDTH], directory.values[_HEIGHT]
    return None
