"""How well a flip is borne out by itself: at once, a little later, over the rows below, and against its rivals.

Where a flip was real, reversing it leaves picture, at once and for good. One that only pleases an odd place of a sound
picture fails somewhere: a wrong step of the DC values along an edge of the scene gains hundreds of nats up to the end
of the row and loses them on the row below; one that makes up for a flip unseen before it draws noise at its own place.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from carving.flips.model import FlipModel
from restore.repair.review.comparison import Comparison
from restore.repair.review.horizons import horizons
from restore.repair.review.patches import Patches, patches_of
from restore.repair.review.review_limits import NEIGHBOURS
from restore.repair.search.flip_state import bits_by_unit, stretch_of, undone
from restore.scan.scan import Scan


def corroboration(scan: Scan, model: FlipModel, flip: tuple[int, int], others: Mapping[int, tuple[int, ...]]) -> float:
    """Nats by which a flip is borne out wherever one looks: the least of what reversing it has gained 2, 6 and 64 MCUs
    and two rows behind its own, and of its lead there over its best rival at the latter two.

    Args:
        scan: a scan in whose bytes the flip is not reversed, its path laid along them as far as they decode.
        model: its flip model.
        flip: unit and bit.
        others: the bits of each unit that are reversed in the scan's bytes.
    """
    last = stretch_of(model, flip[0], scan.raw.size)[1]
    rivals = range(max(0, flip[0] - NEIGHBOURS), min(flip[0] + NEIGHBOURS + 1, model.starts.size))
    to = horizons(scan, stretch_of(model, rivals[0], scan.raw.size)[0], last)
    compared = Comparison.over(scan, to.base, max(to.far))
    if compared is None:
        return -np.inf
    patches = patches_of(scan.raw, model, rivals, others)
    row = patches.flips.index(flip)
    alone = Patches(patches.first, patches.rows[[row]], (flip,))
    worth = min(float(compared.worths(alone, target)[0]) for target in to.soon)
    for target in to.far:
        gains = compared.worths(patches, target)
        beaten = max(0.0, float(np.delete(gains, row).max(initial=0.0)))
        worth = min(worth, float(gains[row]) - beaten)
    return worth


def least_corroborated(scan: Scan, model: FlipModel, flips: tuple[tuple[int, int], ...]) -> float:
    """The least that any of some flips is borne out by beside the others, all of them reversed in the scan's bytes.

    Args:
        scan: its path laid along its bytes.
        model: its flip model.
        flips: unit and bit of every flip that is reversed.
    """
    least = np.inf
    for flip in flips:
        others = bits_by_unit(tuple(other for other in flips if other != flip))
        with undone(scan, model, flip, flips):
            least = min(least, corroboration(scan, model, flip, others))
    return float(least)
