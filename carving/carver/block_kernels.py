"""One fast look at all bytes: which blocks can be entropy-coded data, and where the FF D8 FF of a file stands."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel

BLOCK: Final = 4096
"""Bytes that are judged together; the usual cluster size."""
OTHER: Final = 0
"""Holds an FF before a byte that no entropy-coded data have there."""
MUTE: Final = 1
"""Holds no FF at all: filler, text, or a smooth part of a picture."""
CODED: Final = 2
"""Every FF is stuffed or begins a restart marker."""
ENDING: Final = 3
"""The same up to an EOI; what follows it does not count."""
_ONES: Final = np.uint64(0x0101010101010101)
_TOPS: Final = np.uint64(0x8080808080808080)


@kernel(nogil=True)
def look_over(
    words: NDArray[np.uint64], data: NDArray[np.uint8], classes: NDArray[np.uint8], starts: NDArray[np.int64]
) -> int:
    """Judge the blocks of `data` and note where a JPEG's first three bytes stand.

    Args:
        words: the same bytes as `data`, eight at a time; its length decides how many are judged.
        data: uint8; bytes behind the last word are looked at only as what follows an FF.
        classes: (blocks,) receives `OTHER`, `MUTE`, `CODED` or `ENDING`.
        starts: receives offsets of FF D8 FF, as far as there is room.

    Returns:
        How many such offsets there are.
    """
    found = 0
    per_block = BLOCK // 8
    for block in range(classes.size):
        kind = MUTE
        for index in range(block * per_block, min((block + 1) * per_block, words.size)):
            word = words[index]
            if ((~word - _ONES) & word & _TOPS) == np.uint64(0):
                continue
            for offset in range(8 * index, min(8 * index + 8, data.size - 1)):
                if data[offset] != 0xFF:
                    continue
                behind = data[offset + 1]
                if behind == 0 or 0xD0 <= behind <= 0xD7:
                    if kind == MUTE:
                        kind = CODED
                elif kind == CODED and behind == 0xD9:
                    kind = ENDING
                elif kind != ENDING:
                    kind = OTHER
                if behind == 0xD8 and offset + 2 < data.size and data[offset + 2] == 0xFF:
                    if found < starts.size:
                        starts[found] = offset
                    found += 1
        classes[block] = kind
    return found
