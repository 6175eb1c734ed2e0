"""What undoing each reversed flip would cost, wherever one looks.

The 16 bytes that a flip drew are noise before it is reversed, and picture after: so reversing it pays within two MCUs
of them. A wrong flip that makes up for an earlier one pays only later; one that pleases an edge of the scene pays up to
the end of a row, and is paid for on the row below.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from carving.flips.model import FlipModel
from restore.repair.review.comparison import Comparison
from restore.repair.review.patches import Patches
from restore.repair.review.review_limits import BEFORE_FLIP, BEYOND, LATER, ROWS, SOON
from restore.repair.search.flip_state import bits_by_unit, reverse_flips, stretch_of
from restore.repair.search.hypotheses import Flips
from restore.scan.scan import CANDIDATE_MCUS, Scan

_BY_FAR: Final = 1000.0
"""Nats that undoing is said to cost where nothing decodes then."""


def undo_costs(scan: Scan, model: FlipModel, flips: Flips) -> tuple[float, ...]:
    """Nats that undoing each of some flips would cost beside the others, the least over 2, 6 and 64 MCUs and two rows
    behind its own.

    Args:
        scan: its path laid along its bytes, in which all flips are reversed.
        model: its flip model.
        flips: unit and bit of every flip that is reversed.
    """
    bits = bits_by_unit(flips)
    costs = []
    for flip in flips:
        first, last = stretch_of(model, flip[0], scan.raw.size)
        with_it = scan.raw[first:last].copy()
        reverse_flips(scan.raw, model, (flip,), bits)  # reversing a bit once more undoes it
        without = Patches(first, scan.raw[first:last].copy()[np.newaxis], (flip,))
        scan.raw[first:last] = with_it
        costs.append(_cost(scan, without, first, last))
    return tuple(costs)


def horizons(scan: Scan, first: int, last: int) -> tuple[int, tuple[int, ...]]:
    """The MCU from which hypotheses about some bytes are followed, and those up to which they are judged, ascending."""
    count = scan.layout.mcu_count
    places = scan.path.places[:count]
    base = max(0, int(np.searchsorted(places, 8 * first, side="right")) - 1 - BEFORE_FLIP)
    end = int(np.searchsorted(places, 8 * last, side="left"))
    furthest = min(base + CANDIDATE_MCUS - 1, count)
    behind = (*SOON, LATER, ROWS * scan.layout.columns + BEYOND)
    return base, tuple(sorted({min(end + mcus, furthest) for mcus in behind}))


def _cost(scan: Scan, without: Patches, first: int, last: int) -> float:
    base, targets = horizons(scan, first, last)
    compared = Comparison.over(scan, base, targets[-1])
    if compared is None:
        return 0.0
    reached = sorted({min(target, compared.target) for target in targets})
    return min(min(-float(compared.worths(without, target)[0]), _BY_FAR) for target in reached)
