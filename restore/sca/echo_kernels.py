"""Echoes: a strip of MCUs that was put in the wrong state makes the row below seem to jump and to jump back.

Damage never leads back to the very state that it destroyed. So where a jump undoes the one before it, or repeats one
directly above, it is the strip above that was wrong: it is corrected, and the row below resumed without the jump.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel
from restore.sca.rim_kernels import Canvas, Rims, Rule, top_dissent


@kernel
def nearly_equal(canvas: Canvas, rule: Rule, mcu: int, shift: int, offset: NDArray[np.float32]) -> bool:
    """Whether `mcu` has this shift and, within the tolerance, this offset."""
    if canvas.shifts[mcu] != shift:
        return False
    for component in range(offset.size):
        distance = abs(canvas.offsets[mcu, component] - offset[component])
        if distance > rule.tolerance + rule.steps[component]:
            return False
    return True


@kernel
def same_state(canvas: Canvas, first: int, second: int) -> bool:
    """Whether two MCUs have the same shift and offset."""
    return canvas.shifts[first] == canvas.shifts[second] and bool(
        np.all(canvas.offsets[first] == canvas.offsets[second])
    )


@kernel
def return_to_former(
    rims: Rims,
    canvas: Canvas,
    rule: Rule,
    start: int,
    first: int,
    end: int,
    shift: int,
    offset: NDArray[np.float32],
    gain: np.float32,
    change: NDArray[np.float32],
) -> tuple[bool, int]:
    """Whether MCUs `first` to `end` fit about as well in a state of the last row of MCUs as in the best state found.

    Args:
        start: the first MCU of the current segment.
        shift, offset: its state.
        gain: dissent that the best jump removes from these MCUs.
        change: receives the jump of colour, where the answer is yes.

    Returns:
        The answer, and the jump of position.
    """
    still = np.zeros(change.size, dtype=np.float32)
    trial = np.zeros(change.size, dtype=np.float32)
    work = np.empty(3 * change.size, dtype=np.float32)
    least = np.float32(0.9) * gain - rule.penalty
    found = False
    jump = 0
    interval = first // rule.restart_interval * rule.restart_interval
    for last in range(start - 1, max(interval, first - rule.columns) - 1, -1):
        if same_state(canvas, last, last + 1) and last + 1 != start:
            continue
        trial[:] = canvas.offsets[last] - offset
        step = canvas.shifts[last] - shift
        here = -rule.shift_penalty * np.float32(abs(step))
        for mcu in range(first, end):
            here += top_dissent(rims, canvas, rule, mcu, mcu + shift, offset, still, work)
            here -= top_dissent(rims, canvas, rule, mcu, mcu + shift + step, offset, trial, work)
        if here > least:
            least, found, jump = here, True, step
            change[:] = trial
    return found, jump


@kernel
def same_jump_above(
    canvas: Canvas, rule: Rule, position: int, below: int, jump: int, change: NDArray[np.float32]
) -> int:
    """The MCU before `below` at which the row above makes the same jump near `position`; -1 where it does not."""
    upper = -1
    for place in range(max(position, 0), min(position + 4, canvas.source.size)):
        if canvas.source[place] >= 0:
            upper = int(canvas.source[place])
            break
    if upper < 0 or (jump == 0 and abs(change[0]) <= rule.tolerance + rule.steps[0]):
        return -1
    offset = np.empty(change.size, dtype=np.float32)
    for mcu in range(max(1, upper - rule.reach), min(upper + rule.reach + 1, below)):
        offset[:] = canvas.offsets[mcu] - change
        if nearly_equal(canvas, rule, mcu - 1, canvas.shifts[mcu] - jump, offset):
            return mcu
    return -1


@kernel
def echo_strip(
    rims: Rims,
    canvas: Canvas,
    rule: Rule,
    start: int,
    place: int,
    shift: int,
    offset: NDArray[np.float32],
    jump: int,
    change: NDArray[np.float32],
    gain: np.float32,
) -> tuple[int, int]:
    """The strip whose wrong state explains the segment from `start` to the jump at `place`.

    Args:
        shift, offset: state of the segment that the jump would end.
        jump, change: the jump.
        gain: dissent that the jump removes.

    Returns:
        First and last MCU of the strip; -1 and -1 where the jump is no echo.
    """
    left = start + shift - rule.columns
    right = place + shift - rule.columns
    if not nearly_equal(canvas, rule, start - 1, shift + jump, offset + change):
        end = same_jump_above(canvas, rule, right, start, jump, change)
        if end < 0:
            return -1, -1
        right = min(right, end + canvas.shifts[end - 1])
        first = end - 1
        while first > 0 and same_state(canvas, first - 1, end - 1):
            first -= 1
        left = max(left, first + canvas.shifts[first])
    low = high = -1
    for position in range(max(left, 0), min(max(right, 0), canvas.source.size)):
        if canvas.source[position] >= 0:
            if low < 0:
                low = int(canvas.source[position])
            high = int(canvas.source[position])
    if low <= 0 or high < low or high >= start:
        return -1, -1
    beyond = min(high + 1 + rule.reach, start - 1)
    if nearly_equal(canvas, rule, beyond, canvas.shifts[low - 1], canvas.offsets[low - 1]):
        return -1, -1
    still = np.zeros(change.size, dtype=np.float32)
    work = np.empty(3 * change.size, dtype=np.float32)
    loss = np.float32(0)
    for mcu in range(low, high + 1):
        shown = mcu + canvas.shifts[mcu]
        loss -= top_dissent(rims, canvas, rule, mcu, shown, canvas.offsets[mcu], still, work)
        loss += top_dissent(rims, canvas, rule, mcu, shown + jump, canvas.offsets[mcu], change, work)
    # The strip may itself fit an echo above it; two segments less are worth their penalties.
    if loss >= np.float32(1.5) * gain + np.float32(2) * rule.penalty:
        return -1, -1
    return low, high


@kernel
def correct_strip(
    canvas: Canvas, rule: Rule, low: int, high: int, below: int, jump: int, change: NDArray[np.float32]
) -> None:
    """Move the MCUs `low` to `high` by a jump.

    A neighbour before `below` whose state comes out the same lends its offset exactly.
    """
    for mcu in range(low, high + 1):
        position = mcu + canvas.shifts[mcu]
        if 0 <= position < canvas.source.size and canvas.source[position] == mcu:
            canvas.source[position] = -1
        canvas.shifts[mcu] += jump
        canvas.offsets[mcu] += change
    for neighbour in (low - 1, high + 1):
        if 0 <= neighbour < below and nearly_equal(canvas, rule, neighbour, canvas.shifts[low], canvas.offsets[low]):
            for mcu in range(low, high + 1):
                canvas.offsets[mcu] = canvas.offsets[neighbour]
    for mcu in range(low, high + 1):
        position = mcu + canvas.shifts[mcu]
        if 0 <= position < canvas.source.size:
            canvas.source[position] = mcu


@kernel
def resume(canvas: Canvas, mcu: int, lowest: int, position: int) -> None:
    """Clear the canvas from `lowest` on, and show again what MCUs before `mcu` had there, up to its new `position`."""
    for place in range(max(lowest, 0), canvas.source.size):
        canvas.source[place] = -1
    for earlier in range(max(0, mcu - 64), mcu):
        place = earlier + canvas.shifts[earlier]
        if max(lowest, 0) <= place < min(position, canvas.source.size):
            canvas.source[place] = earlier
