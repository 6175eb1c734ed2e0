"""Reversed flips that do not hold beside all others: taken back, or one before them put in their place."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from carving.flips.model import FlipModel
from restore.repair.search.flip_state import bits_by_unit, reverse_flips
from restore.repair.search.hypotheses import Reversal, flips_of
from restore.repair.trust.earlier_causes import earlier_cause
from restore.repair.trust.path_scores import lay_scores
from restore.repair.trust.undoing import undo_costs
from restore.scan.scan import Scan

_HOLDS: Final = 20.0
"""Nats that undoing a flip must cost: of 1,280 right ones the least cost 43, of 23 wrong ones the most -15."""

_MOST: Final = 8
"""How many are looked into."""


def without_wrong_flips(scan: Scan, model: FlipModel, reversals: tuple[Reversal, ...]) -> tuple[Reversal, ...]:
    """The reversals that hold; what changes is changed in the scan's bytes.

    One that does not hold stays where the scan does not decode without it, and no other explains it better.

    Args:
        scan: a scan that decodes to its last bit, its path laid along it with scores.
        model: its flip model, of an encrypted source.
        reversals: all flips reversed in it.
    """
    kept = reversals
    tried: set[tuple[int, int]] = set()
    for _ in range(_MOST):
        flips = flips_of(kept)
        costs = dict(zip(flips, undo_costs(scan, model, flips), strict=True))
        lay_scores(scan)
        doubtful = [flip for flip in flips if costs[flip] < _HOLDS and flip not in tried]
        if not doubtful:
            break
        flip = min(doubtful, key=lambda one: costs[one])
        tried.add(flip)
        cause = earlier_cause(scan, model, flip, flips)
        if cause is None and costs[flip] > 0:
            continue
        before = scan.raw.copy()
        reverse_flips(scan.raw, model, (flip,), bits_by_unit(flips))  # reversing a bit once more undoes it
        others = tuple(item for item in kept if (item.unit, item.bit) != flip)
        if cause is not None:
            reverse_flips(scan.raw, model, (cause,), bits_by_unit(flips_of(others)))
            (own,) = (item for item in kept if (item.unit, item.bit) == flip)
            others = (*others, replace(own, unit=cause[0], bit=cause[1], margin=_HOLDS))
        if lay_scores(scan):
            kept = others
        else:
            scan.raw[:] = before
            lay_scores(scan)
    return kept
