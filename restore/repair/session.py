"""Everything that is found out about one scan: flips reversed, MCUs placed, and what each MCU then is."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.flips.model import FlipModel
from restore.decoding.decoded import OUTSIDE_THE_SCANS, Decoded, EventKind
from restore.decoding.robust import decode
from restore.explanation import Gap, StoredSegment
from restore.guard.improvement import Improvement, improvement
from restore.placement.placement import Placed, place
from restore.provenance import Provenance
from restore.repair.gap_flips import flips_explain
from restore.repair.region_damage import RegionDamage, hidden_break, region_damage
from restore.repair.review.alarms import Alarm, raise_alarms
from restore.repair.review.corroboration import least_corroborated
from restore.repair.rounds import NOTHING, Findings, search_in_rounds
from restore.repair.search.claims import claimable
from restore.repair.search.code_search import CodeSearch
from restore.repair.search.hypotheses import Reversal, flips_of
from restore.repair.search.scan_repair import Effort, repair_scan
from restore.repair.search.search_limits import ALARM
from restore.repair.search.standards import standards_of
from restore.scan.preparation import follow_decoder, open_scan, recalibrate
from restore.scan.scan import Scan
from restore.segments.search import Explanation
from restore.segments.tearing import torn_share
from restore.thumbnail.contradiction import contradicts
from restore.thumbnail.guidance import Pixels

_UNSURE: Final = 0.5
"""The most that is said of a segment which the picture given does not show where it was placed."""


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
        certain: no bit is reversed that is not among `reversals`.
        strange: MCUs of a scan that decodes to its last bit which look as damage does, although no flip explains them.
        contradicted: such a scan is not what its thumbnail shows, and stands all the same.
        as_decoded: the scan is damaged, and the decoder's own picture better than any that was found.
        segments, gaps: of what the scan consists, where whole stretches of it are damaged.
    """

    coefficients: NDArray[np.int16]
    provenance: NDArray[np.uint8]
    reversals: tuple[Reversal, ...]
    sound: bool
    jpeg: bytes
    exhausted: bool
    thumbnail: Pixels | None
    certain: bool = True
    strange: tuple[int, ...] = ()
    contradicted: bool = False
    as_decoded: bool = False
    segments: tuple[StoredSegment, ...] = ()
    gaps: tuple[Gap, ...] = ()


def examine(
    data: bytes,
    decoded: Decoded,
    model: FlipModel | None,
    effort: Effort,
    thumbnail: Pixels | None = None,
    unseen: float | None = None,
    known_bad: tuple[tuple[int, int], ...] = (),
) -> Session:
    """Search, reverse and place.

    Args:
        data: the file; decoded: what the robust decoder made of it.
        model: flip model, None where nothing is to be reversed; effort: how hard to search.
        thumbnail: uint8 (rows, columns, 3), to place by what cannot be reversed.
        unseen: nats by which a flip must beat its best rival where the file decodes without a flaw, if not the usual.
        known_bad: stretches of `data` that a layer below could not read, first byte and end.
    """
    ends_on_eoi = EventKind.NO_EOI not in {event.kind for event in decoded.events}
    scan = open_scan(data, decoded, decoded.end - 2 if ends_on_eoi else decoded.end)
    inside = tuple(bad for bad in known_bad if bad[1] > scan.start and bad[0] < scan.end)
    if not decoded.flawless or inside:
        regions = region_damage(data, decoded, model, thumbnail, inside)
        if regions is not None and regions.certain:
            return at_least_as_between_gaps(scan, decoded, regions.explanation, thumbnail)
        if regions is not None and regions.complete and model is not None and not model.encrypted:
            if not flips_explain(scan, model, effort, regions.explanation):
                return at_least_as_between_gaps(scan, decoded, regions.explanation, thumbnail)
            follow_decoder(scan, decoded)
        recalibrate(scan)
        found = _at_least_as_decoded(scan, decoded, _search(scan, decoded, model, effort, thumbnail), thumbnail)
        if regions is not None and not found.sound and _is_beside(regions, decoded, found):
            scan.restart()
            return at_least_as_between_gaps(scan, decoded, regions.explanation, thumbnail)
        return found
    contradicted = thumbnail is not None and contradicts(thumbnail, decoded.header, decoded.coefficients)
    alarms = raise_alarms(scan, decoded, model, effort, unseen)
    if not contradicted and not any(alarm.borne_out for alarm in alarms):
        broken = hidden_break(data, decoded, thumbnail)
        shown = None if broken is None else _by_segments(scan, broken)
        if shown is not None and _compared(decoded, shown, thumbnail).leads:
            return shown
        return _as_stored(scan, decoded, thumbnail, alarms)
    recalibrate(scan)
    found = _search(scan, decoded, model, effort, thumbnail)
    if found.reversals or not found.certain:
        accepted = (found.sound or contradicted) and found.certain and _borne_out(scan, model, found)
        if accepted and not _compared(decoded, found, thumbnail).worse:
            return found
        scan.restart()
        follow_decoder(scan, decoded)
        if contradicted:
            recalibrate(scan)
            found = _conclude(scan, decoded, None, NOTHING, thumbnail)
    if contradicted:
        regions = region_damage(data, decoded, None, thumbnail, ())
        if regions is not None and regions.certain:
            shown = _by_segments(scan, regions.explanation)
            if _compared(decoded, shown, thumbnail).better:
                return shown
    if contradicted and _compared(decoded, found, thumbnail).better:
        return found
    return replace(_as_stored(scan, decoded, thumbnail, alarms), contradicted=contradicted)


def _shown(found: Session) -> NDArray[np.bool_]:
    """The MCUs that are stored: bool (MCUs,)."""
    return np.isin(found.provenance, (Provenance.GENERATED, Provenance.LOST), invert=True)


def _compared(decoded: Decoded, found: Session, thumbnail: Pixels | None) -> Improvement:
    """What was found beside the plain decode."""
    return improvement(decoded.header, decoded.coefficients, found.coefficients, _shown(found), thumbnail)


def _at_least_as_decoded(scan: Scan, decoded: Decoded, found: Session, thumbnail: Pixels | None) -> Session:
    """What was found in a damaged scan, or what it decodes to as it is where that is better."""
    if not _compared(decoded, found, thumbnail).worse:
        return found
    scan.restart()
    placed = _as_decoded(scan, decoded, found.thumbnail)
    kinds, jpeg = _provenance(scan, placed), scan.raw[: decoded.end].tobytes()
    return Session(placed.coefficients, kinds, (), False, jpeg, found.exhausted, found.thumbnail, as_decoded=True)


def _is_beside(regions: RegionDamage, decoded: Decoded, found: Session) -> bool:
    """Whether segments and gaps explain a scan better than what was found otherwise."""
    known = _shown(found)
    return regions.better(torn_share(decoded.header, found.coefficients, known), float(known.mean()))


def _by_segments(scan: Scan, found: Explanation) -> Session:
    """A scan of which stretches are damaged: what stands between them, each MCU by what is sure of it."""
    placed = Placed(found.coefficients, found.known, found.moved, found.starts, found.ends, found.thumbnail)
    return Session(
        found.coefficients,
        _provenance(scan, placed),
        (),
        False,
        scan.raw.tobytes(),
        False,
        found.thumbnail,
        segments=found.segments,
        gaps=found.gaps,
    )


def at_least_as_between_gaps(scan: Scan, decoded: Decoded, found: Explanation, thumbnail: Pixels | None) -> Session:
    """A scan by its segments, or as the decoder goes through what is between their gaps where that is better.

    They are compared where the decoder has a picture at all: the grey that it leaves behind damage has no borders.
    """
    read = decoded.coefficients[:, :, 1:].any(axis=(1, 2))
    if not improvement(decoded.header, decoded.coefficients, found.coefficients, found.known & read, thumbnail).worse:
        return _by_segments(scan, found)
    placed = _as_decoded(scan, decoded, found.thumbnail)
    known = placed.known.copy()
    for gap in found.gaps:
        known &= (placed.ends <= 8 * gap.first_byte) | (placed.starts >= 8 * gap.end_byte)
    kinds = _provenance(scan, replace(placed, known=known))
    segments = tuple(
        segment
        if segment.first_mcu is not None and placed.starts[segment.first_mcu] == segment.first_bit
        else replace(segment, first_mcu=None, posterior=min(segment.posterior, _UNSURE), rests_on=())
        for segment in found.segments
    )
    jpeg = scan.raw[: decoded.end].tobytes()
    return Session(
        placed.coefficients,
        kinds,
        (),
        False,
        jpeg,
        False,
        found.thumbnail,
        as_decoded=True,
        segments=segments,
        gaps=found.gaps,
    )


def _search(scan: Scan, decoded: Decoded, model: FlipModel | None, effort: Effort, thumbnail: Pixels | None) -> Session:
    """Search a scan for flips and place what they do not explain."""
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
        elif (
            reversals
            and improvement(decoded.header, corrected.coefficients, placed.coefficients, placed.known, thumbnail).worse
        ):
            placed = _as_decoded(scan, corrected, placed.thumbnail)
    kinds = _provenance(scan, placed)
    if model is not None:
        for reversal in reversals:
            if reversal not in claimed:
                kinds[_touched(placed, model, reversal)] = Provenance.LOST
    sound = explained and not corrected.events
    certain, exhausted = len(claimed) == len(reversals), findings.exhausted
    return Session(placed.coefficients, kinds, claimed, sound, jpeg, exhausted, placed.thumbnail, certain=certain)


def _flawless(decoded: Decoded, thumbnail: Pixels | None) -> bool:
    """Whether a scan decodes to its last bit, and to what its thumbnail shows."""
    if not decoded.flawless:
        return False
    return thumbnail is None or not contradicts(thumbnail, decoded.header, decoded.coefficients)


def _borne_out(scan: Scan, model: FlipModel | None, found: Session) -> bool:
    """Whether every flip found in a scan that decodes to its last bit anyway is beyond doubt beside all others."""
    if model is None or not found.reversals:
        return True
    follow_decoder(scan, decode(found.jpeg))
    return least_corroborated(scan, model, flips_of(found.reversals)) >= standards_of(model).borne_out


def _as_stored(scan: Scan, decoded: Decoded, thumbnail: Pixels | None, alarms: tuple[Alarm, ...]) -> Session:
    """A scan that decodes to its last bit, taken at its word."""
    placed = _all_known(scan, decoded, thumbnail)
    kinds, jpeg, sound = _provenance(scan, placed), scan.raw[: decoded.end].tobytes(), not decoded.events
    strange = tuple(sorted({alarm.mcu for alarm in alarms}))
    return Session(decoded.coefficients, kinds, (), sound, jpeg, False, thumbnail, strange=strange)


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


def _as_decoded(scan: Scan, decoded: Decoded, thumbnail: Pixels | None) -> Placed:
    """A damaged scan as the decoder goes through it: from the first sign of damage on, nothing is sure of its place."""
    follow_decoder(scan, decoded)
    count = scan.layout.mcu_count
    starts, known = scan.path.places[:count].copy(), scan.path.known[:count].astype(np.bool_)
    first = min((event.mcu for event in decoded.events if event.kind not in OUTSIDE_THE_SCANS), default=count)
    moved = known & (np.arange(count) >= first)
    return Placed(decoded.coefficients, known, moved, starts, np.append(starts[1:], 8 * scan.end), thumbnail)


def _provenance(scan: Scan, placed: Placed) -> NDArray[np.uint8]:
    """What each MCU is: its bytes as stored or corrected, moved or not, or lost."""
    changed = np.flatnonzero(scan.raw != scan.original)
    first = placed.starts >> 3
    last = np.minimum((placed.ends + 7) >> 3, scan.raw.size)
    repaired = np.searchsorted(changed, np.maximum(last, first)) > np.searchsorted(changed, first)
    kinds = np.where(repaired, np.uint8(Provenance.REPAIRED), np.uint8(Provenance.INTACT))
    kinds = np.where(placed.moved, np.uint8(Provenance.PLACED), kinds)
    return np.where(placed.known, kinds, np.uint8(Provenance.LOST)).astype(np.uint8)
