"""Which restart marker is which: damage can destroy a marker or invent one (T.81 E.1.4 numbers them 0..7 in turn)."""

from __future__ import annotations

from bisect import bisect_right
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

    A marker whose number is not the one that comes next is judged by the one behind it. It is passed over as invented
    if that one has the number that comes next; it counts as the one that comes next, its own number being damaged, if
    that one has the number after; it proves markers lost before it if the two agree with each other. An interval
    behind which markers were lost spans several.

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
        expected = index % 8
        lost = (number - expected) % 8
        following = markers[place + 1][1] if place + 1 < len(markers) else None
        if lost and following == expected:
            continue
        if following == (expected + 1) % 8 or (following is None and index + 1 == last):
            lost = 0
        elif lost and following not in (None, (number + 1) % 8):
            continue
        if index + lost + 1 > last:
            continue
        index += lost + 1
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


def damaged_markers(
    cut: tuple[Interval, ...],
    positions: NDArray[np.int64],
    numbers: NDArray[np.uint8],
    *,
    size: int,
    restart_interval: int,
) -> tuple[int, ...]:
    """The markers that `intervals` has passed over, or taken against their number; for each, the unit it stands at.

    A marker behind the last unit is none of them: some cameras write one before the EOI.
    """
    if restart_interval == 0:
        return ()
    starts = [part.first_bit // 8 for part in cut]
    damaged = []
    for position, number in zip(positions.tolist(), numbers.tolist(), strict=True):
        part = cut[bisect_right(starts, position) - 1]
        is_used = position * 8 == part.first_bit and part.first_unit > 0
        if is_used and (part.first_unit // restart_interval - 1) % 8 == number:
            continue
        if position < size:
            damaged.append(part.first_unit)
    return tuple(damaged)
