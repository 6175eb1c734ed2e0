"""Go through the strangest units of a scan that decodes to its last bit, for flips that leave no flaw.

Of files that were wrongly called whole, five in six held one flip that nobody had looked at, and the truth stood out as
soon as its unit was.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from carving.flips.model import FlipModel
from restore.repair.review.corroboration import corroboration
from restore.repair.search.flip_state import bits_by_unit
from restore.repair.search.hypotheses import Flips
from restore.repair.trust.single_flips import FlipsOfUnit
from restore.repair.trust.trust_limits import KEEN, NEAR_DROP, OF_NOTE
from restore.scan.scan import Scan


@dataclass(frozen=True, slots=True)
class Suspect:
    """A flip that nobody reversed: unit and bit, nats that it gains near by, and its worth wherever one looks."""

    unit: int
    bit: int
    gain: float
    worth: float


def suspects(scan: Scan, model: FlipModel, units: Iterable[int], reversed_flips: Flips) -> tuple[Suspect, ...]:
    """The flips in some units that are worth something, the best first.

    Args:
        scan: a scan that decodes to its last bit, its path laid along it with scores.
        model: its flip model.
        units: where to look.
        reversed_flips: unit and bit of every flip that is reversed in the scan's bytes; none of these is a suspect.
    """
    bits = bits_by_unit(reversed_flips)
    found = []
    for unit in units:
        done = bits.get(unit, ())
        gains = FlipsOfUnit.of(scan, model, unit, done).near_gains(NEAR_DROP)
        for bit in range(model.bits):
            if gains[bit] > KEEN and bit not in done:
                worth = corroboration(scan, model, (unit, bit), bits)
                if worth > OF_NOTE:
                    found.append(Suspect(unit, bit, float(gains[bit]), worth))
    return tuple(sorted(found, key=lambda suspect: -suspect.worth))
