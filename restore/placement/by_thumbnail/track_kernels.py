"""Follow all plausible places of a scan's MCUs at once, and keep the most likely course of the whole.

The rows of a scan stand in the picture at their number plus a shift that stays as it is until damage changes it. Each
shift in play is a hypothesis with its own running estimate of the DC values it lacks, updated as in R. Kalman, "A new
approach to linear filtering and prediction problems", 1960; the best path is found as in A. Viterbi, "Error bounds for
convolutional codes", 1967, every hypothesis being compared with "damage: these rows stand nowhere".
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel
from restore.placement.by_thumbnail.fit_kernels import FeatureModel, feature_nats, level_nats, side_nats
from restore.placement.by_thumbnail.row_kernels import Rows
from restore.placement.by_thumbnail.shift_path_kernels import ShiftPaths, standing_at, sweep, trace
from restore.scan.contracts import Model, ScanLayout
from restore.thumbnail.level_guide import Guide

SHIFTS: Final = 32
"""Largest change of shift at one place of damage, in MCUs."""

_GONE: Final = -1e30
_BREAK: Final = 6.0
_UNSEEN: Final = 10.0
"""Nats that damage costs, and those that it costs besides where nothing looks odd."""

_ODD: Final = -5.0
_ODD_ROWS: Final = 5
"""Nats of a seam to the left under which a row looks odd, and rows within which one must."""

_LOST: Final = 1.0
"""Nats for each row that stands nowhere."""

_RESUME: Final = 2.0
_FAR: Final = 0.8
_FARTHEST: Final = 30.0
"""Nats for going on behind damage, for each MCU of a changed shift, and the most for that."""

_NEAR: Final = 16
_ASTRAY: Final = 0.4
_FARTHEST_ASTRAY: Final = 12.0
"""MCUs by which shifts may lie outside those at the beginning and at the end of a part; nats for each MCU beyond, and
the most for that."""

_BEAM: Final = 80.0
"""Nats by which a hypothesis may lag behind the best."""

_END: Final = 12.0
"""Nats for a last row that stands at the end of its part."""


@kernel
def looks_odd(row: int, mcu: int, end_row: int, columns: int, rows: Rows) -> bool:
    """Whether one of the rows from `row` on, which would stand at `mcu`, does not go on from the one before it."""
    for ahead in range(min(_ODD_ROWS, end_row - row)):
        if not rows.joined[row + ahead]:
            return True
        if rows.lefts[row + ahead] < _ODD and (mcu + ahead) % columns != 0:
            return True
    return False


@kernel
def track(
    first_row: int,
    end_row: int,
    first_mcu: int,
    end_mcu: int,
    ends: bool,
    layout: ScanLayout,
    model: Model,
    guide: Guide,
    feature_model: FeatureModel,
    rows: Rows,
    shift_paths: ShiftPaths,
    marks: NDArray[np.int64],
    row_of: NDArray[np.int64],
    lacking: NDArray[np.float64],
    widest: int,
) -> tuple[int, int]:
    """Find where the rows of one part of a scan stand, rows `first_row` to `end_row` - 1 on MCUs from `first_mcu` on.

    Args:
        ends: the last row ends where the part does.
        widest: shifts up to which are considered.

    Receives the shift_paths, and `row_of` (MCUs,) and `lacking` (MCUs, components) as `trace` gives them.

    Returns:
        The record of the last stretch, and the row behind its last.
    """
    components = feature_model.widths.size
    size = 2 * widest + 1
    base = first_mcu - first_row - widest  # shift of state 0
    # of each shift, two hypotheses that stand and one that is lost; the first row of `holders` and `offset` is the lost
    good = np.full((2, size), _GONE)
    lost = np.full(size, _GONE)
    gone_for = np.zeros(size, dtype=np.int64)
    lost_row = np.zeros(size, dtype=np.int64)
    holders = np.full(3 * size, -1, dtype=np.int64)
    offset = np.zeros((3, size, components))
    doubt = np.zeros((2, size, components))
    entering = np.full(size, _GONE)
    origin = np.zeros(size, dtype=np.int64)
    nothing = np.zeros(components)
    shift_paths.first[0], shift_paths.shift[0], shift_paths.before[0], shift_paths.last[0] = (
        first_row,
        base + widest,
        -1,
        first_row,
    )
    shift_paths.offsets[0] = 0.0
    owed = (end_mcu - first_mcu) - (end_row - first_row)
    least = widest + min(0, owed) - _NEAR
    most = widest + max(0, owed) + _NEAR
    records = 1
    good[0, widest] = 0.0
    holders[size + widest] = 0
    low, high = widest, widest
    for row in range(first_row, end_row):
        best = _GONE
        for state in range(low, high + 1):
            best = max(best, good[0, state], good[1, state], lost[state])
        floor = best - _BEAM
        lower = max(0, low - SHIFTS)
        upper = min(size - 1, high + SHIFTS)
        entering[lower : upper + 1] = _GONE
        for state in range(low, high + 1):
            if lost[state] < floor:
                lost[state] = _GONE
                continue
            left = max(state - min(gone_for[state], SHIFTS), 0)
            for target in range(left, min(state + SHIFTS, size - 1) + 1):
                score = lost[state] - _RESUME - min(_FAR * abs(target - state), _FARTHEST)
                if score > entering[target]:
                    entering[target] = score
                    origin[target] = state
        if records + size > shift_paths.first.size:
            records = sweep(records, holders, shift_paths, marks)
            if records + size > shift_paths.first.size:
                break
        for state in range(lower, upper + 1):
            away = max(least - state, state - most)
            if away > 0 and entering[state] > _GONE:
                entering[state] -= min(_ASTRAY * away, _FARTHEST_ASTRAY)
        for state in range(lower, upper + 1):  # before what is lost changes
            mcu = row + base + state
            slot = 0 if good[0, state] < good[1, state] else 1
            if entering[state] <= max(good[slot, state], floor) or mcu < first_mcu or mcu >= end_mcu:
                entering[state] = _GONE
                continue
            before = origin[state]
            shift_paths.first[records] = row
            shift_paths.shift[records] = base + state
            shift_paths.before[records] = holders[before]
            shift_paths.last[records] = lost_row[before]
            shift_paths.offsets[records] = offset[0, before]
            origin[state] = records
            records += 1
        new_low, new_high = size, -1
        for state in range(lower, upper + 1):
            mcu = row + base + state
            slot = 0 if good[0, state] > good[1, state] else 1
            broken = good[slot, state] - _BREAK
            if broken > lost[state] and broken > floor and not looks_odd(row, mcu, end_row, layout.columns, rows):
                broken -= _UNSEEN
            if broken > lost[state]:
                lost[state] = broken - _LOST
                gone_for[state] = 1
                lost_row[state] = row
                holders[state] = holders[(slot + 1) * size + state]
                offset[0, state] = offset[slot + 1, state]
            elif lost[state] > _GONE:
                lost[state] -= _LOST
                gone_for[state] += 1
            else:
                holders[state] = -1
            worse = 1 - slot
            alike = -1.0
            for slot in range(2):
                begins = slot == worse and entering[state] > _GONE
                score = entering[state] if begins else good[slot, state]
                good[slot, state] = _GONE
                holder = (slot + 1) * size + state
                record = origin[state] if begins else holders[holder]
                holders[holder] = -1
                if score < floor or mcu < first_mcu or mcu >= end_mcu:
                    continue
                holders[holder] = record
                if alike < 0.0:
                    alike = 1.0
                    common = feature_nats(row, mcu, rows, feature_model)
                nats = common + side_nats(row, mcu, layout.columns, begins or row == first_row, rows)
                target = mcu - layout.columns
                child = np.int64(-1)
                if target >= first_mcu:
                    above, child = standing_at(target, record, row, shift_paths)
                else:
                    above = row_of[target] if target >= 0 else np.int64(-1)
                if above < 0:
                    lacks = nothing
                elif target < first_mcu:
                    lacks = lacking[target]
                else:
                    lacks = shift_paths.offsets[child] if child >= 0 else offset[slot + 1, state]
                nats += level_nats(
                    row, mcu, above, lacks, begins, rows, layout, model, guide, feature_model, offset[slot + 1, state],
                    doubt[slot, state],
                )  # fmt: skip
                good[slot, state] = score + nats
            if good[0, state] > _GONE or good[1, state] > _GONE or lost[state] > _GONE:
                new_low = min(new_low, state)
                new_high = max(new_high, state)
        low, high = new_low, new_high
    best, record, end = _GONE, -1, end_row
    for state in range(low, high + 1):
        bonus = _END if ends and end_row + base + state == end_mcu else 0.0
        for slot in range(2):
            if good[slot, state] > _GONE and good[slot, state] + bonus > best:
                best, record, end = good[slot, state] + bonus, holders[(slot + 1) * size + state], end_row
                nothing[:] = offset[slot + 1, state]
        if lost[state] > best:
            best, record, end = lost[state], holders[state], lost_row[state]
            nothing[:] = offset[0, state]
    if record >= 0:
        trace(record, end, nothing, shift_paths, row_of, lacking)
    return record, end
