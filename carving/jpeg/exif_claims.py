"""What an Exif segment claims of its picture: camera, times, orientation, place (TIFF 6.0; Exif 2.32, 4.6).

These are claims: anybody can write them, and a flipped bit can change them. Nothing here raises on any bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from carving.jpeg.markers import APP1, MarkerSegment
from carving.jpeg.tiff import (
    ASCII,
    EXIF_IFD,
    GPS_IFD,
    INTEGERS,
    RATIONAL,
    ByteOrder,
    Stored,
    byte_order,
    first_directory,
    stored_values,
)

_BYTE: Final = 1
_NUMBERS: Final = {kind: size for kind, size in INTEGERS.items() if kind != _BYTE}
_SIZES: Final = {**_NUMBERS, ASCII: 1, RATIONAL: 8}
_MAX_TEXT: Final = 200
_ORIENTATION: Final = 0x0112
_TEXTS: Final = {
    0x010F: "make",
    0x0110: "model",
    0x0131: "software",
    0x0132: "changed",
    0x013B: "artist",
    0x8298: "copyright",
    0x9003: "taken",
    0x9004: "digitised",
    0x9010: "time_zone",
    0x9011: "time_zone_taken",
    0xA431: "serial_number",
    0xA434: "lens",
}
_LATITUDE: Final = ("latitude", 1, 2, 90)
_LONGITUDE: Final = ("longitude", 3, 4, 180)


def exif_claims(data: bytes, segments: tuple[MarkerSegment, ...]) -> dict[str, str]:
    """The claims of the first Exif segment that makes any, by name; text is cut to 200 printable characters.

    `orientation` is the number 1 to 8 of the tag, `latitude` and `longitude` are decimal degrees.
    """
    for segment in segments:
        payload = data[segment.offset + 4 : segment.end]
        if segment.marker == APP1 and payload[:5] == b"Exif\0":
            claims = dict(_claims(payload[6:]))
            if claims:
                return claims
    return {}


def _claims(tiff: bytes) -> Iterator[tuple[str, str]]:
    order = byte_order(tiff)
    if order is None:
        return

    def directory(offset: int) -> dict[int, Stored]:
        return stored_values(tiff, offset, order, _SIZES)

    main = directory(first_directory(tiff, order))
    detail = directory(_number(main.get(EXIF_IFD), order))
    for tag, name in _TEXTS.items():
        entry = main.get(tag) or detail.get(tag)
        if entry is not None and (text := _text(entry)):
            yield name, text
    orientation = _number(main.get(_ORIENTATION), order)
    if 1 <= orientation <= 8:
        yield "orientation", str(orientation)
    place = directory(_number(main.get(GPS_IFD), order))
    for name, side, angle, limit in (_LATITUDE, _LONGITUDE):
        degrees = _degrees(place.get(side), place.get(angle), order)
        if degrees is not None and abs(degrees) <= limit:
            yield name, f"{degrees:.6f}"


def _text(entry: Stored) -> str:
    if entry.kind != ASCII:
        return ""
    text = entry.data[: 4 * _MAX_TEXT].partition(b"\0")[0].decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "�" for letter in text.strip())[:_MAX_TEXT]


def _number(entry: Stored | None, order: ByteOrder) -> int:
    if entry is None or entry.kind not in _NUMBERS:
        return 0
    return entry.integers(order)[0]


def _degrees(side: Stored | None, angle: Stored | None, order: ByteOrder) -> float | None:
    if side is None or angle is None or angle.kind != RATIONAL or angle.count != 3:
        return None
    numbers = [int.from_bytes(angle.data[at : at + 4], order) for at in range(0, 24, 4)]
    if 0 in numbers[1::2]:
        return None
    degrees = sum(numbers[2 * part] / numbers[2 * part + 1] / 60.0**part for part in range(3))
    return -degrees if side.data[:1] in (b"S", b"W") else degrees
