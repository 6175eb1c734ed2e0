"""Flips in front of the scan are reversed, in the main header and in the thumbnail, and nothing else is touched."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from carving.errors import JpegError
from carving.jpeg.header_walk import walk_header
from carving.jpeg.markers import read_header
from restore import decode
from restore.lab.simulation.bit_errors import Flip
from restore.lab.simulation.embed import find_thumbnail
from restore.lab.simulation.medium import Medium
from restore.provenance import Status
from restore.repair.header.header_repair import hidden_bytes, repair_header
from restore.repair.header.opaque import opaque_places
from restore.repair.header.windowed_flips import WindowedFlips
from restore.repair.search.scan_repair import EFFORTS
from restore.restoration import restore
from tests.restore.repair.headers import ENCRYPTED, PLAIN, flipped, photo, structure, thumbnail_run

EFFORT = EFFORTS[2]


def readable(data: bytes) -> bool:
    """Whether a file's picture decodes to its last bit."""
    try:
        return decode(data).events == ()
    except JpegError:
        return False


@pytest.mark.parametrize("share", [0.05, 0.1, 0.25, 0.4, 0.55, 0.7, 0.8, 0.9, 0.97])
def test_a_flip_in_the_marker_segments_is_reversed(share: float) -> None:
    segments = structure(photo())
    flip = Flip(segments[int(share * (len(segments) - 1))], 3)
    damaged = flipped(photo(), (flip,))
    assert damaged.data != photo()
    repair = repair_header(damaged.data, damaged.model, EFFORT, readable=readable(damaged.data))
    assert repair.data == photo()
    assert [damaged.model.place(entry.unit, entry.bit) for entry in repair.reversals] == [(flip.offset, flip.bit)]


@pytest.mark.parametrize("offset", [0, 2, 25, 60])
def test_a_flip_in_the_first_bytes_and_the_directories_is_reversed(offset: int) -> None:
    damaged = flipped(photo(), (Flip(offset, 6),))
    assert repair_header(damaged.data, damaged.model, EFFORT, readable=readable(damaged.data)).data == photo()


@pytest.mark.parametrize("medium", [ENCRYPTED, PLAIN], ids=["encrypted", "plain"])
def test_an_undamaged_header_is_left_alone(medium: Medium) -> None:
    whole = flipped(photo(), (), medium)
    repair = repair_header(whole.data, whole.model, EFFORT, readable=True)
    assert repair.data is whole.data
    assert repair.reversals == ()


def test_a_flip_in_the_thumbnails_scan_is_reversed() -> None:
    run = thumbnail_run(photo())
    start = read_header(photo()[run.offset :]).scan.entropy_start
    flip = Flip(run.offset + (start + run.length) // 2, 1)
    damaged = flipped(photo(), (flip,))
    repair = repair_header(damaged.data, damaged.model, EFFORT, readable=readable(damaged.data))
    assert repair.data == photo()
    assert [damaged.model.place(entry.unit, entry.bit) for entry in repair.reversals] == [(flip.offset, flip.bit)]


def test_without_effort_or_model_nothing_is_reversed() -> None:
    damaged = flipped(photo(), (Flip(structure(photo())[40], 0),))
    assert repair_header(damaged.data, damaged.model, EFFORTS[0], readable=False).data == damaged.data
    assert repair_header(damaged.data, None, EFFORT, readable=False).data == damaged.data


def test_a_file_whose_header_was_hit_comes_back() -> None:
    segments = structure(photo())
    damaged = flipped(photo(), (Flip(segments[20], 2), Flip(segments[len(segments) // 2], 5)))
    restored = restore(damaged.file.fragment(), damaged.model)
    assert restored.status in (Status.EXACT, Status.REPAIRED)
    assert restored.jpeg == photo()
    assert {(flip.evidence_offset, flip.bit) for flip in restored.bit_flips} == {
        (segments[20], 2),
        (segments[len(segments) // 2], 5),
    }
    assert all(0.99 < flip.probability <= 1 for flip in restored.bit_flips)


def test_a_window_shows_what_the_whole_model_would_do() -> None:
    damaged = flipped(photo(), ())
    run = thumbnail_run(photo())
    raw = np.frombuffer(damaged.data, dtype=np.uint8)
    window = WindowedFlips(damaged.model, raw, run)
    inner = raw[run.offset : run.end]
    for unit in (0, 5, window.starts.size - 1):
        outer = window.outer_unit(unit)
        assert window.starts[unit] + run.offset == damaged.model.starts[outer]
        assert window.place(unit, 9) == damaged.model.place(outer, 9)
        np.testing.assert_array_equal(window.variants(inner, unit, ()), damaged.model.variants(raw, outer, ()))
    assert (window.starts < run.length).all()
    assert (window.starts + window.reaches > 0).all()


def test_opaque_bytes_are_what_nothing_checks() -> None:
    data = photo()
    jfif = 14
    assert opaque_places(data, walk_header(data).segments, find_thumbnail(data)).sum() == jfif
    comment = b"\xff\xfe\x00\x12sixteen letters."
    longer = data[: structure(data)[0]] + comment + data[structure(data)[0] :]
    assert opaque_places(longer, walk_header(longer).segments, find_thumbnail(longer)).sum() == jfif + 16
    run = thumbnail_run(data)
    assert opaque_places(data, walk_header(data).segments, None).sum() == jfif + run.length


@pytest.mark.parametrize("share", range(6))
def test_no_photo_is_changed(shared_data: Path, share: int) -> None:
    for path in sorted((shared_data / "photos").iterdir())[share::6]:
        data = path.read_bytes()[: 1 << 18]
        for medium in (ENCRYPTED, PLAIN):
            whole = flipped(data, (), medium)
            for decodes in (True, False):
                repair = repair_header(data, whole.model, EFFORT, readable=decodes)
                assert repair.reversals == (), (path.name, medium.block)


def test_hidden_is_what_nothing_checks_nor_predicts() -> None:
    data = photo()
    start = len(data) // 2
    noise = np.random.default_rng(3).integers(0, 256, 1536, dtype=np.uint8).tobytes()
    opaque = np.ones(1536, dtype=np.bool_)
    dense = hidden_bytes(noise, opaque)
    quiet = hidden_bytes(b"CAMERA MODEL 1\0" * 102 + b"123456", opaque)
    assert dense > 1400
    assert quiet < 100
    assert hidden_bytes(data[:start], np.zeros(600, dtype=np.bool_)) == 0
