"""The score of a path wherever it gets to: what hypotheses about its bytes are measured against."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restore.scan.extend_kernels import NEVER
from restore.scan.scan import Scan


@dataclass(frozen=True, eq=False)
class Reference:
    """Scores of a path at places (bits of the file); hypotheses are measured against it wherever they end."""

    places: NDArray[np.int64]
    scores: NDArray[np.float64]

    def level(self, places: NDArray[np.int64]) -> NDArray[np.float64]:
        """The path's score where it gets to `places`; where it breaks off before, what it had by then."""
        return np.interp(places, self.places, self.scores)


def reference_of(scan: Scan, first: int, last: int) -> Reference:
    """The path as it stands from MCU `first` up to where MCU `last` begins."""
    rows = slice(first, last + 1)
    return Reference(scan.path.places[rows].copy(), scan.path.scores[rows].copy())


def walked(scan: Scan, base: int, target: int) -> Reference:
    """The path laid along the bytes as they are now, from MCU `base` on as far as they decode, at most to `target`."""
    return reference_of(scan, base, scan.walk(base, target, NEVER).mcu)
