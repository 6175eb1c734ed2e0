"""Chroma upsampling and colour conversion, bit for bit as libjpeg-turbo's defaults compute them.

"Fancy" upsampling is a triangle filter: each output sample is 3/4 of the nearer and 1/4 of the farther input sample,
per axis. Rows are enlarged into short buffers and converted while these are in the cache.

Leaf kernels do without reference counts (`_nrt=False`): counting their arrays would cost more than a row's work.
Indices are unsigned and arrays contiguous, which is what lets LLVM turn the loops into vector code.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel

_ONE = np.uint64(1)
_TWO = np.uint64(2)
_THREE = np.uint64(3)


@kernel(error_model="numpy", _nrt=False)
def _upsample_row(
    plane: NDArray[np.uint8],
    rows: int,
    columns: int,
    row: int,
    across: int,
    down: int,
    sums: NDArray[np.int32],
    line: NDArray[np.uint8],
) -> None:
    """Row `row` of the enlarged plane into `line` (columns * across,).

    Args:
        plane: contiguous; its top left part (rows, columns) holds the samples.
        across, down: whole factors; the triangle filter serves 2×1, 1×2 and 2×2, replication everything else and
            planes of at most two columns.
        sums: (columns + 2,) buffer: the samples, or weighted sums of two rows of them, with their ends repeated.
    """
    near = np.uint64(row // down)
    is_filtered = down <= 2 and (across == 1 or (across == 2 and columns > 2))
    if across == 1 and down == 1:
        for column in range(columns):
            line[np.uint64(column)] = plane[near, np.uint64(column)]
        return
    if not is_filtered:
        position = np.uint64(0)
        for column in range(columns):
            for _ in range(across):
                line[position] = plane[near, np.uint64(column)]
                position += _ONE
        return
    far = near
    if down == 2:
        far = np.uint64(max(np.int64(near) - 1, 0)) if row % 2 == 0 else np.uint64(min(np.int64(near) + 1, rows - 1))
    if across == 1:
        bias = np.int32(1 + row % 2)
        for column in range(columns):
            at = np.uint64(column)
            line[at] = (np.int32(plane[near, at]) * np.int32(3) + np.int32(plane[far, at]) + bias) >> np.int32(2)
        return
    if down == 1:
        left, right, shift = np.int32(1), np.int32(2), np.int32(2)
        for column in range(columns):
            at = np.uint64(column)
            sums[at + _ONE] = np.int32(plane[near, at])
    else:
        left, right, shift = np.int32(8), np.int32(7), np.int32(4)
        for column in range(columns):
            at = np.uint64(column)
            sums[at + _ONE] = np.int32(plane[near, at]) * np.int32(3) + np.int32(plane[far, at])
    sums[0] = sums[1]
    sums[np.uint64(columns) + _ONE] = sums[np.uint64(columns)]
    for column in range(columns):
        at = np.uint64(column)
        centre = sums[at + _ONE] * np.int32(3)
        line[_TWO * at] = (centre + sums[at] + left) >> shift
        line[_TWO * at + _ONE] = (centre + sums[at + _TWO] + right) >> shift


@kernel(error_model="numpy")
def upsample(
    plane: NDArray[np.uint8], rows: int, columns: int, across: int, down: int, output: NDArray[np.uint8]
) -> None:
    """Enlarge the top left part (rows, columns) of `plane` to `output` (rows * down, columns * across)."""
    sums = np.empty(columns + 2, dtype=np.int32)
    for row in range(rows * down):
        _upsample_row(plane, rows, columns, row, across, down, sums, output[row])


@kernel(error_model="numpy", inline="always")
def _clip(value: np.int32) -> np.uint8:
    return np.uint8(min(max(value, np.int32(0)), np.int32(255)))


@kernel(error_model="numpy", _nrt=False)
def _convert_row(
    luma: NDArray[np.uint8], blue: NDArray[np.uint8], red: NDArray[np.uint8], width: int, line: NDArray[np.uint8]
) -> None:
    """JFIF YCbCr to RGB in 16-bit fixed point: three rows (width,) to one of `3 * width` bytes."""
    for column in range(width):
        at = np.uint64(column)
        y = np.int32(luma[at])
        cb = np.int32(blue[at]) - np.int32(128)
        cr = np.int32(red[at]) - np.int32(128)
        place = _THREE * at
        line[place] = _clip(y + ((np.int32(91881) * cr + np.int32(32768)) >> np.int32(16)))
        line[place + _ONE] = _clip(
            y + ((np.int32(-22554) * cb + np.int32(-46802) * cr + np.int32(32768)) >> np.int32(16))
        )
        line[place + _TWO] = _clip(y + ((np.int32(116130) * cb + np.int32(32768)) >> np.int32(16)))


@kernel(error_model="numpy")
def ycc_to_rgb(
    luma: NDArray[np.uint8],
    blue: NDArray[np.uint8],
    red: NDArray[np.uint8],
    shapes: NDArray[np.int64],
    width: int,
    lines: NDArray[np.uint8],
) -> None:
    """Component planes to RGB.

    Args:
        luma, blue, red: contiguous planes.
        shapes: (3, 4) for each plane: rows and columns inside the picture, whole factors across and down.
        width: of the picture.
        lines: (height, 3 * width) receives the pixels.
    """
    longest = 4 * (width + 8)
    sums = np.empty(longest, dtype=np.int32)
    y = np.empty(longest, dtype=np.uint8)
    cb = np.empty(longest, dtype=np.uint8)
    cr = np.empty(longest, dtype=np.uint8)
    for row in range(lines.shape[0]):
        _upsample_row(luma, shapes[0, 0], shapes[0, 1], row, shapes[0, 2], shapes[0, 3], sums, y)
        _upsample_row(blue, shapes[1, 0], shapes[1, 1], row, shapes[1, 2], shapes[1, 3], sums, cb)
        _upsample_row(red, shapes[2, 0], shapes[2, 1], row, shapes[2, 2], shapes[2, 3], sums, cr)
        _convert_row(y, cb, cr, width, lines[row])
