"""What can be said of each MCU of a scan, and of the file, once a search has ended."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from carving.flips.model import FlipModel
from restore.decoding.decoded import Decoded
from restore.decoding.robust import decode
from restore.explanation import Gap, StoredSegment
from restore.guard.improvement import improvement
from restore.placement.placement import place
from restore.provenance import Provenance
from restore.repair.laid_out import all_known, as_far_as_decoded, flawless_and_shown, provenance_of, touched_by
from restore.repair.review.alarms import Alarm
from restore.repair.rounds import Findings
from restore.repair.search.claims import claimable, no_closer_than_chance
from restore.repair.search.code_search import CodeSearch
from restore.repair.search.hypotheses import Reversal
from restore.repair.search.scan_repair import Effort, repair_scan
from restore.repair.search.search_limits import ALARM
from restore.repair.trust.judgement import judge, unseen_in, with_probabilities
from restore.repair.trust.probability import beside_damage, of_file, of_margin, of_single_bit, rate_of
from restore.repair.trust.trust_limits import CLAIMED_FROM
from restore.scan.preparation import follow_decoder, recalibrate
from restore.scan.scan import Scan
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
        certain: no bit is reversed that is not among `reversals`.
        exact_probability: of `jpeg`'s scan being the original one, given that it is `sound`; None where nothing tells.
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
    exact_probability: float | None = None
    strange: tuple[int, ...] = ()
    contradicted: bool = False
    as_decoded: bool = False
    segments: tuple[StoredSegment, ...] = ()
    gaps: tuple[Gap, ...] = ()


def conclude(
    scan: Scan,
    decoded: Decoded,
    model: FlipModel | None,
    effort: Effort,
    findings: Findings,
    thumbnail: Pixels | None,
) -> Session:
    """What can be said of each MCU, and of the file, once the search has ended."""
    reversals, strange, probability = findings.reversals, findings.strange, None
    corrected = decode(scan.raw[: decoded.end].tobytes()) if reversals else decoded
    # what decodes to its last bit is taken at its word, however unusual it looks, unless its thumbnail contradicts it
    flawless = flawless_and_shown(corrected, thumbnail)
    if model is not None and reversals:
        if not model.encrypted:
            reversals = tuple(replace(item, probability=of_single_bit(item.margin)) for item in reversals)
        elif flawless:
            follow_decoder(scan, corrected)
            recalibrate(scan)
            judged = judge(scan, model, reversals, findings.unresolved, effort.gone_through)
            reversals, probability, strange = judged.reversals, judged.probability, False
            corrected = decode(scan.raw[: decoded.end].tobytes())
            flawless = flawless_and_shown(corrected, thumbnail)
        else:
            rate = rate_of(len(reversals), scan.end - scan.start)
            reversals = tuple(
                replace(item, probability=beside_damage(item.probability, rate, model.bits))
                for item in with_probabilities(scan, model, reversals)
            )
    jpeg = scan.raw[: decoded.end].tobytes()
    believed = tuple(item for item in reversals if item.probability >= CLAIMED_FROM)
    claimed = believed if probability is not None else claimable(model, believed, findings.unresolved)
    if model is not None and not model.encrypted:
        claimed = no_closer_than_chance(model, claimed, scan.raw.size)
    # where flips were taken back, something looks strange that may be damage all the same
    explained = flawless and len(claimed) == len(reversals) and not strange
    if model is not None and not explained:
        # what a code could not correct holds several flips: one of them means little unless all is explained
        claimed = tuple(reversal for reversal in claimed if reversal.joint or not model.suspect[reversal.unit])
    if explained:
        placed = all_known(scan, corrected, thumbnail)
    else:
        placed = place(scan, decoded.header, thumbnail)
        if flawless:
            placed = all_known(scan, corrected, placed.thumbnail)
        elif (
            reversals
            and improvement(decoded.header, corrected.coefficients, placed.coefficients, placed.known, thumbnail).worse
        ):
            placed = as_far_as_decoded(scan, corrected, placed.thumbnail)
    kinds = provenance_of(scan, placed)
    if model is not None:
        for reversal in reversals:
            if reversal not in claimed:
                kinds[touched_by(placed, model, reversal)] = Provenance.LOST
    sound = explained and not corrected.events
    certain, exhausted = len(claimed) == len(reversals), findings.exhausted
    return Session(
        placed.coefficients,
        kinds,
        claimed,
        sound,
        jpeg,
        exhausted,
        placed.thumbnail,
        certain=certain,
        exact_probability=probability if sound else None,
    )


def as_stored(
    scan: Scan, decoded: Decoded, thumbnail: Pixels | None, alarms: tuple[Alarm, ...], *, encrypted: bool
) -> Session:
    """A scan that decodes to its last bit, taken at its word."""
    placed = all_known(scan, decoded, thumbnail)
    kinds, jpeg, sound = provenance_of(scan, placed), scan.raw[: decoded.end].tobytes(), not decoded.events
    strange = tuple(sorted({alarm.mcu for alarm in alarms}))
    probability = of_file((), (), unseen_in(scan)) if sound and encrypted else None
    return Session(
        decoded.coefficients,
        kinds,
        (),
        sound,
        jpeg,
        False,
        thumbnail,
        exact_probability=probability,
        strange=strange,
    )


def by_code(scan: Scan, decoded: Decoded, model: FlipModel, effort: Effort, thumbnail: Pixels | None) -> Session | None:
    """The findings if an error-correcting code and the picture together explain all damage; else the scan is left as it
    was."""
    repair = repair_scan(scan, CodeSearch(scan, model, 0, ALARM, 0), effort)
    if repair.reversals:
        jpeg = scan.raw[: decoded.end].tobytes()
        corrected = decode(jpeg)
        if flawless_and_shown(corrected, thumbnail):
            placed = all_known(scan, corrected, thumbnail)
            reversals = tuple(replace(item, probability=of_margin(item.margin)) for item in repair.reversals)
            claimed = claimable(model, reversals)
            kinds, sound = provenance_of(scan, placed), not corrected.events
            probability = of_file((item.probability for item in claimed), (), 0.0)
            return Session(
                placed.coefficients,
                kinds,
                claimed,
                sound,
                jpeg,
                False,
                placed.thumbnail,
                exact_probability=probability,
            )
    scan.restart()
    follow_decoder(scan, decoded)
    return None
