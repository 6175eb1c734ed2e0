"""Keep what a network makes within what the thumbnail tells of it: the range of brightness and colour of each MCU."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.thumbnail.guidance import Pixels, cell_sums

FEWEST: Final = 64
"""Known MCUs that it takes to measure how far an MCU's mean may lie from the thumbnail's."""

_SHARE: Final = 0.995
"""Share of the known MCUs that lie within the range."""


def within_range(pixels: Pixels, guide: Pixels, generated: NDArray[np.bool_], mcu_size: tuple[int, int]) -> Pixels:
    """Shift every generated MCU whose mean colour lies farther from the thumbnail's than known MCUs' do, to the limit.

    Args:
        pixels: uint8 (height, width, 3); what is not generated stays exactly as it is.
        guide: the same shape, the enlarged thumbnail.
        generated: bool (MCU rows, MCU columns).
        mcu_size: (height, width) in pixels.
    """
    nothing = np.zeros(pixels.shape[:2], dtype=np.bool_)
    total, weight = cell_sums(pixels, guide, nothing, mcu_size)
    apart = total / np.maximum(weight, 1)[..., np.newaxis]
    if np.count_nonzero(~generated) < FEWEST:
        return pixels
    limit = np.quantile(np.abs(apart[~generated]), _SHARE, axis=0)
    excess = np.rint(apart - np.clip(apart, -limit, limit)).astype(np.int16)
    shifted = pixels.copy()
    for row, column in np.argwhere(generated & excess.any(axis=2)):
        part = np.s_[
            row * mcu_size[0] : (row + 1) * mcu_size[0],
            column * mcu_size[1] : (column + 1) * mcu_size[1],
        ]
        shifted[part] = np.clip(pixels[part].astype(np.int16) - excess[row, column], 0, 255).astype(np.uint8)
    return shifted
