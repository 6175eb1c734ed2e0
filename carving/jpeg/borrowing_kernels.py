"""The hot loop of reading pictures without a header: at which bit of a stretch a sound run of MCUs begins."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.compiled import kernel
from carving.jpeg.coding_kernels import BARRIER, BUFFER, COUNT, MARKER, MCU, NONE, POSITION, TARGET, walk_mcus


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
    """The first of the starting bits from which the most MCUs decode, how many, and where that ends.

    Args:
        data: stuffed entropy-coded bytes without restart markers.
        bits: how many starting bits are tried.
        enough: MCUs after which no other start is tried.
        mcus: more MCUs than there can be.
        block_dc, block_ac, block_component, dc_limits, codes, joined: as `walk_mcus` takes them.
    """
    state = np.zeros(13, dtype=np.int64)
    nowhere = np.zeros(0, dtype=np.int64)
    best, most, end = 0, np.int64(-1), np.int64(0)
    for bit in range(bits):
        byte = bit >> 3
        if byte >= data.size or data[byte] == 0xFF or (byte > 0 and data[byte - 1] == 0xFF):
            continue
        state[:] = 0
        state[POSITION], state[COUNT], state[MARKER] = byte + 1, 8 - (bit & 7), NONE
        state[BUFFER] = np.int64(np.uint64(data[byte]) << np.uint64(56 + (bit & 7)))
        state[BARRIER], state[TARGET] = data.size, -1
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
        if state[MCU] > most:
            best, most, end = bit, state[MCU], state[POSITION] - (state[COUNT] >> 3)
            if most >= enough:
                break
    return best, most, end
