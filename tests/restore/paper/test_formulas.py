"""The formulas of the paper's section 3.2, against values worked out by hand."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from restore.paper import formulas
from restore.paper.published_sca import align_rows, compensate_by_mean, segment_starts, to_picture, to_strip


def grey(rows: list[list[float]]) -> NDArray[np.float64]:
    return np.array(rows, dtype=np.float64)[:, :, np.newaxis]


def test_euclidean_distances_of_adjacent_rows() -> None:
    picture = grey([[1, 2, 4], [3, 2, 0], [3, 5, 0]])
    # 4 + 0 + 16, 0 + 9 + 0
    assert formulas.euclidean_distance_rows(picture).tolist() == [20.0, 9.0]


def test_distances_sum_over_channels() -> None:
    picture = np.zeros((2, 1, 3))
    picture[1, 0] = [1, 2, 3]
    assert formulas.euclidean_distance_rows(picture).tolist() == [14.0]


def test_coherence_is_the_distance_of_distances() -> None:
    assert formulas.coherence(np.array([10.0, 3.0]), np.array([4.0, 5.0])).tolist() == [6.0, 2.0]


def test_seam_distances_per_mcu() -> None:
    picture = np.zeros((4, 4, 1))
    picture[2, 2:] = 3  # the first row of the lower right MCU of 2 × 2 pixels
    assert formulas.seam_distances(picture, 2, 2).tolist() == [[0.0, 0.0], [0.0, 18.0]]


def test_strip_coherence_peaks_where_the_segment_begins() -> None:
    # Four MCUs in a row; a segment from MCU 6 on differs from the MCUs above it for one row's worth: 6, 7, 8, 9.
    distances = np.zeros(16)
    distances[6:10] = 5
    coherences = formulas.strip_coherence(distances.reshape(4, 4), 1)
    # strip from 4: 4-7 holds two, 8-11 two; from 5: three less one; from 6: four less none; from 7: three less none
    assert coherences.tolist() == [0.0, 10.0, 20.0, 15.0]


def test_rows_are_ranked_by_distance() -> None:
    picture = np.zeros((32, 8, 1))
    picture[8:16] = 20
    picture[24:] = 30
    # seams at 8 (difference 20), 16 (-20) and 24 (30); equal distances stay in order
    assert formulas.suspicious_rows(picture, 8).tolist() == [3, 1, 2]
    assert formulas.suspicious_rows(np.zeros((16, 8, 1)), 8).tolist() == []
    assert formulas.suspicious_rows(np.zeros((1, 8, 1)), 8).tolist() == []


def test_subtracting_the_mean_is_per_channel() -> None:
    segment = np.array([[[1.0, 10.0], [3.0, 30.0]]])
    assert formulas.subtract_mean(segment).tolist() == [[[-1.0, -10.0], [1.0, 10.0]]]


def test_clip_bounds_mean_free_samples() -> None:
    assert formulas.clip(np.array([-151.0, -150.0, 0.0, 149.5, 4000.0])).tolist() == [-150.0, -150.0, 0.0, 149.5, 150.0]


def test_normalise_stretches_each_channel() -> None:
    picture = np.array([[[-50.0, 7.0], [50.0, 7.0]], [[0.0, 7.0], [25.0, 7.0]]])
    assert formulas.normalise(picture)[:, :, 0].tolist() == [[0.0, 255.0], [127.5, 191.25]]
    assert not formulas.normalise(picture)[:, :, 1].any()


def test_alignment_distance_ignores_colour_and_sees_position() -> None:
    ramp = np.tile(np.arange(8.0)[np.newaxis, :, np.newaxis], (2, 1, 3))
    assert formulas.alignment_distance(ramp, ramp + 40) == 0
    assert formulas.alignment_distance(ramp, np.roll(ramp, 2, axis=1)) > 0


def test_strip_and_picture_are_inverse() -> None:
    picture = np.arange(8 * 6 * 3, dtype=np.float64).reshape(8, 6, 3)
    strip = to_strip(picture, 4)
    assert strip.shape == (4, 12, 3)
    np.testing.assert_array_equal(strip[:, 6:], picture[4:])
    np.testing.assert_array_equal(to_picture(strip, 6), picture)


def test_published_segments_and_means() -> None:
    rng = np.random.default_rng(5)
    picture = rng.normal(0, 1, (64, 64, 3))
    strip = to_strip(picture, 8)
    strip[:, 8 * 27 :] += 60  # from MCU 27 on, eight in a row
    damaged = to_picture(strip, 64)
    assert 27 in segment_starts(damaged, 8, 8)
    compensated = to_strip(compensate_by_mean(damaged, 8, 8), 8)
    assert abs(compensated[:, : 8 * 27].mean() - compensated[:, 8 * 27 :].mean()) < 10
    assert compensated.min() == 0
    assert compensated.max() == 255


def test_published_alignment_skips_and_inserts() -> None:
    y, x = np.mgrid[0:64, 0:96]
    picture = np.repeat((100 + 50 * np.sin(x * x / 300) + y / 4)[:, :, np.newaxis], 3, axis=2)
    strip = to_strip(picture, 8)
    start, extra = 96 * 4, 16
    longer = np.concatenate([strip[:, :start], strip[:, :extra], strip[:, start:]], axis=1)[:, : strip.shape[1]]
    np.testing.assert_array_equal(align_rows(to_picture(longer, 96), 8, 8)[:56], picture[:56])
    shorter = np.concatenate([strip[:, :start], strip[:, start + extra :], strip[:, :extra]], axis=1)
    aligned = align_rows(to_picture(shorter, 96), 8, 8)
    np.testing.assert_array_equal(aligned[32:, extra:], picture[32:, extra:])
