"""The hot loop of the MCU count: Huffman codes are stepped over, coefficients never rebuilt."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel


@kernel
def count_mcus(
    stream: NDArray[np.uint8],
    dc_lookup: NDArray[np.uint16],
    ac_lookup: NDArray[np.uint16],
    block_dc: NDArray[np.int64],
    block_ac: NDArray[np.int64],
) -> int:
    """Count the MCUs in unstuffed entropy-coded bytes; a code that cannot be costs its MCU and one bit.

    Args:
        stream: the bytes, with at least 4 bytes of padding that are not counted.
        dc_lookup: (4, 65536) code length << 8 | symbol for every 16 bits ahead, 0 where no code matches.
        ac_lookup: the same for AC tables.
        block_dc: DC table of each block of an MCU, in coding order.
        block_ac: AC table of each block.
    """
    end = 8 * (stream.size - 4)
    position = 0
    complete = 0
    while position < end:
        whole = True
        for block in range(block_dc.size):
            index = 0
            while index < 64:
                byte = position >> 3
                if byte + 3 > stream.size:
                    return complete
                ahead = (int(stream[byte]) << 16) | (int(stream[byte + 1]) << 8) | int(stream[byte + 2])
                ahead = (ahead >> (8 - (position & 7))) & 0xFFFF
                entry = int(dc_lookup[block_dc[block], ahead] if index == 0 else ac_lookup[block_ac[block], ahead])
                size = entry & 15
                run = (entry & 0xFF) >> 4
                if entry == 0 or (index == 0 and run > 0):
                    whole = False
                    break
                position += entry >> 8
                if index == 0:
                    position += size
                    index = 1
                elif size == 0:
                    if run == 15:
                        index += 16
                    elif run == 0:
                        break
                    else:
                        whole = False
                        break
                else:
                    index += run + 1
                    position += size
            if index > 64:
                whole = False
            if not whole:
                break
        if whole:
            complete += 1
        else:
            position += 1
    return complete
