"""Everything that is found out about one scan: flips reversed, MCUs placed, and what each MCU then is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from carving.flips.model import FlipModel
from restore.decoding.decoded import Decoded, EventKind
from restore.decoding.robust import decode
from restore.placement.placement import Placed, place
from restore.provenance import Provenance
from restore.repair.rounds import NOTHING, Findings, search_in_rounds
from restore.repair.search.claims import claimable
from restore.repair.search.code_search import CodeSearch
from restore.repair.search.flip_search import ALARM
from restore.repair.search.hypotheses import Reversal
from restore.repair.search.scan_repair import Effort, inspect_flawless, repair_scan
from restore.repair.search.standards import standards_of
from restore.scan.preparation import follow_decoder, open_scan, recalibrate
from restore.scan.scan import Scan
from restore.thumbnail.contradiction import contradicts
from restore.thumbnail.guidance import Pixels


@dataclass(frozen=True, eq=False)
class Session:
    """Findings about one scan.

    Attributes:
        coefficients: int16 (MCUs, blocks per MCU, 64), zero where lost.
        provenance: uint8 (MCUs,) of `Provenance`.
        reversals: flips reversed, in the order found.
        sound: the file, as it now is, decodes without a flaw.
        jpeg: the file up to its end, with the flips reversed.
        exhausted: the search ended because its effort was spent.
        thumbnail: turned and cut to show just the picture; None where there is none that does.
    """

    coefficients: NDArray[np.int16]
    provenance: NDArray[np.uint8]
    reversals: tuple[Reversal, ...]
    sound: bool
    jpeg: bytes
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
    if _flawless(decoded, thumbnail) and not _in_doubt(scan, decoded, model, effort, unseen):
        placed = _all_known(scan, decoded, thumbnail)
        kinds, jpeg = _provenance(scan, placed), data[: decoded.end]
        return Session(decoded.coefficients, kinds, (), not decoded.events, jpeg, False, thumbnail)
    recalibrate(scan)
    findings = NOTHING
    if model is not None and effort.expansions > 0:
        if model.combinations:
            settled = _by_code(scan, decoded, model, effort, thumbnail)
            if settled is not None:
                return settled
        findings = search_in_rounds(scan, decoded, model, effort)
    return _conclude(scan, decoded, model, findings, thumbnail)


def _conclude(
    scan: Scan, decoded: Decoded, model: FlipModel | None, findings: Findings, thumbnail: Pixels | None
) -> Session:
    """What can be said of each MCU, and of the file, once the search has ended."""
    reversals, strange = findings.reversals, findings.strange
    jpeg = scan.raw[: decoded.end].tobytes()
    corrected = decode(jpeg) if reversals else decoded
    # what decodes to its last bit is taken at its word, however unusual it looks, unless its thumbnail contradicts it
    flawless = _flawless(corrected, thumbnail)
    claimed = claimable(model, reversals, findings.unresolved)
    # where flips were taken back, something looks strange that may be damage all the same
    explained = flawless and len(claimed) == len(reversals) and not strange
    if model is not None and not explained:
        # what a code could not correct holds several flips: one of them means little unless all is explained
        claimed = tuple(reversal for reversal in claimed if reversal.joint or not model.suspect[reversal.unit])
    if explained:
        placed = _all_known(scan, corrected, thumbnail)
    else:
        placed = place(scan, decoded.header, thumbnail)
        if flawless:
            placed = _all_known(scan, corrected, placed.thumbnail)
    kinds = _provenance(scan, placed)
    if model is not None:
        for reversal in reversals:
            if reversal not in claimed:
                kinds[_touched(placed, model, reversal)] = Provenance.LOST
    sound = explained and not corrected.events
    return Session(placed.coefficients, kinds, claimed, sound, jpeg, findings.exhausted, placed.thumbnail)


def _flawless(decoded: Decoded, thumbnail: Pixels | None) -> bool:
    """Whether a scan decodes to its last bit, and to what its thumbnail shows."""
    if not decoded.flawless:
        return False
    return thumbnail is None or not contradicts(thumbnail, decoded.header, decoded.coefficients)


def _by_code(
    scan: Scan, decoded: Decoded, model: FlipModel, effort: Effort, thumbnail: Pixels | None
) -> Session | None:
    """The findings if an error-correcting code and the picture together explain all damage; else the scan is left as it
    was."""
    repair = repair_scan(scan, CodeSearch(scan, model, 0, ALARM, 0), effort)
    if repair.reversals:
        jpeg = scan.raw[: decoded.end].tobytes()
        corrected = decode(jpeg)
        if _flawless(corrected, thumbnail):
            placed = _all_known(scan, corrected, thumbnail)
            claimed = claimable(model, repair.reversals)
            kinds, sound = _provenance(scan, placed), not corrected.events
            return Session(placed.coefficients, kinds, claimed, sound, jpeg, False, placed.thumbnail)
    scan.restart()
    follow_decoder(scan, decoded)
    return None


def _in_doubt(scan: Scan, decoded: Decoded, model: FlipModel | None, effort: Effort, unseen: float | None) -> bool:
    """Whether a file that decodes without a flaw is damaged all the same."""
    if model is None or not effort.expansions:
        return False
    standards = standards_of(model)
    margin = standards.unseen if unseen is None else unseen
    found = inspect_flawless(scan, model, effort, decoded.coefficients)
    return any(reversal.margin >= margin and reversal.gain >= standards.unseen_gain for reversal in found)


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
    return Placed(decoded.coefficients, known, ~known, starts, np.append(starts[1:], 8 * scan.end), thumbnail)


def _provenance(scan: Scan, placed: Placed) -> NDArray[np.uint8]:
    """What each MCU is: its bytes as stored or corrected, moved or not, or lost."""
    changed = np.flatnonzero(scan.raw != scan.original)
    first = placed.starts >> 3
    last = np.minimum((placed.ends + 7) >> 3, scan.raw.size)
    repaired = np.searchsorted(changed, np.maximum(last, first)) > np.searchsorted(changed, first)
    kinds = np.where(repaired, np.uint8(Provenance.REPAIRED), np.uint8(Provenance.INTACT))
    kinds = np.where(placed.moved, np.uint8(Provenance.PLACED), kinds)
    return np.where(placed.known, kinds, np.uint8(Provenance.LOST)).astype(np.uint8)
