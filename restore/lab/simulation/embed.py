"""Give a picture the thumbnail a camera would have written: JPEG-coded, in IFD1 of an Exif segment behind the SOI.

The paper (W. Liu et al., CVPR 2023) guides by a bicubic reduction to 160 pixels that is kept uncompressed beside the
file; coding and embedding it puts it on the damaged medium, where the carver has to find it.
"""

from __future__ import annotations

import io
import struct
from typing import Final

from PIL import Image, UnidentifiedImageError

from carving.errors import JpegStructureError
from carving.jpeg.header_walk import walk_header
from carving.jpeg.markers import APP0, APP14
from carving.jpeg.results import Thumbnail, ThumbnailOrigin
from carving.jpeg.thumbnails import extract_thumbnail
from carving.source import Run

LONGEST_SIDE: Final = 160
THUMBNAIL_QUALITY: Final = 85
_APP15: Final = 0xEF
_SHORT: Final = 3
_LONG: Final = 4
_LARGEST_PAYLOAD: Final = 0xFFFF - 2


def find_thumbnail(jpeg: bytes) -> Thumbnail | None:
    """The thumbnail that a carver finds in the header of a file, damaged or not."""
    return extract_thumbnail(jpeg, walk_header(jpeg).segments)


def make_thumbnail(jpeg: bytes, quality: int = THUMBNAIL_QUALITY) -> bytes:
    """A JPEG of the picture reduced to 160 pixels on its longest side, bicubic, in stored orientation.

    Raises:
        JpegStructureError: Pillow cannot read the picture.
    """
    try:
        with Image.open(io.BytesIO(jpeg)) as picture:
            pixels = picture.convert("RGB")
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as error:
        raise JpegStructureError(f"no thumbnail can be made of this picture: {error}") from error
    scale = LONGEST_SIDE / max(pixels.size)
    width, height = (max(1, round(side * scale)) for side in pixels.size)
    buffer = io.BytesIO()
    pixels.resize((width, height), Image.Resampling.BICUBIC).save(buffer, "JPEG", quality=quality)
    return buffer.getvalue()


def beside(jpeg: bytes, quality: int = THUMBNAIL_QUALITY) -> Thumbnail:
    """A thumbnail of an undamaged picture that is kept beside the file instead of inside it."""
    return Thumbnail(make_thumbnail(jpeg, quality), ThumbnailOrigin.EXIF, Run(0, 0))


def embed_thumbnail(jpeg: bytes, thumbnail: bytes) -> bytes:
    """The file with an Exif segment right behind its SOI that holds `thumbnail` as IFD1 (Exif 2.32, 4.6).

    Raises:
        JpegStructureError: no JPEG, or a thumbnail too large for a segment.
    """
    if jpeg[:2] != b"\xff\xd8":
        raise JpegStructureError("not a JPEG: the data do not begin with FF D8")
    payload = b"Exif\0\0" + _tiff(thumbnail)
    if len(payload) > _LARGEST_PAYLOAD:
        raise JpegStructureError(f"a thumbnail of {len(thumbnail)} bytes does not fit into a marker segment")
    return b"\xff\xd8\xff\xe1" + struct.pack(">H", len(payload) + 2) + payload + jpeg[2:]


def without_thumbnail(jpeg: bytes) -> bytes:
    """The file without its application segments, in which thumbnails are; of JFIF's the densities stay, and Adobe's.

    Raises:
        JpegStructureError: no JPEG.
    """
    if jpeg[:2] != b"\xff\xd8":
        raise JpegStructureError("not a JPEG: the data do not begin with FF D8")
    parts, position = [], 0
    for segment in walk_header(jpeg).segments:
        parts.append(jpeg[position : segment.offset])
        position = segment.end
        if segment.marker == APP0 and segment.payload(jpeg)[:5] == b"JFIF\0":
            parts.append(struct.pack(">2sH12sBB", b"\xff\xe0", 16, segment.payload(jpeg)[:12], 0, 0))
        elif segment.marker == APP14 or not APP0 <= segment.marker <= _APP15:
            parts.append(jpeg[segment.offset : segment.end])
    return b"".join((*parts, jpeg[position:]))


def _tiff(thumbnail: bytes) -> bytes:
    """A TIFF structure with orientation 1 in IFD0 and the thumbnail in IFD1."""
    first = 8
    second = first + _directory_size(1)
    data = second + _directory_size(3)
    return b"".join(
        (
            struct.pack(">2sHL", b"MM", 42, first),
            _directory([_short(0x0112, 1)], second),
            _directory([_short(0x0103, 6), _long(0x0201, data), _long(0x0202, len(thumbnail))], 0),
            thumbnail,
        )
    )


def _directory(entries: list[bytes], following: int) -> bytes:
    return struct.pack(">H", len(entries)) + b"".join(entries) + struct.pack(">L", following)


def _directory_size(entries: int) -> int:
    return 2 + 12 * entries + 4


def _short(tag: int, value: int) -> bytes:
    return struct.pack(">HHLHH", tag, _SHORT, 1, value, 0)


def _long(tag: int, value: int) -> bytes:
    return struct.pack(">HHLL", tag, _LONG, 1, value)
