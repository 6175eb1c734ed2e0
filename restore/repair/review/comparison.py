"""Other bytes compared with the path as it is, over the same MCUs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.repair.review.patches import Patches
from restore.repair.search.path_reference import Reference, reference_of
from restore.scan.extend_kernels import NEVER
from restore.scan.scan import Scan

_FEWEST: Final = 3
"""MCUs that it takes to compare anything."""

_ROOM: Final = 2
"""How many times the bytes that the path takes are at hand for others."""


@dataclass(frozen=True, eq=False)
class Comparison:
    """The path over some MCUs as it is, and what else its bytes could be.

    Attributes:
        scan: a scan whose path is laid along its bytes.
        base, target: the first MCU that is compared, and the one behind the last.
        own: the path as it is.
    """

    scan: Scan
    base: int
    target: int
    own: Reference

    @classmethod
    def over(cls, scan: Scan, base: int, target: int) -> Comparison | None:
        """Lay the path from MCU `base` to `target`, or as far as it can be followed; None where that is nowhere."""
        reached = scan.walk(base, target, NEVER).mcu
        return None if reached < base + _FEWEST else cls(scan, base, reached, reference_of(scan, base, reached))

    def worths(self, patches: Patches, until: int | None = None) -> NDArray[np.float64]:
        """By how many nats the path along each patch scores more, up to `target` or MCU `until`; -inf where it ends
        before."""
        target = self.target if until is None else until
        usual = int(3 * (target - self.base) * self.scan.mcu_bytes)
        here = int(self.own.places[min(target - self.base, self.own.places.size - 1)] >> 3) - patches.first
        window = patches.rows.shape[1] + max(usual, _ROOM * here) + 512  # MCUs differ in size within a picture
        outcomes = self.scan.evaluate(patches.candidates(self.base), target, window, NEVER)
        arrived = outcomes.table[:, 4] >= target
        return np.where(arrived, outcomes.last - self.own.level(outcomes.last_place), -np.inf)

    def settle(self, patches: Patches, row: int) -> None:
        """Make a patch true in the scan's bytes and path."""
        patches.settle(self.scan.raw, row)
        self.scan.walk(self.base, self.target, NEVER)
