"""The thumbnail of an Exif segment: IFD1 of the TIFF structure inside it (TIFF 6.0; Exif 2.32, 4.6.3)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from carving.jpeg.tiff import INTEGERS, ByteOrder, first_directory, next_directory, stored_values
from carving.source import Run

_WIDTH: Final = 0x0100
_HEIGHT: Final = 0x0101
_COMPRESSION: Final = 0x0103
_PHOTOMETRIC: Final = 0x0106
_STRIP_OFFSETS: Final = 0x0111
_SAMPLES: Final = 0x0115
_STRIP_BYTE_COUNTS: Final = 0x0117
_JPEG_OFFSET: Final = 0x0201
_JPEG_LENGTH: Final = 0x0202
_UNCOMPRESSED: Final = 1
_MAX_STRIPS: Final = 4096
_MAX_SIDE: Final = 4096


@dataclass(frozen=True, slots=True)
class TiffThumbnail:
    """Where IFD1 says its picture lies; runs count from the TIFF header and are not yet believed.

    Either `jpeg` is a run, or `strips` hold uncompressed pixels of `samples` bytes each.
    """

    jpeg: Run | None
    strips: tuple[Run, ...]
    width: int
    height: int
    samples: int

    @property
    def length(self) -> int:
        """Bytes the strips hold."""
        return sum(strip.length for strip in self.strips)


def locate_tiff_thumbnail(tiff: bytes) -> TiffThumbnail | None:
    """Read IFD1 of a TIFF structure; None where there is none or it names no picture. Never raises."""
    order = _likely_order(tiff)
    if order is None:
        return None
    second = next_directory(tiff, first_directory(tiff, order), order)
    stored = stored_values(tiff, second, order, INTEGERS, most=_MAX_STRIPS)
    entries = {tag: values.integers(order) for tag, values in stored.items()}

    def value(tag: int, default: int) -> int:
        numbers = entries.get(tag, ())
        return numbers[0] if numbers else default

    if value(_JPEG_OFFSET, 0):
        return TiffThumbnail(Run(value(_JPEG_OFFSET, 0), value(_JPEG_LENGTH, len(tiff))), (), 0, 0, 0)
    strips = tuple(map(Run, entries.get(_STRIP_OFFSETS, ()), entries.get(_STRIP_BYTE_COUNTS, ())))
    if value(_COMPRESSION, _UNCOMPRESSED) != _UNCOMPRESSED or not strips or value(_PHOTOMETRIC, 2) > 2:
        return None
    return TiffThumbnail(None, strips, value(_WIDTH, 0), value(_HEIGHT, 0), value(_SAMPLES, 3))


def read_strips(tiff: bytes, thumbnail: TiffThumbnail) -> bytes | None:
    """Uncompressed RGB or gray strips as a binary PPM (P6); None where pixels are missing."""
    width, height, samples = thumbnail.width, thumbnail.height, thumbnail.samples
    if not (0 < width <= _MAX_SIDE and 0 < height <= _MAX_SIDE and samples in (1, 3)):
        return None
    needed = width * height * samples
    if needed > len(tiff):
        return None
    pixels = b"".join(tiff[strip.offset : strip.end] for strip in thumbnail.strips)[:needed]
    if len(pixels) < needed:
        return None
    if samples == 1:
        pixels = bytes(value for value in pixels for _ in range(3))
    return b"P6\n%d %d\n255\n" % (width, height) + pixels


def _likely_order(tiff: bytes) -> ByteOrder | None:
    """From the header, or, where that is destroyed but for its offset, from the offset every camera writes."""
    if tiff[:2] == b"II" or tiff[4:8] == b"\x08\0\0\0":
        return "little"
    if tiff[:2] == b"MM" or tiff[4:8] == b"\0\0\0\x08":
        return "big"
    return None
