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
from restore.repair.review.horizons import horizons
from restore.repair.review.patches import Patches
from restore.repair.search.flip_state import undone
from restore.repair.search.hypotheses import Flips
from restore.scan.scan import Scan

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
    costs = []
    for flip in flips:
        with undone(scan, model, flip, flips) as (first, last):
            without = Patches(first, scan.raw[first:last].copy()[np.newaxis], (flip,))
        costs.append(_cost(scan, without, first, last))
    return tuple(costs)


def _cost(scan: Scan, without: Patches, first: int, last: int) -> float:
    to = horizons(scan, first, last)
    targets = {*to.soon, *to.far}
    compared = Comparison.over(scan, to.base, max(targets))
    if compared is None:
        return 0.0
    reached = {min(target, compared.target) for target in targets}
    return min(min(-float(compared.worths(without, target)[0]), _BY_FAR) for target in sorted(reached))
