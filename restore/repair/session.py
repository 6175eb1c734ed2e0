"""Everything that is found out about one scan: flips reversed, MCUs placed, and what each MCU then is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.flips import FlipModel
from restore.decoding.decoded import Decoded, EventKind
from restore.decoding.robust import decode
from restore.placement.placement import Placed, place
from restore.provenance import Provenance
from restore.repair.repair import open_scan, recalibrate, repair_scan
from restore.repair.scan import Scan
from restore.repair.search import ALARM, Reversal


FEW: Final = 3
"""So many flips blur the score tables little enough that one round of search will do."""


@dataclass(frozen=True, eq=False)
class Session:
    """Findings about one scan.

    Attributes:
        coefficients: int16 (MCUs, blocks per MCU, 64), zero where lost.
        provenance: uint8 (MCUs,) of `Provenance`.
        reversals: flips reversed, in the order found.
        sound: the scan, as it now is, decodes without a flaw.
        jpeg: the file up to its end, with the flips reversed.
        spent: MCUs decoded in all.
    """

    coefficients: NDArray[np.int16]
    provenance: NDArray[np.uint8]
    reversals: tuple[Reversal, ...]
    sound: bool
    jpeg: bytes
    spent: int


def examine(data: bytes, decoded: Decoded, model: FlipModel | None, expansions: int) -> Session:
    """Search, reverse and place.

    Args:
        data: the file; decoded: what the robust decoder made of it.
        model: flip model, None where nothing is to be reversed; expansions: hypotheses pursued per sign of damage.
    """
    ends_on_eoi = EventKind.NO_EOI not in {event.kind for event in decoded.events}
    scan = open_scan(data, decoded, decoded.end - 2 if ends_on_eoi else decoded.end)
    recalibrate(scan)
    placed = place(scan)
    reversals: tuple[Reversal, ...] = ()
    if model is not None and expansions:
        recalibrate(scan)
        reversals = repair_scan(scan, model, expansions, ALARM).reversals
        placed = place(scan)
        if len(reversals) > FEW:
            recalibrate(scan)
            scan.restart()
            reversals = repair_scan(scan, model, expansions, ALARM).reversals
            placed = place(scan)
    jpeg = scan.raw[: decoded.end].tobytes()
    again = decode(jpeg) if reversals else decoded
    sound = not again.events and not placed.moved.any()
    if sound:
        placed = _all_known(placed, again)
    return Session(placed.coefficients, _provenance(scan, placed), reversals, sound, jpeg, scan.spent)


def _all_known(placed: Placed, decoded: Decoded) -> Placed:
    """A scan without a flaw: every MCU is what the decoder says, however unusual it looks."""
    known = np.ones_like(placed.known)
    return Placed(decoded.coefficients, known, placed.moved, placed.starts, placed.ends, clean=True)


def _provenance(scan: Scan, placed: Placed) -> NDArray[np.uint8]:
    """What each MCU is: its bytes as stored or corrected, moved or not, or lost."""
    changed = np.concatenate([[0], np.cumsum(scan.raw != scan.original)])
    first = placed.starts >> 3
    last = np.minimum((placed.ends + 7) >> 3, scan.raw.size)
    repaired = changed[np.maximum(last, first)] > changed[first]
    kinds = np.where(repaired, np.uint8(Provenance.REPAIRED), np.uint8(Provenance.INTACT))
    kinds = np.where(placed.moved, np.uint8(Provenance.PLACED), kinds)
    return np.where(placed.known, kinds, np.uint8(Provenance.LOST)).astype(np.uint8)
