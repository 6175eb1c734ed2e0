"""A flip that only makes up for one before it that nobody saw, and that one in its place.

A flip can shift what follows by a few MCUs and leave it in step; further on a wrong one puts that right again, and
gains thousands of nats. It betrays itself at its own place, where it draws noise. So all flips of the stretch before it
are tried without it.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from carving.flips.model import FlipModel
from restore.repair.review.patches import patches_of
from restore.repair.search.flip_state import bits_by_unit, stretch_of, undone
from restore.repair.search.hypotheses import Flips
from restore.scan.scan import CANDIDATE_MCUS, Candidates, Scan

_BACK: Final = 160
"""MCUs before a flip in which what it makes up for may lie: of 23 such flips all lay within 158."""

_BEHIND: Final = 160
"""MCUs behind a flip by which another must have explained the picture better."""

_DROP: Final = 60.0
_AT_ONCE: Final = 64
"""Units whose flips are followed at a time."""

_BETTER: Final = 20.0
"""Nats by which it must."""


def earlier_cause(scan: Scan, model: FlipModel, flip: tuple[int, int], flips: Flips) -> tuple[int, int] | None:
    """The flip before a reversed one that explains the picture better in its place; None where there is none.

    Args:
        scan: its path laid along its bytes, with scores, all of `flips` reversed in them; it is left so.
        model: its flip model.
        flip: one of `flips`, unit and bit.
        flips: every flip that is reversed.
    """
    first, _ = stretch_of(model, flip[0], scan.raw.size)
    places = scan.path.places[: scan.layout.mcu_count]
    own = max(0, int(np.searchsorted(places, 8 * first, side="right")) - 1)
    begin = max(0, own - _BACK)
    target = min(own + _BEHIND, begin + CANDIDATE_MCUS - 1, scan.layout.mcu_count)
    low = int(np.searchsorted(model.starts, places[begin] >> 3, side="right"))
    others = bits_by_unit(tuple(other for other in flips if other != flip))
    best, worth = None, scan.path.scores[target] + _BETTER
    with undone(scan, model, flip, flips):
        for unit in range(low, flip[0], _AT_ONCE):
            units = range(unit, min(unit + _AT_ONCE, flip[0]))
            patches = patches_of(scan.raw, model, units, others)
            count = len(patches.flips)
            starts = np.array([stretch_of(model, one, scan.raw.size)[0] for one, _ in patches.flips])
            checkpoints = np.maximum(np.searchsorted(places, 8 * starts, side="right") - 1, 0)
            starts_at, lengths = np.full(count, patches.first), np.full(count, patches.rows.shape[1])
            candidates = Candidates(starts_at, lengths, patches.rows[:count], checkpoints)
            outcomes = scan.evaluate(candidates, target, int(3 * (target - begin) * scan.mcu_bytes) + 1024, _DROP)
            totals = np.where(outcomes.table[:, 4] >= target, outcomes.last, -np.inf)
            row = int(np.argmax(totals))
            if totals[row] > worth:
                best, worth = patches.flips[row], float(totals[row])
    return best
