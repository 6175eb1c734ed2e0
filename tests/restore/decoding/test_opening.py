"""Headers that are interrupted, incomplete or leave something open."""

from __future__ import annotations

import numpy as np
import pytest

from carving.errors import HeightUndefinedError, JpegStructureError, UnsupportedJpegError
from carving.jpeg.markers import read_header
from restore.decoding.robust import Event, EventKind, decode
from tests.restore.decoding.pictures import by_libjpeg, jpeg, texture

PICTURE = jpeg(texture(120, 90), quality=80)
FRAME = PICTURE.find(b"\xff\xc0")
SCAN = PICTURE.find(b"\xff\xda")


def without(data: bytes, marker: int) -> bytes:
    """`data` without the header segments of a kind."""
    kept, position = bytearray(data[:2]), 2
    while data[position + 1] != 0xDA:
        length = 2 + int.from_bytes(data[position + 2 : position + 4], "big")
        if data[position + 1] != marker:
            kept += data[position : position + length]
        position += length
    return bytes(kept) + data[position:]


@pytest.mark.parametrize("junk", [b"\x00", b"\xff\x00", b"no marker at all", b"\xff\xff\xff\x01\x02"])
@pytest.mark.parametrize("marker", [b"\xff\xdb", b"\xff\xc0", b"\xff\xda"])
def test_junk_between_segments_is_skipped(marker: bytes, junk: bytes) -> None:
    place = PICTURE.find(marker)
    decoded = decode(PICTURE[:place] + junk + PICTURE[place:])
    assert np.array_equal(decoded.pixels, by_libjpeg(PICTURE))
    assert decoded.events == (Event(EventKind.HEADER_DAMAGED, decoded.header.frame.mcu_count, 1),)


def open_height(data: bytes, lines: int | None) -> bytes:
    """`data` with a height of 0 in the frame header and, if `lines` is given, a DNL segment behind the scan."""
    assert data.endswith(b"\xff\xd9")
    opened = bytearray(data)
    frame = opened.find(b"\xff\xc0")
    opened[frame + 5 : frame + 7] = b"\0\0"
    dnl = b"" if lines is None else b"\xff\xdc\0\x04" + lines.to_bytes(2, "big")
    return bytes(opened[:-2]) + dnl + b"\xff\xd9"


def test_a_dnl_segment_gives_the_height() -> None:
    decoded = decode(open_height(PICTURE, 90))
    assert decoded.events == ()
    assert np.array_equal(decoded.pixels, by_libjpeg(PICTURE))


@pytest.mark.parametrize("interval", [0, 7])
def test_the_data_give_the_height_where_nothing_else_does(interval: int) -> None:
    picture = jpeg(texture(120, 90), restart_marker_blocks=interval)
    decoded = decode(open_height(picture, None))
    assert decoded.events == (Event(EventKind.HEIGHT_DERIVED, 0, 96),)  # whole MCUs of 16 rows
    assert np.array_equal(decoded.pixels[:80], by_libjpeg(picture)[:80])


def test_the_header_alone_does_not_know_the_height() -> None:
    with pytest.raises(HeightUndefinedError, match="height"):
        read_header(open_height(PICTURE, None))


def test_a_height_of_zero_without_data_is_an_error() -> None:
    with pytest.raises(HeightUndefinedError):
        decode(open_height(PICTURE[:SCAN] + PICTURE[SCAN : SCAN + 14] + b"\xff\xd9", None))


def test_missing_huffman_tables_are_the_typical_ones() -> None:
    decoded = decode(without(PICTURE, 0xC4))
    assert decoded.events == ()
    assert np.array_equal(decoded.pixels, by_libjpeg(PICTURE))


def test_a_missing_quantisation_table_is_named() -> None:
    with pytest.raises(JpegStructureError, match="component 0 uses quantisation table 0, which is not defined"):
        decode(without(PICTURE, 0xDB))


@pytest.mark.parametrize(
    ("damaged", "reason"),
    [
        (b"", "do not begin with FF D8"),
        (b"\xff\xd8", "no marker at byte 2"),
        (b"\xff\xd8\xff\xd9", "ends before its first SOS"),
        (b"not a picture at all" * 99, "do not begin with FF D8"),
        (PICTURE[: FRAME + 6], "claims 17 bytes, which do not fit"),
        (without(PICTURE, 0xC0), "no SOF"),
        (PICTURE[:FRAME] + b"\xff\xc9" + PICTURE[FRAME + 2 :], "arithmetic-coded sequential"),
        (PICTURE[:FRAME] + b"\xff\xc3" + PICTURE[FRAME + 2 :], "lossless"),
        (PICTURE[:FRAME] + b"\xff\xf7" + PICTURE[FRAME + 2 :], "JPEG-LS"),
        (PICTURE[: FRAME + 4] + b"\x0c" + PICTURE[FRAME + 5 :], "12-bit"),
        (PICTURE[: FRAME + 5] + b"\xff\xff\xff\xff" + PICTURE[FRAME + 9 :], "over the limit"),
    ],
)
def test_what_is_no_picture_is_refused_with_its_reason(damaged: bytes, reason: str) -> None:
    with pytest.raises((JpegStructureError, UnsupportedJpegError), match=reason):
        decode(damaged)


@pytest.mark.parametrize("progressive", [False, True])
def test_a_truncated_file_is_a_whole_picture_with_events(progressive: bool) -> None:
    picture = jpeg(texture(160, 120), progressive=progressive)
    for length in range(picture.find(b"\xff\xda") + 14, len(picture) - 2, 149):
        decoded = decode(picture[:length])
        assert decoded.pixels.shape == (120, 160, 3)
        assert EventKind.NO_EOI in {event.kind for event in decoded.events}
        assert decoded.end <= length


def test_quantisation_tables_may_come_between_scans() -> None:
    """Three scans of one component each; the chroma tables stand before their scans, and one slot serves twice."""
    gray = [jpeg(texture(64, 48, "L", seed), quality=quality) for seed, quality in ((1, 90), (2, 60), (3, 30))]
    header = without(jpeg(texture(64, 48), subsampling="4:4:4"), 0xDB)
    tables = [picture[picture.find(b"\xff\xdb") :][:69] for picture in gray]
    data = bytearray(header[: header.find(b"\xff\xda")])
    frame = data.find(b"\xff\xc0")
    for index, picture in enumerate(gray):
        data[frame + 12 + 3 * index] = 0  # all components name slot 0
        data += tables[index] + b"\xff\xda\0\x08\x01" + bytes((index + 1,)) + b"\0\0\x3f\0"
        data += picture[picture.find(b"\xff\xda") + 10 : -2]
    data += b"\xff\xd9"
    decoded = decode(bytes(data))
    assert decoded.events == ()
    assert np.array_equal(decoded.pixels, by_libjpeg(bytes(data)))
