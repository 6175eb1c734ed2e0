"""The levels that a thumbnail leads to expect, as kernels take them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Guide(NamedTuple):
    """What a thumbnail tells of the picture.

    Attributes:
        levels: float64 (MCUs, components), mean level of each component less 128, in samples; no rows for no guide.
        spread: float64 (MCUs, components), mean deviation of the picture from them.
        weight: nats of one MCU's levels, as a share; less than 1 where one thumbnail pixel covers several MCUs.
    """

    levels: NDArray[np.float64]
    spread: NDArray[np.float64]
    weight: float
