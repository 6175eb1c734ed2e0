"""What the thumbnail tells of the levels of MCUs, measured on those whose place is certain."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader
from restore.segments.cropped_thumbnail import cropped
from restore.thumbnail.guidance import Pixels, without_bars
from restore.thumbnail.levels import FEWEST, fitted, levels_of
from restore.thumbnail.registration import registered

_LEAST: Final = 1.0
_OF_SPREAD: Final = 0.7
"""Scale of what a picture differs from its thumbnail: the least, in levels, and as a share of the mean deviation."""

_TRUSTED: Final = 0.8
_TRUSTED_STEPS: Final = 0.4
"""Correlation of levels, or of their steps, from which on a thumbnail is trusted."""


@dataclass(frozen=True, eq=False)
class Told:
    """A thumbnail that shows the picture.

    Attributes:
        shown: turned and cut to show just the picture.
        levels: float64 (MCUs of the picture, components), expected, less 128.
        true, false: float64 (MCUs of the picture, components), scales of what MCUs differ from that where they belong,
            and elsewhere.
        seen, certain: float64 (n, components), what it tells of MCUs that are certain, and what their levels are.
    """

    shown: Pixels
    levels: NDArray[np.float64]
    true: NDArray[np.float64]
    false: NDArray[np.float64]
    seen: NDArray[np.float64]
    certain: NDArray[np.float64]

    def likelihood(self, levels: NDArray[np.float64], first: int, offset: NDArray[np.float64]) -> NDArray[np.float64]:
        """Nats by which MCUs (MCUs, components) speak for standing from MCU `first` on; 0 outside the picture."""
        gained = np.zeros(levels.shape[0])
        low, high = max(0, -first), min(levels.shape[0], self.levels.shape[0] - first)
        if high <= low:
            return gained
        place = slice(first + low, first + high)
        apart = levels[low:high] + offset - self.levels[place]
        near, far = (apart / self.true[place]) ** 2, (apart / self.false[place]) ** 2
        gained[low:high] = (np.log(self.false[place] / self.true[place]) + np.log1p(far) - np.log1p(near)).sum(axis=1)
        return gained

    def offset(self, levels: NDArray[np.float64], first: int) -> NDArray[np.float64]:
        """What is to be added to levels that stand from MCU `first` on, by the median; 0 where none stand inside."""
        low, high = max(0, -first), min(levels.shape[0], self.levels.shape[0] - first)
        if high <= low:
            return np.zeros(levels.shape[1])
        return np.asarray(np.median(self.levels[first + low : first + high] - levels[low:high], axis=0))


def read_thumbnail(
    header: JpegHeader,
    thumbnail: Pixels | None,
    levels: NDArray[np.float64],
    known: NDArray[np.bool_],
    certain: NDArray[np.int64],
    *,
    cut: bool = True,
) -> Told | None:
    """What a thumbnail tells, or None where it shows another picture.

    Args:
        thumbnail: uint8 (rows, columns, 3), as found.
        levels: float64 (MCUs, components), anything where not `known`, bool (MCUs,), of their place.
        certain: int64, MCUs whose level is certain, too.
        cut: it may show more or less than the picture, which takes a while to find out.
    """
    if thumbnail is None or not known.any():
        return None
    frame = header.frame
    last = np.maximum.accumulate(np.where(known, np.arange(known.size), 0))
    grid = levels[last, 0].reshape(frame.mcu_rows, frame.mcu_columns)
    shown = registered(thumbnail, grid)
    if shown is None and certain.size >= FEWEST:
        shown = _by_levels(header, thumbnail, levels[:, 0], certain)
        if shown is None and cut:
            shown = cropped(thumbnail, frame, levels[:, 0], certain)
    guide = None if shown is None else levels_of(shown, header)
    if shown is None or guide is None:
        return None
    if certain.size >= FEWEST:
        guide = fitted(guide, levels, certain)
        if not _alike(guide.levels, levels, known, certain):
            return None
    true = np.maximum(_LEAST, _OF_SPREAD * guide.spread)
    about = np.abs(guide.levels - np.median(guide.levels, axis=0)).mean(axis=0)
    false = np.maximum(about, 2.0 * true)
    return Told(shown, guide.levels, true, false, guide.levels[certain], levels[certain])


def _by_levels(
    header: JpegHeader, thumbnail: Pixels, levels: NDArray[np.float64], certain: NDArray[np.int64]
) -> Pixels | None:
    """The thumbnail turned as its levels fit those that are certain; None where they do not, however it is turned."""
    best, most = None, _TRUSTED
    for turns in range(4):
        turned = np.ascontiguousarray(np.rot90(thumbnail, turns))
        shown = without_bars(turned, header.frame.height, header.frame.width)
        guide = levels_of(shown, header)
        likeness = 0.0 if guide is None else _correlation(guide.levels[certain, 0], levels[certain])
        if likeness > most:
            best, most = shown, likeness
    return best


def _alike(
    told: NDArray[np.float64], levels: NDArray[np.float64], known: NDArray[np.bool_], certain: NDArray[np.int64]
) -> bool:
    first, second = told[certain, 0], levels[certain, 0]
    if _correlation(first, second) > _TRUSTED:
        return True
    pairs = known[1:] & known[:-1]
    steps = [np.clip(np.diff(values[:, 0])[pairs], -32, 32) for values in (told, levels)]
    return _correlation(*steps) > _TRUSTED_STEPS


def _correlation(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    first, second = first - first.mean(), second - second.mean()
    power = float((first**2).sum() * (second**2).sum())
    return float((first * second).sum()) / power**0.5 if power > 0 else 0.0
