"""Every bit of one unit flipped in turn in a scan that decodes to its last bit, against leaving it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from carving.flips.model import FlipModel
from restore.repair.review.patches import Patches
from restore.repair.review.review_limits import LATER
from restore.repair.search.flip_state import stretch_of
from restore.repair.trust.trust_limits import NEAR
from restore.scan.contracts import COMPLETE
from restore.scan.scan import Scan


@dataclass(frozen=True, eq=False)
class FlipsOfUnit:
    """Patches of a scan, its path laid along it with scores, one for each bit of a unit.

    Attributes:
        checkpoint: the MCU that holds the unit's first byte.
        behind: the MCU behind the last byte that a flip changes.
    """

    scan: Scan
    patches: Patches
    checkpoint: int
    behind: int

    @classmethod
    def of(cls, scan: Scan, model: FlipModel, unit: int, flipped: tuple[int, ...]) -> FlipsOfUnit:
        """All bits of a unit in which `flipped` are reversed already; reversing one of these undoes it."""
        first, last = stretch_of(model, unit, scan.raw.size)
        start = int(model.starts[unit])
        rows = np.ascontiguousarray(model.variants(scan.raw, unit, flipped)[:, first - start : last - start])
        places = scan.path.places[: scan.layout.mcu_count]
        checkpoint = max(0, int(np.searchsorted(places, 8 * first, side="right")) - 1)
        behind = int(np.searchsorted(places, 8 * last, side="left"))
        return cls(scan, Patches(first, rows, tuple((unit, bit) for bit in range(model.bits))), checkpoint, behind)

    def near_gains(self, drop: float) -> NDArray[np.float64]:
        """Nats that each gains a few MCUs behind; -inf where its score falls by `drop` before, or is out of step."""
        return self._gains(np.arange(len(self.patches.flips)), NEAR, drop)

    def lasting_gains(self, drop: float) -> NDArray[np.float64]:
        """The same, or what they gain further on where that is less."""
        gains = self.near_gains(drop)
        alive = np.flatnonzero(gains > -drop)
        gains[alive] = np.minimum(gains[alive], self._gains(alive, LATER, np.inf))
        return gains

    def _gains(self, rows: NDArray[np.int64], mcus: int, drop: float) -> NDArray[np.float64]:
        if rows.size == 0:
            return np.zeros(0)
        scan = self.scan
        target = min(self.behind + mcus, scan.layout.mcu_count)
        window = int(3 * (target - self.checkpoint) * scan.mcu_bytes) + 1024
        few = Patches(self.patches.first, self.patches.rows[rows], ())
        outcomes = scan.evaluate(few.candidates(self.checkpoint), target, window, drop)
        place = scan.path.places[target] if target < scan.layout.mcu_count else outcomes.last_place
        in_step = (outcomes.table[:, 4] >= target) & (outcomes.last_place == place)
        if target == scan.layout.mcu_count:
            in_step &= outcomes.why == COMPLETE
        return np.where(in_step, outcomes.last - scan.path.scores[target], -np.inf)
