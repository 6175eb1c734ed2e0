"""Find where the picture goes on behind a sign of damage: by which shift, and with which DC offsets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.decoding.restarts import Interval
from restore.placement.state.placement_state import PlacementState
from restore.placement.state.seam_kernels import measure_seams, score_offsets, weigh_shifts
from restore.placement.state.segment import LARGEST_SHIFT
from restore.scan.contracts import BROKEN
from restore.scan.scan import Stretch

SHIFT_COST: Final = 10.0
"""Nats that a shift must earn."""

OFFSET_COST: Final = 4.0
"""Nats that a change of one component's DC must earn."""

NOTICEABLE: Final = 2.5
SLIGHT_COST: Final = 12.0
"""Nats that a change of DC by less than `NOTICEABLE` samples must earn: natural steps lean one way along an edge."""

UNSEEN_COST: Final = 60.0
"""Nats that any change must earn where no MCU looks damaged."""

NATURAL_LEFT: Final = -2.0
BROKEN_LEFT: Final = 12.0
DAMAGED_ROWS: Final = 12
"""How an MCU looks damaged: its step to the left costs `BROKEN_LEFT` nats more than `NATURAL_LEFT`, within so many MCUs
from the sign of damage."""

END_BONUS: Final = 12.0
"""Nats for a sequence that ends with its restart interval."""

WINDOWS: Final = (32, 80, 1 << 20)
"""MCUs that are tried to tell a place by, until they do."""

LEAD: Final = 20.0
"""Nats by which a place must lead over any other to need no further MCUs."""

LIKELY: Final = (-8, 2)
PLAIN_ROWS: Final = 4
"""Shifts that are tried first; if none comes near and the path goes on within so many rows, no other is tried."""

SURE: Final = 30.0
"""Nats that a new place must score."""


@dataclass(frozen=True, eq=False)
class Find:
    """Where a sequence goes on: row of the sequence, the MCU it is, how far that is shifted, DC offsets, nats."""

    row: int
    mcu: int
    shift: int
    offsets: NDArray[np.int64]
    score: float


def find(state: PlacementState, part: Interval, stretch: Stretch, first: int, good: int) -> Find | None:
    """Where the path goes on behind a stretch from MCU `first` on, whose MCUs are sound before `good`."""
    path = state.scan.path
    broken = stretch.why == BROKEN
    start = stretch.mcu if broken else max(first, good - 1)  # the last sound MCU shows the first seam
    bit = state.stream.bit(int(path.places[start]))
    predictors = path.predictors[start].astype(np.int64)
    path.known[good:] = 0
    state.begin(bit + 1 if broken else bit, predictors)
    rows, more = _read(state, part, WINDOWS[0])
    if rows == 0:
        return None
    best = Find(0, start, 0, np.zeros(4, dtype=np.int64), 0.0)
    if not broken:
        best, lead = _best(state, part, rows, start, good, LIKELY, not more and _ends(state, part, rows))
        if best.shift == 0 and not best.offsets.any() and lead > LEAD and best.mcu <= good + PLAIN_ROWS:
            return best
    for window in WINDOWS:
        rows, more = _read(state, part, window)
        best, lead = _best(
            state, part, rows, start, good, (-LARGEST_SHIFT, LARGEST_SHIFT), not more and _ends(state, part, rows)
        )
        if not more or (lead > LEAD and best.score >= SURE):
            break
    return best


def _read(state: PlacementState, part: Interval, window: int) -> tuple[int, bool]:
    """Rows of the sequence inside a window, and whether there are more."""
    found = state.read(window + 1, part.end_bit)
    return min(window, found), found > window


def _ends(state: PlacementState, part: Interval, rows: int) -> bool:
    """Whether a sequence of so many rows ends with its restart interval."""
    return rows < state.sequence.lefts.size and part.end_bit - int(state.sequence.bits[rows]) < 8


def _best(
    state: PlacementState, part: Interval, rows: int, start: int, good: int, among: tuple[int, int], ends: bool
) -> tuple[Find, float]:
    """The best place of the first rows of the sequence, whose row 0 is MCU `start` if nothing is shifted, and its lead
    in nats over any other shift `among` (first and last).

    `ends` says that the sequence ends with the restart interval.
    """
    layout = state.layout
    shifts = np.arange(among[0], among[1] + 1)
    scores = np.zeros(shifts.size)
    offsets = np.zeros((shifts.size, 4), dtype=np.int64)
    weigh_shifts(
        rows, start, *among, good, part.end_unit, layout, state.scan.model, state.broad, state.lean,
        state.guide, state.scan.path, state.sequence, state.seams, scores, offsets,
    )  # fmt: skip
    samples = np.abs(offsets[:, : state.broad.size]) * layout.quant[::64] * 0.125
    scores -= SHIFT_COST * (shifts != 0) + OFFSET_COST * (offsets != 0).sum(axis=1)
    slight = samples.max(axis=1) < NOTICEABLE
    scores[(shifts == 0) & slight] -= SLIGHT_COST
    scores -= UNSEEN_COST * _wholeness(state, rows)
    plain = np.zeros(4, dtype=np.int64)
    stays, row = _run(state, part, rows, start, good, plain)
    if ends:
        ending = part.end_unit - rows - start
        scores[shifts == ending] += END_BONUS
        stays += END_BONUS * (ending == 0)
    scores[start + shifts + rows < good] = -1.0  # all of the sequence would lie where the path is sound
    best = int(np.argmax(scores))
    if stays >= scores[best] or scores[best] < SURE:
        scores[shifts == 0] = -1.0
        return Find(row, start + row, 0, plain, stays), stays - float(scores.max())
    top = float(scores[best])
    scores[best] = stays if shifts[best] else -1.0
    shift, chosen = int(shifts[best]), offsets[best].copy()
    _, row = _refine(state, part, rows, start + shift, good, chosen)
    row = max(row, good - 1 - start - shift)
    return Find(row, start + row + shift, shift, chosen, top), top - max(
        float(scores.max()), 0.0 if shift == 0 else stays
    )


def _wholeness(state: PlacementState, rows: int) -> float:
    """From 1, where the first rows of the sequence look as if nothing were damaged, to 0, where surely something is."""
    among = slice(0, min(rows, DAMAGED_ROWS))
    if not state.sequence.joined[among].all():
        return 0.0
    worst = float(state.sequence.lefts[among].min())
    return float(np.clip(1.0 + (worst - NATURAL_LEFT) / BROKEN_LEFT, 0.0, 1.0))


def _run(
    state: PlacementState, part: Interval, found: int, first_mcu: int, lowest: int, offsets: NDArray[np.int64]
) -> tuple[float, int]:
    """Score of the sequence at `first_mcu` with these offsets, and its first row that fits."""
    scan = state.scan
    measure_seams(
        found,
        first_mcu,
        lowest,
        part.end_unit,
        state.layout,
        scan.model,
        state.lean,
        scan.path,
        state.sequence,
        state.seams,
    )
    score, begin, _ = _scored(state, found, first_mcu, offsets)
    return score, begin


def _scored(state: PlacementState, found: int, first_mcu: int, offsets: NDArray[np.int64]) -> tuple[float, int, int]:
    score, begin, end = score_offsets(
        found, first_mcu, offsets, state.layout, state.scan.model, state.broad, state.guide, state.sequence,
        state.seams,
    )  # fmt: skip
    return float(score), int(begin), int(end)


def _refine(
    state: PlacementState, part: Interval, found: int, first_mcu: int, lowest: int, offsets: NDArray[np.int64]
) -> tuple[float, int]:
    """Climb to the best whole DC offsets at a place; changes `offsets`."""
    best, row = _run(state, part, found, first_mcu, lowest, offsets)
    for component in range(state.broad.size):
        for change in (-offsets[component], -2, -1, 1, 2):
            trial = offsets.copy()
            trial[component] += change
            score, begin, _ = _scored(state, found, first_mcu, trial)
            if score > best + (-OFFSET_COST if trial[component] == 0 else 0.0):
                best, row = score, begin
                offsets[:] = trial
    return best, row
