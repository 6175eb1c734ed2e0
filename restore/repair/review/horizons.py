"""How far behind a flip it is judged: at once, a little later, and over the rows below."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from restore.repair.review.review_limits import BEFORE_FLIP, BEYOND, LATER, ROWS, SOON
from restore.scan.scan import CANDIDATE_MCUS, Scan


@dataclass(frozen=True, slots=True)
class Horizons:
    """The MCU from which hypotheses about some bytes are followed, and those up to which they are compared."""

    base: int
    soon: tuple[int, ...]
    far: tuple[int, ...]


def horizons(scan: Scan, first: int, last: int) -> Horizons:
    """The horizons of what bytes from `first` on may be, and one that changes none from `last` on."""
    count = scan.layout.mcu_count
    places = scan.path.places[:count]
    base = max(0, int(np.searchsorted(places, 8 * first, side="right")) - 1 - BEFORE_FLIP)
    end = int(np.searchsorted(places, 8 * last, side="left"))
    furthest = min(base + CANDIDATE_MCUS - 1, count)
    far = (LATER, ROWS * scan.layout.columns + BEYOND)
    return Horizons(
        base, tuple(min(end + mcus, furthest) for mcus in SOON), tuple(min(end + mcus, furthest) for mcus in far)
    )
