"""How many flips of this picture would show nowhere: a sample of its units, each with every one of its bits flipped."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.flips.model import FlipModel
from restore.repair.trust.single_flips import FlipsOfUnit
from restore.repair.trust.trust_limits import LEANT_ON, LOSSES, SAMPLED, USUAL_SHARES
from restore.scan.scan import Scan


def shares_by_loss(scan: Scan, model: FlipModel) -> NDArray[np.float64]:
    """Shares of all flips of a scan that leave what follows in step and cost the picture fewer nats than each of
    `LOSSES`, and more than the one before.

    Args:
        scan: a scan that decodes to its last bit, its path laid along it with scores.
        model: its flip model.

    Returns:
        float64 (bands,). The same scan gives the same shares.
    """
    units = np.flatnonzero((model.starts > scan.start) & (model.starts + 2 * (model.bits // 8) < scan.end))
    drawn = np.random.default_rng(0).choice(units, min(SAMPLED, units.size), replace=False)
    counts = np.zeros(len(LOSSES))
    for unit in np.sort(drawn).tolist():
        losses = -FlipsOfUnit.of(scan, model, unit, ()).lasting_gains(LOSSES[-1])
        counts += np.histogram(losses, bins=(-np.inf, *LOSSES))[0]
    tried = drawn.size * model.bits
    prior = LEANT_ON * model.bits
    return np.asarray((counts + prior * np.array(USUAL_SHARES)) / (tried + prior))
