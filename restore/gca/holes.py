"""A picture with holes, as every way to fill them sees it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restore.thumbnail.guidance import Pixels


@dataclass(frozen=True, eq=False, slots=True)
class Holes:
    """A picture whose holes hold the rim-matched thumbnail.

    Attributes:
        filled: uint8 (height, width, 3).
        guide: the same shape, the enlarged thumbnail.
        hole: bool (height, width), what is generated.
        doubtful: bool (height, width), what was placed.
        generated: bool (MCU rows, MCU columns), the MCUs of `hole`.
        mcu_size: (height, width) of an MCU in pixels.
    """

    filled: Pixels
    guide: Pixels
    hole: NDArray[np.bool_]
    doubtful: NDArray[np.bool_]
    generated: NDArray[np.bool_]
    mcu_size: tuple[int, int]


Filler = Callable[[Holes], tuple[Pixels, tuple[str, ...]]]
"""Gives the picture with its holes filled, and remarks for the report."""
