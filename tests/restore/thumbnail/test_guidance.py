"""The thumbnail set into a hole: exact outside, level with the rim, and the compiled relaxation as it is defined."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from restore.lab.simulation.made_pictures import fractal_picture
from restore.thumbnail import guidance
from restore.thumbnail.membrane_kernels import relax


def holes(shape: tuple[int, int]) -> NDArray[np.bool_]:
    hole = np.zeros(shape, dtype=np.bool_)
    hole[16:32, 24:88] = True
    hole[60:, :40] = True
    return hole


def test_pixels_outside_holes_stay_exactly() -> None:
    picture = fractal_picture(97, 131, 1)
    hole = holes((97, 131))
    damaged = np.where(hole[..., np.newaxis], np.uint8(0), picture)
    filled = guidance.fill(damaged, fractal_picture(97, 131, 2), hole)
    assert np.array_equal(filled[~hole], picture[~hole])


@pytest.mark.parametrize("shift", [-20, 0, 13])
def test_a_guide_of_another_brightness_is_brought_to_the_rim(shift: int) -> None:
    picture = np.clip(fractal_picture(97, 131, 1), 30, 220)
    hole = holes((97, 131))
    guide = (picture.astype(np.int16) + shift).astype(np.uint8)
    damaged = np.where(hole[..., np.newaxis], np.uint8(0), picture)
    assert np.abs(guidance.fill(damaged, guide, hole).astype(int) - picture).max() <= 1


def test_a_picture_that_is_all_hole_becomes_the_guide() -> None:
    guide = fractal_picture(40, 50, 3)
    everything = np.ones((40, 50), dtype=np.bool_)
    assert np.array_equal(guidance.fill(np.zeros_like(guide), guide, everything), guide)


def test_what_lies_behind_a_hole_in_the_picture_does_not_matter() -> None:
    picture, guide, hole = fractal_picture(97, 131, 1), fractal_picture(97, 131, 2), holes((97, 131))
    other = np.where(hole[..., np.newaxis], np.uint8(255), picture)
    assert np.array_equal(guidance.fill(picture, guide, hole), guidance.fill(other, guide, hole))


def test_relaxation_is_as_defined() -> None:
    random = np.random.default_rng(4)
    planes = random.normal(size=(9, 11, 2)).astype(np.float32)
    base = random.normal(size=(9, 11, 2)).astype(np.float32)
    hole = random.random((9, 11)) < 0.5
    expected = planes.astype(np.float64)
    for sweep in range(6):
        for row, column in np.argwhere(hole):
            if (row + column + sweep) % 2:
                continue
            around = [(row - 1, column), (row + 1, column), (row, column - 1), (row, column + 1)]
            known = [expected[y, x] for y, x in around if 0 <= y < 9 and 0 <= x < 11]
            mean = (np.sum(known, axis=0) + 0.1 * base[row, column]) / (len(known) + 0.1)
            expected[row, column] += 1.5 * (mean - expected[row, column])
    relax(planes, hole, base, np.float32(0.1), np.float32(1.5), 3)
    assert np.allclose(planes, expected, atol=1e-5)
