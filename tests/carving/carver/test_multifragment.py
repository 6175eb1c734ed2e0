"""Files in three pieces, files that go on behind damage, and whose tables are taken for what is left alone."""

from __future__ import annotations

import numpy as np

from carving.carver.borrowing import jpeg_of
from carving.jpeg.markers import read_header
from carving.jpeg.results import Ending
from carving.source import Run
from restore.lab.simulation.made_pictures import coded_at, fractal_picture
from tests.carving.memory import carve_bytes

CLUSTER = 4096


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % CLUSTER)


def test_three_pieces_with_whole_files_between_them_are_one_file() -> None:
    photo, *others = (coded_at(fractal_picture(480, 640, seed), 1.5) for seed in (1, 2, 3))
    first, second = len(photo) // 3 // CLUSTER * CLUSTER, 2 * len(photo) // 3 // CLUSTER * CLUSTER
    parts = [photo[:first], padded(others[0]), photo[first:second], padded(others[1]), padded(photo[second:])]

    fragments = carve_bytes(b"".join(parts))

    assert fragments[0].data == photo
    gap, end = len(padded(others[0])), len(padded(others[1]))
    assert fragments[0].byte_runs == (
        Run(0, first),
        Run(first + gap, second - first),
        Run(second + gap + end, len(photo) - second),
    )
    assert {fragment.data for fragment in fragments.values()} == {photo, *others}


def test_what_follows_damage_stays_in_the_file() -> None:
    photo, other = (coded_at(fractal_picture(480, 640, seed), 1.5) for seed in (1, 2))
    damaged = bytearray(photo)
    start = len(photo) // 3 // CLUSTER * CLUSTER
    damaged[start : start + 2 * CLUSTER] = np.random.default_rng(3).bytes(2 * CLUSTER)

    fragments = carve_bytes(padded(bytes(damaged)) + padded(other))

    assert fragments[0].data == bytes(damaged)
    assert fragments[0].ending is Ending.EOI
    assert fragments[0].borrowed is None
    assert {fragment.data for fragment in fragments.values()} == {bytes(damaged), other}


def test_the_donor_is_the_file_that_is_cut_off_in_front() -> None:
    """Its rest lies apart, so that it is no part of it; another file of the same tables is as wide as none of both."""
    lost = coded_at(fractal_picture(480, 640, 1), 1.5)
    wide = coded_at(fractal_picture(400, 800, 2), 1.5)
    cut = len(lost) // 2 // CLUSTER * CLUSTER
    text = b"plain words, no picture at all. " * 128
    head, rest = lost[:cut], lost[cut + 3 * CLUSTER :]
    image = padded(wide) + head + text * 4 + padded(coded_at(fractal_picture(320, 336, 5), 1.5)) + padded(rest)

    pieces = [fragment for fragment in carve_bytes(image).values() if fragment.borrowed is not None]

    assert len(pieces) == 1
    assert pieces[0].borrowed is not None
    assert pieces[0].borrowed.lender == len(padded(wide))
    assert read_header(jpeg_of(pieces[0].data, pieces[0].borrowed)).frame.width == 640
    assert any("disagree" in note for note in pieces[0].notes)
