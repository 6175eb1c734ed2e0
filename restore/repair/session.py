"""Everything that is found out about one scan: flips reversed, MCUs placed, and what each MCU then is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.flips import FlipModel
from restore.decoding.decoded import OUTSIDE_THE_SCANS, Decoded, EventKind
from restore.decoding.robust import decode
from restore.guidance import Pixels
from restore.placement.placement import Placed, place
from restore.provenance import Provenance
from restore.repair.code_search import CodeSearch, search_of
from restore.repair.hypotheses import Reversal
from restore.repair.polish import polish, pursue
from restore.repair.repair import (
    Effort,
    Repair,
    follow_decoder,
    keen_alarm,
    look_about,
    look_over,
    open_scan,
    recalibrate,
    repair_scan,
)
from restore.repair.scan import Scan
from restore.repair.search import ALARM, PAIR_WORK, FlipSearch
from restore.repair.taking_back import take_back

ENOUGH: Final = 0.6
"""Share of MCUs that must have been placed to learn score tables from them, rather than from what was decoded."""

UNRESOLVED_BYTES: Final = 512
"""How near to damage that stayed unexplained no flip is believed: it may make up for what was not found."""

CROWD_BYTES: Final = 64
CROWD: Final = 2
"""Most flips within `CROWD_BYTES` of one another that are believed."""

MOVED: Final = 16
NOISY: Final = 80
"""Places looked into once all that shows is reversed, by why they are suspicious."""

UNSEEN_MARGIN: Final = 45.0
"""Nats by which a flip must beat its best rival in a file that decodes to its last bit without a flaw: nearly all such
files are undamaged, and pictures hold stranger things than damage. Of 100 flips planted so, 95 had more; the most that
anything had in 26 undamaged photos was 31."""

PLAIN_UNSEEN_MARGIN: Final = 100.0
"""The same where a hypothesis changes a single bit."""


@dataclass(frozen=True, eq=False)
class Session:
    """Findings about one scan.

    Attributes:
        coefficients: int16 (MCUs, blocks per MCU, 64), zero where lost.
        provenance: uint8 (MCUs,) of `Provenance`.
        reversals: flips reversed, in the order found.
        sound: the file, as it now is, decodes without a flaw.
        jpeg: the file up to its end, with the flips reversed.
        spent: MCUs decoded in all.
        exhausted: the search ended because its effort was spent.
        thumbnail: turned and cut to show just the picture; None where there is none that does.
    """

    coefficients: NDArray[np.int16]
    provenance: NDArray[np.uint8]
    reversals: tuple[Reversal, ...]
    sound: bool
    jpeg: bytes
    spent: int
    exhausted: bool
    thumbnail: Pixels | None


def examine(
    data: bytes,
    decoded: Decoded,
    model: FlipModel | None,
    effort: Effort,
    thumbnail: Pixels | None = None,
    unseen: float | None = None,
) -> Session:
    """Search, reverse and place.

    Args:
        data: the file; decoded: what the robust decoder made of it.
        model: flip model, None where nothing is to be reversed; effort: how hard to search.
        thumbnail: uint8 (rows, columns, 3), to place by what cannot be reversed.
        unseen: nats by which a flip must beat its best rival where the file decodes without a flaw, if not the usual.
    """
    ends_on_eoi = EventKind.NO_EOI not in {event.kind for event in decoded.events}
    scan = open_scan(data, decoded, decoded.end - 2 if ends_on_eoi else decoded.end)
    whole = {event.kind for event in decoded.events} <= OUTSIDE_THE_SCANS
    if whole and not _in_doubt(scan, decoded, model, effort, unseen):
        placed = _all_known(scan, decoded, thumbnail)
        kinds, jpeg = _provenance(scan, placed), data[: decoded.end]
        return Session(decoded.coefficients, kinds, (), not decoded.events, jpeg, scan.spent, False, thumbnail)
    recalibrate(scan)
    searching = model is not None and effort.expansions > 0
    if model is not None and searching and model.combinations:
        settled = _by_code(scan, decoded, model, effort, thumbnail)
        if settled is not None:
            return settled
    placed = place(scan, decoded.header, None if searching else thumbnail)
    reversals: tuple[Reversal, ...] = ()
    unresolved: tuple[int, ...] = ()
    exhausted = strange = False
    if model is not None and searching:
        if placed.known.mean() < ENOUGH:  # too little could be placed to learn from
            follow_decoder(scan, decoded)
        recalibrate(scan)
        search = search_of(scan, model, effort.expansions, ALARM)
        search.pair_work = PAIR_WORK
        repair = repair_scan(scan, search, effort)
        reversals = repair.reversals
        again = bool(repair.reversals or repair.unresolved) and not repair.exhausted
        placed = place(scan, decoded.header, None if again else thumbnail)
        if again:
            keen = keen_alarm(scan, recalibrate(scan), len(repair.reversals))
            scan.restart()
            search = search_of(scan, model, effort.expansions, keen)
            search.pair_work = PAIR_WORK
            repair = repair_scan(scan, search, effort)
            if model.encrypted:
                repair, strange = _once_more(scan, decoded, model, effort, repair, search)
            reversals = take_back(scan, model, repair.reversals, claimable(model, repair.reversals, repair.unresolved))
            strange = strange or len(reversals) < len(repair.reversals)
            placed = place(scan, decoded.header, thumbnail)
        taken_back = (int(model.starts[item.unit]) for item in repair.reversals if item not in reversals)
        exhausted, unresolved = repair.exhausted, (*repair.unresolved, *taken_back)
    jpeg = scan.raw[: decoded.end].tobytes()
    corrected = decode(jpeg) if reversals else decoded
    # what decodes to its last bit is taken at its word, however unusual it looks
    flawless = {event.kind for event in corrected.events} <= OUTSIDE_THE_SCANS
    if flawless:
        placed = _all_known(scan, corrected, placed.thumbnail)
    claimed = claimable(model, reversals, unresolved)
    if model is not None and not (flawless and len(claimed) == len(reversals) and not strange):
        # what a code could not correct holds several flips: one of them means little unless all is explained
        claimed = tuple(reversal for reversal in claimed if reversal.joint or not model.suspect[reversal.unit])
    kinds = _provenance(scan, placed)
    if model is not None:
        for reversal in reversals:
            if reversal not in claimed:
                kinds[_touched(placed, model, reversal)] = Provenance.LOST
    # where flips were taken back, something looks strange that may be damage all the same
    sound = flawless and not corrected.events and len(claimed) == len(reversals) and not strange
    return Session(placed.coefficients, kinds, claimed, sound, jpeg, scan.spent, exhausted, placed.thumbnail)


def _once_more(
    scan: Scan, decoded: Decoded, model: FlipModel, effort: Effort, repair: Repair, earlier: FlipSearch
) -> tuple[Repair, bool]:
    """A further round that keeps what was found: it looks where damage may have left no trace in the entropy stream,
    and comes back to what could not be believed before. Also whether there is still something of that kind."""
    kept = polish(scan, model, repair.reversals, repair.unresolved)
    hunches, reversals, further = tuple(earlier.hunches), kept, repair
    if not repair.exhausted:
        placed = place(scan, decoded.header, None)
        recalibrate(scan)
        search = search_of(scan, model, effort.expansions, look_about(scan, placed.coefficients, MOVED, NOISY))
        search.adopt(kept)
        search.pair_work = PAIR_WORK
        further = repair_scan(scan, search, effort)
        hunches += tuple(search.hunches)
        reversals = polish(scan, model, (*kept, *further.reversals), further.unresolved)
    believed, doubts = pursue(scan, model, hunches, reversals, further.unresolved)
    unresolved = (*further.unresolved, *(int(model.starts[unit]) for unit in doubts))
    return replace(further, reversals=(*reversals, *believed), unresolved=unresolved), bool(doubts)


def _by_code(
    scan: Scan, decoded: Decoded, model: FlipModel, effort: Effort, thumbnail: Pixels | None
) -> Session | None:
    """The findings if an error-correcting code and the picture together explain all damage; else the scan is left as it
    was."""
    repair = repair_scan(scan, CodeSearch(scan, model, 0, ALARM), effort)
    if repair.reversals:
        jpeg = scan.raw[: decoded.end].tobytes()
        corrected = decode(jpeg)
        if {event.kind for event in corrected.events} <= OUTSIDE_THE_SCANS:
            placed = _all_known(scan, corrected, thumbnail)
            claimed = claimable(model, repair.reversals)
            kinds, sound = _provenance(scan, placed), not corrected.events
            return Session(placed.coefficients, kinds, claimed, sound, jpeg, scan.spent, False, placed.thumbnail)
    scan.restart()
    follow_decoder(scan, decoded)
    return None


def _in_doubt(scan: Scan, decoded: Decoded, model: FlipModel | None, effort: Effort, unseen: float | None) -> bool:
    """Whether a file that decodes without a flaw is damaged all the same."""
    if model is None or not effort.expansions:
        return False
    if unseen is None:
        unseen = UNSEEN_MARGIN if model.encrypted else PLAIN_UNSEEN_MARGIN
    return any(reversal.margin >= unseen for reversal in look_over(scan, model, effort, decoded.coefficients))


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


def _touched(placed: Placed, model: FlipModel, reversal: Reversal) -> NDArray[np.bool_]:
    """The MCUs that hold a byte which a reversal may have changed wrongly."""
    first = 8 * int(model.starts[reversal.unit])
    last = first + 8 * int(model.reaches[reversal.unit])
    return (placed.ends > first) & (placed.starts < last)


def _all_known(scan: Scan, decoded: Decoded, thumbnail: Pixels | None) -> Placed:
    """A scan without a flaw: every MCU is what and where the decoder says."""
    follow_decoder(scan, decoded)
    starts = scan.path.places[: scan.layout.mcu_count].copy()
    known = np.ones(starts.size, dtype=np.bool_)
    return Placed(decoded.coefficients, known, ~known, starts, np.append(starts[1:], 8 * scan.end), True, thumbnail)


def _provenance(scan: Scan, placed: Placed) -> NDArray[np.uint8]:
    """What each MCU is: its bytes as stored or corrected, moved or not, or lost."""
    changed = np.flatnonzero(scan.raw != scan.original)
    first = placed.starts >> 3
    last = np.minimum((placed.ends + 7) >> 3, scan.raw.size)
    repaired = np.searchsorted(changed, np.maximum(last, first)) > np.searchsorted(changed, first)
    kinds = np.where(repaired, np.uint8(Provenance.REPAIRED), np.uint8(Provenance.INTACT))
    kinds = np.where(placed.moved, np.uint8(Provenance.PLACED), kinds)
    return np.where(placed.known, kinds, np.uint8(Provenance.LOST)).astype(np.uint8)
