"""Whether a thumbnail contradicts a picture that decodes without a flaw.

A flip that leaves no trace in the entropy stream mostly moves the DC values of all that follows. The thumbnail does not
move with them: from that MCU on, the picture is lighter, darker or tinted against it, and stays so.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader
from restore.thumbnail.guidance import Pixels, without_bars
from restore.thumbnail.levels import levels_of, mcu_levels
from restore.thumbnail.registration import likeness_of

LEAST_LIKENESS: Final = 0.5
"""Correlation with the picture from which on a thumbnail is asked, as it is: not turned, not cut."""

STEP: Final = 5.0
"""How many times a step must exceed what the rows on either side of it differ: of 274 undamaged pictures one had 3.9,
the others 2.5 at most; of 104 flips without a trace one in four had more."""

_TOLERANCE: Final = 1.0
"""Samples by which rows may always differ."""

_CLIP: Final = 40.0
"""Samples by which a single MCU may differ."""

_EDGE_ROWS: Final = 2
"""Rows at the top and the bottom in which no step is told: too little lies beyond it."""


def contradicts(thumbnail: Pixels, header: JpegHeader, coefficients: NDArray[np.int16]) -> bool:
    """Whether a thumbnail is the picture's own, and shows that its level moves somewhere.

    Args:
        thumbnail: uint8 (rows, columns, 3), as found.
        header: the picture's.
        coefficients: int16 (MCUs, blocks per MCU, 64), all of them decoded.
    """
    frame = header.frame
    if 0 < header.restart_interval < frame.mcu_columns:  # DC values begin anew before a row has passed
        return False
    told = levels_of(without_bars(thumbnail, frame.height, frame.width), header)
    if told is None:
        return False
    levels = mcu_levels(header, coefficients)
    grid = (frame.mcu_rows, frame.mcu_columns)
    if likeness_of(told.levels[:, 0].reshape(grid), levels[:, 0].reshape(grid)) < LEAST_LIKENESS:
        return False
    return bool(steps(levels - told.levels, frame.mcu_columns).max(initial=0.0) > STEP)


def steps(differences: NDArray[np.float64], columns: int) -> NDArray[np.float64]:
    """How clearly the level moves at each MCU.

    Args:
        differences: (MCUs, components), in samples, of a picture from what is expected.
        columns: MCUs per row.

    Returns:
        (MCUs,), the largest over the components: by how much the row's length of MCUs from each MCU on, the one behind
        it and the two behind that lie above (or below) those before it, over what these differ among themselves.
    """
    count = differences.shape[0]
    here = np.arange(count)
    inside = (here >= _EDGE_ROWS * columns) & (here < count - _EDGE_ROWS * columns)
    largest = np.zeros(count)
    for component in differences.T:
        sums = np.concatenate([[0.0], np.cumsum(np.clip(component, -_CLIP, _CLIP))])

        def mean(first: int, last: int, sums: NDArray[np.float64] = sums) -> NDArray[np.float64]:
            low, high = (np.clip(here + rows * columns, 0, count) for rows in (first, last))
            return np.asarray((sums[high] - sums[low]) / np.maximum(high - low, 1))

        behind = np.stack([mean(0, 1), mean(1, 2), mean(2, 4)])
        before = np.stack([mean(-1, 0), mean(-2, -1), mean(-4, -2)])
        reaches = here >= 3 * columns, here < count - 3 * columns
        before[2], behind[2] = (
            np.where(far, part[2], part[1]) for far, part in zip(reaches, (before, behind), strict=True)
        )
        apart = np.maximum(behind.min(axis=0) - before.max(axis=0), before.min(axis=0) - behind.max(axis=0))
        unsteady = np.ptp(behind, axis=0) + np.ptp(before, axis=0)
        largest = np.maximum(largest, np.where(inside, apart / (unsteady + _TOLERANCE), 0.0))
    return largest
