"""What an Exif segment claims of its picture: camera, times, orientation, place (TIFF 6.0; Exif 2.32, 4.6).

These are claims: anybody can write them, and a flipped bit can change them. Nothing here raises on any bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final, Literal

from carving.jpeg.markers import APP1, MarkerSegment

_ASCII: Final = 2
_NUMBERS: Final = {3: 2, 4: 4, 13: 4}
"""Size in bytes of SHORT, LONG and IFD values."""
_RATIONAL: Final = 5
_MAX_ENTRIES: Final = 512
_MAX_TEXT: Final = 200
_EXIF_IFD: Final = 0x8769
_GPS_IFD: Final = 0x8825
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


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: int
    count: int
    stored: bytes


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
    order: Literal["big", "little"] = "big" if tiff[:2] == b"MM" else "little"
    if tiff[:2] not in (b"MM", b"II"):
        return
    main = _directory(tiff, int.from_bytes(tiff[4:8], order), order)
    detail = _directory(tiff, _number(main.get(_EXIF_IFD), order), order)
    for tag, name in _TEXTS.items():
        entry = main.get(tag) or detail.get(tag)
        if entry is not None and (text := _text(entry)):
            yield name, text
    orientation = _number(main.get(_ORIENTATION), order)
    if 1 <= orientation <= 8:
        yield "orientation", str(orientation)
    place = _directory(tiff, _number(main.get(_GPS_IFD), order), order)
    for name, side, angle, limit in (_LATITUDE, _LONGITUDE):
        degrees = _degrees(place.get(side), place.get(angle), order)
        if degrees is not None and abs(degrees) <= limit:
            yield name, f"{degrees:.6f}"


def _directory(tiff: bytes, offset: int, order: Literal["big", "little"]) -> dict[int, _Entry]:
    """The entries of the directory at `offset` by tag, each with its stored bytes; the first of a tag counts."""
    entries: dict[int, _Entry] = {}
    if not 0 < offset < len(tiff) - 1:
        return entries
    count = min(int.from_bytes(tiff[offset : offset + 2], order), _MAX_ENTRIES)
    for at in range(offset + 2, min(offset + 2 + 12 * count, len(tiff) - 11), 12):
        kind = int.from_bytes(tiff[at + 2 : at + 4], order)
        number = int.from_bytes(tiff[at + 4 : at + 8], order)
        size = number * {_ASCII: 1, _RATIONAL: 8, **_NUMBERS}.get(kind, 0)
        place = at + 8 if size <= 4 else int.from_bytes(tiff[at + 8 : at + 12], order)
        if 0 < size <= len(tiff) - place:
            entries.setdefault(
                int.from_bytes(tiff[at : at + 2], order), _Entry(kind, number, tiff[place : place + size])
            )
    return entries


def _text(entry: _Entry) -> str:
    if entry.kind != _ASCII:
        return ""
    text = entry.stored[: 4 * _MAX_TEXT].partition(b"\0")[0].decode("utf-8", "replace")
    return "".join(letter if letter.isprintable() else "�" for letter in text.strip())[:_MAX_TEXT]


def _number(entry: _Entry | None, order: Literal["big", "little"]) -> int:
    if entry is None or entry.kind not in _NUMBERS:
        return 0
    return int.from_bytes(entry.stored[: _NUMBERS[entry.kind]], order)


def _degrees(side: _Entry | None, angle: _Entry | None, order: Literal["big", "little"]) -> float | None:
    if side is None or angle is None or angle.kind != _RATIONAL or angle.count != 3:
        return None
    numbers = [int.from_bytes(angle.stored[at : at + 4], order) for at in range(0, 24, 4)]
    if 0 in numbers[1::2]:
        return None
    degrees = sum(numbers[2 * part] / numbers[2 * part + 1] / 60.0**part for part in range(3))
    return -degrees if side.stored[:1] in (b"S", b"W") else degrees
