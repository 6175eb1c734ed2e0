"""Embedded thumbnails are what a camera would have written, and the carver finds them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import ExifTags, Image

from carving.errors import JpegStructureError
from restore.decoding.robust import decode
from restore.lab.simulation.embed import beside, embed_thumbnail, find_thumbnail, make_thumbnail


def test_an_embedded_thumbnail_is_found_and_the_picture_is_unchanged(picture: bytes) -> None:
    assert find_thumbnail(picture) is None
    small = make_thumbnail(picture)
    whole = embed_thumbnail(picture, small)
    found = find_thumbnail(whole)
    assert found is not None
    assert found.data == small
    assert whole[found.run.offset : found.run.end] == small
    assert np.array_equal(decode(whole).pixels, decode(picture).pixels)


def test_pillow_reads_the_exif_segment(picture: bytes) -> None:
    with Image.open(io.BytesIO(embed_thumbnail(picture, make_thumbnail(picture)))) as image:
        exif = image.getexif()
        second = exif.get_ifd(ExifTags.IFD.IFD1)
    assert exif[0x0112] == 1
    assert (second[0x0103], second[0x0202]) == (6, len(make_thumbnail(picture)))


@pytest.mark.parametrize(
    ("size", "expected"), [((320, 240), (160, 120)), ((240, 320), (120, 160)), ((64, 8), (160, 20))]
)
def test_the_longest_side_is_160(size: tuple[int, int], expected: tuple[int, int]) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", size, (10, 200, 30)).save(buffer, "JPEG")
    with Image.open(io.BytesIO(beside(buffer.getvalue()).data)) as small:
        assert small.size == expected
        assert np.abs(np.asarray(small).astype(int) - (10, 200, 30)).max() < 8


def test_what_is_no_picture_is_refused() -> None:
    with pytest.raises(JpegStructureError, match="no thumbnail"):
        make_thumbnail(b"\xff\xd8 nothing")
    with pytest.raises(JpegStructureError, match="FF D8"):
        embed_thumbnail(b"PNG", b"")
    with pytest.raises(JpegStructureError, match="does not fit"):
        embed_thumbnail(b"\xff\xd8", bytes(70_000))
