"""What is sure of a scan that decodes once flips are reversed: each of them, and that there are no others."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from carving.flips.model import FlipModel
from restore.repair.search.flip_state import bits_by_unit, reverse_flips
from restore.repair.search.hypotheses import Reversal, flips_of
from restore.repair.trust.certification import Suspect, suspects
from restore.repair.trust.path_scores import lay_scores
from restore.repair.trust.probability import of_claim, of_file, of_hypothesis, rate_of
from restore.repair.trust.silent_flips import shares_by_loss
from restore.repair.trust.strangeness import strangest_units
from restore.repair.trust.trust_limits import EVEN, ROUNDS, SHARES, UNSEEN_AT_MOST
from restore.repair.trust.undoing import undo_costs
from restore.repair.trust.unseen_flips import unseen_share, usually_unseen
from restore.repair.trust.wrong_flips import without_wrong_flips
from restore.scan.scan import Scan


@dataclass(frozen=True, slots=True)
class Judgement:
    """What is sure of a scan.

    Attributes:
        reversals: all flips reversed in its bytes, in the order found, with their probabilities.
        probability: of its being the original one.
    """

    reversals: tuple[Reversal, ...]
    probability: float


def judge(
    scan: Scan, model: FlipModel, reversals: tuple[Reversal, ...], doubted: Iterable[int], largest_share: float
) -> Judgement:
    """Judge each flip beside all others, and look for more; what is found is reversed in the scan's bytes.

    Args:
        scan: a scan that decodes to its last bit, its path laid along it, with a model learnt from it.
        model: its flip model, of an encrypted source.
        reversals: all flips reversed in it.
        doubted: bytes near which something is strange.
        largest_share: of the units, strangest first, that may be gone through.
    """
    spent = scan.spent
    lay_scores(scan)
    reversals = without_wrong_flips(scan, model, reversals)
    shares = shares_by_loss(scan, model)
    share = _enough(scan, shares, len(reversals), largest_share)
    ranked = strangest_units(scan, model)
    units = dict.fromkeys((*_about(model, doubted), *ranked[: round(share * ranked.size)].tolist()))
    others: list[Suspect] = []
    for _ in range(ROUNDS):
        rate = rate_of(len(reversals), scan.end - scan.start)
        found = list(suspects(scan, model, units, flips_of(reversals)))
        others = [other for other in others if other.unit not in units] + found
        best = max(others, key=lambda other: other.worth, default=None)
        if best is None or of_hypothesis(best.worth, rate) <= EVEN:
            break
        reverse_flips(scan.raw, model, ((best.unit, best.bit),), bits_by_unit(flips_of(reversals)))
        others.remove(best)
        reversals = (*reversals, Reversal(best.unit, best.bit, best.gain, best.worth, certain=True))
        lay_scores(scan)
        units = dict.fromkeys((*(other.unit for other in others), *_about(model, (int(model.starts[best.unit]),))))
    judged = with_probabilities(scan, model, reversals)
    unseen = _unseen(scan, shares, len(reversals), share)
    rate = rate_of(len(reversals), scan.end - scan.start)
    doubts = [of_hypothesis(other.worth, rate) for other in others]
    scan.spent = spent
    return Judgement(judged, of_file((item.probability for item in judged), doubts, unseen))


def with_probabilities(scan: Scan, model: FlipModel, reversals: tuple[Reversal, ...]) -> tuple[Reversal, ...]:
    """Reversals with the probability of each, by what undoing it would cost and its margin; see `judge`."""
    rate = rate_of(len(reversals), scan.end - scan.start)
    costs = undo_costs(scan, model, flips_of(reversals))
    return tuple(
        replace(item, probability=of_claim(cost, item.margin, rate))
        for item, cost in zip(reversals, costs, strict=True)
    )


def unseen_in(scan: Scan) -> float:
    """Flips to be expected in a scan in which none was found, although nothing would show them: by what is usual."""
    size = scan.end - scan.start
    return 8.0 * size * rate_of(0, size) * usually_unseen()


def _enough(scan: Scan, shares: NDArray[np.float64], flips: int, largest: float) -> float:
    """The smallest share of the units that leaves hardly a flip unseen, no more than `largest`."""
    smaller = (share for share in SHARES if share < largest)
    return next((share for share in smaller if _unseen(scan, shares, flips, share) <= UNSEEN_AT_MOST), largest)


def _unseen(scan: Scan, shares: NDArray[np.float64], flips: int, share: float) -> float:
    """Flips to be expected in a scan that nothing shows where a share of its units is gone through."""
    size = scan.end - scan.start
    return 8.0 * size * rate_of(flips, size) * unseen_share(shares.tolist(), share)


def _about(model: FlipModel, places: Iterable[int]) -> list[int]:
    """The units about some bytes of the file."""
    units = np.searchsorted(model.starts, np.fromiter(places, dtype=np.int64), side="right") - 1
    near = units[:, np.newaxis] + np.arange(-3, 4)
    return [int(unit) for unit in np.unique(near[(near >= 0) & (near < model.starts.size)])]
