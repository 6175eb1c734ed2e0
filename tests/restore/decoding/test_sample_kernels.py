"""Inverse DCT, upsampling and colour conversion against plain NumPy renderings of the same arithmetic."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from restore.decoding.colour_kernels import upsample, ycc_to_rgb
from restore.decoding.idct_kernels import inverse_dct_plane

Vector = NDArray[np.int64]
FREQUENCIES = np.arange(8)[:, np.newaxis]
COSINES = np.cos((2 * np.arange(8) + 1) * FREQUENCIES * np.pi / 16) * np.where(FREQUENCIES, 0.5, 8**-0.5)
"""Orthonormal DCT-II matrix, frequencies in rows."""


def butterfly(s: list[Vector]) -> list[Vector]:
    """Eight-point inverse DCT in 13-bit fixed point, as ICASSP 1989 figure 1 (transposed) gives it."""
    z1 = (s[2] + s[6]) * 4433
    even = [(s[0] + s[4]) << 13, (s[0] - s[4]) << 13, z1 - s[6] * 15137, z1 + s[2] * 6270]
    tops = [even[0] + even[3], even[1] + even[2], even[1] - even[2], even[0] - even[3]]
    z5 = (s[7] + s[3] + s[5] + s[1]) * 9633
    z1, z2 = (s[7] + s[1]) * -7373, (s[5] + s[3]) * -20995
    z3, z4 = (s[7] + s[3]) * -16069 + z5, (s[5] + s[1]) * -3196 + z5
    odds = [s[1] * 12299 + z1 + z4, s[3] * 25172 + z2 + z3, s[5] * 16819 + z2 + z4, s[7] * 2446 + z1 + z3]
    sums = [top + odd for top, odd in zip(tops, odds, strict=True)]
    return sums + [top - odd for top, odd in reversed(list(zip(tops, odds, strict=True)))]


def reference_samples(levels: NDArray[np.int16], steps: NDArray[np.int32]) -> NDArray[np.uint8]:
    """Samples (8, 8) of a block (64,)."""
    rows = list((levels.astype(np.int64) * steps).reshape(8, 8))
    columns = np.array([(vector + 1024) >> 11 for vector in butterfly(rows)])
    samples = np.array([(vector + (1 << 17)) >> 18 for vector in butterfly(list(columns.T))]).T
    return np.asarray(np.clip(samples + 128, 0, 255), dtype=np.uint8)


def random_blocks(count: int, density: float) -> NDArray[np.int16]:
    rng = np.random.default_rng(3)
    blocks = rng.integers(-60, 61, (count, 64), dtype=np.int16)
    blocks[rng.random(blocks.shape) > density] = 0
    blocks[:, 0] = rng.integers(-100, 101, count)
    return blocks


@pytest.mark.parametrize("density", [0.0, 0.1, 1.0])
def test_inverse_dct(density: float) -> None:
    """A plane of 2×3 MCUs of 2×2 blocks, the second component of frames with 5 blocks per MCU."""
    blocks = random_blocks(6 * 5, density)
    steps = np.random.default_rng(4).integers(1, 30, 64).astype(np.int32)
    plane = np.zeros((32, 48), dtype=np.uint8)
    inverse_dct_plane(blocks.reshape(-1), steps, 3, 2, 5, 1, 2, 2, plane.reshape(-1))
    for mcu in range(6):
        for part in range(4):
            top, left = mcu // 3 * 16 + part // 2 * 8, mcu % 3 * 16 + part % 2 * 8
            expected = reference_samples(blocks[mcu * 5 + 1 + part], steps)
            assert np.array_equal(plane[top : top + 8, left : left + 8], expected)
            exact = COSINES.T @ (blocks[mcu * 5 + 1 + part] * steps).reshape(8, 8) @ COSINES + 128
            assert np.abs(np.clip(exact, 0, 255) - expected).max() <= 1


def triangle(samples: Vector, axis: int, low: int, high: int) -> Vector:
    """Twice as many samples along an axis, times 4: 3/4 of the nearer, 1/4 of the farther, edges repeated."""
    before = np.concatenate([samples.take([0], axis), samples.take(range(samples.shape[axis] - 1), axis)], axis)
    after = np.concatenate([samples.take(range(1, samples.shape[axis]), axis), samples.take([-1], axis)], axis)
    pairs = np.stack([3 * samples + before + low, 3 * samples + after + high], axis + 1)
    shape = list(samples.shape)
    shape[axis] *= 2
    return np.asarray(pairs.reshape(shape))


def reference_upsampled(plane: NDArray[np.uint8], across: int, down: int) -> NDArray[np.uint8]:
    samples = plane.astype(np.int64)
    if (across, down) == (2, 1) and plane.shape[1] > 2:
        samples = triangle(samples, 1, 1, 2) >> 2
    elif (across, down) == (1, 2):
        samples = triangle(samples, 0, 1, 2) >> 2
    elif (across, down) == (2, 2) and plane.shape[1] > 2:
        samples = triangle(triangle(samples, 0, 0, 0), 1, 8, 7) >> 4
    else:
        samples = samples.repeat(down, axis=0).repeat(across, axis=1)
    return samples.astype(np.uint8)


@pytest.mark.parametrize(("across", "down"), [(1, 1), (2, 1), (1, 2), (2, 2), (4, 1), (1, 4), (4, 2), (3, 1), (2, 4)])
@pytest.mark.parametrize("columns", [1, 2, 3, 29])
def test_upsampling(across: int, down: int, columns: int) -> None:
    plane = np.random.default_rng(5).integers(0, 256, (16, 40), dtype=np.uint8)
    output = np.zeros((11 * down, columns * across), dtype=np.uint8)
    upsample(plane, 11, columns, across, down, output)
    assert np.array_equal(output, reference_upsampled(plane[:11, :columns], across, down))


def test_colour_conversion() -> None:
    """Every chroma pair with some lumas: within half a level of JFIF's formula, and libjpeg's rounding exactly."""
    blue, red = (plane.astype(np.uint8) for plane in np.meshgrid(np.arange(256), np.arange(256)))
    shapes = np.array([(256, 256, 1, 1)] * 3, dtype=np.int64)
    for level in (0, 1, 77, 128, 200, 255):
        luma = np.full((256, 256), level, dtype=np.uint8)
        lines = np.zeros((256, 768), dtype=np.uint8)
        ycc_to_rgb(luma, blue, red, shapes, 256, lines)
        cb, cr = blue.astype(np.int64) - 128, red.astype(np.int64) - 128
        fixed = (91881 * cr + 32768 >> 16, -22554 * cb - 46802 * cr + 32768 >> 16, 116130 * cb + 32768 >> 16)
        expected = np.stack([np.clip(level + part, 0, 255) for part in fixed], axis=2)
        assert np.array_equal(lines.reshape(256, 256, 3), expected)
        formula = np.stack([1.402 * cr, -0.344136 * cb - 0.714136 * cr, 1.772 * cb], axis=2)
        assert np.abs(np.clip(level + formula, 0, 255) - expected).max() <= 0.51
