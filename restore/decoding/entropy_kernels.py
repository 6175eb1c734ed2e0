"""The entropy-decoding kernels (T.81 F.2.2), made so that no bit pattern can raise, overrun or hang.

The state of a decoder is one number, the bit position in the unstuffed stream: any MCU can be decoded again from its
recorded
position. Streams end in `STREAM_PADDING` zero bytes, so overruns are tested once per MCU and not per bit.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.tables import ZIGZAG
from carving.support.compiled import kernel
from restore.decoding.lookup import CODE_ONLY, COMPLETE, END_OF_BLOCK, LOOKAHEAD, RUN_SHIFT, STEP_MASK, VALUE_SHIFT

STREAM_PADDING: Final = 4096
"""Zero bytes behind a stream: more than the longest MCU (10 blocks of 64 symbols of 31 bits) can read."""

FAILED: Final = -1
"""Bit position returned for a block that is not a valid code sequence."""

NATURAL: Final = ZIGZAG.astype(np.uint64)
"""Row-major index of each zigzag position, in the type that needs no conversion."""

_LOOKAHEAD = np.uint64(LOOKAHEAD)
_FAST_SHIFT = np.uint64(64 - LOOKAHEAD)
_LAST = np.uint64(63)
_END_OF_BLOCK = np.uint64(END_OF_BLOCK)


@kernel(inline="always")
def peek(stream: NDArray[np.uint8], bit: int) -> np.uint64:
    """The 57 or more bits at `bit`, left-aligned in 64."""
    byte = np.uint64(bit) >> np.uint64(3)
    word = (
        np.uint64(stream[byte]) << np.uint64(56)
        | np.uint64(stream[byte + np.uint64(1)]) << np.uint64(48)
        | np.uint64(stream[byte + np.uint64(2)]) << np.uint64(40)
        | np.uint64(stream[byte + np.uint64(3)]) << np.uint64(32)
        | np.uint64(stream[byte + np.uint64(4)]) << np.uint64(24)
        | np.uint64(stream[byte + np.uint64(5)]) << np.uint64(16)
        | np.uint64(stream[byte + np.uint64(6)]) << np.uint64(8)
        | np.uint64(stream[byte + np.uint64(7)])
    )
    return word << (np.uint64(bit) & np.uint64(7))


@kernel(error_model="numpy", _nrt=False, forceinline=True)
def long_code(
    word: np.uint64, table: int, limits: NDArray[np.int64], offsets: NDArray[np.int64], symbols: NDArray[np.uint8]
) -> tuple[int, int]:
    """Length and symbol of the code at the top of `word`, by canonical limits; length 17 where there is none."""
    top = np.int64(word >> np.uint64(48))
    length = np.int64(1)
    while top >= limits[table * 18 + length]:
        length += 1
    if length > 16:
        return np.int64(17), np.int64(0)
    return length, np.int64(symbols[table * 256 + ((offsets[table * 17 + length] + (top >> (16 - length))) & 255)])


@kernel(inline="always")
def amplitude(word: np.uint64, skip: int, size: int) -> int:
    """The `size`-bit amplitude that follows `skip` bits of `word` (T.81 EXTEND)."""
    raw = np.int64((word << np.uint64(skip)) >> np.uint64(64 - size))
    if raw >> (size - 1):
        return raw
    return raw - (1 << size) + 1


@kernel(error_model="numpy", _nrt=False, forceinline=True)
def decode_block(
    stream: NDArray[np.uint8],
    bit: int,
    dc_table: int,
    ac_table: int,
    fast: NDArray[np.int32],
    limits: NDArray[np.int64],
    offsets: NDArray[np.int64],
    symbols: NDArray[np.uint8],
    coefficients: NDArray[np.int16],
    base: int,
) -> tuple[int, int]:
    """Decode one block at `bit` into the zeroed 64 coefficients from index `base` on (all but its DC).

    All arrays are flat, one table after the other: slices cost more than the decoding. Indices are unsigned, which
    spares the test for negative ones.

    Returns:
        The bit position behind the block (`FAILED` for an invalid code) and the DC difference.
    """
    word = peek(stream, bit)
    entry = np.int64(fast[(np.uint64(dc_table) << _LOOKAHEAD) + (word >> _FAST_SHIFT)])
    difference = entry >> VALUE_SHIFT
    if entry & COMPLETE:
        used = entry & 31
    else:
        if entry & CODE_ONLY:
            length = entry & 31
            size = difference
        else:
            length, size = long_code(word, dc_table, limits, offsets, symbols)
            if length > 16 or size > 15:
                return np.int64(FAILED), np.int64(0)
        difference = amplitude(word, length, size) if size else np.int64(0)
        used = length + size
    position = np.int64(bit) + used
    word <<= np.uint64(used)
    available = np.int64(57) - used
    index = np.uint64(0)
    table = np.uint64(ac_table) << _LOOKAHEAD
    block = np.uint64(base)
    while index < _LAST:
        if available < LOOKAHEAD:
            word = peek(stream, position)
            available = np.int64(57)
        entry = np.int64(fast[table + (word >> _FAST_SHIFT)])
        if entry & COMPLETE:
            used = entry & 31
            position += used
            index += np.uint64((entry >> RUN_SHIFT) & STEP_MASK)
            if index > _LAST:
                if index < _END_OF_BLOCK:
                    return np.int64(FAILED), np.int64(0)
                return position, difference
            coefficients[block + NATURAL[index]] = entry >> VALUE_SHIFT
            word <<= np.uint64(used)
            available -= used
        else:
            word = peek(stream, position)
            if entry & CODE_ONLY:
                length = entry & 31
                run = (entry >> RUN_SHIFT) & STEP_MASK
                size = entry >> VALUE_SHIFT
            else:
                length, symbol = long_code(word, ac_table, limits, offsets, symbols)
                if length > 16:
                    return np.int64(FAILED), np.int64(0)
                run, size = symbol >> 4, symbol & 15
                if size == 0 and run != 15:
                    return position + length, difference
            index += np.uint64(run + 1)
            if index > _LAST:
                return np.int64(FAILED), np.int64(0)
            if size:
                coefficients[block + NATURAL[index]] = amplitude(word, length, size)
            used = length + size
            position += used
            word <<= np.uint64(used)
            available = np.int64(57) - used
    return position, difference


@kernel(error_model="numpy")
def decode_robust(
    stream: NDArray[np.uint8],
    first_bit: int,
    end_bit: int,
    first_unit: int,
    end_unit: int,
    targets: NDArray[np.int32],
    component_of: NDArray[np.int64],
    dc_slots: NDArray[np.int64],
    ac_slots: NDArray[np.int64],
    fast: NDArray[np.int32],
    limits: NDArray[np.int64],
    offsets: NDArray[np.int64],
    symbols: NDArray[np.uint8],
    coefficients: NDArray[np.int16],
    bit_positions: NDArray[np.int64],
    retries: NDArray[np.int32],
) -> int:
    """Decode the units `first_unit` to `end_unit` (one restart interval, or all) from `first_bit`.

    The robust rule of Liu et al. (CVPR 2023, section 3.1): a unit that fails is dropped, the predictors go back to
    what they were
    before it, and decoding starts again one bit on, until every unit is filled or the stream is used up.

    Args:
        targets: (units, blocks per unit) row of `coefficients` that each block goes to.
        component_of, dc_slots, ac_slots: (blocks per unit,) component and table row of each block.
        fast, limits, offsets, symbols: the look-ups, table after table.
        coefficients: (blocks * 64,), zeroed; receives quantised coefficients in row-major order, DC as absolute value.
        bit_positions: (units,) receives each unit's first bit, -1 where the stream ended before it.
        retries: (units,) receives how many starting points failed before the unit decoded.

    Returns:
        The bit position behind the last decoded unit.
    """
    predictors = np.zeros(4, dtype=np.int64)
    trial = np.zeros(4, dtype=np.int64)
    blocks = targets.shape[1]
    bit = np.int64(first_bit)
    for unit in range(first_unit, end_unit):
        while True:
            for component in range(4):
                trial[component] = predictors[component]
            position = bit
            for index in range(blocks):
                base = np.int64(targets[unit, index]) * 64
                position, difference = decode_block(
                    stream,
                    position,
                    dc_slots[index],
                    ac_slots[index],
                    fast,
                    limits,
                    offsets,
                    symbols,
                    coefficients,
                    base,
                )
                if position < 0:
                    break
                component = component_of[index]
                trial[component] += difference
                coefficients[base] = trial[component]
            if 0 <= position <= end_bit:
                break
            for index in range(blocks):
                base = np.int64(targets[unit, index]) * 64
                for offset in range(64):
                    coefficients[base + offset] = 0
            retries[unit] += 1
            bit += 1
            if bit >= end_bit:
                return bit
        bit_positions[unit] = bit
        for component in range(4):
            predictors[component] = trial[component]
        bit = position
    return bit
