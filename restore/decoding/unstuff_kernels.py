"""Byte unstuffing (T.81 B.1.1.5), as one pass over the scan."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel


@kernel
def unstuff(
    raw: NDArray[np.uint8],
    has_restarts: bool,
    stream: NDArray[np.uint8],
    removed: NDArray[np.int64],
    restarts: NDArray[np.int64],
    numbers: NDArray[np.uint8],
) -> tuple[int, int, int, int]:
    """Copy `raw` to `stream` without stuffed zeros, restart markers and the fill bytes before these (B.1.1.2).

    Returns:
        Bytes written, bytes removed, restart markers found, other markers met (kept as data: damage made them).
    """
    size = 0
    removals = 0
    restart_count = 0
    spurious = 0
    index = 0
    total = raw.size
    while index < total:
        value = raw[index]
        index += 1
        if value != 0xFF or index >= total:
            stream[size] = value
            size += 1
            continue
        following = raw[index]
        if following == 0xFF:
            last = index
            while last + 1 < total and raw[last + 1] == 0xFF:
                last += 1
            is_fill = has_restarts and last + 1 < total and 0xD0 <= raw[last + 1] <= 0xD7
            for _ in range(index, last + 1):
                if is_fill:
                    removed[removals] = size
                    removals += 1
                else:
                    stream[size] = value
                    size += 1
            index = last
        elif following == 0:
            stream[size] = value
            size += 1
            removed[removals] = size
            removals += 1
            index += 1
        elif has_restarts and 0xD0 <= following <= 0xD7:
            restarts[restart_count] = size
            numbers[restart_count] = following & 7
            restart_count += 1
            removed[removals] = size
            removed[removals + 1] = size
            removals += 2
            index += 1
        else:
            spurious += 1
            stream[size] = value
            size += 1
    return size, removals, restart_count, spurious
