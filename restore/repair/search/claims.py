"""Which reversed flips may be claimed: what a court is told was flipped, rather than what serves to decode on."""

from __future__ import annotations

import numpy as np

from carving.flips.model import FlipModel
from restore.repair.search.hypotheses import Reversal
from restore.repair.search.search_limits import CROWD, CROWD_BYTES, PAIRS_BY_CHANCE, UNRESOLVED_BYTES


def claimable(
    model: FlipModel | None, reversals: tuple[Reversal, ...], unresolved: tuple[int, ...] = ()
) -> tuple[Reversal, ...]:
    """The reversals that may be claimed: certain ones with no uncertain one about, alone in their unit, and not in a
    crowd, unless they were found together.

    Damage that cannot be explained draws all of these, so none is claimed near one of the bytes `unresolved` either.
    """
    if model is None or not reversals:
        return ()
    places = np.array([int(model.starts[reversal.unit]) for reversal in reversals])
    certain = np.array([reversal.certain for reversal in reversals], dtype=np.bool_)
    joint = np.array([reversal.joint for reversal in reversals], dtype=np.bool_)
    distances = np.abs(places[:, np.newaxis] - places)
    near = distances < CROWD_BYTES
    alone = (distances == 0).sum(axis=1) == 1
    scattered = (near & ~joint).sum(axis=1) <= CROWD
    explained = (np.abs(places[:, np.newaxis] - np.array(unresolved, dtype=np.int64)) >= UNRESOLVED_BYTES).all(axis=1)
    claimed = explained & ~(near & ~certain).any(axis=1) & (joint | (alone & scattered))
    return tuple(reversal for reversal, claim in zip(reversals, claimed, strict=True) if claim)


def no_closer_than_chance(model: FlipModel, reversals: tuple[Reversal, ...], size: int) -> tuple[Reversal, ...]:
    """The reversals without those that lie close together in a file of `size` bytes although it has too few for that:
    then a stretch was overwritten there, and they only bring what follows back into step."""
    count = len(reversals)
    if count * (count - 1) * CROWD_BYTES / max(size, 1) >= PAIRS_BY_CHANCE:
        return reversals
    places = np.array([int(model.starts[reversal.unit]) for reversal in reversals])
    near = (np.abs(places[:, np.newaxis] - places) < CROWD_BYTES).sum(axis=1) > 1
    return tuple(reversal for reversal, crowded in zip(reversals, near, strict=True) if not crowded)
