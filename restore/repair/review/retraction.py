"""Flips taken back: those that may not be claimed, where the picture is no worse without them.

A wrong flip in an odd place of the picture breaks what follows, and others are then reversed to mend that. Together
they explain nothing.
"""

from __future__ import annotations

import numpy as np

from carving.flips.model import FlipModel
from restore.repair.review.review_limits import BEFORE_RETRACTED, FAR_BEHIND, NEAR_BYTES, WORTH
from restore.repair.search.hypotheses import Reversal
from restore.repair.search.path_reference import walked
from restore.scan.scan import Scan


def retract(
    scan: Scan, model: FlipModel, reversals: tuple[Reversal, ...], claimed: tuple[Reversal, ...]
) -> tuple[Reversal, ...]:
    """The reversals that stay; the others are undone in the scan's bytes.

    Args:
        scan: a scan whose repair has ended, its path laid along the bytes as they are.
        model: its flip model.
        reversals: all flips reversed in it.
        claimed: those of them that may be claimed, which stay.
    """
    doubtful = sorted((item for item in reversals if item not in claimed), key=lambda item: item.unit)
    gone: set[Reversal] = set()
    cluster: list[Reversal] = []
    for item in [*doubtful, None]:
        if item and cluster and model.starts[item.unit] - model.starts[cluster[-1].unit] > NEAR_BYTES:
            gone.update(_judge(scan, model, cluster))
            cluster = []
        if item:
            cluster.append(item)
    if cluster:
        gone.update(_judge(scan, model, cluster))
    return tuple(item for item in reversals if item not in gone)


def _judge(scan: Scan, model: FlipModel, cluster: list[Reversal]) -> list[Reversal]:
    """The cluster if the picture does without it, which is then undone; else nothing."""
    first = max(0, int(model.starts[cluster[0].unit]))
    last = min(max(int(model.starts[item.unit] + model.reaches[item.unit]) for item in cluster), scan.raw.size)
    places = scan.path.places[: scan.layout.mcu_count]
    base = max(0, int(np.searchsorted(places, 8 * first, side="right")) - 1 - BEFORE_RETRACTED)
    end = min(int(np.searchsorted(places, 8 * last, side="left")) + FAR_BEHIND, scan.layout.mcu_count)
    with_them = walked(scan, base, end)
    stored = scan.raw[first:last].copy()
    scan.raw[first:last] = scan.original[first:last]
    without = walked(scan, base, end)
    place = min(with_them.places[-1:], without.places[-1:])
    if (without.level(place) >= with_them.level(place) - WORTH * len(cluster))[0]:
        return cluster
    scan.raw[first:last] = stored
    walked(scan, base, end)
    return []
