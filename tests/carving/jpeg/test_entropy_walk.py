"""Where entropy-coded data end."""

from __future__ import annotations

import io
import random
from typing import Any

import pytest
from PIL import Image

from carving.jpeg.entropy_walk import find_entropy_end
from carving.jpeg.markers import DHT, EOI, SOS, read_header
from carving.jpeg.plausibility import next_scan
from carving.jpeg.results import Ending
from tests.carving.memory import camera_jpeg, jpeg


def test_the_end_is_the_offset_of_eoi() -> None:
    for data in (jpeg(1), camera_jpeg(2), jpeg(3, restart_marker_blocks=2), jpeg(4, optimize=True)):
        header = read_header(data)
        end = find_entropy_end(data, header.scan.entropy_start, header)
        assert (end.end_offset, end.marker, end.ending) == (len(data) - 2, EOI, Ending.EOI)


def test_without_a_header_the_same_end_is_found() -> None:
    data = jpeg(1)
    assert find_entropy_end(data, read_header(data).scan.entropy_start).end_offset == len(data) - 2


def test_every_scan_of_a_progressive_picture_ends_at_the_next_marker() -> None:
    data = jpeg(5, progressive=True)
    header = read_header(data)
    start: int | None = header.scan.entropy_start
    markers = []
    while start is not None:
        end = find_entropy_end(data, start, header)
        assert data[end.end_offset] == 0xFF
        assert data[end.end_offset + 1] == end.marker
        markers.append(end.marker)
        start = next_scan(data, end.end_offset)
    assert markers[-1] == EOI
    assert len(markers) == 10
    assert set(markers[:-1]) <= {DHT, SOS}


def test_false_markers_are_passed_over() -> None:
    data = bytearray(jpeg(6, 960, 720))
    header = read_header(bytes(data))
    start = header.scan.entropy_start
    source = random.Random(6)
    for marker in (0xC0, 0xC4, 0xD3, 0xD8, 0xD9, 0xDA, 0xDB, 0xDD, 0xE1, 0xFE) * 3:
        at = source.randrange(start, len(data) - 4000)
        data[at : at + 2] = bytes((0xFF, marker))
    end = find_entropy_end(bytes(data), start, header)
    assert (end.end_offset, end.marker) == (len(data) - 2, EOI)


def test_foreign_entropy_data_behind_eoi_do_not_extend_a_whole_picture() -> None:
    whole, other = jpeg(7), jpeg(8)
    header = read_header(whole)
    stale = other[read_header(other).scan.entropy_start + 100 :]
    end = find_entropy_end(whole + stale, header.scan.entropy_start, header)
    assert (end.end_offset, end.marker) == (len(whole) - 2, EOI)


@pytest.mark.parametrize("options", [{"progressive": True}, {"optimize": True}, {}])
def test_a_blank_picture_is_not_mistaken_for_filler(options: dict[str, Any]) -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (6000, 4000), (255, 255, 255)).save(buffer, "JPEG", quality=75, **options)
    data = buffer.getvalue()
    header = read_header(data)
    end = find_entropy_end(data, header.scan.entropy_start, header)
    assert end.marker == (DHT if options.get("progressive") else EOI)


def test_missing_eoi_gives_the_end_of_the_data_and_says_so() -> None:
    data = jpeg(9)[:-2]
    header = read_header(data)
    end = find_entropy_end(data, header.scan.entropy_start, header)
    assert (end.end_offset, end.marker, end.settled) == (len(data), None, False)
    assert end.ending is Ending.TRUNCATED


def test_more_data_settle_the_answer() -> None:
    data = jpeg(9)
    header = read_header(data)
    assert not find_entropy_end(data, header.scan.entropy_start, header).settled
    assert find_entropy_end(data + bytes(1 << 16), header.scan.entropy_start, header).settled


def test_a_start_behind_the_data() -> None:
    assert find_entropy_end(b"", 0).marker is None
    assert find_entropy_end(b"\xff\xd9", 40).marker is None
