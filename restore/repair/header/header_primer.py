"""What headers of JPEG files look like, as bytes to learn from: the tables of T.81 annex K, frames, scans and Exif.

Nothing here is taken from a file; it is what the standards and the reference encoder's quality scale make likely.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import cycle
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.tables import (
    STANDARD_AC_CHROMA,
    STANDARD_AC_LUMA,
    STANDARD_DC_CHROMA,
    STANDARD_DC_LUMA,
    ZIGZAG,
    HuffmanTable,
)

_LUMA_STEPS: Final = (
    16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56, 14, 17, 22, 29, 51,
    87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92, 49, 64, 78, 87, 103, 121, 120, 101,
    72, 92, 95, 98, 112, 100, 103, 99,
)  # fmt: skip
_CHROMA_STEPS: Final = (
    17, 18, 24, 47, 99, 99, 99, 99, 18, 21, 26, 66, 99, 99, 99, 99, 24, 26, 56, 99, 99, 99, 99, 99, 47, 66, 99, 99, 99,
    99, 99, 99,
) + (99,) * 32  # fmt: skip
"""T.81 tables K.1 and K.2, in rows."""

_Order = Literal["big", "little"]
_ASCII, _SHORT, _LONG, _RATIONAL, _UNDEFINED, _SIGNED = 2, 3, 4, 5, 7, 10
_IMAGE: Final = (
    (0x010E, _ASCII, 32), (0x010F, _ASCII, 6), (0x0110, _ASCII, 14), (0x0112, _SHORT, 1), (0x011A, _RATIONAL, 1),
    (0x011B, _RATIONAL, 1), (0x0128, _SHORT, 1), (0x0131, _ASCII, 32), (0x0132, _ASCII, 20), (0x0213, _SHORT, 1),
    (0x8298, _ASCII, 5), (0x8769, _LONG, 1), (0xC4A5, _UNDEFINED, 106),
)  # fmt: skip
_EXIF: Final = (
    (0x829A, _RATIONAL, 1), (0x829D, _RATIONAL, 1), (0x8822, _SHORT, 1), (0x8827, _SHORT, 1), (0x9000, _UNDEFINED, 4),
    (0x9003, _ASCII, 20), (0x9004, _ASCII, 20), (0x9101, _UNDEFINED, 4), (0x9102, _RATIONAL, 1), (0x9201, _SIGNED, 1),
    (0x9202, _RATIONAL, 1), (0x9203, _SIGNED, 1), (0x9204, _SIGNED, 1), (0x9205, _RATIONAL, 1), (0x9206, _RATIONAL, 1),
    (0x9207, _SHORT, 1), (0x9208, _SHORT, 1), (0x9209, _SHORT, 1), (0x920A, _RATIONAL, 1), (0x927C, _UNDEFINED, 900),
    (0x9286, _UNDEFINED, 125), (0x9290, _ASCII, 3), (0x9291, _ASCII, 3), (0x9292, _ASCII, 3), (0xA000, _UNDEFINED, 4),
    (0xA001, _SHORT, 1), (0xA002, _LONG, 1), (0xA003, _LONG, 1), (0xA005, _LONG, 1), (0xA20E, _RATIONAL, 1),
    (0xA20F, _RATIONAL, 1), (0xA210, _SHORT, 1), (0xA217, _SHORT, 1), (0xA300, _UNDEFINED, 1), (0xA301, _UNDEFINED, 1),
    (0xA302, _UNDEFINED, 8), (0xA401, _SHORT, 1), (0xA402, _SHORT, 1), (0xA403, _SHORT, 1), (0xA404, _RATIONAL, 1),
    (0xA405, _SHORT, 1), (0xA406, _SHORT, 1), (0xA407, _SHORT, 1), (0xA408, _SHORT, 1), (0xA409, _SHORT, 1),
    (0xA40A, _SHORT, 1), (0xA40C, _SHORT, 1), (0xA420, _ASCII, 33),
)  # fmt: skip
_THUMBNAIL: Final = (
    (0x0100, _LONG, 1), (0x0101, _LONG, 1), (0x0103, _SHORT, 1), (0x0112, _SHORT, 1), (0x011A, _RATIONAL, 1),
    (0x011B, _RATIONAL, 1), (0x0128, _SHORT, 1), (0x0201, _LONG, 1), (0x0202, _LONG, 1), (0x0213, _SHORT, 1),
)  # fmt: skip
_INTEROPERABILITY: Final = ((0x0001, _ASCII, 4), (0x0002, _UNDEFINED, 4), (0x1001, _SHORT, 1), (0x1002, _SHORT, 1))
_TEXTS: Final = (
    b"ASCII\0\0\0"
    + bytes(60)
    + b"2003:08:21 17:05:42\0"
    + b"2012:11:30 09:48:13\0"
    + bytes(64)
    + b" " * 32
    + b"\xff" * 48
)


@lru_cache(maxsize=1)
def primer() -> NDArray[np.uint8]:
    """Typical headers one after the other, uint8 (bytes,)."""
    parts: list[bytes] = []
    shapes = cycle(((1, 0x22), (1, 0x21), (1, 0x22), (1, 0x11), (1, 0x12), (0, 0x21)))
    for quality in range(1, 101):
        first, sampling = next(shapes)
        luma, chroma = _scaled(_LUMA_STEPS, quality), _scaled(_CHROMA_STEPS, quality)
        if quality % 2:
            parts.append(_segment(0xDB, b"\0" + luma + b"\1" + chroma))
        else:
            parts.append(_segment(0xDB, b"\0" + luma) + _segment(0xDB, b"\1" + chroma))
        parts.append(_frame(first, sampling))
        if quality % 10 < 4:
            parts.append((_tables(), _tables_apart(), _tables_by_kind(), _tables())[quality % 10])
            parts.append(_scan(first))
        elif quality % 10 < 8:
            parts.append(_tables() + _frame(first, sampling) + (_restarts() if quality % 2 else b"") + _scan(first))
    return np.frombuffer(b"".join((*parts, _exif("big"), _exif("little"), _TEXTS)), dtype=np.uint8)


def standard_steps(quality: int) -> tuple[bytes, bytes]:
    """Luma and chroma steps in zigzag order at a quality of 1 to 100 on the reference encoder's scale."""
    return _scaled(_LUMA_STEPS, quality), _scaled(_CHROMA_STEPS, quality)


def _scaled(steps: tuple[int, ...], quality: int) -> bytes:
    percent = 5000 // quality if quality < 50 else 200 - 2 * quality
    scaled = [min(max((step * percent + 50) // 100, 1), 255) for step in steps]
    return bytes(scaled[int(index)] for index in ZIGZAG)


def _segment(marker: int, payload: bytes) -> bytes:
    return bytes((0xFF, marker)) + (len(payload) + 2).to_bytes(2, "big") + payload


def _frame(first: int, sampling: int) -> bytes:
    components = b"".join(bytes((first + index, 0x11 if index else sampling, min(index, 1))) for index in range(3))
    size = (480 + 32 * sampling).to_bytes(2, "big") + (640 + 32 * sampling).to_bytes(2, "big")
    return _segment(0xC0, b"\x08" + size + b"\3" + components)


def _scan(first: int) -> bytes:
    return _segment(0xDA, bytes((3, first, 0, first + 1, 0x11, first + 2, 0x11, 0, 63, 0)))


def _restarts() -> bytes:
    return _segment(0xDD, b"\0\4")


_SLOTS: Final = (
    (0x00, STANDARD_DC_LUMA),
    (0x10, STANDARD_AC_LUMA),
    (0x01, STANDARD_DC_CHROMA),
    (0x11, STANDARD_AC_CHROMA),
)


def _table(slot: int, table: HuffmanTable) -> bytes:
    return bytes((slot, *table.counts)) + table.symbols


def _tables() -> bytes:
    return _segment(0xC4, b"".join(_table(slot, table) for slot, table in _SLOTS))


def _tables_apart() -> bytes:
    return b"".join(_segment(0xC4, _table(slot, table)) for slot, table in _SLOTS)


def _tables_by_kind() -> bytes:
    return _segment(0xC4, b"".join(_table(slot, table) for slot, table in sorted(_SLOTS, key=lambda entry: entry[0])))


def _exif(order: _Order) -> bytes:
    start = (b"MM\0*" if order == "big" else b"II*\0") + (8).to_bytes(4, order)
    directories = b"".join(_directory(tags, order) for tags in (_IMAGE, _EXIF, _INTEROPERABILITY, _THUMBNAIL))
    return b"\xff\xd8\xff\xe1\x2b\xfeExif\0\0" + start + directories + b"R98\x000100" + b"\xff\xd8\xff\xdb"


def _directory(tags: tuple[tuple[int, int, int], ...], order: _Order) -> bytes:
    entries = [len(tags).to_bytes(2, order)]
    place = 0x0132
    for tag, kind, count in tags:
        size = {_ASCII: 1, _SHORT: 2, _LONG: 4, _UNDEFINED: 1}.get(kind, 8) * count
        if tag in (0x9000, 0xA000, 0x9101):
            value = {0x9000: b"0220", 0xA000: b"0100", 0x9101: b"\1\2\3\0"}[tag]
        elif size > 4:
            value = place.to_bytes(4, order)
            place += size + size % 2
        else:
            value = (1).to_bytes(2 if kind == _SHORT else 4, order).ljust(4, b"\0")
        entries.append(tag.to_bytes(2, order) + kind.to_bytes(2, order) + count.to_bytes(4, order) + value)
    return b"".join(entries) + bytes(4)
