"""The inverse DCT of a whole component, block by block; `idct_vectors` has the arithmetic."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel
from restore.decoding.idct_vectors import inverse_dct_block

_ALL_BUT_DC = np.uint64(0xFFFFFFFFFFFF0000)
"""The first four coefficients without the first, as they lie in the memory of a little-endian machine."""


@kernel(error_model="numpy")
def inverse_dct_plane(
    coefficients: NDArray[np.int16],
    quant: NDArray[np.int32],
    mcu_columns: int,
    mcu_rows: int,
    blocks_per_mcu: int,
    first_block: int,
    horizontal: int,
    vertical: int,
    plane: NDArray[np.uint8],
) -> None:
    """Samples of one component.

    Args:
        coefficients: (MCUs * blocks per MCU * 64,) quantised, row-major within a block.
        quant: (64,) steps in row-major order.
        first_block: index within the MCU of this component's first block.
        horizontal, vertical: its sampling factors.
        plane: flat, of `mcu_rows * vertical * 8` rows of `mcu_columns * horizontal * 8` samples, which it receives.
    """
    stride = np.uint64(mcu_columns * horizontal * 8)
    quads = coefficients.view(np.uint64)
    for mcu_row in range(mcu_rows):
        for mcu_column in range(mcu_columns):
            for part in range(horizontal * vertical):
                block = np.uint64((mcu_row * mcu_columns + mcu_column) * blocks_per_mcu + first_block + part)
                top = np.uint64((mcu_row * vertical + part // horizontal) * 8)
                left = np.uint64((mcu_column * horizontal + part % horizontal) * 8)
                place = top * stride + left
                quad = block << np.uint64(4)
                others = quads[quad] & _ALL_BUT_DC
                for index in range(1, 16):
                    others |= quads[quad + np.uint64(index)]
                base = block << np.uint64(6)
                if others:
                    inverse_dct_block(coefficients, base, quant, plane, place, stride)
                    continue
                level = np.int32(coefficients[base]) * quant[0] * np.int32(4)
                shifted = ((level + np.int32(16)) >> np.int32(5)) + np.int32(128)
                flat = np.uint8(min(max(shifted, np.int32(0)), np.int32(255)))
                for _ in range(8):
                    for column in range(8):
                        plane[place + np.uint64(column)] = flat
                    place += stride
