"""Alarms about scans that decode to their last bit: what looks as damage does, and whether a flip explains it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from carving.flips.model import FlipModel
from restore.decoding.robust import Decoded
from restore.repair.review.corroboration import corroboration
from restore.repair.search.scan_repair import Effort, inspect_flawless
from restore.repair.search.standards import standards_of
from restore.scan.preparation import follow_decoder
from restore.scan.scan import Scan


@dataclass(frozen=True, slots=True)
class Alarm:
    """An MCU of a scan that decodes to its last bit which looks as damage does.

    `borne_out` tells whether a flip explains it beyond what odd places of sound pictures make of one.
    """

    mcu: int
    borne_out: bool


def raise_alarms(
    scan: Scan, decoded: Decoded, model: FlipModel | None, effort: Effort, unseen: float | None
) -> tuple[Alarm, ...]:
    """The places of a scan that decodes to its last bit which a flip would explain better than the picture does.

    Args:
        scan: the scan, nothing reversed in it; it is left so, its path laid along what was decoded.
        decoded: what the robust decoder made of it.
        model: flip model; effort: how hard to search. Without either there is none.
        unseen: nats by which a flip must beat its best rival, if not the usual.
    """
    if model is None or not effort.expansions:
        return ()
    standards = standards_of(model)
    margin = standards.unseen if unseen is None else unseen
    found = inspect_flawless(scan, model, effort, decoded.coefficients)
    follow_decoder(scan, decoded)
    places = scan.path.places[: scan.layout.mcu_count]
    alarms = []
    for item in found:
        if item.margin >= margin and item.gain >= standards.unseen_gain:
            first = 8 * max(0, int(model.starts[item.unit]))
            worth = corroboration(scan, model, (item.unit, item.bit), {})
            mcu = max(0, int(np.searchsorted(places, first, side="right")) - 1)
            alarms.append(Alarm(mcu, worth >= standards.borne_out))
    return tuple(alarms)
