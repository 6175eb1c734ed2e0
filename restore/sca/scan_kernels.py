"""The walk through a decoded picture that finds where position or colour jump, and puts each segment where it fits.

MCUs are taken in scan order. A window of them is held against the MCUs above, as these have been put together so far;
where another position and another offset fit clearly better, a new segment begins.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel
from restore.sca.echo_kernels import correct_strip, echo_strip, nearly_equal, resume, return_to_former
from restore.sca.rim_kernels import (
    Canvas,
    Rims,
    Rule,
    best_offset,
    dissent,
    left_gain,
    top_dissent,
    top_seam,
)


class ShiftWindow(NamedTuple):
    """Seams of the MCUs ahead, one ring slot each, so that none is measured twice.

    Attributes:
        owner: int64 (window,), the MCU a slot holds, -1 for none.
        tried: bool (window,), whether all shifts have been measured.
        known: bool (shifts, window), whether there is an MCU above.
        seams: float32 (shifts, window, 3 * components), as `top_seam` gives them.
        dissents: float32 (window,), of all components under the current state.
        least: float32 (shifts, window), the dissent of all components were each seam given the offset that suits it
            best.
    """

    owner: NDArray[np.int64]
    tried: NDArray[np.bool_]
    known: NDArray[np.bool_]
    seams: NDArray[np.float32]
    dissents: NDArray[np.float32]
    least: NDArray[np.float32]


@kernel(fastmath=True)
def least_dissent(seam: NDArray[np.float32], components: int) -> np.float32:
    """Dissent of a seam, all components, were each given the offset that suits this seam best."""
    total = np.float32(0)
    for component in range(components):
        mean = seam[3 * component]
        total += dissent(mean, seam[3 * component + 1], seam[3 * component + 2], -mean)
    return total


@kernel(fastmath=True)
def look_ahead(
    rims: Rims,
    canvas: Canvas,
    rule: Rule,
    window: ShiftWindow,
    mcu: int,
    length: int,
    shift: int,
    offset: NDArray[np.float32],
) -> bool:
    """Measure the seams of `length` MCUs from `mcu` on under the current state; whether they fit too badly to pass."""
    stay = -rule.lowest_shift
    known = 0
    totals = np.zeros(offset.size, dtype=np.float32)
    for ahead in range(mcu, mcu + length):
        slot = ahead % rule.window
        seam = window.seams[stay, slot]
        if window.owner[slot] != ahead:
            window.owner[slot] = ahead
            window.tried[slot] = False
            window.known[stay, slot] = top_seam(rims, canvas, rule, ahead, ahead + shift, offset, seam)
            window.least[stay, slot] = window.dissents[slot] = np.float32(0.5) * np.float32(offset.size)
            if window.known[stay, slot]:
                window.least[stay, slot] = least_dissent(seam, offset.size)
                window.dissents[slot] = 0
                for component in range(offset.size):
                    window.dissents[slot] += dissent(
                        seam[3 * component], seam[3 * component + 1], seam[3 * component + 2], np.float32(0)
                    )
        if window.known[stay, slot]:
            known += 1
            for component in range(offset.size):
                totals[component] += dissent(
                    seam[3 * component], seam[3 * component + 1], seam[3 * component + 2], np.float32(0)
                )
    return known >= rule.fewest and totals.max() > rule.trigger * np.float32(known)


@kernel(fastmath=True)
def try_all_shifts(
    rims: Rims,
    canvas: Canvas,
    rule: Rule,
    window: ShiftWindow,
    mcu: int,
    length: int,
    shift: int,
    offset: NDArray[np.float32],
) -> None:
    """Measure the seams of the `length` MCUs from `mcu` on at every other position."""
    for ahead in range(mcu, mcu + length):
        slot = ahead % rule.window
        if window.tried[slot]:
            continue
        window.tried[slot] = True
        for jump in range(rule.lowest_shift, rule.highest_shift + 1):
            if jump != 0:
                index = jump - rule.lowest_shift
                window.known[index, slot] = top_seam(
                    rims, canvas, rule, ahead, ahead + shift + jump, offset, window.seams[index, slot]
                )
                window.least[index, slot] = np.float32(0.5) * np.float32(offset.size)
                if window.known[index, slot]:
                    window.least[index, slot] = least_dissent(window.seams[index, slot], offset.size)


@kernel(fastmath=True)
def best_jump(
    rule: Rule, window: ShiftWindow, mcu: int, length: int, least: np.float32, change: NDArray[np.float32]
) -> tuple[np.float32, int]:
    """The jump of position and colour that makes the `length` MCUs from `mcu` on fit best.

    Args:
        least: a gain that must be exceeded.
        change: receives the jump of each component.

    Returns:
        The dissent it removes (`least` where no jump exceeds it) and the jump of position.
    """
    components = change.size
    seams = np.empty((length, 3 * components), dtype=np.float32)
    work = np.empty(length, dtype=np.float32)
    trial = np.empty(components, dtype=np.float32)
    present = np.float32(0)
    for ahead in range(mcu, mcu + length):
        present += window.dissents[ahead % rule.window]
    best, best_shift = least, 0
    for jump in range(rule.lowest_shift, rule.highest_shift + 1):
        index = jump - rule.lowest_shift
        toll = rule.shift_penalty * np.float32(abs(jump))
        bound = present - toll
        for ahead in range(mcu, mcu + length):
            bound -= window.least[index, ahead % rule.window]
        if bound <= best:  # no common offset can do better than one of its own for each seam
            continue
        known = 0
        for ahead in range(mcu, mcu + length):
            slot = ahead % rule.window
            if window.known[index, slot]:
                seams[known] = window.seams[index, slot]
                known += 1
        if known < rule.fewest:
            continue
        moved = jump != 0
        gain = present - toll - np.float32(0.5) * np.float32((length - known) * components)
        for component in range(components):
            value = best_offset(seams, known, component, rule.steps[component], work)
            trial[component] = value
            moved = moved or value != 0
            for row in range(known):
                gain -= dissent(
                    seams[row, 3 * component], seams[row, 3 * component + 1], seams[row, 3 * component + 2], value
                )
        if moved and gain > best:
            best, best_shift = gain, jump
            change[:] = trial
    return best, best_shift


@kernel(fastmath=True)
def first_of_segment(
    rims: Rims,
    canvas: Canvas,
    rule: Rule,
    first: int,
    end: int,
    shift: int,
    offset: NDArray[np.float32],
    jump: int,
    change: NDArray[np.float32],
) -> int:
    """The MCU in `[first, end)` from which on a jump removes most dissent, the seam to its left counted in."""
    still = np.zeros(change.size, dtype=np.float32)
    work = np.empty(3 * change.size, dtype=np.float32)
    gain = np.float32(0)
    best = np.float32(-1e30)
    place = first
    for mcu in range(end - 1, first - 1, -1):
        gain += top_dissent(rims, canvas, rule, mcu, mcu + shift, offset, still, work)
        gain -= top_dissent(rims, canvas, rule, mcu, mcu + shift + jump, offset, change, work)
        here = gain + left_gain(rims, rule, mcu, mcu + shift + jump, change, work)
        if here > best:
            best, place = here, mcu
    return place


@kernel(fastmath=True)
def scan(rims: Rims, canvas: Canvas, rule: Rule) -> bool:
    """Find the shift and the offset of every MCU.

    Args:
        canvas: all `source` -1; receives the result.

    Returns:
        False where there were more segments than `rule.most_segments`; the canvas is then of no use.
    """
    count, components = canvas.offsets.shape
    shifts_tried = rule.highest_shift - rule.lowest_shift + 1
    window = ShiftWindow(
        np.full(rule.window, -1, dtype=np.int64),
        np.zeros(rule.window, dtype=np.bool_),
        np.zeros((shifts_tried, rule.window), dtype=np.bool_),
        np.zeros((shifts_tried, rule.window, 3 * components), dtype=np.float32),
        np.zeros(rule.window, dtype=np.float32),
        np.zeros((shifts_tried, rule.window), dtype=np.float32),
    )
    offset = np.zeros(components, dtype=np.float32)
    change = np.zeros(components, dtype=np.float32)
    shift = start = mcu = jump = interval = jumps = 0
    gain = rule.penalty
    found = -1
    rewound = 0
    while mcu < count:
        interval_end = min(interval + rule.restart_interval, count)
        if mcu == interval_end:
            interval = start = mcu
            interval_end = min(interval + rule.restart_interval, count)
            shift = 0
            offset[:] = 0
            window.owner[:] = -1
        length = min(rule.window, interval_end - mcu)
        if mcu % 4 == 0 or found >= 0:
            poor = look_ahead(rims, canvas, rule, window, mcu, length, shift, offset)
            if poor or found >= 0:
                try_all_shifts(rims, canvas, rule, window, mcu, length, shift, offset)
                better, candidate = best_jump(rule, window, mcu, length, gain, change)
                if better > gain:
                    gain, jump, found = better, candidate, mcu
        if found >= 0 and (mcu >= found + rule.window // 2 or mcu == interval_end - 1):
            first = start + 1 if found <= rule.columns else max(start + 1, found - rule.window)
            first = min(first, interval_end - 1)
            end = min(interval_end, found + rule.window)
            back, step = return_to_former(
                rims,
                canvas,
                rule,
                start,
                found,
                min(found + rule.window, interval_end),
                shift,
                offset,
                gain,
                change,
            )
            jump = step if back else jump
            place = first_of_segment(rims, canvas, rule, first, end, shift, offset, jump, change)
            low = high = -1
            if start > interval and place - start < rule.columns and rewound < 3 * count:
                low, high = echo_strip(rims, canvas, rule, start, place, shift, offset, jump, change, gain)
            lowest = min(shift, shift + jump)
            shift += jump
            offset += change
            if low >= 0:
                correct_strip(canvas, rule, low, high, start, jump, change)
                rewound += mcu - start
                place = start
                if nearly_equal(canvas, rule, start - 1, shift, offset):
                    offset[:] = canvas.offsets[start - 1]
                    while start > interval and nearly_equal(canvas, rule, start - 1, shift, offset):
                        start -= 1
            else:
                start = place
                jumps += 1
                if jumps > rule.most_segments:
                    return False
            resume(canvas, place, place + lowest, place + shift)
            mcu = place
            window.owner[:] = -1
            found = -1
            gain = rule.penalty
        position = mcu + shift
        if interval <= position < canvas.source.size:
            canvas.source[position] = mcu
        canvas.shifts[mcu] = shift
        canvas.offsets[mcu] = offset
        mcu += 1
    return True
