"""Inverse DCT, bit for bit as libjpeg's accurate integer method computes it.

The arithmetic is that of C. Loeffler, A. Ligtenberg and G. Moschytz, "Practical fast 1-D DCT algorithms with 11
multiplications",
ICASSP 1989, in 13-bit fixed point with two extra bits between the passes, which fixes every rounding.
"""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray

_F_0_298 = np.int32(2446)
_F_0_390 = np.int32(3196)
_F_0_541 = np.int32(4433)
_F_0_765 = np.int32(6270)
_F_0_899 = np.int32(7373)
_F_1_175 = np.int32(9633)
_F_1_501 = np.int32(12299)
_F_1_847 = np.int32(15137)
_F_1_961 = np.int32(16069)
_F_2_053 = np.int32(16819)
_F_2_562 = np.int32(20995)
_F_3_072 = np.int32(25172)


@njit(cache=True, inline="always")
def _butterfly(
    s0: np.int32, s1: np.int32, s2: np.int32, s3: np.int32, s4: np.int32, s5: np.int32, s6: np.int32, s7: np.int32
) -> tuple[np.int32, np.int32, np.int32, np.int32, np.int32, np.int32, np.int32, np.int32]:
    """Even part plus and minus odd part of one 8-point inverse DCT, unscaled: (e0+o3, e1+o2, e2+o1, e3+o0, e3-o0,
    ...)."""
    z1 = (s2 + s6) * _F_0_541
    even2 = z1 - s6 * _F_1_847
    even3 = z1 + s2 * _F_0_765
    even0 = (s0 + s4) << np.int32(13)
    even1 = (s0 - s4) << np.int32(13)
    t10 = even0 + even3
    t13 = even0 - even3
    t11 = even1 + even2
    t12 = even1 - even2
    z1 = s7 + s1
    z2 = s5 + s3
    z3 = s7 + s3
    z4 = s5 + s1
    z5 = (z3 + z4) * _F_1_175
    z1 = z1 * -_F_0_899
    z2 = z2 * -_F_2_562
    z3 = z3 * -_F_1_961 + z5
    z4 = z4 * -_F_0_390 + z5
    o0 = s7 * _F_0_298 + z1 + z3
    o1 = s5 * _F_2_053 + z2 + z4
    o2 = s3 * _F_3_072 + z2 + z3
    o3 = s1 * _F_1_501 + z1 + z4
    return t10 + o3, t11 + o2, t12 + o1, t13 + o0, t13 - o0, t12 - o1, t11 - o2, t10 - o3


@njit(cache=True, inline="always")
def _sample(value: np.int32) -> np.uint8:
    """Level shift and clip to 8 bits."""
    shifted = value + np.int32(128)
    return np.uint8(min(max(shifted, np.int32(0)), np.int32(255)))


@njit(cache=True)
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
        plane: (mcu_rows * vertical * 8, mcu_columns * horizontal * 8) receives the samples.
    """
    work = np.empty(64, dtype=np.int32)
    values = np.empty(64, dtype=np.int32)
    pairs = coefficients.view(np.uint64)
    for mcu_row in range(mcu_rows):
        for mcu_column in range(mcu_columns):
            for part in range(horizontal * vertical):
                block = (mcu_row * mcu_columns + mcu_column) * blocks_per_mcu + first_block + part
                top = (mcu_row * vertical + part // horizontal) * 8
                left = (mcu_column * horizontal + part % horizontal) * 8
                base = block * 64
                upper = pairs[block * 16 + 1]
                for index in range(2, 8):
                    upper |= pairs[block * 16 + index]
                lower = np.uint64(0)
                for index in range(8, 16):
                    lower |= pairs[block * 16 + index]
                first = pairs[block * 16] & np.uint64(0xFFFFFFFFFFFF0000)
                if (first | upper | lower) == 0:
                    scaled = np.int32(coefficients[base]) * quant[0] * np.int32(4)
                    flat = _sample((scaled + np.int32(16)) >> np.int32(5))
                    for row in range(top, top + 8):
                        for column in range(left, left + 8):
                            plane[row, column] = flat
                    continue
                for index in range(64):
                    values[index] = np.int32(coefficients[base + index]) * quant[index]
                half = np.int32(1 << 10)
                for column in range(8):
                    a0, a1, a2, a3, a4, a5, a6, a7 = _butterfly(
                        values[column], values[8 + column], values[16 + column], values[24 + column], values[32 +
                        column],
                        values[40 + column], values[48 + column], values[56 + column],
                    )  # fmt: skip
                    work[column] = (a0 + half) >> np.int32(11)
                    work[8 + column] = (a1 + half) >> np.int32(11)
                    work[16 + column] = (a2 + half) >> np.int32(11)
                    work[24 + column] = (a3 + half) >> np.int32(11)
                    work[32 + column] = (a4 + half) >> np.int32(11)
                    work[40 + column] = (a5 + half) >> np.int32(11)
                    work[48 + column] = (a6 + half) >> np.int32(11)
                    work[56 + column] = (a7 + half) >> np.int32(11)
                half = np.int32(1 << 17)
                for row in range(8):
                    index = row * 8
                    a0, a1, a2, a3, a4, a5, a6, a7 = _butterfly(
                        work[index], work[index + 1], work[index + 2], work[index + 3], work[index + 4], work[index +
                        5],
                        work[index + 6], work[index + 7],
                    )  # fmt: skip
                    plane[top + row, left] = _sample((a0 + half) >> np.int32(18))
                    plane[top + row, left + 1] = _sample((a1 + half) >> np.int32(18))
                    plane[top + row, left + 2] = _sample((a2 + half) >> np.int32(18))
                    plane[top + row, left + 3] = _sample((a3 + half) >> np.int32(18))
                    plane[top + row, left + 4] = _sample((a4 + half) >> np.int32(18))
                    plane[top + row, left + 5] = _sample((a5 + half) >> np.int32(18))
                    plane[top + row, left + 6] = _sample((a6 + half) >> np.int32(18))
                    plane[top + row, left + 7] = _sample((a7 + half) >> np.int32(18))
