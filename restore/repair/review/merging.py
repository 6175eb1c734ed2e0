"""Flips close together that a single one explains as well.

Two wrong flips in front of a right one can make up for it together: what they draw ends in step, or what one bit moves
the other moves back, and the damage behind them is gone. A single flip is far likelier, so it is tried in their place
once nothing else is damaged about them, under encryption as in plain bytes.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from carving.flips.model import FlipModel
from restore.repair.review.comparison import Comparison
from restore.repair.review.patches import patches_of
from restore.repair.review.review_limits import MERGED_BEHIND, MERGED_UNITS
from restore.repair.search.flip_state import bits_by_unit, reverse_flips, stretch_of
from restore.repair.search.hypotheses import Reversal, flips_of
from restore.repair.search.standards import standards_of
from restore.scan.scan import Scan


def merge(scan: Scan, model: FlipModel, reversals: tuple[Reversal, ...]) -> tuple[Reversal, ...]:
    """The reversals with each cluster replaced by one flip where that explains the picture as well; what is replaced is
    so in the scan's bytes and path.

    Args:
        scan: a scan whose repair has ended, its path laid along the bytes as they are.
        model: its flip model.
        reversals: all flips reversed in it.
    """
    kept = list(reversals)
    for cluster in _clusters(reversals):
        single = _single(scan, model, cluster, reversals)
        if single is not None:
            kept = [item for item in kept if item not in cluster]
            kept.append(single)
    return tuple(kept)


def _clusters(reversals: tuple[Reversal, ...]) -> list[tuple[Reversal, ...]]:
    """The flips that have another one close by, grouped."""
    ordered = sorted(reversals, key=lambda item: (item.unit, item.bit))
    apart = (two.unit - one.unit > MERGED_UNITS for one, two in pairwise(ordered))
    breaks = [0, *(index for index, far in enumerate(apart, 1) if far)]
    groups = (tuple(ordered[first:last]) for first, last in pairwise([*breaks, len(ordered)]))
    return [group for group in groups if len(group) > 1]


def _single(
    scan: Scan, model: FlipModel, cluster: tuple[Reversal, ...], reversals: tuple[Reversal, ...]
) -> Reversal | None:
    """The one flip that explains what a cluster does; None where none does as well."""
    raw, count = scan.raw, scan.layout.mcu_count
    units = range(max(0, cluster[0].unit - MERGED_UNITS), min(cluster[-1].unit + MERGED_UNITS + 1, model.starts.size))
    first, last = stretch_of(model, units[0], raw.size)[0], stretch_of(model, units[-1], raw.size)[1]
    places = scan.path.places[: count + 1]
    base = max(0, int(np.searchsorted(places, 8 * first, side="right")) - 2)
    target = min(int(np.searchsorted(places, 8 * last, side="left")) + MERGED_BEHIND, count)
    comparison = Comparison.over(scan, base, target)
    if comparison is None or 8 * last > places[comparison.target]:
        return None
    together = raw[first:last].copy()
    others = bits_by_unit(flips_of(reversals))
    for item in cluster:  # reversing a bit once more undoes it
        reverse_flips(raw, model, ((item.unit, item.bit),), others)
        others[item.unit] = tuple(bit for bit in others[item.unit] if bit != item.bit)
    patches = patches_of(raw, model, units, others)
    raw[first:last] = together
    worths = comparison.worths(patches)
    worths += standards_of(model).cost * (len(cluster) - 1)
    worths[-1] = -np.inf  # nothing reversed, which is no explanation
    best = int(np.argmax(worths))
    if worths[best] <= 0.0:
        return None
    comparison.settle(patches, best)
    margin = float(worths[best]) - max(0.0, float(np.partition(worths, -2)[-2]))
    return Reversal(*patches.flips[best], max(item.gain for item in cluster), margin, certain=True)
