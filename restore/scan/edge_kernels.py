"""The two outermost rows and columns of a block on each side: all of it that a seam with a neighbour is judged by.

Each coefficient adds its wave, restricted to those 64 values, so that a block costs as much as it has coefficients.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel

EDGE_VALUES: Final = 32
"""Floats kept of each block for later neighbours: rows 7 and 6, then columns 7 and 6."""

WAVE_VALUES: Final = 64 * 64
"""Floats of a component's waves."""


def edge_waves(quant: NDArray[np.float32]) -> NDArray[np.float32]:
    """What each quantised coefficient of a block adds to its edges (T.81, A.3.3).

    Args:
        quant: (64,) steps in row-major order.

    Returns:
        float32 (64 coefficients, 64 values): rows 0 and 1, columns 0 and 1, rows 7 and 6, columns 7 and 6.
    """
    number = np.arange(8)
    waves = np.cos((2 * number[:, np.newaxis] + 1) * number * np.pi / 16) / 2
    waves[:, 0] /= np.sqrt(2)
    samples = np.einsum("yv,xu->vuyx", waves, waves) * quant.reshape(8, 8, 1, 1)
    sides = [samples[:, :, 0], samples[:, :, 1], samples[:, :, :, 0], samples[:, :, :, 1]]
    sides += [samples[:, :, 7], samples[:, :, 6], samples[:, :, :, 7], samples[:, :, :, 6]]
    return np.concatenate(sides, axis=2).reshape(64, 64).astype(np.float32)


@kernel(error_model="numpy")
def block_edges(
    coefficients: NDArray[np.int16],
    quads: NDArray[np.uint64],
    base: int,
    waves: NDArray[np.float32],
    component: int,
    edges: NDArray[np.float32],
) -> None:
    """Edges of the block at `base`, unclipped and without level shift, into `edges` (64,) in the order of `edge_waves`.

    `quads` are the coefficients again, by fours; `waves` (components * WAVE_VALUES,) those of all components, flat.
    """
    start = np.uint64(component) * np.uint64(WAVE_VALUES)
    block = np.uint64(base)
    level = np.float32(coefficients[block]) * waves[start]
    for value in range(np.uint64(64)):
        edges[value] = level
    first = block >> np.uint64(2)
    for quad in range(np.uint64(16)):
        if quads[first + quad] == 0:
            continue
        for index in range(max(np.uint64(1), quad << np.uint64(2)), (quad << np.uint64(2)) + np.uint64(4)):
            coefficient = coefficients[block + index]
            if coefficient:
                factor = np.float32(coefficient)
                wave = start + index * np.uint64(64)
                for value in range(np.uint64(64)):
                    edges[value] += factor * waves[wave + value]


@kernel(inline="always")
def keep_edges(block: NDArray[np.float32], edges: NDArray[np.float32], edge: int) -> None:
    """Store what later neighbours meet of a block at `edges[edge:edge + EDGE_VALUES]`."""
    for index in range(EDGE_VALUES):
        edges[edge + index] = block[32 + index]


@kernel(inline="always")
def keep_facing(edges: NDArray[np.float32], edge: int, facing: NDArray[np.float32], place: int) -> None:
    """Store the two rows or columns of a neighbour that a block faces at `facing[place:place + 16]`."""
    for index in range(16):
        facing[place + index] = edges[edge + index]


@kernel(inline="always")
def beyond_top(block: NDArray[np.float32], tops: NDArray[np.float32], row: int, part: int) -> None:
    """What a block's upper edge leads to expect just above it, in samples, into `tops` (rows, blocks, 8)."""
    for column in range(8):
        tops[row, part, column] = 1.5 * block[column] - 0.5 * block[8 + column]


@kernel(inline="always")
def beyond_bottom(block: NDArray[np.float32], bottoms: NDArray[np.float32], row: int, part: int) -> None:
    """What a block's lower edge leads to expect just below it, in samples, into `bottoms` (rows, blocks, 8)."""
    for column in range(8):
        bottoms[row, part, column] = 1.5 * block[32 + column] - 0.5 * block[40 + column]
