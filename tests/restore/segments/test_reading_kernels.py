"""Coefficients of paths against the decoder; seams of breaks against plain Python."""

from __future__ import annotations

import numpy as np
import pytest

from restore.decoding.robust import decode
from restore.segments.paths import ReadPath
from restore.segments.picture_rows import read_rows
from restore.segments.reading_kernels import ENTRIES, STEP, seams_of_breaks
from restore.segments.scan_cut import cut_scan
from restore.segments.seams import SeamScales
from tests.restore.segments.regions_of_files import photo


@pytest.mark.parametrize("first", [0, 100])
def test_coefficients_are_the_decoders_but_for_the_first_level(first: int) -> None:
    data = photo()
    whole = decode(data)
    raw = np.frombuffer(data, dtype=np.uint8)
    cut = cut_scan(raw, whole.header.scan.entropy_start, whole.end - 2, (), restarts=False)
    positions = np.append(whole.mcus.bit_positions[first:], 8 * cut.size)
    path = ReadPath(positions, np.ones(positions.size - 1, np.float32), 0, begins=True, ends=True)
    rows = read_rows(whole.header, cut, path)
    np.testing.assert_array_equal(rows.coefficients[:, :, 1:], whole.coefficients[first:, :, 1:])
    apart = rows.coefficients[:, :, 0].astype(int) - whole.coefficients[first:, :, 0]
    assert [np.unique(apart[:, blocks]).size for blocks in (slice(0, 4), slice(4, 5), slice(5, 6))] == [1, 1, 1]
    if first == 0:
        assert not apart.any()


def test_edges_are_means_of_the_pixels_at_them() -> None:
    data = photo(subsampling=0, quality=100)
    whole = decode(data)
    raw = np.frombuffer(data, dtype=np.uint8)
    cut = cut_scan(raw, whole.header.scan.entropy_start, whole.end - 2, (), restarts=False)
    positions = np.append(whole.mcus.bit_positions, 8 * cut.size)
    path = ReadPath(positions, np.ones(positions.size - 1, np.float32), 0, begins=True, ends=True)
    rows = read_rows(whole.header, cut, path)
    luma = whole.pixels.astype(float) @ np.array([0.299, 0.587, 0.114]) - 128
    mcu = 3 * whole.header.frame.mcu_columns + 5
    np.testing.assert_allclose(rows.top[mcu, :2], luma[24, 40:48].reshape(2, 4).mean(axis=1), atol=1.5)
    np.testing.assert_allclose(rows.bottom[mcu, :2], luma[31, 40:48].reshape(2, 4).mean(axis=1), atol=1.5)


@pytest.mark.parametrize("lost", [-2, 0, 3, 9])
def test_seams_of_breaks(lost: int) -> None:
    dice = np.random.default_rng(3)
    columns, count = 6, 40
    top, bottom = (dice.normal(0, 20, (count, 2)).astype(np.float32) for _ in range(2))
    scales = SeamScales(np.array([2.0]), np.array([20.0]))
    tables = np.stack([scales.table(max(lost, 0) // columns), scales.table(max(lost, 0) // columns + 1)])
    seams = np.zeros(count)
    seams_of_breaks(top, bottom, np.zeros(2, dtype=np.int64), columns, lost, tables, seams)
    over = lost % columns if lost >= 0 else lost
    for start in (0, 7, 20, 36):
        steps, far = [], []
        for place in range(start, min(start + columns, count)):
            rows_up = 1 if place - start < columns - over else 2
            above = place + over - columns * rows_up
            if above >= 0:
                steps += [int(value) for value in (top[place] - bottom[above]) / np.float32(STEP)]
                far += [rows_up - 1] * 2
        expected = 0.0
        if len(steps) * 4 >= columns:
            median = sorted(steps)[(len(steps) - 1) // 2]
            expected = sum(
                float(tables[number, 0, min(ENTRIES - 1, abs(step - median))])
                for step, number in zip(steps, far, strict=True)
            )
        assert seams[start] == pytest.approx(expected, rel=1e-4)
