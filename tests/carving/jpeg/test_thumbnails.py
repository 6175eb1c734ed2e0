"""Thumbnails of sound, quirky and damaged headers."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from carving.jpeg.header_walk import walk_header
from carving.jpeg.markers import APP0, APP1, MarkerSegment
from carving.jpeg.results import ThumbnailOrigin
from carving.jpeg.thumbnails import extract_thumbnail
from carving.source import Run
from tests.carving.memory import exif_segment, jpeg

SMALL = jpeg(1, 160, 120)
MAIN = jpeg(2)


def header_with(*segments: bytes) -> bytes:
    return b"\xff\xd8" + b"".join(segments) + MAIN[20:]


def app0(payload: bytes) -> bytes:
    return b"\xff\xe0" + (len(payload) + 2).to_bytes(2, "big") + payload


def jfif(width: int, height: int, pixels: bytes) -> bytes:
    return app0(b"JFIF\0\x01\x02\0\0\x01\0\x01" + bytes((width, height)) + pixels)


@pytest.mark.parametrize("order", ["big", "little"])
def test_exif_thumbnail_in_both_byte_orders(order: str) -> None:
    data = header_with(exif_segment(SMALL, order))
    found = extract_thumbnail(data, walk_header(data).segments)
    assert found is not None
    assert (found.data, found.origin, found.is_jpeg) == (SMALL, ThumbnailOrigin.EXIF, True)
    assert found.run == Run(data.index(SMALL), len(SMALL))


@pytest.mark.parametrize("offset", [1, 5000, 0xFFFFFFF0])
def test_a_false_offset_is_made_up_for_by_searching(offset: int) -> None:
    data = header_with(exif_segment(SMALL, offset=offset))
    found = extract_thumbnail(data, walk_header(data).segments)
    assert found is not None
    assert found.data == SMALL


def test_a_length_past_the_segment_ends_with_it() -> None:
    data = header_with(exif_segment(SMALL, length=1 << 30))
    found = extract_thumbnail(data, walk_header(data).segments)
    assert found is not None
    assert found.data == SMALL


def test_a_segment_that_lost_its_marker_still_shows_its_thumbnail() -> None:
    data = bytearray(header_with(exif_segment(SMALL)))
    data[2:18] = bytes(range(16))
    found = extract_thumbnail(bytes(data), walk_header(bytes(data)).segments)
    assert found is not None
    assert found.data == SMALL


def test_uncompressed_strips_become_a_ppm() -> None:
    pixels = bytes(range(4 * 3 * 3))
    entries = [(0x100, 3, 4), (0x101, 3, 3), (0x103, 3, 1), (0x106, 3, 2), (0x111, 4, 26 + 90 + 4), (0x115, 3, 3)]
    entries += [(0x117, 4, len(pixels))]
    directory = b"".join(
        tag.to_bytes(2, "little") + kind.to_bytes(2, "little") + b"\x01\0\0\0" + value.to_bytes(4, "little")
        for tag, kind, value in entries
    )
    tiff = b"II*\0\x08\0\0\0\0\0" + (14).to_bytes(4, "little") + b"\x07\0" + directory + bytes(4)
    tiff += bytes(120 - len(tiff)) + pixels
    payload = b"Exif\0\0" + tiff
    data = header_with(b"\xff\xe1" + (len(payload) + 2).to_bytes(2, "big") + payload)
    found = extract_thumbnail(data, walk_header(data).segments)
    assert found is not None
    assert found.data == b"P6\n4 3\n255\n" + pixels
    assert data[found.run.offset : found.run.end] == pixels


def test_jfif_pixels() -> None:
    pixels = bytes(range(5 * 4 * 3))
    data = header_with(jfif(5, 4, pixels))
    found = extract_thumbnail(data, walk_header(data).segments)
    assert found is not None
    assert found.origin is ThumbnailOrigin.JFIF
    assert np.array_equal(
        np.asarray(Image.open(io.BytesIO(found.data))), np.frombuffer(pixels, np.uint8).reshape(4, 5, 3)
    )
    assert data[found.run.offset : found.run.end] == pixels


def test_jfxx_in_its_three_forms() -> None:
    palette = bytes(range(256)) * 3
    forms = {
        b"\x10" + SMALL: SMALL,
        b"\x11\x02\x01" + palette + b"\x00\x05": b"P6\n2 1\n255\n" + palette[:3] + palette[15:18],
        b"\x13\x02\x01" + b"abcdef": b"P6\n2 1\n255\nabcdef",
    }
    for stored, expected in forms.items():
        data = header_with(jfif(0, 0, b""), app0(b"JFXX\0" + stored))
        found = extract_thumbnail(data, walk_header(data).segments)
        assert found is not None
        assert (found.data, found.origin) == (expected, ThumbnailOrigin.JFXX)
        assert data[found.run.offset : found.run.end] == stored[stored[0] // 0x11 * 2 + 1 :]


def test_exif_comes_before_jfxx_before_jfif() -> None:
    parts = [jfif(1, 1, b"abc"), app0(b"JFXX\0\x13\x01\x01def"), exif_segment(SMALL)]
    origins = []
    for count in (1, 2, 3):
        data = header_with(*parts[:count])
        found = extract_thumbnail(data, walk_header(data).segments)
        assert found is not None
        origins.append(found.origin)
    assert origins == [ThumbnailOrigin.JFIF, ThumbnailOrigin.JFXX, ThumbnailOrigin.EXIF]


def test_missing_pixels_are_no_thumbnail() -> None:
    for segment in (jfif(200, 200, b"abc"), app0(b"JFXX\0\x11\x09\x09abc"), app0(b"JFXX\0\x77\x01\x01abc")):
        data = header_with(segment)
        assert extract_thumbnail(data, walk_header(data).segments) is None


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=400), st.sampled_from([APP0, APP1]), st.sampled_from([b"", b"Exif\0\0MM\0*", b"JFXX\0"]))
def test_hostile_payloads_never_raise(payload: bytes, marker: int, identifier: bytes) -> None:
    data = b"\xff\xd8\xff" + bytes((marker,)) + b"\xff\xff" + identifier + payload
    found = extract_thumbnail(data, (MarkerSegment(marker, 2, len(data) + 40),))
    assert found is None or found.run.end <= len(data)


def test_the_collection_gives_the_thumbnails_its_manifest_lists(shared_data: Path) -> None:
    checked = 0
    with (shared_data / "MANIFEST.tsv").open(encoding="utf-8", newline="") as manifest:
        for row in csv.reader(manifest, delimiter="\t", quoting=csv.QUOTE_NONE):
            listed = re.search(r"thumb (\d+)x(\d+) (\d+)B @(\d+)", row[5])
            if listed is None or not row[0].startswith(("photos/", "odd/")):
                continue
            data = (shared_data / row[0]).read_bytes()
            found = extract_thumbnail(data, walk_header(data).segments)
            width, height, length, offset = map(int, listed.groups())
            assert found is not None, row[0]
            assert found.run.offset == offset, row[0]
            assert length - 1 <= found.run.length <= length, row[0]
            assert Image.open(io.BytesIO(found.data)).size == (width, height), row[0]
            checked += 1
    assert checked >= 95


def test_odd_thumbnails_of_the_collection(shared_data: Path) -> None:
    sizes = {}
    for path in sorted((shared_data / "odd").iterdir()):
        if path.name.startswith(("jfxx", "jfif_thumb", "badthumb")):
            data = path.read_bytes()
            found = extract_thumbnail(data, walk_header(data).segments)
            sizes[path.name[:40]] = found and (found.origin.value, Image.open(io.BytesIO(found.data)).size)
    assert sizes["jfxx__exif-samples__jpg_exif-org_olympus"] == ("jfxx", (80, 60))
    assert sizes["badthumb__exiftool__t_images_ExifTool.jp"] == ("jfxx", (45, 60))
    assert sizes["badthumb__metadata-extractor-images__jpg"] in (None, ("exif", (102, 128)))
