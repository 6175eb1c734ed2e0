"""Count the symbols of a scan, as far as it decodes, by zigzag position and by how busy the block is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel
from restore.decoding.entropy_kernels import long_code, peek
from restore.decoding.lookup import LOOKAHEAD
from restore.segments.path_kernels import ACTIVITIES, ScoredCodes, block_at, mcu_at

_FAST_SHIFT = np.uint64(64 - LOOKAHEAD)


@kernel(error_model="numpy", _nrt=False)
def find_blocks(
    stream: NDArray[np.uint8], first: int, end: int, coding: ScoredCodes, starts: NDArray[np.int64], count: int
) -> int:
    """Decode `[first, end)` going on one bit later where an MCU fails, and list the blocks of those that do not.

    Args:
        starts: receives the first bit of each block from index `count` on.

    Returns:
        The new `count`.
    """
    bit = np.int64(first)
    blocks = coding.classes.size
    while bit < end and count + blocks + 1 <= starts.size:
        following, _ = mcu_at(stream, bit, end, coding)
        if following < 0:
            bit += 1
            continue
        position = bit
        for block in range(blocks):
            starts[count] = position
            count += 1
            position, _ = block_at(stream, position, block, coding)
        bit = following
    return count


@kernel(error_model="numpy", _nrt=False)
def count_symbols(
    stream: NDArray[np.uint8],
    starts: NDArray[np.int64],
    activities: NDArray[np.int64],
    coding: ScoredCodes,
    counts: NDArray[np.float64],
) -> None:
    """Count the symbols of the blocks at `starts` (as `find_blocks` lists them, whole MCUs).

    Args:
        activities: int64 (blocks,), class of each block.
        counts: float64 (classes * 64 * 256 * ACTIVITIES,), laid out as `ScoredCodes.scores`.
    """
    blocks = coding.classes.size
    for place in range(starts.size):
        block = place % blocks
        position = starts[place]
        base = coding.classes[block] * (64 * 256 * ACTIVITIES) + activities[place]
        index = np.int64(0)
        table = coding.dc_tables[block]
        while index < 64:
            word = peek(stream, position)
            entry = np.int64(coding.fast[(table << LOOKAHEAD) + np.int64(word >> _FAST_SHIFT)])
            length, symbol = entry & 255, entry >> 8
            if length == 0:
                length, symbol = long_code(word, table, coding.limits, coding.offsets, coding.symbols)
            counts[base + (index * 256 + symbol) * ACTIVITIES] += 1.0
            if index == 0:
                position += length + symbol
                index = np.int64(1)
                table = coding.ac_tables[block]
                continue
            position += length + (symbol & 15)
            if symbol & 15 == 0 and symbol != 0xF0:
                break
            index += (symbol >> 4) + 1
