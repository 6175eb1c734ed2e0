"""Whether a thumbnail shows the picture at all, in whichever way it may lie on it."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from restore.thumbnail.guidance import Pixels, without_bars

_GRID: Final = (24, 16)
"""Cells across and down at which both are compared, by their mean brightness."""
_LIKE: Final = 0.3
"""Correlation up to which a thumbnail shows something else. Of 107 pictures with one, two are below 0.45, and both show
something else; of pairs of different photos two in three are below 0.3."""
_FLAT: Final = 6.0
"""Standard deviation of brightness below which a picture cannot be told from others."""


def shows_another(thumbnail: Pixels, picture: Pixels) -> bool:
    """Whether a thumbnail shows something else than a whole picture, turned or mirrored in no way."""
    height, width = picture.shape[:2]
    shown = _brightness(picture)
    if shown.std() < _FLAT:
        return False
    likeness = [
        _correlation(_brightness(without_bars(turned, height, width)), shown)
        for turned in _turned(thumbnail)
        if turned.size
    ]
    return max(likeness) < _LIKE


def _turned(thumbnail: Pixels) -> list[Pixels]:
    """A thumbnail in all eight ways in which it may lie."""
    quarters = [np.rot90(thumbnail, count) for count in range(4)]
    return [*quarters, *(quarter[:, ::-1] for quarter in quarters)]


def _brightness(pixels: Pixels) -> NDArray[np.float64]:
    grey = Image.fromarray(np.ascontiguousarray(pixels)).convert("L")
    return np.asarray(grey.resize(_GRID, Image.Resampling.BOX), dtype=np.float64)


def _correlation(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """From -1 to 1; 1 where one of both is flat, which tells nothing."""
    spread = one.std() * other.std()
    if one.std() < _FLAT or spread == 0.0:
        return 1.0
    return float(np.mean((one - one.mean()) * (other - other.mean())) / spread)
