"""Directories of a TIFF structure: read as PIL writes them, and bounded whatever a hostile one says."""

from __future__ import annotations

import io
import struct

import pytest
from PIL import Image

from carving.jpeg.exif_claims import exif_claims
from carving.jpeg.markers import read_header
from carving.jpeg.tiff import (
    INTEGERS,
    ByteOrder,
    byte_order,
    directories,
    entries,
    first_directory,
    next_directory,
    picture_size,
    stored_values,
)
from carving.jpeg.tiff_thumbnail import locate_tiff_thumbnail, read_strips

Values = tuple[int, int, int, bytes]
"""Tag, type, count and field of an entry."""


def short(tag: int, value: int) -> Values:
    return tag, 3, 1, struct.pack("<HH", value, 0)


def long(tag: int, value: int) -> Values:
    return tag, 4, 1, struct.pack("<I", value)


def directory(*values: Values, following: int = 0, count: int | None = None) -> bytes:
    """A little-endian directory."""
    body = b"".join(struct.pack("<HHI", tag, kind, number) + field for tag, kind, number, field in values)
    return struct.pack("<H", len(values) if count is None else count) + body + struct.pack("<I", following)


def structure(*parts: bytes) -> bytes:
    return b"II*\0" + struct.pack("<I", 8) + b"".join(parts)


def test_what_pil_writes_is_read() -> None:
    exif = Image.Exif()
    exif[0x0110], exif[0x0112] = "Camera", 6
    exif.get_ifd(0x8769).update({0xA002: 640, 0xA003: 70000, 0x9003: "2003:08:21 17:05:42"})
    exif.get_ifd(0x8825).update({1: "S", 2: (10.0, 30.0, 0.0), 3: "E", 4: (20.0, 0.0, 36.0)})
    coded = io.BytesIO()
    Image.new("RGB", (16, 16)).save(coded, "JPEG", exif=exif)
    data = coded.getvalue()
    segments = read_header(data).segments
    (payload,) = (entry.payload(data) for entry in segments if entry.payload(data).startswith(b"Exif"))
    assert picture_size(payload[6:]) == (640, 70000)
    assert len(directories(payload[6:])) == 3
    assert exif_claims(data, segments) == {
        "model": "Camera",
        "taken": "2003:08:21 17:05:42",
        "orientation": "6",
        "latitude": "-10.500000",
        "longitude": "20.010000",
    }


@pytest.mark.parametrize(("header", "order"), [(b"II*\0", "little"), (b"MM\0*", "big"), (b"IM*\0", None)])
def test_the_header_names_the_byte_order(header: bytes, order: ByteOrder | None) -> None:
    assert byte_order(header) == order


def test_directories_follow_each_other_once() -> None:
    tiff = structure(directory(short(0x0112, 3), following=26), directory(long(0x8769, 8), following=8))
    first, second = directories(tiff)
    assert (first.first, first.last, first.values) == (8, 26, {0x0112: 3})
    assert (second.first, second.last, second.values) == (26, 44, {0x8769: 8})
    assert first_directory(tiff, "little") == 8
    assert next_directory(tiff, 8, "little") == 26


def test_a_chain_of_directories_ends() -> None:
    parts = [directory(short(1, number), following=8 + 18 * (number + 1)) for number in range(100)]
    assert [found.values[1] for found in directories(structure(*parts))] == list(range(16))


def test_a_directory_that_leaves_the_structure_is_read_as_far_as_it_goes_or_not_at_all() -> None:
    tiff = structure(directory(short(1, 5), short(2, 6), count=0xFFFF))
    assert directories(tiff) == ()
    assert [entry.tag for entry in entries(tiff, 8, "little")] == [1, 2]
    assert next_directory(tiff, 8, "little") == 0
    for offset in (0, len(tiff) - 1, len(tiff), 1 << 31):
        assert list(entries(tiff, offset, "little")) == []


def test_no_more_entries_than_512_are_read() -> None:
    tiff = structure(directory(*(short(tag, 1) for tag in range(600))))
    assert sum(1 for _ in entries(tiff, 8, "little")) == 512
    assert directories(tiff) == ()


def test_the_first_entry_that_can_be_used_counts() -> None:
    tail = struct.pack("<3H", 7, 8, 9)
    values = (
        (1, 3, 3, struct.pack("<I", 1 << 30)),  # outside
        (1, 3, 3, struct.pack("<I", 8 + 2 + 5 * 12 + 4)),
        short(1, 4),
        (2, 4, 0x40000000, struct.pack("<I", 8)),  # a gigabyte
        (3, 2, 1, b"a\0\0\0"),  # no integer
    )
    found = stored_values(structure(directory(*values), tail), 8, "little", INTEGERS)
    assert {tag: value.integers("little") for tag, value in found.items()} == {1: (7, 8, 9)}
    assert stored_values(structure(directory(*values), tail), 8, "little", INTEGERS, most=2)[1].count == 1


def test_a_thumbnail_in_strips_is_put_together() -> None:
    first = 8 + 2 + 4
    behind = first + 2 + 7 * 12 + 4
    pixels = bytes(range(24))
    second = directory(
        short(0x0100, 4), short(0x0101, 2), short(0x0103, 1), short(0x0106, 2),
        (0x0111, 4, 2, struct.pack("<I", behind)), short(0x0115, 3), (0x0117, 4, 2, struct.pack("<I", behind + 8)),
    )  # fmt: skip
    offsets = struct.pack("<4I", behind + 16 + 12, behind + 16, 12, 12)
    tiff = structure(directory(following=first), second, offsets, pixels)
    located = locate_tiff_thumbnail(tiff)
    assert located is not None
    assert (located.width, located.height, located.samples, located.length) == (4, 2, 3, 24)
    assert read_strips(tiff, located) == b"P6\n4 2\n255\n" + pixels[12:] + pixels[:12]
