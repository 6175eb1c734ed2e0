"""Decode on from a checkpoint, scoring MCU by MCU, until the picture stops making sense.

This is the X-drop extension of sequence aligners (Altschul et al., 1990): the highest running score marks the last
MCU that still belongs to the picture, a fall by more than `drop` below it, or an invalid code, ends the stretch.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel
from restore.decoding.entropy_kernels import decode_block
from restore.scan.contracts import (
    ALARMED,
    BROKEN,
    COMPLETE,
    DROPPED,
    HORIZON,
    WINDOW_OPEN,
    WINDOW_SCAN_END,
    Codes,
    Model,
    Path,
    ScanLayout,
    Workspace,
)
from restore.scan.score_kernels import amplitude_size, describe_mcu, score_mcu
from restore.scan.window_kernels import load_window

SYNC_BONUS: Final = 3.0
"""Nats for meeting a marker exactly, with its padding and number right."""

PAIR: Final = 1.4
"""How much more two MCUs in a row must lack than one to raise an alarm."""

NEVER: Final = 1e9
"""An alarm level that nothing reaches."""

LONGEST_BLOCK: Final = 64 * 27
"""Bits of the longest block: 64 codes of 16 bits with 11 amplitude bits."""


@kernel
def decode_mcu(bit: int, layout: ScanLayout, codes: Codes, work: Workspace) -> int:
    """Decode the MCU at `bit` of the window into the workspace (DC as absolute values, predictors moved on).

    Returns:
        The bit position behind it; for an invalid code, -1 less the position of its block.
    """
    blocks = layout.component_of.size
    for index in range(blocks * 64):
        work.coefficients[index] = 0
    for index in range(blocks):
        component = layout.component_of[index]
        before = bit
        bit, difference = decode_block(
            work.window,
            bit,
            2 * component,
            2 * component + 1,
            codes.fast,
            codes.limits,
            codes.offsets,
            codes.symbols,
            work.coefficients,
            index * 64,
        )
        if bit < 0:
            return -1 - before
        size = amplitude_size(difference)
        work.dc_bits[index] = codes.dc_lengths[component * 16 + size] + size
        work.ac_bits[index] = bit - before - work.dc_bits[index]
        work.predictors[component] += difference
        work.coefficients[index * 64] = work.predictors[component]
    return bit


@kernel(no_cpython_wrapper=True)
def keep_state(bit: int, score: float, own: Path, row: int, work: Workspace) -> None:
    """Note where MCU `row` of a stretch begins."""
    own.places[row] = work.origins[bit >> 3] * 8 + (bit & 7)
    own.scores[row] = score
    for component in range(4):
        own.predictors[row, component] = work.predictors[component]


@kernel(no_cpython_wrapper=True)
def meets_marker(bit: int, boundary: int, mark: int, number: int, work: Workspace) -> bool:
    """Whether restart marker `mark` of the window stands right behind `bit`, rightly padded and numbered."""
    padding = (1 << (boundary * 8 - bit)) - 1
    return (
        work.marks[mark] == boundary
        and work.numbers[mark] == number
        and (padding == 0 or (work.window[boundary - 1] & padding) == padding)
    )


@kernel
def extend(
    size: int,
    marks: int,
    ending: int,
    first_bit: int,
    first_mcu: int,
    max_mcus: int,
    drop: float,
    layout: ScanLayout,
    codes: Codes,
    model: Model,
    path: Path,
    own: Path,
    work: Workspace,
    alarm: float,
    examined: NDArray[np.uint8],
) -> tuple[float, int, float, int, int]:
    """Extend from MCU `first_mcu`, whose first bit is `first_bit` of the window; `work.predictors` are those before it.

    MCUs before `first_mcu` are looked up in `path`; MCU m of this stretch goes to row m - first_mcu of `own`, and where
    the stretch ends to the row behind. An MCU that scores `alarm` spreads less than expected ends the stretch too,
    and so do two neighbours that lack `PAIR` times as much together. Where `examined` (per byte of the file) marks the
    place that an MCU begins at, its low score is forgiven: it ends nothing, and falls are counted anew behind it.

    Returns:
        Highest running score, MCUs up to it, final score, MCUs scored, and why the stretch ended.
    """
    best = 0.0
    best_count = 0
    score = 0.0
    lacked = 0.0
    bit = first_bit
    mark = np.int64(0)
    interval = layout.restart_interval
    last = min(first_mcu + max_mcus, layout.mcu_count)
    for mcu in range(first_mcu, last):
        row = mcu - first_mcu
        keep_state(bit, score, own, row, work)
        at_marker = row > 0 or (marks > 0 and work.marks[0] <= (bit + 7) >> 3)  # a place may lie before its marker
        if interval > 0 and mcu > 0 and mcu % interval == 0 and at_marker:
            if mark >= marks:
                return best, best_count, score, row, HORIZON if ending == WINDOW_OPEN else BROKEN
            boundary = (bit + 7) >> 3
            if not meets_marker(bit, boundary, mark, (mcu // interval - 1) % 8, work):
                return best, best_count, score, row, BROKEN
            mark += 1
            bit = boundary * 8
            score += SYNC_BONUS
            for component in range(4):
                work.predictors[component] = 0
            keep_state(bit, score, own, row, work)
        limit = 8 * (work.marks[mark] if mark < marks else size)
        following = decode_mcu(bit, layout, codes, work)
        if following < 0 or following > limit:
            reached = following if following >= 0 else -1 - following + LONGEST_BLOCK
            if ending == WINDOW_OPEN and mark >= marks and reached > limit:
                return best, best_count, score, row, HORIZON  # what lies behind the window decides
            return best, best_count, score, row, BROKEN
        length = float(following - bit)
        bit = following
        left = row - 1
        above = row - layout.columns
        left_path = mcu - 1 if mcu % layout.columns > 0 else -1
        above_path = mcu - layout.columns if mcu >= layout.columns else -1
        if left_path >= 0 and left < 0 and path.known[left_path] == 0:
            left_path = -1
        if above_path >= 0 and above < 0 and path.known[above_path] == 0:
            above_path = -1
        own_left = left >= 0 and left_path >= 0
        own_above = above >= 0
        describe_mcu(
            own if own_left else path,
            left if own_left else left_path,
            own if own_above else path,
            above if own_above else above_path,
            own,
            row,
            layout,
            work,
        )
        gained = score_mcu(layout, model, work)
        own.known[row] = 1
        score += gained
        usual = model.expected.base + model.expected.per_bit * length + model.expected.per_root * np.sqrt(length)
        lacking = usual - gained
        forgiven = examined[own.places[row] >> 3] != 0
        threshold = alarm * model.expected.alarm
        if not forgiven and (lacking > threshold or lacking + lacked > PAIR * threshold):
            keep_state(bit, score, own, row + 1, work)
            return best, best_count, score, row + 1, ALARMED
        lacked = 0.0 if forgiven else lacking
        if score > best or forgiven:
            best = score
            best_count = row + 1
        if score < best - drop:
            keep_state(bit, score, own, row + 1, work)
            return best, best_count, score, row + 1, DROPPED
    row = last - first_mcu
    keep_state(bit, score, own, row, work)
    if last < layout.mcu_count:
        return best, best_count, score, row, HORIZON
    spare = 8 * size - bit
    padding = (1 << spare) - 1 if 0 < spare < 8 else 0
    if ending == WINDOW_OPEN:
        return best, best_count, score, row, HORIZON
    if ending != WINDOW_SCAN_END or spare > 7 or (spare > 0 and (work.window[size - 1] & padding) != padding):
        return best, best_count, score, row, BROKEN
    score += SYNC_BONUS
    return max(best, score), row, score, row, COMPLETE


@kernel(nogil=True)
def evaluate(
    raw: NDArray[np.uint8],
    scan_end: int,
    patch_starts: NDArray[np.int64],
    patch_lengths: NDArray[np.int64],
    patches: NDArray[np.uint8],
    checkpoints: NDArray[np.int64],
    target_mcu: int,
    window: int,
    drop: float,
    layout: ScanLayout,
    codes: Codes,
    model: Model,
    path: Path,
    own: Path,
    work: Workspace,
    results: NDArray[np.float64],
    examined: NDArray[np.uint8],
) -> int:
    """Extend every candidate patch from its checkpoint (an MCU of `path`) up to `target_mcu` or `window` bytes further.

    `results` (candidates, 7) receives: highest total score, MCU behind it, its place in bits, final total score, MCU
    behind the stretch, why it ended, and the place in bits where it did.

    Returns:
        MCUs decoded in all, the unit in which work is counted.
    """
    spent = 0
    for index in range(patch_starts.size):
        mcu = checkpoints[index]
        place = path.places[mcu]
        first = place >> 3
        stop = max(patch_starts[index] + patch_lengths[index], first) + window
        size, marks, ending = load_window(
            raw,
            first,
            stop,
            scan_end,
            patches[index],
            patch_starts[index],
            patch_lengths[index],
            layout.restart_interval > 0,
            work,
        )
        for component in range(4):
            work.predictors[component] = path.predictors[mcu, component]
        room = min(target_mcu - mcu, own.known.size - 1)
        best, best_count, score, count, why = extend(
            size, marks, ending, place & 7, mcu, room, drop, layout, codes, model, path, own, work, NEVER, examined
        )
        results[index, 0] = path.scores[mcu] + best
        results[index, 1] = mcu + best_count
        results[index, 2] = own.places[best_count]
        results[index, 3] = path.scores[mcu] + score
        results[index, 4] = mcu + count
        results[index, 5] = why
        results[index, 6] = own.places[count]
        spent += count + 1
    return spent
