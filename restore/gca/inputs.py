"""What the restorer sees of a picture: arrays to its nine input planes."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Region = NDArray[np.bool_]

CHANNELS: Final = 9
"""What the filled picture has beyond the thumbnail (3), enlarged thumbnail (3), hole, doubt, distance."""

DETAIL: Final = 4.0
"""Factor that brings what lies beyond the thumbnail to the size of the other planes."""

FARTHEST: Final = 32
"""Pixels at which the distance to what is known ends to count."""


def network_input(filled: Pixels, guide: Pixels, hole: Region, doubtful: Region) -> NDArray[np.float32]:
    """The input planes of a picture or a part of one, float32 (9, height, width).

    Args:
        filled: (height, width, 3), the picture with its holes filled from the thumbnail.
        guide: (height, width, 3), the enlarged thumbnail.
        hole: (height, width), what is to be generated.
        doubtful: (height, width), what was placed: stored bits whose place or brightness was inferred.
    """
    planes = np.empty((CHANNELS, *hole.shape), dtype=np.float32)
    detail = filled.astype(np.int16) - guide
    planes[0:3] = detail.transpose(2, 0, 1) * np.float32(DETAIL / 255)
    planes[3:6] = guide.transpose(2, 0, 1) * np.float32(1 / 255) - np.float32(0.5)
    planes[6] = hole
    planes[7] = doubtful
    planes[8] = distance(hole) * np.float32(1 / FARTHEST)
    return planes


def distance(hole: Region) -> NDArray[np.float32]:
    """Pixels from each pixel of a hole to the nearest known one in its row or column, at most `FARTHEST`; 0 outside."""
    least = np.full(hole.shape, FARTHEST, dtype=np.float32)
    for axis in (0, 1):
        index = np.arange(hole.shape[axis], dtype=np.float32).reshape((-1, 1) if axis == 0 else (1, -1))
        before = np.maximum.accumulate(np.where(hole, np.float32(-FARTHEST), index), axis=axis)
        behind = np.where(hole, np.float32(hole.shape[axis] + FARTHEST), index)
        behind = np.flip(np.minimum.accumulate(np.flip(behind, axis), axis=axis), axis)
        least = np.minimum(least, np.minimum(index - before, behind - index))
    return least
