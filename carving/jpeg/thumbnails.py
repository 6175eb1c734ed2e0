"""Thumbnails a header carries: Exif IFD1 (Exif 2.32, 4.5.8), JFXX and JFIF (JFIF 1.02).

Offsets and lengths lie in damaged and in sound files; nothing here raises, and what cannot be a thumbnail is None.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from carving.jpeg.markers import APP0, APP1, SOI, SOS, MarkerSegment
from carving.jpeg.plausibility import embedded_jpeg
from carving.jpeg.results import Thumbnail, ThumbnailOrigin
from carving.jpeg.tiff_thumbnail import locate_tiff_thumbnail, read_strips
from carving.source import Run

_JFXX_JPEG: Final = 0x10
_JFXX_PALETTE: Final = 0x11
_JFXX_RGB: Final = 0x13


def extract_thumbnail(data: bytes, segments: tuple[MarkerSegment, ...]) -> Thumbnail | None:
    """The best thumbnail in the header of `data`: from Exif, else from JFXX, else from JFIF, else from what is left.

    Args:
        data: a JPEG; the thumbnail's run counts from its first byte.
        segments: its header segments, as far as they could be read.
    """
    for candidates in (_exif(data, segments), _jfxx(data, segments), _jfif(data, segments), _gaps(data, segments)):
        for thumbnail in candidates:
            return thumbnail
    return None


def _exif(data: bytes, segments: tuple[MarkerSegment, ...]) -> Iterator[Thumbnail]:
    for segment in segments:
        if segment.marker != APP1 or data[segment.offset + 4 : segment.offset + 9] == b"http:":
            continue
        start, end = segment.offset + 10, min(segment.end, len(data))
        located = locate_tiff_thumbnail(data[start:end])
        if located is not None and located.strips:
            picture = read_strips(data[start:end], located)
            if picture is not None:
                yield Thumbnail(picture, ThumbnailOrigin.EXIF, Run(start + located.strips[0].offset, located.length))
        if located is not None and located.jpeg is not None:
            run = _jpeg_run(data, start + located.jpeg.offset, located.jpeg.length, end)
            if run is not None:
                yield Thumbnail(data[run.offset : run.end], ThumbnailOrigin.EXIF, run)
        run = embedded_jpeg(data, start, end)
        if run is not None:
            yield Thumbnail(data[run.offset : run.end], ThumbnailOrigin.EXIF, run)


def _jpeg_run(data: bytes, offset: int, length: int, end: int) -> Run | None:
    """The stored run if a JPEG begins there; one that claims to leave its segment ends with it."""
    run = Run(offset, min(length, end - offset))
    return run if run.length > 4 and data[offset : offset + 3] == b"\xff\xd8\xff" else None


def _jfxx(data: bytes, segments: tuple[MarkerSegment, ...]) -> Iterator[Thumbnail]:
    for segment in segments:
        payload = segment.payload(data)
        if segment.marker != APP0 or payload[:5] != b"JFXX\0" or len(payload) < 8:
            continue
        start, kind = segment.offset + 10, payload[5]
        if kind == _JFXX_JPEG:
            run = embedded_jpeg(data, start, min(segment.end, len(data)))
            if run is not None:
                yield Thumbnail(data[run.offset : run.end], ThumbnailOrigin.JFXX, run)
            continue
        width, height = payload[6], payload[7]
        if kind == _JFXX_PALETTE:
            pixels = _palette_pixels(payload[8:776], payload[776 : 776 + width * height])
            stored = 768 + width * height
        elif kind == _JFXX_RGB:
            pixels = payload[8 : 8 + 3 * width * height]
            stored = 3 * width * height
        else:
            continue
        picture = _ppm(width, height, pixels)
        if picture is not None:
            yield Thumbnail(picture, ThumbnailOrigin.JFXX, Run(start + 2, stored))


def _jfif(data: bytes, segments: tuple[MarkerSegment, ...]) -> Iterator[Thumbnail]:
    for segment in segments:
        payload = segment.payload(data)
        if segment.marker != APP0 or payload[:5] != b"JFIF\0" or len(payload) < 14:
            continue
        stored = 3 * payload[12] * payload[13]
        picture = _ppm(payload[12], payload[13], payload[14 : 14 + stored])
        if picture is not None:
            yield Thumbnail(picture, ThumbnailOrigin.JFIF, Run(segment.offset + 18, stored))


def _gaps(data: bytes, segments: tuple[MarkerSegment, ...]) -> Iterator[Thumbnail]:
    """An embedded JPEG between the segments: where a broken length or marker has hidden the one that held it."""
    position = 2
    for segment in segments:
        if segment.marker == SOI:
            continue
        run = embedded_jpeg(data, position, segment.offset) if segment.offset > position + 4 else None
        if run is not None:
            yield Thumbnail(data[run.offset : run.end], ThumbnailOrigin.EXIF, run)
        if segment.marker == SOS:
            return
        position = segment.end


def _palette_pixels(palette: bytes, indices: bytes) -> bytes:
    if len(palette) < 768:
        return b""
    return b"".join(palette[3 * index : 3 * index + 3] for index in indices)


def _ppm(width: int, height: int, pixels: bytes) -> bytes | None:
    """A binary PPM (P6), 8 bits a sample; None where pixels are missing."""
    if width * height == 0 or len(pixels) != 3 * width * height:
        return None
    return b"P6\n%d %d\n255\n" % (width, height) + pixels
