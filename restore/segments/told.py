"""What the thumbnail tells of the levels of MCUs, measured on those whose place is certain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader
from restore.thumbnail.guidance import Pixels
from restore.thumbnail.levels import FEWEST, fitted, levels_of
from restore.thumbnail.registration import registered

_LEAST: Final = 1.0
_TRUSTED: Final = 0.8
_TRUSTED_STEPS: Final = 0.4
"""Correlation of levels, or of their steps, from which on a thumbnail is trusted."""


@dataclass(frozen=True, eq=False)
class Told:
    """A thumbnail that shows the picture.

    Attributes:
        shown: turned and cut to show just the picture.
        levels: float64 (MCUs of the picture, components), expected, less 128.
        true, false: float64 (components,), scales of what MCUs differ from that where they belong, and elsewhere.
    """

    shown: Pixels
    levels: NDArray[np.float64]
    true: NDArray[np.float64]
    false: NDArray[np.float64]

    def likelihood(self, levels: NDArray[np.float64], first: int, offset: NDArray[np.float64]) -> NDArray[np.float64]:
        """Nats by which MCUs (MCUs, components) speak for standing from MCU `first` on; 0 outside the picture."""
        gained = np.zeros(levels.shape[0])
        low, high = max(0, -first), min(levels.shape[0], self.levels.shape[0] - first)
        if high <= low:
            return gained
        apart = levels[low:high] + offset - self.levels[first + low : first + high]
        near, far = (apart / self.true) ** 2, (apart / self.false) ** 2
        gained[low:high] = (np.log(self.false / self.true) + np.log1p(far) - np.log1p(near)).sum(axis=1)
        return gained

    def offset(self, levels: NDArray[np.float64], first: int) -> NDArray[np.float64]:
        """What is to be added to levels that stand from MCU `first` on, by the median; 0 where none stand inside."""
        low, high = max(0, -first), min(levels.shape[0], self.levels.shape[0] - first)
        if high <= low:
            return np.zeros(levels.shape[1])
        return np.asarray(np.median(self.levels[first + low : first + high] - levels[low:high], axis=0))


def read_thumbnail(
    header: JpegHeader, thumbnail: Pixels | None, levels: NDArray[np.float64], sure: NDArray[np.bool_], certain: int
) -> Told | None:
    """What a thumbnail tells, or None where it shows another picture.

    Args:
        thumbnail: uint8 (rows, columns, 3), as found.
        levels: float64 (MCUs, components), anything where not `sure`, bool (MCUs,), of their place.
        certain: how many MCUs from the first on are sure of their levels, too.
    """
    if thumbnail is None:
        return None
    frame = header.frame
    last = np.maximum.accumulate(np.where(sure, np.arange(sure.size), 0))
    grid = levels[last, 0].reshape(frame.mcu_rows, frame.mcu_columns)
    shown = registered(thumbnail, grid)
    guide = None if shown is None else levels_of(shown, header)
    if shown is None or guide is None:
        return None
    if certain >= FEWEST:
        guide = fitted(guide, levels, np.arange(certain))
    apart = (levels - guide.levels)[: max(certain, 1)]
    apart = apart - np.median(apart, axis=0)
    true = np.maximum(_LEAST, np.median(np.abs(apart), axis=0)) if certain >= FEWEST else np.full(apart.shape[1], 6.0)
    about = np.median(np.abs(guide.levels - np.median(guide.levels, axis=0)), axis=0)
    if certain >= FEWEST and not _alike(guide.levels, levels, sure, certain):
        return None
    return Told(shown, guide.levels, true, np.maximum(about, 2.0 * true))


def _alike(
    told: NDArray[np.float64], levels: NDArray[np.float64], sure: NDArray[np.bool_], certain: int
) -> bool:
    first, second = told[:certain, 0], levels[:certain, 0]
    if _correlation(first, second) > _TRUSTED:
        return True
    pairs = sure[1:] & sure[:-1]
    steps = [np.clip(np.diff(values[:, 0])[pairs], -32, 32) for values in (told, levels)]
    return _correlation(*steps) > _TRUSTED_STEPS


def _correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    first, second = first - first.mean(), second - second.mean()
    power = float((first**2).sum() * (second**2).sum())
    return float((first * second).sum()) / power**0.5 if power > 0 else 0.0
