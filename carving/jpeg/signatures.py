"""Places where a JPEG may begin, found at memory speed in one window of evidence."""

from __future__ import annotations

from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.plausibility import HEADER_MARKERS, is_followed, is_strict, read_segment

LOOK: Final = 256
"""Bytes behind a start that the signatures look at."""
_FALLBACK_ALIGNMENT: Final = 512
_TIFF_TYPES: Final = 12
_ENTRY_TYPES: Final = (36, 48)
"""Where the types of the second and third entry of the first directory stand, counted from SOI."""
_ENTRIES: Final = 3
_ORDERS: Final[tuple[Literal["big", "little"], ...]] = ("big", "little")
_LOWEST_TAG: Final = 0x0100
_FIRST: Final = np.isin(np.arange(256), list(HEADER_MARKERS))


def find_starts(data: bytes, span: int, alignment: int) -> list[int]:
    """Offsets below `span`, multiples of `alignment`, where a JPEG may begin, in order.

    SOI and a plausible next marker; from an alignment of a sector up also headers whose first bytes are destroyed: an
    Exif or JFIF identifier at byte 6 without them, or, where a whole 16-byte cipher block is garbage, what stands
    behind it: the second segment of a JFIF header or the first TIFF directory of an Exif header.
    """
    array = np.frombuffer(data, dtype=np.uint8)
    usable = min(span, len(data) - 3)
    if usable <= 0:
        return []

    def column(offset: int) -> NDArray[np.uint8]:
        values = array[offset : offset + usable : alignment]
        missing = -(-usable // alignment) - values.size
        return np.pad(values, (0, missing)) if missing else values

    soi = column(0) == 0xFF
    soi &= column(1) == 0xD8
    soi &= column(2) == 0xFF
    soi &= _FIRST[column(3)]
    starts = set((np.flatnonzero(soi) * alignment).tolist())
    if alignment % _FALLBACK_ALIGNMENT == 0:
        named = (column(8) == ord("i")) & (column(10) == 0) & ((column(6) == ord("E")) | (column(7) == ord("F")))
        second = (column(20) == 0xFF) & (column(21) >= 0xC0)
        starts.update(
            start for start in (np.flatnonzero(named | second) * alignment).tolist() if _is_headless(data, start)
        )
        directory = np.zeros_like(soi)
        for high, low in ((0, 1), (1, 0)):
            typed = [(column(at + high) == 0) & (column(at + low) - 1 < _TIFF_TYPES) for at in _ENTRY_TYPES]
            directory |= typed[0] & typed[1]
        starts.update(
            start for start in (np.flatnonzero(directory) * alignment).tolist() if _has_directory(data, start)
        )
    return sorted(starts)


def _is_headless(data: bytes, start: int) -> bool:
    """Whether an application segment begins at `start` whose SOI and marker, or whole first block, are gone."""
    if data[start : start + 3] == b"\xff\xd8\xff":
        return False
    if data[start + 6 : start + 11] == b"JFIF\0" or data[start + 6 : start + 12] == b"Exif\0\0":
        return True
    segment = read_segment(data, start + 20)
    return segment is not None and (is_strict(segment, data) or is_followed(segment, data))


def _has_directory(data: bytes, start: int) -> bool:
    """Whether the first TIFF directory of an Exif header stands where it would had the file begun at `start`.

    The entry count and the first entry are left out: a flipped bit in CBC ciphertext garbles one block and flips a bit
    of the next.
    """
    entries = [data[start + at : start + at + 4] for at in range(34, 34 + 12 * _ENTRIES, 12)]
    return any(
        _are_entries(
            [int.from_bytes(entry[:2], order) for entry in entries],
            [int.from_bytes(entry[2:], order) for entry in entries],
        )
        for order in _ORDERS
    )


def _are_entries(tags: list[int], types: list[int]) -> bool:
    return tags[0] >= _LOWEST_TAG and tags == sorted(set(tags)) and all(1 <= kind <= _TIFF_TYPES for kind in types)
