"""Segments by themselves: the same blocks as in the whole picture, levelled where their level is not known."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from restore.decoding.decoded import Decoded
from restore.decoding.pixels import render
from restore.decoding.robust import decode
from restore.explanation import StoredSegment
from restore.lab.simulation.made_pictures import fractal_picture
from restore.segment_picture import segment_picture


def coded(restart: int) -> bytes:
    """A picture of 20 by 15 MCUs, with as many MCUs to a restart interval."""
    buffer = io.BytesIO()
    pixels = Image.fromarray(fractal_picture(240, 320, seed=5))
    pixels.save(buffer, "JPEG", quality=80, subsampling="4:2:0", restart_marker_blocks=restart)
    return buffer.getvalue()


def segment_of(decoded: Decoded, first: int, end: int) -> StoredSegment:
    """MCUs `first` to `end` of a sound picture as a segment that has no place."""

    def place(bit: int) -> int:
        return 8 * decoded.stream.file_offset(bit // 8) + bit % 8

    positions = decoded.mcus.bit_positions
    begin, last = place(int(positions[first])), place(int(positions[end]) - 1) + 1
    return StoredSegment(begin, last, end - first, None, (), 0.5, ())


def expected(decoded: Decoded, first: int, end: int, levelled: int) -> NDArray[np.uint8]:
    """The MCUs in rows of their own, the first `levelled` of them with their mean level at medium grey."""
    frame = decoded.header.frame
    rows = -(-(end - first) // frame.mcu_columns)
    coefficients = np.zeros((rows * frame.mcu_columns, frame.blocks_per_mcu, 64), dtype=np.int16)
    coefficients[: end - first] = decoded.coefficients[first:end]
    for blocks in (slice(0, 4), slice(4, 5), slice(5, 6)):
        levels = coefficients[:levelled, blocks, 0]
        levels -= np.int16(round(float(levels.mean()))) if levelled else 0
    return render(replace(decoded.header, frame=replace(frame, height=16 * rows)), coefficients)


@pytest.mark.parametrize(("first", "end"), [(0, 5), (7, 47), (33, 299), (20, 40)])
def test_blocks_are_those_of_the_picture(first: int, end: int) -> None:
    jpeg = coded(0)
    decoded = decode(jpeg)
    strip = segment_picture(jpeg, segment_of(decoded, first, end))
    assert strip is not None
    assert strip.shape == (16 * -(-(end - first) // 20), 320, 3)
    assert np.array_equal(strip, expected(decoded, first, end, levelled=end - first))


def test_the_level_is_taken_out_and_the_rest_is_medium_grey() -> None:
    jpeg = coded(0)
    strip = segment_picture(jpeg, segment_of(decode(jpeg), 100, 130))
    assert strip is not None
    assert abs(float(strip[:16].mean()) - 128) < 8
    assert np.array_equal(strip[17:, 170:], np.full((15, 150, 3), 128, dtype=np.uint8))


@pytest.mark.parametrize(("first", "end", "levelled"), [(20, 60, 0), (25, 60, 5), (0, 10, 0), (13, 28, 7)])
def test_whole_restart_intervals_keep_their_level(first: int, end: int, levelled: int) -> None:
    jpeg = coded(10)
    decoded = decode(jpeg)
    strip = segment_picture(jpeg, segment_of(decoded, first, end))
    assert strip is not None
    assert np.array_equal(strip, expected(decoded, first, end, levelled))


def test_nothing_decodes_where_there_is_nothing() -> None:
    jpeg = coded(0)
    start = 8 * decode(jpeg).header.scan.entropy_start
    assert segment_picture(jpeg, StoredSegment(start, start, 4, None, (), 0.0, ())) is None
    assert segment_picture(jpeg, StoredSegment(start, start + 800, 0, None, (), 0.0, ())) is None


def test_pictures_of_several_scans_have_no_strips() -> None:
    buffer = io.BytesIO()
    Image.fromarray(fractal_picture(64, 64, seed=5)).save(buffer, "JPEG", progressive=True)
    jpeg = buffer.getvalue()
    start = 8 * decode(jpeg).header.scan.entropy_start
    assert segment_picture(jpeg, StoredSegment(start, start + 800, 4, None, (), 0.0, ())) is None
