"""Chroma upsampling and colour conversion, bit for bit as libjpeg-turbo's defaults compute them.

"Fancy" upsampling is a triangle filter: each output sample is 3/4 of the nearer and 1/4 of the farther input sample,
per axis.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True)
def upsample_horizontal(plane: NDArray[np.uint8], output: NDArray[np.uint8]) -> None:
    """Double the width (h2v1): `plane` (rows, columns > 2) to `output` (rows, 2 * columns)."""
    rows, columns = plane.shape
    for row in range(rows):
        output[row, 0] = plane[row, 0]
        output[row, 1] = (np.int32(plane[row, 0]) * 3 + np.int32(plane[row, 1]) + 2) >> 2
        for column in range(1, columns - 1):
            near = np.int32(plane[row, column]) * np.int32(3)
            output[row, 2 * column] = (near + np.int32(plane[row, column - 1]) + np.int32(1)) >> np.int32(2)
            output[row, 2 * column + 1] = (near + np.int32(plane[row, column + 1]) + np.int32(2)) >> np.int32(2)
        last = columns - 1
        output[row, 2 * last] = (np.int32(plane[row, last]) * 3 + np.int32(plane[row, last - 1]) + 1) >> 2
        output[row, 2 * last + 1] = plane[row, last]


@njit(cache=True)
def upsample_vertical(plane: NDArray[np.uint8], output: NDArray[np.uint8]) -> None:
    """Double the height (h1v2): `plane` (rows, columns) to `output` (2 * rows, columns)."""
    rows, columns = plane.shape
    for row in range(rows):
        above = max(row - 1, 0)
        below = min(row + 1, rows - 1)
        for column in range(columns):
            near = np.int32(plane[row, column]) * np.int32(3)
            output[2 * row, column] = (near + np.int32(plane[above, column]) + np.int32(1)) >> np.int32(2)
            output[2 * row + 1, column] = (near + np.int32(plane[below, column]) + np.int32(2)) >> np.int32(2)


@njit(cache=True)
def upsample_both(plane: NDArray[np.uint8], output: NDArray[np.uint8]) -> None:
    """Double width and height (h2v2): `plane` (rows, columns > 2) to `output` (2 * rows, 2 * columns)."""
    rows, columns = plane.shape
    sums = np.empty(columns, dtype=np.int32)
    for target in range(2 * rows):
        near = target // 2
        far = max(near - 1, 0) if target % 2 == 0 else min(near + 1, rows - 1)
        for column in range(columns):
            sums[column] = np.int32(plane[near, column]) * np.int32(3) + np.int32(plane[far, column])
        output[target, 0] = (sums[0] * 4 + 8) >> 4
        output[target, 1] = (sums[0] * 3 + sums[1] + 7) >> 4
        for column in range(1, columns - 1):
            centre = sums[column] * np.int32(3)
            output[target, 2 * column] = (centre + sums[column - 1] + np.int32(8)) >> np.int32(4)
            output[target, 2 * column + 1] = (centre + sums[column + 1] + np.int32(7)) >> np.int32(4)
        last = columns - 1
        output[target, 2 * last] = (sums[last] * 3 + sums[last - 1] + 8) >> 4
        output[target, 2 * last + 1] = (sums[last] * 4 + 7) >> 4


@njit(cache=True, inline="always")
def _clip(value: np.int32) -> np.uint8:
    return np.uint8(min(max(value, np.int32(0)), np.int32(255)))


@njit(cache=True)
def ycc_to_rgb(
    luma: NDArray[np.uint8], blue: NDArray[np.uint8], red: NDArray[np.uint8], pixels: NDArray[np.uint8]
) -> None:
    """JFIF YCbCr to RGB in 16-bit fixed point; all planes at least as large as `pixels` (height, width, 3)."""
    height, width = pixels.shape[:2]
    for row in range(height):
        for column in range(width):
            y = np.int32(luma[row, column])
            cb = np.int32(blue[row, column]) - np.int32(128)
            cr = np.int32(red[row, column]) - np.int32(128)
            pixels[row, column, 0] = _clip(y + ((np.int32(91881) * cr + np.int32(32768)) >> np.int32(16)))
            pixels[row, column, 1] = _clip(
                y + ((np.int32(-22554) * cb + np.int32(-46802) * cr + np.int32(32768)) >> np.int32(16))
            )
            pixels[row, column, 2] = _clip(y + ((np.int32(116130) * cb + np.int32(32768)) >> np.int32(16)))
