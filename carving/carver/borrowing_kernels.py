"""The hot loop of reading pictures without a header: at which bit of a stretch a sound run of MCUs begins.

Runs that begin at different bits soon fall in step, for Huffman codes synchronise themselves. How many MCUs follow a
bit at which one begins is therefore remembered, and each run is walked only as far as no other was.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.coding_kernels import (
    BARRIER,
    BUFFER,
    COUNT,
    MARKER,
    MCU,
    NONE,
    POSITION,
    STATE_SIZE,
    TARGET,
    WHOLE,
    walk_mcus,
)
from carving.support.compiled import kernel

_REMEMBERED: Final = 1 << 15
"""Bits from the beginning of the data on of which it is remembered what follows."""


@kernel(nogil=True)
def best_start(
    data: NDArray[np.uint8],
    bits: int,
    enough: int,
    mcus: int,
    block_dc: NDArray[np.int64],
    block_ac: NDArray[np.int64],
    block_component: NDArray[np.int64],
    dc_limits: NDArray[np.int64],
    codes: NDArray[np.uint16],
    joined: NDArray[np.uint16],
) -> tuple[int, int, int]:
    """The first of the starting bits from which the most MCUs decode, how many, and the byte behind them.

    Args:
        data: stuffed entropy-coded bytes without restart markers.
        bits: how many starting bits are tried.
        enough: MCUs after which no other start is tried.
        mcus: more MCUs than there can be.
        block_dc, block_ac, block_component, codes, joined: as `walk_mcus` takes them.
        dc_limits: the same, so large that no run ends by them: what follows a bit must not depend on what was before.
    """
    state = np.zeros(STATE_SIZE, dtype=np.int64)
    nowhere = np.zeros(0, dtype=np.int64)
    following = np.full(_REMEMBERED, -1, dtype=np.int64)
    ends = np.zeros(_REMEMBERED, dtype=np.int64)
    passed = np.zeros(_REMEMBERED, dtype=np.int64)
    best, most, end = 0, np.int64(-1), np.int64(0)
    for bit in range(bits):
        byte = bit >> 3
        if byte >= data.size or data[byte] == 0xFF or (byte > 0 and data[byte - 1] == 0xFF):
            continue
        state[:] = 0
        state[POSITION], state[COUNT], state[MARKER] = byte + 1, 8 - (bit & 7), NONE
        state[BUFFER] = np.int64(np.uint64(data[byte]) << np.uint64(56 + (bit & 7)))
        state[BARRIER], state[TARGET] = data.size, -1
        place = np.int64(bit)
        steps = 0
        while place < _REMEMBERED and following[place] < 0:
            passed[steps] = place
            steps += 1
            result = walk_mcus(
                data,
                state,
                data.size,
                state[MCU] + 1,
                0,
                block_dc,
                block_ac,
                block_component,
                dc_limits,
                codes,
                joined,
                nowhere,
            )
            if result != WHOLE:
                break
            place = place_of(data, state)
        if place >= _REMEMBERED:
            walk_mcus(
                data,
                state,
                data.size,
                mcus,
                0,
                block_dc,
                block_ac,
                block_component,
                dc_limits,
                codes,
                joined,
                nowhere,
            )
            place = place_of(data, state)
        total, behind = state[MCU], (place + 7) >> 3
        if place < _REMEMBERED and following[place] >= 0:
            total, behind = total + following[place], ends[place]
        for step in range(steps):
            following[passed[step]] = total - step
            ends[passed[step]] = behind
        if total > most:
            best, most, end = bit, total, behind
            if most >= enough:
                break
    return best, most, end


@kernel(nogil=True)
def place_of(data: NDArray[np.uint8], state: NDArray[np.int64]) -> int:
    """The bit of the stored data that decoding is at: bits in the buffer are given back, with bytes stuffed there."""
    position = state[POSITION]
    for _ in range(state[COUNT] >> 3):
        position -= 1
        if data[position] == 0 and position > 0 and data[position - 1] == 0xFF:
            position -= 1
    place = 8 * position - (state[COUNT] & 7)
    if state[COUNT] & 7 and position > 1 and data[position - 1] == 0 and data[position - 2] == 0xFF:
        place -= 8
    return place
