"""Places where a JPEG may begin, found at memory speed in one window of evidence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.plausibility import HEADER_MARKERS, is_followed, is_strict, read_segment

LOOK: Final = 256
"""Bytes behind a start that the signatures look at."""
_SOI: Final = b"\xff\xd8\xff"
_FALLBACK_ALIGNMENT: Final = 512
_HEAD: Final = 52
_TIFF_TYPES: Final = 12
_ENTRY_TYPES: Final = (36, 48)
"""Where the types of the second and third entry of the first directory stand, counted from SOI."""
_ENTRIES: Final = 3
_ORDERS: Final[tuple[Literal["big", "little"], ...]] = ("big", "little")
_LOWEST_TAG: Final = 0x0100
_FIRST_BYTES: Final = frozenset(bytes((marker,)) for marker in HEADER_MARKERS)
_FIRST: Final = np.isin(np.arange(256), list(HEADER_MARKERS))


def find_starts(data: bytes, span: int, alignment: int) -> list[int]:
    """Offsets below `span`, multiples of `alignment`, where a JPEG may begin, in order.

    SOI and a plausible next marker; from an alignment of a sector up also headers whose first bytes are destroyed: an
    Exif or JFIF identifier at byte 6 without them, or, where a whole 16-byte cipher block is garbage, what stands
    behind it: the second segment of a JFIF header or the first TIFF directory of an Exif header.
    """
    span = min(span, len(data))
    if alignment < _FALLBACK_ALIGNMENT:
        return list(_find_soi(data, span, alignment))
    heads = _heads(data, span, alignment)
    rows = np.flatnonzero(_soi(heads) | _named(heads) | _second(heads) | _directory(heads))
    return [
        start
        for start in (rows * alignment).tolist()
        if data.startswith(_SOI, start) or _is_headless(data, start) or _has_directory(data, start)
    ]


def _find_soi(data: bytes, span: int, alignment: int) -> Iterator[int]:
    start = data.find(_SOI, 0, span + 2)
    while start >= 0:
        if start % alignment == 0 and data[start + 3 : start + 4] in _FIRST_BYTES:
            yield start
        start = data.find(_SOI, start + 1, span + 2)


def _heads(data: bytes, span: int, alignment: int) -> NDArray[np.uint8]:
    """The first bytes behind every multiple of `alignment`, shape (n, `_HEAD`); zeros where the data end."""
    array = np.frombuffer(data, dtype=np.uint8)
    whole = min(span // alignment, max(0, len(data) - _HEAD) // alignment)
    heads = np.zeros((-(-span // alignment), _HEAD), dtype=np.uint8)
    heads[:whole] = array[: whole * alignment].reshape(whole, alignment)[:, :_HEAD]
    for row in range(whole, heads.shape[0]):
        head = array[row * alignment : row * alignment + _HEAD]
        heads[row, : head.size] = head
    return heads


def _soi(heads: NDArray[np.uint8]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (
        (heads[:, 0] == 0xFF) & (heads[:, 1] == 0xD8) & (heads[:, 2] == 0xFF) & _FIRST[heads[:, 3]]
    )
    return found


def _named(heads: NDArray[np.uint8]) -> NDArray[np.bool_]:
    exif = (heads[:, 6] == ord("E")) & (heads[:, 8] == ord("i"))
    jfif = (heads[:, 6] == ord("J")) & (heads[:, 8] == ord("I"))
    found: NDArray[np.bool_] = (exif | jfif) & (heads[:, 10] == 0)
    return found


def _second(heads: NDArray[np.uint8]) -> NDArray[np.bool_]:
    found: NDArray[np.bool_] = (heads[:, 20] == 0xFF) & (heads[:, 21] >= 0xC0)
    return found


def _directory(heads: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where the second and third entry of a TIFF directory have a possible type, in either byte order."""
    found = np.zeros(heads.shape[0], dtype=np.bool_)
    for high, low in ((0, 1), (1, 0)):
        typed = [(heads[:, at + high] == 0) & (heads[:, at + low] - 1 < _TIFF_TYPES) for at in _ENTRY_TYPES]
        found |= typed[0] & typed[1]
    return found


def _is_headless(data: bytes, start: int) -> bool:
    """Whether an application segment begins at `start` whose SOI and marker, or whole first block, are gone."""
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
