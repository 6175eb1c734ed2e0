"""Scans laid out MCU by MCU, and what each MCU then is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.flips.model import FlipModel
from restore.decoding.decoded import OUTSIDE_THE_SCANS, Decoded
from restore.placement.placement import Placed
from restore.provenance import Provenance
from restore.repair.search.hypotheses import Reversal
from restore.scan.preparation import follow_decoder
from restore.scan.scan import Scan
from restore.thumbnail.contradiction import contradicts
from restore.thumbnail.guidance import Pixels


def flawless_and_shown(decoded: Decoded, thumbnail: Pixels | None) -> bool:
    """Whether a scan decodes to its last bit, and to what its thumbnail shows."""
    if not decoded.flawless:
        return False
    return thumbnail is None or not contradicts(thumbnail, decoded.header, decoded.coefficients)


def all_known(scan: Scan, decoded: Decoded, thumbnail: Pixels | None) -> Placed:
    """A scan without a flaw: every MCU is what and where the decoder says."""
    follow_decoder(scan, decoded)
    starts = scan.path.places[: scan.layout.mcu_count].copy()
    known = np.ones(starts.size, dtype=np.bool_)
    return Placed(decoded.coefficients, known, ~known, starts, np.append(starts[1:], 8 * scan.end), thumbnail)


def as_far_as_decoded(scan: Scan, decoded: Decoded, thumbnail: Pixels | None) -> Placed:
    """A damaged scan as the decoder goes through it: from the first sign of damage on, nothing is sure of its place."""
    follow_decoder(scan, decoded)
    count = scan.layout.mcu_count
    starts, known = scan.path.places[:count].copy(), scan.path.known[:count].astype(np.bool_)
    first = min((event.mcu for event in decoded.events if event.kind not in OUTSIDE_THE_SCANS), default=count)
    moved = known & (np.arange(count) >= first)
    return Placed(decoded.coefficients, known, moved, starts, np.append(starts[1:], 8 * scan.end), thumbnail)


def provenance_of(scan: Scan, placed: Placed) -> NDArray[np.uint8]:
    """What each MCU is: its bytes as stored or corrected, moved or not, or lost."""
    changed = np.flatnonzero(scan.raw != scan.original)
    first = placed.starts >> 3
    last = np.minimum((placed.ends + 7) >> 3, scan.raw.size)
    repaired = np.searchsorted(changed, np.maximum(last, first)) > np.searchsorted(changed, first)
    kinds = np.where(repaired, np.uint8(Provenance.REPAIRED), np.uint8(Provenance.INTACT))
    kinds = np.where(placed.moved, np.uint8(Provenance.PLACED), kinds)
    return np.where(placed.known, kinds, np.uint8(Provenance.LOST)).astype(np.uint8)


def touched_by(placed: Placed, model: FlipModel, reversal: Reversal) -> NDArray[np.bool_]:
    """The MCUs that hold a byte which a reversal may have changed wrongly."""
    first = 8 * int(model.starts[reversal.unit])
    last = first + 8 * int(model.reaches[reversal.unit])
    return (placed.ends > first) & (placed.starts < last)
