"""The rounds in which a damaged scan is searched: each sees better than the one before what sound MCUs look like."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.flips.model import FlipModel
from restore.decoding.decoded import Decoded
from restore.decoding.robust import decode
from restore.placement.placement import place
from restore.repair.review.merging import merge
from restore.repair.review.reassessment import reassess, recheck
from restore.repair.review.retraction import retract
from restore.repair.review.splitting import split
from restore.repair.search.anomalies import InspectionBudget
from restore.repair.search.claims import claimable
from restore.repair.search.code_search import search_of
from restore.repair.search.flip_search import FlipSearch
from restore.repair.search.hypotheses import Reversal
from restore.repair.search.scan_repair import Effort, Repair, keen_alarm, limit_to_suspicious, repair_scan
from restore.repair.search.search_limits import (
    ALARM,
    ENOUGH,
    FEWEST_INSPECTED,
    INSPECTED_PER_FLIP,
    LATE_SHARE_AT_ONCE,
    PAIR_WORK,
)
from restore.repair.search.standards import standards_of
from restore.scan.preparation import follow_decoder, recalibrate
from restore.scan.scan import Scan


@dataclass(frozen=True, slots=True)
class Findings:
    """What a search makes of a scan, in whose bytes the flips are then reversed.

    Attributes:
        reversals: flips reversed, in the order found.
        unresolved: bytes at which damage stayed unexplained.
        exhausted: the search ended because its effort was spent.
        strange: something may be damaged that shows no sign of it.
    """

    reversals: tuple[Reversal, ...]
    unresolved: tuple[int, ...]
    exhausted: bool
    strange: bool


NOTHING: Final = Findings((), (), exhausted=False, strange=False)


def search_in_rounds(scan: Scan, decoded: Decoded, model: FlipModel, effort: Effort) -> Findings:
    """Reverse flips in the bytes of a scan that has a model and whose path is laid along what was decoded."""
    placed = place(scan, decoded.header, None)
    if placed.known.mean() < ENOUGH:  # too little could be placed to learn from
        follow_decoder(scan, decoded)
    recalibrate(scan)
    first = repair_scan(scan, search_of(scan, model, effort.expansions, ALARM), effort)
    if first.exhausted or not (first.reversals or first.unresolved):
        return Findings(first.reversals, first.unresolved, first.exhausted, strange=False)
    place(scan, decoded.header, None)
    keen = keen_alarm(scan, recalibrate(scan), len(first.reversals))
    scan.restart()
    search = search_of(scan, model, effort.expansions, keen)
    second = repair_scan(scan, search, effort, len(first.reversals))
    earlier = len(first.reversals) + len(second.reversals)
    repair, strange = _once_more(scan, decoded, model, effort, second, search, earlier)
    kept = retract(scan, model, repair.reversals, claimable(model, repair.reversals, repair.unresolved))
    gone = tuple(int(model.starts[item.unit]) for item in repair.reversals if item not in kept)
    return Findings(kept, (*repair.unresolved, *gone), repair.exhausted, strange or bool(gone))


def _once_more(
    scan: Scan, decoded: Decoded, model: FlipModel, effort: Effort, repair: Repair, search: FlipSearch, earlier: int
) -> tuple[Repair, bool]:
    """A further round that keeps what was found: it looks where damage may have left no trace in the entropy stream,
    and comes back to what could not be believed before. Also whether there is still something of that kind."""
    kept = reassess(scan, model, repair.reversals, repair.unresolved)
    unbelieved, reversals, further = tuple(search.unbelieved), kept, repair
    if not repair.exhausted:
        coefficients = read_anew(scan, decoded)
        recalibrate(scan)
        alarm = limit_to_suspicious(scan, coefficients, _inspection_budget(len(kept)))
        search = search_of(scan, model, effort.expansions, alarm, at_once=LATE_SHARE_AT_ONCE)
        search.adopt(kept)
        further = repair_scan(scan, search, effort, earlier)
        unbelieved += tuple(search.unbelieved)
        merged = merge(scan, model, (*kept, *further.reversals))
        reversals = reassess(scan, model, merged, further.unresolved)
        if standards_of(model).redraws:
            reversals = split(scan, model, reversals, PAIR_WORK)
    believed, doubts = recheck(scan, model, unbelieved, reversals, further.unresolved)
    unresolved = (*further.unresolved, *(int(model.starts[unit]) for unit in doubts))
    return replace(further, reversals=(*reversals, *believed), unresolved=unresolved), bool(doubts)


def _inspection_budget(flips: int) -> InspectionBudget:
    """Where to look once `flips` are reversed: for 104 flips without a trace these shares had the most among them."""
    places = max(FEWEST_INSPECTED, INSPECTED_PER_FLIP * flips)
    return InspectionBudget(moved=places // 5, lacking=places // 2, noisy=3 * places // 10)


def read_anew(scan: Scan, decoded: Decoded) -> NDArray[np.int16]:
    """Lay the path along the bytes as they are now; returns the coefficients. What decodes without a flaw is not
    placed: that would level out what a flip without a trace has moved."""
    corrected = decode(scan.raw[: decoded.end].tobytes())
    if corrected.flawless:
        follow_decoder(scan, corrected)
        return corrected.coefficients
    return place(scan, decoded.header, None).coefficients
