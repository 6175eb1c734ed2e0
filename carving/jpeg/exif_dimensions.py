"""Whether the dimensions that a picture's Exif gives can be those of its frame (Exif 2.32, 4.6.5; TIFF 6.0).

Editors that turn, crop or shrink a picture often leave its Exif as it was; none of that makes a picture larger than
the one its Exif was written for.
"""

from __future__ import annotations

from typing import Final

from carving.jpeg.markers import APP1, Frame, MarkerSegment
from carving.jpeg.tiff import EXIF_IFD, INTEGERS, ByteOrder, Stored, byte_order, first_directory, stored_values

_IMAGE_WIDTH: Final = 0x0100
_IMAGE_LENGTH: Final = 0x0101
_PIXEL_X: Final = 0xA002
_PIXEL_Y: Final = 0xA003
_PADDING: Final = 16
"""Pixels by which some cameras fill up the last MCU."""


def exif_dimensions(data: bytes, segments: tuple[MarkerSegment, ...]) -> tuple[int, int] | None:
    """Width and height of the main picture as its Exif gives them; None where it gives none."""
    for segment in segments:
        payload = data[segment.offset + 4 : segment.end]
        if segment.marker != APP1 or payload[:5] != b"Exif\0":
            continue
        tiff = payload[6:]
        order = byte_order(tiff)
        if order is None:
            continue

        main = stored_values(tiff, first_directory(tiff, order), order, INTEGERS)
        detail = stored_values(tiff, _number(main.get(EXIF_IFD), order), order, INTEGERS)
        for values, across, down in ((detail, _PIXEL_X, _PIXEL_Y), (main, _IMAGE_WIDTH, _IMAGE_LENGTH)):
            width, height = _number(values.get(across), order), _number(values.get(down), order)
            if width and height:
                return width, height
    return None


def _number(entry: Stored | None, order: ByteOrder) -> int:
    return 0 if entry is None or entry.kind not in INTEGERS else entry.integers(order)[0]


def contradiction_of(dimensions: tuple[int, int] | None, frame: Frame) -> str | None:
    """What is to be said of dimensions that no turning, cropping or shrinking makes those of the frame; None where
    nothing is."""
    if dimensions is None:
        return None
    long, short = sorted(dimensions, reverse=True)
    if max(frame.width, frame.height) <= long + _PADDING and min(frame.width, frame.height) <= short + _PADDING:
        return None
    return (
        f"its Exif is that of a picture of {dimensions[0]}×{dimensions[1]} pixels, and this one has {frame.width}×"
        f"{frame.height}, which no turning or cropping makes of it: the Exif data may belong to another photo"
    )
