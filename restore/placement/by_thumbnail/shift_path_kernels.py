"""Paths of shifts that the rows of a scan may have taken, kept as records of stretches that share their ends."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel


class ShiftPaths(NamedTuple):
    """Records of stretches: each began where another ended.

    Attributes:
        first: int64 (records,), its first row; shift: its shift (MCU less row).
        before: the record before it, -1 for none; last: int64, row behind the last of that one.
        offsets: float64 (records, components), DC that the one before it lacked, in samples.
    """

    first: NDArray[np.int64]
    shift: NDArray[np.int64]
    before: NDArray[np.int64]
    last: NDArray[np.int64]
    offsets: NDArray[np.float64]


@kernel
def standing_at(mcu: int, record: int, end: int, shift_paths: ShiftPaths) -> tuple[int, int]:
    """The row that stands at an MCU if the stretch `record` goes on up to row `end`, -1 for none, and the record behind
    the one it belongs to, which holds its DC; -1 if that is the last."""
    behind = -1
    while record >= 0:
        shift = shift_paths.shift[record]
        if mcu >= end + shift:
            break
        if mcu >= shift_paths.first[record] + shift:
            return int(mcu - shift), behind
        behind = record
        end = int(shift_paths.last[record])
        record = int(shift_paths.before[record])
    return -1, -1


@kernel
def trace(
    record: int,
    end: int,
    offset: NDArray[np.float64],
    shift_paths: ShiftPaths,
    row_of: NDArray[np.int64],
    lacking: NDArray[np.float64],
) -> None:
    """Note which row stands at each MCU if the stretch `record` ends with row `end` - 1; `lacking` (MCUs, components)
    receives the DC that each lacks, in samples."""
    here = offset
    while record >= 0:
        shift = shift_paths.shift[record]
        for row in range(shift_paths.first[record], end):
            row_of[row + shift] = row
            for component in range(here.size):
                lacking[row + shift, component] = here[component]
        here = shift_paths.offsets[record]
        end = shift_paths.last[record]
        record = shift_paths.before[record]


@kernel
def sweep(records: int, holders: NDArray[np.int64], shift_paths: ShiftPaths, marks: NDArray[np.int64]) -> int:
    """Forget all records that none of `holders` leads to; renumbers the holders and gives how many are left."""
    marks[:records] = -1
    for index in range(holders.size):
        record = holders[index]
        while record >= 0 and marks[record] < 0:
            marks[record] = 0
            record = shift_paths.before[record]
    kept = 0
    for record in range(records):
        if marks[record] < 0:
            continue
        marks[record] = kept
        shift_paths.first[kept] = shift_paths.first[record]
        shift_paths.shift[kept] = shift_paths.shift[record]
        shift_paths.last[kept] = shift_paths.last[record]
        before = shift_paths.before[record]
        shift_paths.before[kept] = marks[before] if before >= 0 else -1
        shift_paths.offsets[kept] = shift_paths.offsets[record]
        kept += 1
    for index in range(holders.size):
        if holders[index] >= 0:
            holders[index] = marks[holders[index]]
    return kept
