"""Which restart marker is which: damage can destroy a marker or invent one (T.81 E.1.4 numbers them 0..7 in turn)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class Interval:
    """Entropy-coded data between two restart markers: bits `[first_bit, end_bit)` and the units coded in them."""

    first_bit: int
    end_bit: int
    first_unit: int
    end_unit: int


def intervals(
    positions: NDArray[np.int64], numbers: NDArray[np.uint8], *, size: int, unit_count: int, restart_interval: int
) -> tuple[Interval, ...]:
    """Cut a scan into its restart intervals.

    A marker whose number does not come next is taken as proof of lost markers only if the one after it agrees with it;
    otherwise damage invented it and it is passed over. An interval behind which markers were lost spans several.

    Args:
        positions, numbers: the markers found, positions in bytes of the unstuffed stream.
        size: bytes of the stream.
        unit_count: units (MCUs) in the scan.
        restart_interval: units between markers; 0 for none.
    """
    if restart_interval == 0:
        return (Interval(0, 8 * size, 0, unit_count),)
    last = -(-unit_count // restart_interval) - 1
    starts = [(0, 0)]
    index = 0
    markers = [(int(position), int(number)) for position, number in zip(positions, numbers, strict=True)]
    for place, (position, number) in enumerate(markers):
        skip = (number - index) % 8
        if skip:
            following = markers[place + 1][1] if place + 1 < len(markers) else None
            if following == index % 8 or (following is not None and following != (number + 1) % 8):
                continue
        index += skip
        if index + 1 > last:
            if skip:
                index -= skip
                continue
            break
        index += 1
        starts.append((position, index))
    found = []
    for place, (position, interval) in enumerate(starts):
        end_position, end_interval = starts[place + 1] if place + 1 < len(starts) else (size, last + 1)
        found.append(
            Interval(
                8 * position,
                8 * end_position,
                interval * restart_interval,
                min(end_interval * restart_interval, unit_count),
            )
        )
    return tuple(found)
