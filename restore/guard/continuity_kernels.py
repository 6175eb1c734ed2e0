"""The samples at the borders of MCUs, before they are clipped, and what steps between them cost."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel

SCALE: Final = 3.0
"""Samples of a step that count as little: what quantisation leaves at the borders of blocks."""

_FREQUENCIES: Final = np.arange(8)
BASIS: Final[NDArray[np.float32]] = (
    np.cos((2 * np.arange(8)[:, np.newaxis] + 1) * _FREQUENCIES * np.pi / 16)
    * np.where(_FREQUENCIES == 0, np.sqrt(0.125), 0.5)
).astype(np.float32)
"""Samples by frequencies: the inverse DCT of T.81, A.3.3, along one axis."""


@kernel(no_cpython_wrapper=True)
def edge_lines(
    coefficients: NDArray[np.int16],
    first: int,
    quant: NDArray[np.float32],
    turned: bool,
    line: int,
    lines: NDArray[np.float32],
) -> None:
    """Two lines of samples of the block at `first`, from `line` on: rows, or columns where `turned`, into (2, 8)."""
    for index in range(2):
        for along in range(8):
            lines[index, along] = np.float32(0)
        for frequency in range(8):
            total = np.float32(0)
            for other in range(8):
                place = 8 * frequency + other if turned else 8 * other + frequency
                value = coefficients[first + place]
                if value != 0:
                    total += BASIS[line + index, other] * np.float32(value) * quant[place]
            if total != 0:
                for along in range(8):
                    lines[index, along] += BASIS[along, frequency] * total


@kernel
def add_border_costs(
    coefficients: NDArray[np.int16],
    quant: NDArray[np.float32],
    blocks_per_mcu: int,
    first_block: int,
    across: int,
    down: int,
    turned: bool,
    costs: NDArray[np.float32],
) -> None:
    """Add to `costs` (MCU rows, MCU columns) the mean cost of one component's samples at each MCU's upper border, or
    left border where `turned`; nothing at the picture's own.

    A component has `across` x `down` blocks in each MCU, from `first_block` on, in rows.
    """
    rows, columns = costs.shape
    near = np.zeros((2, 8), dtype=np.float32)
    beyond = np.zeros((2, 8), dtype=np.float32)
    blocks = down if turned else across
    for row in range(rows):
        for column in range(columns):
            if (column if turned else row) == 0:
                continue
            mcu = row * columns + column
            before = mcu - 1 if turned else mcu - columns
            total = np.float32(0)
            for block in range(blocks):
                own = block * across if turned else block
                last = block * across + across - 1 if turned else (down - 1) * across + block
                edge_lines(coefficients, (before * blocks_per_mcu + first_block + last) * 64, quant, turned, 6, near)
                edge_lines(coefficients, (mcu * blocks_per_mcu + first_block + own) * 64, quant, turned, 0, beyond)
                for along in range(8):
                    step = beyond[0, along] - near[1, along]
                    slopes = (near[1, along] - near[0, along]) + (beyond[1, along] - beyond[0, along])
                    total += np.log(np.float32(1) + abs(step - slopes / np.float32(2)) / np.float32(SCALE))
            costs[row, column] += total / np.float32(8 * blocks)
