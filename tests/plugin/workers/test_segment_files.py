"""Pictures of the segments that have no place: written, small ones beside them, the largest first."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from carving.fragments import Fragment
from carving.jpeg.results import Ending
from carving.source import Run
from plugin.workers import segment_files
from plugin.workers.segment_files import write_segments
from restore.decoding.robust import decode
from restore.explanation import Gap, GapKind, StoredSegment
from restore.lab.simulation.made_pictures import coded_at, fractal_picture
from restore.provenance import Status
from restore.result import Restoration
from restore.segment_picture import segment_picture


@pytest.fixture(scope="module")
def jpeg() -> bytes:
    return coded_at(fractal_picture(96, 640, seed=7), 1.0)


def torn(jpeg: bytes) -> Restoration:
    """A picture of 240 MCUs said to consist of three segments, two of them without a place."""
    decoded = decode(jpeg)

    def segment(first: int, end: int, place: int | None) -> StoredSegment:
        begin, stop = (int(decoded.mcus.bit_positions[mcu]) for mcu in (first, end))
        bits = [8 * decoded.stream.file_offset(bit // 8) + bit % 8 for bit in (begin, stop - 1)]
        return StoredSegment(bits[0], bits[1] + 1, end - first, place, (), 0.7, ("thumbnail",))

    segments = (segment(0, 50, 0), segment(60, 70, None), segment(80, 200, None))
    gaps = (Gap(700, 900, GapKind.ZEROS, None),)
    return Restoration(None, None, (0, 0), (), Status.PARTIAL, None, (), segments=segments, gaps=gaps)


def fragment_of(jpeg: bytes) -> Fragment:
    run = Run(4096, len(jpeg))
    return Fragment("plain", 4096, jpeg, (run,), (Run(1 << 20, len(jpeg)),), Ending.EOI, None)


def test_what_has_no_place_is_shown(jpeg: bytes, tmp_path: Path) -> None:
    restoration = torn(jpeg)
    segments, gaps = write_segments(tmp_path, "0000004096", fragment_of(jpeg), restoration)
    assert [segment.placed for segment in segments] == [True, False, False]
    assert [None if segment.picture is None else segment.picture.path for segment in segments] == [
        None,
        "segments/0000004096-2.png",
        "segments/0000004096-3.png",
    ]
    for record, segment in zip(segments[1:], restoration.segments[1:], strict=True):
        assert record.picture is not None
        assert record.preview is not None
        shown = np.asarray(Image.open(io.BytesIO((tmp_path / record.picture.path).read_bytes())))
        strip = segment_picture(jpeg, segment)
        assert strip is not None
        assert np.array_equal(shown, strip)
        with Image.open(tmp_path / record.preview.path) as small:
            assert max(small.size) == 360
    assert segments[0].evidence_runs == (
        Run((1 << 20) + segments[0].stored_bytes.offset, segments[0].stored_bytes.length),
    )
    assert gaps[0].evidence_runs == (Run((1 << 20) + 700, 200),)


def test_pictures_are_bounded_by_their_number(jpeg: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(segment_files, "MOST_PICTURES", 1)
    segments, _ = write_segments(tmp_path, "1", fragment_of(jpeg), torn(jpeg))
    assert [segment.picture is not None for segment in segments] == [False, False, True]


def test_a_segment_of_nothing_is_listed_without_a_picture(jpeg: bytes, tmp_path: Path) -> None:
    restoration = torn(jpeg)
    empty = replace(restoration.segments[1], first_bit=8 * (len(jpeg) - 2), end_bit=8 * (len(jpeg) - 2))
    segments, _ = write_segments(tmp_path, "1", fragment_of(jpeg), replace(restoration, segments=(empty,)))
    assert [(segment.placed, segment.picture) for segment in segments] == [(False, None)]
    assert not (tmp_path / "segments").exists()
