"""Inverse DCT in floating point, neither rounded nor clipped: a DC offset stays a plain sum in the samples."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel

_COSINES = np.array(
    [
        [
            np.sqrt((1 if frequency == 0 else 2) / 8) * np.cos((2 * place + 1) * frequency * np.pi / 16)
            for place in range(8)
        ]
        for frequency in range(8)
    ],
    dtype=np.float32,
)
"""Orthonormal DCT basis, [frequency, place] (T.81 A.3.3)."""

_LARGEST = np.float32(1e6)
"""Bound of a dequantised coefficient, far beyond any picture's; with it, no sum of squares leaves single precision."""


@kernel(fastmath=True)
def inverse_dct_block(
    coefficients: NDArray[np.int16],
    base: int,
    quant: NDArray[np.float32],
    work: NDArray[np.float32],
    samples: NDArray[np.float32],
) -> None:
    """Samples of the block at index `base` of the flat `coefficients`, without level shift.

    Only non-zero coefficients cost time, and most are zero.

    Args:
        quant: (64,) steps in row-major order.
        work, samples: (8, 8) scratch space and result.
    """
    for row in range(8):
        for place in range(8):
            work[row, place] = np.float32(0)
    last = 0
    for row in range(8):
        for column in range(8):
            raw = coefficients[base + 8 * row + column]
            if raw != 0:
                value = min(max(np.float32(raw) * quant[8 * row + column], -_LARGEST), _LARGEST)
                last = row
                for place in range(8):
                    work[row, place] += value * _COSINES[column, place]
    for y in range(8):
        for x in range(8):
            samples[y, x] = work[0, x] * _COSINES[0, y]
        for row in range(1, last + 1):
            weight = _COSINES[row, y]
            for x in range(8):
                samples[y, x] += work[row, x] * weight


@kernel(fastmath=True)
def sample_plane(
    coefficients: NDArray[np.int16],
    quant: NDArray[np.float32],
    blocks_per_mcu: int,
    first_block: int,
    horizontal: int,
    vertical: int,
    mcu_columns: int,
    plane: NDArray[np.float32],
) -> None:
    """Samples of one component, level shifted, at its own resolution.

    Args:
        coefficients: (MCUs * blocks per MCU * 64,) quantised, row-major within a block.
        first_block: index within the MCU of this component's first block.
        horizontal, vertical: its sampling factors.
        plane: (MCU rows * vertical * 8, MCU columns * horizontal * 8) receives the samples.
    """
    work = np.empty((8, 8), dtype=np.float32)
    samples = np.empty((8, 8), dtype=np.float32)
    for mcu in range(coefficients.size // (64 * blocks_per_mcu)):
        for part in range(horizontal * vertical):
            inverse_dct_block(coefficients, (mcu * blocks_per_mcu + first_block + part) * 64, quant, work, samples)
            top = (mcu // mcu_columns * vertical + part // horizontal) * 8
            left = (mcu % mcu_columns * horizontal + part % horizontal) * 8
            for y in range(8):
                for x in range(8):
                    plane[top + y, left + x] = samples[y, x] + np.float32(128)


@kernel(fastmath=True)
def block_edges(
    samples: NDArray[np.float32],
    mcu: int,
    across: int,
    down: int,
    part: int,
    horizontal: int,
    vertical: int,
    extrapolation: np.float32,
    top: NDArray[np.float32],
    bottom: NDArray[np.float32],
    left: NDArray[np.float32],
    right: NDArray[np.float32],
    activity: NDArray[np.float32],
) -> None:
    """Add what one block contributes to the rim of its MCU; see `mcu_edges`."""
    row, column = part // horizontal, part % horizontal
    near = np.float32(1) + extrapolation
    if row == 0:
        energy = np.float32(0)
        for x in range(8):
            top[mcu, across + 8 * column + x] = near * samples[0, x] - extrapolation * samples[1, x]
            energy += (samples[0, x] - samples[1, x]) ** 2
        activity[mcu, 0] += energy / np.float32(8 * horizontal)
    if row == vertical - 1:
        energy = np.float32(0)
        for x in range(8):
            bottom[mcu, across + 8 * column + x] = near * samples[7, x] - extrapolation * samples[6, x]
            energy += (samples[7, x] - samples[6, x]) ** 2
        activity[mcu, 1] += energy / np.float32(8 * horizontal)
    if column == 0:
        energy = np.float32(0)
        for y in range(8):
            left[mcu, down + 8 * row + y] = near * samples[y, 0] - extrapolation * samples[y, 1]
            energy += (samples[y, 0] - samples[y, 1]) ** 2
        activity[mcu, 2] += energy / np.float32(8 * vertical)
    if column == horizontal - 1:
        energy = np.float32(0)
        for y in range(8):
            right[mcu, down + 8 * row + y] = near * samples[y, 7] - extrapolation * samples[y, 6]
            energy += (samples[y, 7] - samples[y, 6]) ** 2
        activity[mcu, 3] += energy / np.float32(8 * vertical)


@kernel(fastmath=True)
def mcu_edges(
    coefficients: NDArray[np.int16],
    quant: NDArray[np.float32],
    blocks_per_mcu: int,
    first_block: int,
    horizontal: int,
    vertical: int,
    across: int,
    down: int,
    extrapolation: np.float32,
    top: NDArray[np.float32],
    bottom: NDArray[np.float32],
    left: NDArray[np.float32],
    right: NDArray[np.float32],
    activity: NDArray[np.float32],
) -> None:
    """The rim of every MCU in one component: its outermost samples, carried on towards the seam by their inward
    gradient.

    Args:
        across, down: where this component's samples begin in a row of `top` and `bottom`, of `left` and `right`.
        extrapolation: share of the gradient that is carried on; 0.5 reaches the seam, 0 leaves the samples as they are.
        top, bottom, left, right: (MCUs, samples) receive the rims.
        activity: (MCUs, 4) zeroed; receives the mean squared inward gradient at the top, bottom, left and right.
    """
    work = np.empty((8, 8), dtype=np.float32)
    samples = np.empty((8, 8), dtype=np.float32)
    for mcu in range(coefficients.size // (64 * blocks_per_mcu)):
        for part in range(horizontal * vertical):
            inverse_dct_block(coefficients, (mcu * blocks_per_mcu + first_block + part) * 64, quant, work, samples)
            block_edges(
                samples,
                mcu,
                across,
                down,
                part,
                horizontal,
                vertical,
                extrapolation,
                top,
                bottom,
                left,
                right,
                activity,
            )
