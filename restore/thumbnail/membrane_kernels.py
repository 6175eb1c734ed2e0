"""Relaxation of a membrane over the holes of a plane, compiled."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel


@kernel
def relax(
    planes: NDArray[np.float32],
    hole: NDArray[np.bool_],
    base: NDArray[np.float32],
    pull: np.float32,
    over: np.float32,
    sweeps: int,
) -> None:
    """Bring every hole pixel to the mean of its neighbours and, weighed by `pull`, of its base; in place.

    Successive over-relaxation (D. Young, 1954) in red-black order, which does not depend on the direction of a sweep.

    Args:
        planes: float32 (height, width, channels); base: the same shape, what the membrane is drawn to.
        hole: bool (height, width).
        pull: weight of the base, where each neighbour weighs 1.
        over: relaxation factor, from 1 to below 2.
        sweeps: of both colours.
    """
    height, width, channels = planes.shape
    for sweep in range(2 * sweeps):
        for row in range(height):
            for column in range((row + sweep) % 2, width, 2):
                if not hole[row, column]:
                    continue
                for channel in range(channels):
                    total = pull * base[row, column, channel]
                    weight = pull
                    if row > 0:
                        total += planes[row - 1, column, channel]
                        weight += np.float32(1.0)
                    if row + 1 < height:
                        total += planes[row + 1, column, channel]
                        weight += np.float32(1.0)
                    if column > 0:
                        total += planes[row, column - 1, channel]
                        weight += np.float32(1.0)
                    if column + 1 < width:
                        total += planes[row, column + 1, channel]
                        weight += np.float32(1.0)
                    current = planes[row, column, channel]
                    planes[row, column, channel] = current + over * (total / weight - current)
