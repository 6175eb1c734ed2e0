"""Signs of damage that a decoded scan shows, as events."""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from restore.decoding.decoded import Event, EventKind, McuTable
from restore.decoding.restarts import Interval, damaged_markers
from restore.decoding.stream import EntropyStream


class ScanMap:
    """From the units of a scan to the MCUs of the frame."""

    def __init__(self, targets: NDArray[np.int32], blocks_per_mcu: int) -> None:
        """`targets` as `block_targets` gives them."""
        self._targets = targets
        self._blocks_per_mcu = blocks_per_mcu

    @cached_property
    def _first_mcus(self) -> NDArray[np.int32]:
        mcus = self._targets[:, 0] // np.int32(self._blocks_per_mcu)
        return np.minimum.accumulate(mcus[::-1])[::-1]

    def first_mcu(self, unit: int) -> int:
        """The first MCU that a unit or any behind it belongs to; behind the last unit, the number of MCUs."""
        if self._targets.shape[1] > 1:
            return unit
        if unit < self._targets.shape[0]:
            return int(self._first_mcus[unit])
        return int(self._targets[-1, 0]) // self._blocks_per_mcu + 1


def marker_findings(
    stream: EntropyStream, cut: tuple[Interval, ...], restart_interval: int, where: ScanMap
) -> list[Event]:
    """Markers in the data where none may be, and restart markers that are not what they should be."""
    events = []
    if stream.spurious_markers:
        events.append(Event(EventKind.SPURIOUS_MARKER, 0, stream.spurious_markers))
    damaged = damaged_markers(
        cut,
        stream.restart_positions,
        stream.restart_numbers,
        size=stream.size,
        restart_interval=restart_interval,
    )
    if damaged:
        events.append(Event(EventKind.RESTART_DAMAGED, where.first_mcu(min(damaged)), len(damaged)))
    return events


def unit_findings(table: McuTable, where: ScanMap) -> list[Event]:
    """Units that decoded only after a search, and one event per stretch of units that found no data."""
    failed = np.flatnonzero((table.retries > 0) & (table.bit_positions >= 0))
    events = [Event(EventKind.RESYNCHRONISED, where.first_mcu(int(unit)), int(table.retries[unit])) for unit in failed]
    empty = np.concatenate([[False], table.bit_positions < 0, [False]])
    edges = np.flatnonzero(np.diff(empty.astype(np.int8)))
    events.extend(
        Event(EventKind.STREAM_ENDED, where.first_mcu(int(first)), int(end - first))
        for first, end in zip(edges[::2], edges[1::2], strict=True)
    )
    return events


def interval_findings(
    stream: EntropyStream, ends: list[tuple[Interval, int]], restart_interval: int, where: ScanMap
) -> list[Event]:
    """How well the decoded units fill each restart interval.

    Args:
        ends: every interval with the bit position behind its last decoded unit.
    """
    events = []
    pads = []
    for interval, end in ends:
        left = interval.end_bit - end
        if left >= 8:
            events.append(Event(EventKind.BITS_LEFT, where.first_mcu(interval.end_unit), left))
        elif left > 0:
            pads.append((interval, left, int(stream.data[interval.end_bit // 8 - 1]) & ((1 << left) - 1)))
        span = interval.end_unit - interval.first_unit
        if restart_interval and span > restart_interval:
            lost = -(-span // restart_interval) - 1
            events.append(Event(EventKind.RESTART_LOST, where.first_mcu(interval.first_unit), lost))
    if not _pads_with_zeros([(left, bits) for _, left, bits in pads]):
        events.extend(
            Event(EventKind.BAD_PADDING, where.first_mcu(interval.end_unit - 1), left)
            for interval, left, bits in pads
            if bits != (1 << left) - 1
        )
    return events


def _pads_with_zeros(pads: list[tuple[int, int]]) -> bool:
    """Whether an encoder fills up with zeros, against T.81 F.1.2.3: all padding bits are zero."""
    return bool(pads) and not any(bits for _, bits in pads)
