"""Lay the MCUs of a scan one after the other, and at every sign of damage find out where the picture goes on."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.decoding.restarts import Interval
from restore.placement.by_seams.chain_kernels import chain_back
from restore.placement.by_seams.finding import Find, find
from restore.placement.state.cusum_kernels import CHANGES
from restore.placement.state.placement_state import PlacementState
from restore.placement.state.segment import PlacedSegment
from restore.scan.contracts import ALARMED, BROKEN, DROPPED
from restore.scan.extend_kernels import NEVER
from restore.scan.scan import Stretch

LAYING_DROP: Final = 16.0
LAYING_ALARM: Final = 0.6
"""Fall in nats below the highest score, and spreads that one MCU lacks, at which it is asked where the picture goes
on."""

LEAST: Final = 5.0
"""Nats that an MCU must score to be taken as the one before another."""

CHAIN_DROP: Final = 30.0
_CHAIN: Final = 64


def lay(state: PlacementState) -> list[PlacedSegment]:
    """Lay all of a scan; its path's `known` tells which MCUs were found."""
    state.scan.path.known[:] = 0
    segments: list[PlacedSegment] = []
    for part in state.stream.parts:
        segments += _lay_part(state, part)
    return segments


def _lay_part(state: PlacementState, part: Interval) -> list[PlacedSegment]:
    path = state.scan.path
    mcu, end = part.first_unit, part.end_unit
    path.places[mcu] = state.stream.place(part.first_bit)
    path.predictors[mcu] = 0
    path.scores[mcu] = 0.0
    segments = [PlacedSegment(mcu, end, 0, np.zeros(4, dtype=np.int64), fixed=True)]
    watched, reached = mcu, -1
    sums = np.zeros(CHANGES.size * state.broad.size)
    begins = np.zeros(sums.size, dtype=np.int64)
    while mcu < end:
        chunk = 2 * state.layout.columns
        stretch = state.walk(mcu, min(end, mcu + chunk), part.end_bit, LAYING_DROP, LAYING_ALARM)
        event = state.stream.bit(int(path.places[stretch.mcu]))
        stopped = stretch.why == BROKEN or (stretch.why in (ALARMED, DROPPED) and event > reached)
        good = max(mcu, min(stretch.best_mcu, stretch.mcu - 1)) if stopped else stretch.mcu
        began, noticed = state.cusum(max(mcu, watched), good, sums, begins)
        if began >= 0:
            sums[:] = 0.0
            watched = noticed + 1
            good = began
            stretch = Stretch(stretch.best, began, stretch.score, noticed, DROPPED)
        elif not stopped:
            if stretch.why in (ALARMED, DROPPED):  # passed before
                stretch = state.walk(mcu, stretch.mcu, part.end_bit, NEVER)
            mcu = watched = stretch.mcu
            continue
        else:
            reached = max(reached, event)
        if state.stream.bit(int(path.places[stretch.mcu])) >= part.end_bit - 8:
            break
        begun = mcu
        found = find(state, part, stretch, begun, good)
        if found is None:
            path.known[good:end] = 0
            segments[-1].end = good
            break
        unmoved = found.shift == 0 and not found.offsets.any() and stretch.why != BROKEN
        if unmoved and state.sequence.joined[: found.row + 1].all():
            mcu = _pass(state, part, max(begun, good - 1), max(stretch.mcu, found.mcu), segments)
            continue
        mcu = _go_on(state, part, good, found, segments)
        if found.shift or found.offsets.any():
            sums[:] = 0.0
            watched = max(watched, mcu)
    return segments


def _pass(state: PlacementState, part: Interval, good: int, end: int, segments: list[PlacedSegment]) -> int:
    """Go on over MCUs behind which nothing has moved; only those are lost that fit badly themselves."""
    state.read(end - good + 1, part.end_bit)
    misfits = state.misfits(good, end - good)
    mcu = state.walk(good, end, part.end_bit, NEVER).mcu
    unlikely = state.unlikely(good, mcu)
    lost = np.flatnonzero(unlikely & misfits[: unlikely.size]) + good
    if lost.size:
        state.scan.path.known[lost] = 0
        segments[-1].end = int(lost[0])
        segments.append(
            PlacedSegment(
                int(lost[-1]) + 1, part.end_unit, segments[-1].shift, segments[-1].offsets.copy(), fixed=False
            )
        )
        if lost[-1] + 1 == mcu:
            state.scan.path.scores[mcu] = 0.0
    return mcu


def _go_on(state: PlacementState, part: Interval, good: int, found: Find, segments: list[PlacedSegment]) -> int:
    """Lay what was found as the path's next rows, as far back as it decodes; gives the MCU to walk on from."""
    path, sequence = state.scan.path, state.sequence
    mcu = found.mcu
    bit = int(sequence.bits[found.row])
    if mcu >= part.end_unit:
        segments[-1].end = good
        return part.end_unit
    predictors = sequence.predictors[found.row] + found.offsets
    lowest = state.stream.bit(int(path.places[good]))
    begin = _chain(state, good, lowest, mcu, bit, predictors)
    last = segments[-1]
    if found.shift or found.offsets.any() or begin > good:
        last.end = begin
        segments.append(
            PlacedSegment(begin, part.end_unit, last.shift + found.shift, last.offsets + found.offsets, fixed=False)
        )
    return begin


def _chain(state: PlacementState, good: int, lowest: int, mcu: int, bit: int, predictors: NDArray[np.int64]) -> int:
    """Lay MCU `mcu` at a bit of the stream, and before it all MCUs that lead up to it; gives the first."""
    path, scan = state.scan.path, state.scan
    bits = np.zeros(min(mcu - good, _CHAIN) + 1, dtype=np.int64)
    befores = np.zeros((bits.size, 4), dtype=np.int64)
    found = chain_back(
        lowest, good, bit, mcu, LEAST, CHAIN_DROP, state.layout, scan.codes, scan.model, state.broad, path,
        state.work, predictors, bits[:-1], befores,
    )  # fmt: skip
    path.places[mcu] = state.stream.place(bit)
    path.predictors[mcu] = predictors
    for step in range(found):
        path.places[mcu - 1 - step] = state.stream.place(int(bits[step]))
        path.predictors[mcu - 1 - step] = befores[step]
    path.scores[mcu - found] = 0.0
    return mcu - int(found)
