"""Follow entropy-coded data from any bit and score what is read against what this picture's blocks look like.

The score of a symbol is log2 of how much likelier it is in a block of this picture than its code's length says: random
bits draw symbols by code length, so they score below zero, and what belongs to the picture above.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel
from restore.decoding.entropy_kernels import long_code, peek
from restore.decoding.lookup import LOOKAHEAD

INVALID: Final = -1
"""No MCU decodes at this bit."""

BEYOND: Final = -2
"""The MCU at this bit would reach beyond what may be read."""

ACTIVITIES: Final = 4
"""Classes of blocks, by how many bits they take."""

SYMBOLS: Final = 256 * ACTIVITIES
LARGEST_DC_SIZE: Final = 11
PADDING_BITS: Final = 8
"""Fewer bits than these at the end of data are padding, which decodes as anything."""

_FAST_SHIFT = np.uint64(64 - LOOKAHEAD)


class ScoredCodes(NamedTuple):
    """The codes of a scan and the scores of its symbols, flat arrays.

    Attributes:
        dc_tables, ac_tables: int64 (blocks per MCU,), number of the table of each block.
        classes: int64 (blocks per MCU,), which score table each block has.
        fast, limits, offsets, symbols: look-ups that give symbols (`restore.decoding.lookup.symbol_lookup`).
        scores: float32 (classes * 64 * 256 * ACTIVITIES,), bits by class, zigzag position, symbol, activity.
    """

    dc_tables: NDArray[np.int64]
    ac_tables: NDArray[np.int64]
    classes: NDArray[np.int64]
    fast: NDArray[np.int32]
    limits: NDArray[np.int64]
    offsets: NDArray[np.int64]
    symbols: NDArray[np.uint8]
    scores: NDArray[np.float32]


@kernel(error_model="numpy", _nrt=False)
def block_at(stream: NDArray[np.uint8], bit: int, block: int, coding: ScoredCodes) -> tuple[int, float]:
    """The bit behind a block that begins at `bit` (`INVALID` where none does) and the block's score."""
    table = coding.dc_tables[block]
    word = peek(stream, bit)
    entry = np.int64(coding.fast[(table << LOOKAHEAD) + np.int64(word >> _FAST_SHIFT)])
    length, symbol = entry & 255, entry >> 8
    if length == 0:
        length, symbol = long_code(word, table, coding.limits, coding.offsets, coding.symbols)
    if length > 16 or symbol > LARGEST_DC_SIZE:
        return np.int64(INVALID), 0.0
    position = np.int64(bit) + length + symbol
    base = coding.classes[block] * (64 * SYMBOLS)
    row = base + symbol * ACTIVITIES
    first, second = coding.scores[row], coding.scores[row + 1]
    third, fourth = coding.scores[row + 2], coding.scores[row + 3]
    table = coding.ac_tables[block]
    index = np.int64(1)
    while index < 64:
        word = peek(stream, position)
        entry = np.int64(coding.fast[(table << LOOKAHEAD) + np.int64(word >> _FAST_SHIFT)])
        length, symbol = entry & 255, entry >> 8
        if length == 0:
            length, symbol = long_code(word, table, coding.limits, coding.offsets, coding.symbols)
            if length > 16:
                return np.int64(INVALID), 0.0
        row = base + index * SYMBOLS + symbol * ACTIVITIES
        first += coding.scores[row]
        second += coding.scores[row + 1]
        third += coding.scores[row + 2]
        fourth += coding.scores[row + 3]
        size = symbol & 15
        position += length + size
        if size == 0:
            if symbol != 0xF0:
                break
            index += 16
            if index > 63:
                return np.int64(INVALID), 0.0
        else:
            index += (symbol >> 4) + 1
            if index > 64:
                return np.int64(INVALID), 0.0
    return position, max(first, second, third, fourth)


@kernel(error_model="numpy", _nrt=False)
def mcu_at(stream: NDArray[np.uint8], bit: int, end: int, coding: ScoredCodes) -> tuple[int, float]:
    """The bit behind an MCU that begins at `bit`, or `INVALID`, or `BEYOND` where it passes bit `end`; its score."""
    position, total = np.int64(bit), 0.0
    for block in range(coding.classes.size):
        position, score = block_at(stream, position, block, coding)
        if position < 0:
            return np.int64(INVALID), 0.0
        if position > end:
            return np.int64(BEYOND), 0.0
        total += score
    return position, total


@kernel(error_model="numpy", _nrt=False)
def follow(
    stream: NDArray[np.uint8],
    first: int,
    end: int,
    most: int,
    coding: ScoredCodes,
    positions: NDArray[np.int64],
    scores: NDArray[np.float32],
) -> tuple[int, int]:
    """Read up to `most` MCUs from bit `first` on.

    Args:
        positions: (most + 1,) receives the first bit of each MCU, and behind the last one where it ends.
        scores: (most,) receives their scores.

    Returns:
        How many were read, and why it stopped: `INVALID`, `BEYOND`, or 0 for `most` read.
    """
    position, count = np.int64(first), np.int64(0)
    positions[0] = position
    while count < most:
        following, score = mcu_at(stream, position, end, coding)
        if following < 0:
            return count, following
        scores[count] = score
        count += 1
        position = following
        positions[count] = position
    return count, np.int64(0)


@kernel(error_model="numpy", _nrt=False)
def resynchronise(
    stream: NDArray[np.uint8],
    first: int,
    last: int,
    end: int,
    ahead: int,
    coding: ScoredCodes,
    best: NDArray[np.float32],
    exits: NDArray[np.float32],
) -> tuple[int, float]:
    """The bit of `[first, last)` from which reading on scores most, and that score.

    Paths merge, so each bit is read once: from back to front, what follows an MCU is known. Behind `last` the path is
    read `ahead` MCUs further. One that breaks there loses 50 bits; inside it is out.

    Args:
        best: float32 (last - first,), scratch; exits: float32, scratch for what follows bits behind `last`.
    """
    exits[:] = np.nan
    winner, most = np.int64(first), np.float32(-1e9)
    for bit in range(last - 1, first - 1, -1):
        following, score = mcu_at(stream, bit, end, coding)
        value = np.float32(-1e6)
        if following == BEYOND:
            value = np.float32(0)
        elif following >= 0:
            value = np.float32(score)
            if following < last:
                value += best[following - first]
            else:
                slot = following - last
                if slot < exits.size and not np.isnan(exits[slot]):
                    value += exits[slot]
                else:
                    rest, position = np.float32(0), following
                    for _ in range(ahead):
                        behind, score = mcu_at(stream, position, end, coding)
                        if behind < 0:
                            if behind == INVALID and end - position >= PADDING_BITS:
                                rest -= np.float32(50)
                            break
                        rest += np.float32(score)
                        position = behind
                    if slot < exits.size:
                        exits[slot] = rest
                    value += rest
        best[bit - first] = value
        if value >= most:
            winner, most = np.int64(bit), value
    return winner, np.float64(most)
