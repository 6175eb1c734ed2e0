"""Entropy decoding of progressive scans (T.81, G.1.2), made so that no bit pattern can raise, overrun or hang.

As in `kernels`, the state is a bit position; here an end-of-band run comes with it. A unit is one MCU in an
interleaved scan, else one block.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel
from restore.decoding.entropy_kernels import NATURAL, amplitude, long_code, peek
from restore.decoding.lookup import LOOKAHEAD

_CODE_SHIFT = np.uint64(64 - LOOKAHEAD)


@kernel(error_model="numpy", _nrt=False)
def read_symbol(
    word: np.uint64,
    table: int,
    fast: NDArray[np.int32],
    limits: NDArray[np.int64],
    offsets: NDArray[np.int64],
    symbols: NDArray[np.uint8],
) -> tuple[int, int]:
    """Length and symbol of the code at the top of `word`; length 17 where there is none."""
    entry = np.int64(fast[np.uint64(table << LOOKAHEAD) + (word >> _CODE_SHIFT)])
    if entry:
        return entry & 31, entry >> 8
    return long_code(word, table, limits, offsets, symbols)


@kernel(error_model="numpy")
def decode_dc_first(
    stream: NDArray[np.uint8],
    first_bit: int,
    end_bit: int,
    first_unit: int,
    end_unit: int,
    targets: NDArray[np.int32],
    component_of: NDArray[np.int64],
    fast: NDArray[np.int32],
    limits: NDArray[np.int64],
    offsets: NDArray[np.int64],
    symbols: NDArray[np.uint8],
    low: int,
    coefficients: NDArray[np.int16],
    bit_positions: NDArray[np.int64],
    retries: NDArray[np.int32],
) -> int:
    """First scan of the DC coefficients, down to bit `low`. A unit that fails is dropped as in `decode_robust`.

    Arguments and return value as there; table i is that of the scan's component i.
    """
    predictors = np.zeros(4, dtype=np.int64)
    trial = np.zeros(4, dtype=np.int64)
    blocks = targets.shape[1]
    bit = np.int64(first_bit)
    for unit in range(first_unit, end_unit):
        while True:
            if bit >= end_bit:
                return bit
            for component in range(4):
                trial[component] = predictors[component]
            position = bit
            for index in range(blocks):
                component = component_of[index]
                word = peek(stream, position)
                length, size = read_symbol(word, component, fast, limits, offsets, symbols)
                if length > 16 or size > 15:
                    position = np.int64(-1)
                    break
                if size:
                    trial[component] += amplitude(word, length, size)
                position += length + size
                coefficients[np.int64(targets[unit, index]) * 64] = trial[component] << low
            if 0 <= position <= end_bit:
                break
            for index in range(blocks):
                coefficients[np.int64(targets[unit, index]) * 64] = 0
            retries[unit] += 1
            bit += 1
        bit_positions[unit] = bit
        for component in range(4):
            predictors[component] = trial[component]
        bit = position
    return bit


@kernel(error_model="numpy")
def refine_dc(
    stream: NDArray[np.uint8],
    first_bit: int,
    end_bit: int,
    first_unit: int,
    end_unit: int,
    targets: NDArray[np.int32],
    low: int,
    coefficients: NDArray[np.int16],
) -> tuple[int, int]:
    """Add bit `low` to the DC coefficients. Returns the bit position behind the last unit, and how far units go."""
    blocks = targets.shape[1]
    bit = np.int64(first_bit)
    for unit in range(first_unit, end_unit):
        if bit + blocks > end_bit:
            return bit, unit
        for index in range(blocks):
            if (stream[bit >> 3] >> (7 - (bit & 7))) & 1:
                coefficients[np.int64(targets[unit, index]) * 64] |= np.int16(1 << low)
            bit += 1
    return bit, np.int64(end_unit)


@kernel(error_model="numpy", _nrt=False)
def _first_band(
    stream: NDArray[np.uint8],
    bit: int,
    run: int,
    start: int,
    end: int,
    low: int,
    fast: NDArray[np.int32],
    limits: NDArray[np.int64],
    offsets: NDArray[np.int64],
    symbols: NDArray[np.uint8],
    coefficients: NDArray[np.int16],
    base: int,
) -> tuple[int, int]:
    """One block's band. Returns the bit position behind it, -1 for an invalid code, and the end-of-band run left."""
    if run > 0:
        return bit, run - 1
    position = np.int64(start)
    while position <= end:
        word = peek(stream, bit)
        length, symbol = read_symbol(word, np.int64(0), fast, limits, offsets, symbols)
        if length > 16:
            return np.int64(-1), np.int64(0)
        skip, size = symbol >> 4, symbol & 15
        if size == 0:
            bit += length
            if skip == 15:
                position += 16
                continue
            run = np.int64(1) << skip
            if skip:
                run += np.int64((word << np.uint64(length)) >> np.uint64(64 - skip))
                bit += skip
            return bit, run - 1
        position += skip
        if position > end:
            return np.int64(-1), np.int64(0)
        coefficients[base + NATURAL[position]] = amplitude(word, length, size) << low
        bit += length + size
        position += 1
    if position > end + 1:
        return np.int64(-1), np.int64(0)
    return bit, np.int64(0)


@kernel(error_model="numpy")
def decode_ac_first(
    stream: NDArray[np.uint8],
    first_bit: int,
    end_bit: int,
    first_unit: int,
    end_unit: int,
    targets: NDArray[np.int32],
    fast: NDArray[np.int32],
    limits: NDArray[np.int64],
    offsets: NDArray[np.int64],
    symbols: NDArray[np.uint8],
    start: int,
    end: int,
    low: int,
    coefficients: NDArray[np.int16],
    bit_positions: NDArray[np.int64],
    retries: NDArray[np.int32],
) -> int:
    """First scan of a band of AC coefficients, `start` to `end` in zigzag order, down to bit `low`.

    A block that fails is dropped: its band is cleared, the end-of-band run forgotten, and decoding starts again one
    bit on. A run that reaches beyond the interval fails, too, unless nothing follows it.

    Returns:
        The bit position behind the last decoded unit.
    """
    bit = np.int64(first_bit)
    run = np.int64(0)
    for unit in range(first_unit, end_unit):
        base = np.int64(targets[unit, 0]) * 64
        while True:
            if bit >= end_bit and run == 0:
                return bit
            position, left = _first_band(
                stream, bit, run, start, end, low, fast, limits, offsets, symbols, coefficients, base
            )
            if 0 <= position <= end_bit and (left <= end_unit - unit - 1 or end_bit - position < 8):
                break
            for index in range(start, end + 1):
                coefficients[base + NATURAL[index]] = 0
            run = np.int64(0)
            retries[unit] += 1
            bit += 1
        bit_positions[unit] = bit
        bit = position
        run = left
    return bit


@kernel(error_model="numpy")
def refine_ac(
    stream: NDArray[np.uint8],
    first_bit: int,
    end_bit: int,
    first_unit: int,
    end_unit: int,
    targets: NDArray[np.int32],
    fast: NDArray[np.int32],
    limits: NDArray[np.int64],
    offsets: NDArray[np.int64],
    symbols: NDArray[np.uint8],
    start: int,
    end: int,
    low: int,
    coefficients: NDArray[np.int16],
) -> tuple[int, int]:
    """Add bit `low` to a band of AC coefficients (T.81, G.1.2.3).

    Returns:
        The bit position behind the last unit, and the first unit that failed (`end_unit` where none did); of that
        unit some coefficients may be refined (`clear_bits` undoes it).
    """
    plus = np.int16(1 << low)
    minus = np.int16(-1 << low)
    bit = np.int64(first_bit)
    run = np.int64(0)
    for unit in range(first_unit, end_unit):
        if bit >= end_bit and run == 0:
            return bit, unit
        base = np.int64(targets[unit, 0]) * 64
        index = np.int64(start)
        while index <= end:
            skip = np.int64(64)
            value = np.int16(0)
            if run == 0:
                word = peek(stream, bit)
                length, symbol = read_symbol(word, np.int64(0), fast, limits, offsets, symbols)
                if length > 16 or (symbol & 15) > 1:
                    return bit, unit
                word <<= np.uint64(length)
                bit += length
                skip = symbol >> 4
                if symbol & 15:
                    value = plus if word >> np.uint64(63) else minus
                    bit += 1
                elif skip < 15:
                    run = np.int64(1) << skip
                    if skip:
                        run += np.int64(word >> np.uint64(64 - skip))
                        bit += skip
                    skip = np.int64(64)
            while index <= end:
                place = base + NATURAL[index]
                known = coefficients[place]
                if known != 0:
                    if (stream[bit >> 3] >> (7 - (bit & 7))) & 1 and (known & plus) == 0:
                        coefficients[place] = known + (plus if known > 0 else minus)
                    bit += 1
                else:
                    if skip == 0:
                        break
                    skip -= 1
                index += 1
            if value != 0:
                if index > end:
                    return bit, unit
                coefficients[base + NATURAL[index]] = value
            index += 1
        if run > 0:
            run -= 1
        if bit > end_bit or (run > end_unit - unit - 1 and end_bit - bit >= 8):
            return bit, unit
    return bit, np.int64(end_unit)


@kernel(error_model="numpy")
def clear_bits(
    targets: NDArray[np.int32],
    first_unit: int,
    end_unit: int,
    start: int,
    end: int,
    low: int,
    coefficients: NDArray[np.int16],
) -> None:
    """Take bit `low` of the magnitudes back, which leaves what the scans before a refinement gave."""
    mask = np.int16(~(1 << low))
    for unit in range(first_unit, end_unit):
        for part in range(targets.shape[1]):
            base = np.int64(targets[unit, part]) * 64
            for index in range(start, end + 1):
                place = base + NATURAL[index]
                value = coefficients[place]
                if value > 0:
                    coefficients[place] = value & mask
                elif value < 0:
                    coefficients[place] = -((-value) & mask)
