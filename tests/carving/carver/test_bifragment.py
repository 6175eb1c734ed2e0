"""Files in two pieces: joined exactly over gaps of all kinds, and never joined to what is not theirs."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

from carving.carver.seams import SMOOTH, seam_step
from carving.jpeg.results import Ending
from carving.source import Run
from restore.lab.simulation.made_pictures import coded_at, fractal_picture
from tests.carving.memory import camera_jpeg, carve_bytes, jpeg

CLUSTER = 4096


def padded(data: bytes) -> bytes:
    return data + bytes(-len(data) % CLUSTER)


def gap_of(kind: str, length: int) -> bytes:
    other = coded_at(fractal_picture(960, 1280, 77), 1.5)
    return {
        "noise": random.Random(3).randbytes(length),
        "zeros": bytes(length),
        "text": (b"The quick brown fox jumps over the lazy dog.\n" * (length // 40 + 1))[:length],
        "stale": (other[3 * CLUSTER :] * (length // len(other) + 2))[:length],
    }[kind]


@pytest.mark.parametrize("kind", ["noise", "zeros", "text", "stale"])
@pytest.mark.parametrize("options", [{}, {"restart_marker_blocks": 7}, {"optimize": True, "subsampling": 0}])
def test_a_file_in_two_pieces_is_joined(kind: str, options: dict[str, Any]) -> None:
    whole = camera_jpeg(21, width=960, height=720, **options)
    for part, blocks in ((0.7, 20),) if kind == "stale" else ((0.3, 1), (0.7, 20)):
        cut = int(len(whole) * part) // CLUSTER * CLUSTER
        gap = gap_of(kind, blocks * CLUSTER)
        image = bytes(CLUSTER) + whole[:cut] + gap + padded(whole[cut:]) + bytes(CLUSTER)

        fragment = carve_bytes(image)[CLUSTER]

        assert fragment.data == whole
        assert fragment.ending is Ending.EOI
        assert fragment.byte_runs == (
            Run(CLUSTER, cut),
            Run(CLUSTER + cut + len(gap), len(whole) - cut),
        )
        assert fragment.evidence_runs == fragment.byte_runs


def test_a_piece_on_a_sector_boundary_is_joined() -> None:
    whole = camera_jpeg(22, width=960, height=720)
    cut = len(whole) // 2 // CLUSTER * CLUSTER + 3 * 512
    image = whole[:cut] + gap_of("noise", 512 * 21) + padded(whole[cut:])
    assert carve_bytes(image)[0].data == whole


def test_interleaved_files_are_told_apart() -> None:
    first, second = camera_jpeg(23, width=960, height=720), coded_at(fractal_picture(720, 960, 24), 2.0)
    cuts = [len(data) * part // 8 // CLUSTER * CLUSTER for data, part in ((first, 3), (second, 5))]
    image = first[: cuts[0]] + second[: cuts[1]] + padded(first[cuts[0] :]) + padded(second[cuts[1] :])
    assert {fragment.data for fragment in carve_bytes(image).values()} == {first, second}


def test_a_whole_file_in_the_gap_is_found_too() -> None:
    whole, inner = camera_jpeg(25, width=960, height=720), camera_jpeg(26)
    cut = len(whole) // 2 // CLUSTER * CLUSTER
    image = whole[:cut] + padded(inner) + padded(whole[cut:])
    assert {fragment.data for fragment in carve_bytes(image).values()} == {whole, inner}


def test_two_halves_of_different_pictures_are_not_joined() -> None:
    """What follows noise right behind the first may be its own, and stays in it; it is never called whole."""
    for seed in range(6):
        first, second = camera_jpeg(30 + seed, width=960, height=720), jpeg(50 + seed, 960, 720)
        cut = len(first) // 2 // CLUSTER * CLUSTER
        noise = gap_of("noise", 3 * CLUSTER)
        fragment = carve_bytes(first[:cut] + noise + padded(second[cut:]))[0]
        assert fragment.data in (first[:cut], first[:cut] + noise + second[cut:])
        assert len(fragment.byte_runs) == 1
        assert fragment.check is not None
        assert not fragment.check.whole


def test_the_seam_shows_a_picture_that_does_not_go_on() -> None:
    generator = np.random.default_rng(4)
    rows, columns = np.mgrid[0:40, 0:50]
    levels = (rows * 3 + columns * 2 + generator.integers(-3, 4, rows.shape)).ravel()
    assert seam_step(levels, 50, 1020) < 2
    levels[1020:] += 200
    assert seam_step(levels, 50, 1020) > SMOOTH
