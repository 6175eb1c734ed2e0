"""A run of MCUs that were laid in one piece."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

LARGEST_SHIFT: Final = 32
"""Largest shift in MCUs that is tried (measured jumps lie in -8..+2)."""


@dataclass(eq=False)
class PlacedSegment:
    """MCUs in a row that share their shift and DC offsets.

    Attributes:
        first, end: MCUs.
        shift: MCUs by which it stands further than the decoder counted.
        offsets: int64 (4,), DC steps added to what the decoder counted.
        fixed: its offsets are known to be right.
    """

    first: int
    end: int
    shift: int
    offsets: NDArray[np.int64]
    fixed: bool
