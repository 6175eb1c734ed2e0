"""Everything that is found out about one scan: flips reversed, MCUs placed, and what each MCU then is."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.flips.model import FlipModel
from restore.decoding.decoded import Decoded, EventKind
from restore.decoding.robust import decode
from restore.guard.improvement import Improvement, improvement
from restore.placement.placement import Placed
from restore.provenance import Provenance
from restore.repair.conclusion import Session, as_stored, by_code, conclude
from restore.repair.laid_out import as_far_as_decoded, provenance_of
from restore.repair.region_damage import RegionDamage, hidden_break, region_damage
from restore.repair.review.alarms import raise_alarms
from restore.repair.review.corroboration import least_corroborated
from restore.repair.rounds import NOTHING, search_in_rounds
from restore.repair.search.hypotheses import flips_of
from restore.repair.search.scan_repair import Effort
from restore.repair.search.standards import standards_of
from restore.scan.preparation import follow_decoder, open_scan, recalibrate
from restore.scan.scan import Scan
from restore.segments.search import Explanation
from restore.segments.tearing import torn_share
from restore.thumbnail.contradiction import contradicts
from restore.thumbnail.guidance import Pixels

_UNSURE: Final = 0.5
"""The most that is said of a segment which the picture given does not show where it was placed."""


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
        recalibrate(scan)
        found = _at_least_as_decoded(scan, decoded, _search(scan, decoded, model, effort, thumbnail), thumbnail)
        if regions is not None and not found.sound and _is_beside(regions, decoded, found):
            scan.restart()
            return at_least_as_between_gaps(scan, decoded, regions.explanation, thumbnail)
        return found
    encrypted = model is not None and model.encrypted
    contradicted = thumbnail is not None and contradicts(thumbnail, decoded.header, decoded.coefficients)
    alarms = raise_alarms(scan, decoded, model, effort, unseen)
    if not contradicted and not any(alarm.borne_out for alarm in alarms):
        broken = hidden_break(data, decoded, thumbnail)
        shown = None if broken is None else _by_segments(scan, broken)
        if shown is not None and _compared(decoded, shown, thumbnail).leads:
            return shown
        return as_stored(scan, decoded, thumbnail, alarms, encrypted=encrypted)
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
            found = conclude(scan, decoded, None, effort, NOTHING, thumbnail)
    if contradicted:
        regions = region_damage(data, decoded, None, thumbnail, ())
        if regions is not None and regions.certain:
            shown = _by_segments(scan, regions.explanation)
            if _compared(decoded, shown, thumbnail).better:
                return shown
    if contradicted and _compared(decoded, found, thumbnail).better:
        return found
    stored = as_stored(scan, decoded, thumbnail, alarms, encrypted=encrypted)
    return replace(stored, contradicted=contradicted)


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
    placed = as_far_as_decoded(scan, decoded, found.thumbnail)
    kinds, jpeg = provenance_of(scan, placed), scan.raw[: decoded.end].tobytes()
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
        provenance_of(scan, placed),
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
    placed = as_far_as_decoded(scan, decoded, found.thumbnail)
    known = placed.known.copy()
    for gap in found.gaps:
        known &= (placed.ends <= 8 * gap.first_byte) | (placed.starts >= 8 * gap.end_byte)
    kinds = provenance_of(scan, replace(placed, known=known))
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
            settled = by_code(scan, decoded, model, effort, thumbnail)
            if settled is not None:
                return settled
        findings = search_in_rounds(scan, decoded, model, effort)
    return conclude(scan, decoded, model, effort, findings, thumbnail)


def _borne_out(scan: Scan, model: FlipModel | None, found: Session) -> bool:
    """Whether every flip found in a scan that decodes to its last bit anyway is beyond doubt beside all others."""
    if model is None or not found.reversals:
        return True
    follow_decoder(scan, decode(found.jpeg))
    return least_corroborated(scan, model, flips_of(found.reversals)) >= standards_of(model).borne_out
