"""Large images as short inputs: only the stretches that are not zeros, each with its place."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from typing import Final

from tests.carving.memory import MemorySource

_PIECE: Final = struct.Struct("<IH")
_UNIT: Final = 4
"""Bytes by which places are counted."""
_GAP: Final = 16
_LARGEST: Final = 48 << 20
"""Of an image; pieces behind it are dropped."""


def shrink(image: bytes) -> bytes:
    """An image as pieces: place and length, then the bytes."""
    return b"".join(
        _PIECE.pack(place // _UNIT, len(part)) + part
        for start, data in _stretches(image)
        for place, part in ((start + cut, data[cut : cut + 0xFFFC]) for cut in range(0, len(data), 0xFFFC))
    )


def pieces_of(data: bytes) -> Iterator[tuple[int, bytes]]:
    """Place in the image and bytes of each piece."""
    position = 0
    while position + _PIECE.size <= len(data):
        place, length = _PIECE.unpack_from(data, position)
        position += _PIECE.size
        yield place * _UNIT, data[position : position + length]
        position += length


def grow(data: bytes) -> MemorySource:
    """The image again, as far as its last piece, in whole blocks."""
    pieces = [(place, part) for place, part in pieces_of(data) if place + len(part) <= _LARGEST]
    size = max((place + len(part) for place, part in pieces), default=0)
    image = bytearray(-(-size // 4096) * 4096)
    for place, part in pieces:
        image[place : place + len(part)] = part
    return MemorySource(bytes(image))


def _stretches(image: bytes) -> Iterator[tuple[int, bytes]]:
    """What lies between zeros; short gaps stay in."""
    for block in range(0, len(image), 4096):
        data = image[block : block + 4096]
        if data == bytes(len(data)):
            continue
        parts: list[tuple[int, int]] = []
        for word in range(0, len(data), _UNIT):
            if data[word : word + _UNIT] == bytes(_UNIT):
                continue
            if parts and word - parts[-1][1] <= _GAP:
                parts[-1] = (parts[-1][0], word + _UNIT)
            else:
                parts.append((word, word + _UNIT))
        yield from ((block + first, data[first:end]) for first, end in parts)
