"""Every reversed flip is judged once more when the others are reversed.

While a search goes on, damage that is still unknown stands in its view, and a wrong flip can please by making up for
it. Afterwards the picture around each flip is as good as it gets: if another bit nearby, or none, explains it better
now, that is taken instead, and the margin to the best rival is measured anew.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from carving.flips.model import FlipModel
from restore.repair.review.review_limits import OPEN
from restore.repair.review.trials import compare
from restore.repair.search.flip_state import bits_by_unit
from restore.repair.search.hypotheses import Reversal, flips_of
from restore.repair.search.standards import standards_of
from restore.scan.scan import Scan


def reassess(
    scan: Scan, model: FlipModel, reversals: tuple[Reversal, ...], beyond: tuple[int, ...]
) -> tuple[Reversal, ...]:
    """The reversals as they stand when each is judged beside all others; what changes is changed in the scan's bytes.

    Args:
        scan: a scan whose repair has ended, its path laid along the bytes as they are.
        model: its flip model.
        reversals: all flips reversed in it.
        beyond: bytes at which damage stayed unexplained; nothing is judged by what lies behind one of them.
    """
    flipped = bits_by_unit(flips_of(reversals))
    limits = _limits(scan, beyond)
    kept = []
    for item in reversals:
        flipped[item.unit] = tuple(bit for bit in flipped[item.unit] if bit != item.bit)
        judged = _judge(scan, model, item, flipped, limits)
        if judged is not None:
            kept.append(judged)
            flipped[judged.unit] = (*flipped.get(judged.unit, ()), judged.bit)
    return tuple(kept)


def recheck(
    scan: Scan, model: FlipModel, unbelieved: tuple[int, ...], reversals: tuple[Reversal, ...], beyond: tuple[int, ...]
) -> tuple[tuple[Reversal, ...], tuple[int, ...]]:
    """Judge units in which a search saw a flip that it could not believe.

    Args:
        scan, model, reversals, beyond: as for `reassess`.
        unbelieved: units of the model.

    Returns:
        The flips that can be believed now, reversed in the scan's bytes; and the units in which one would still gain
        something, but not enough.
    """
    flipped = bits_by_unit(flips_of(reversals))
    limits = _limits(scan, beyond)
    standards = standards_of(model)
    found: list[Reversal] = []
    open_ones: list[int] = []
    for unit in sorted(set(unbelieved)):
        trial = compare(scan, model, unit, flipped, (), limits)
        if trial is None:
            open_ones.append(unit)
            continue
        gain = float(trial.worths[trial.best])
        margin = min(gain - standards.cost, gain - trial.second)
        flip = trial.flip(trial.best)
        believed = margin >= max(standards.believed, standards.stands_out * gain)
        in_step = standards.in_step and gain >= standards.cost
        if flip and (believed or in_step) and not flipped.get(unit):
            trial.settle()
            found.append(Reversal(*flip, gain, margin, certain=believed))
            flipped[flip[0]] = (*flipped.get(flip[0], ()), flip[1])
        elif gain > OPEN:
            open_ones.append(unit)
    return tuple(found), tuple(open_ones)


def _limits(scan: Scan, beyond: tuple[int, ...]) -> NDArray[np.int64]:
    """Bytes, ascending, across which nothing is compared."""
    return np.sort(np.array([*beyond, scan.end], dtype=np.int64))


def _judge(
    scan: Scan, model: FlipModel, item: Reversal, others: dict[int, tuple[int, ...]], limits: NDArray[np.int64]
) -> Reversal | None:
    """The best explanation of one unit beside `others` that are reversed; None where it is best left alone."""
    standards = standards_of(model)
    sure = standards.sure
    for _ in range(standards.turns):
        trial = compare(scan, model, item.unit, others, ((item.unit, item.bit),), limits)
        if trial is None:
            return item
        worth = float(trial.worths[trial.best])
        if worth <= 0.0:
            believable = item.certain or not model.suspect[item.unit]  # where a code failed there are several flips
            return replace(item, margin=-worth, certain=-worth >= sure and believable)
        flip = trial.flip(trial.best)
        trial.settle()
        if flip is None:
            return None
        margin = worth - max(0.0, trial.second)
        certain = margin >= sure and not model.suspect[flip[0]]
        item = replace(item, unit=flip[0], bit=flip[1], margin=margin, certain=certain)
    return item
