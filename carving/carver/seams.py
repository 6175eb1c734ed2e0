"""Whether a picture goes on as it was behind a join: the brightness of its MCUs from row to row."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

SMOOTH: Final = 4.0
"""Up to this step a join is believed at once: of 62 right ones on the bench image 61 stay below 3.3."""
_ROWS: Final = 3
"""Rows of MCUs on both sides that are compared with."""
_LEAST: Final = 2.0


def seam_step(levels: NDArray[np.int64], columns: int, seam: int) -> float:
    """The typical step from row to row where only one side lies behind the join, over that in the rows around it.

    Args:
        levels: (MCUs,) a DC value of each MCU.
        columns: MCUs in a row.
        seam: the first MCU that may hold bytes from behind the join.

    Returns:
        About 1 where the picture goes on, far more where it does not; 1 where the picture is too small to tell.
    """
    steps = np.abs(levels[columns:] - levels[:-columns])
    first = max(0, seam + 1 - columns)
    across = steps[first : first + columns]
    near = np.concatenate((steps[max(0, first - _ROWS * columns) : first], steps[first + columns :][: _ROWS * columns]))
    if across.size < columns // 4 or near.size < columns:
        return 1.0
    return float(np.median(across)) / max(_LEAST, float(np.median(near)))
