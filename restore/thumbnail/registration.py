"""Find out how a thumbnail lies on its picture: turned, with bars, or cut.

Viewers turn pictures and leave the thumbnail as it was; cameras fill a 4:3 thumbnail up with bars, or show only the
middle. What is compared are the differences between neighbouring MCUs, since damage moves whole stretches of DC values.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from restore.thumbnail.guidance import Pixels, without_bars

LEAST_LIKENESS: Final = 0.3
"""Correlation under which a thumbnail is that of another picture."""

_GAIN: Final = 0.01
"""Correlation that a finer fit must add."""

_BAR_LEVEL: Final = 16
_TOP: Final = 0.4
"""Share of the rows that are compared by themselves: with damage the first rows are the surest."""

Levels = NDArray[np.float64]
Box = tuple[float, float, float, float]


@dataclass(frozen=True, eq=False)
class _Fit:
    """A turned thumbnail, uint8 (rows, columns, 3), the box (top, left, bottom, right) of it that is the picture, and
    how alike they then are."""

    turned: Pixels
    box: Box
    likeness: float


def registered(thumbnail: Pixels, levels: Levels) -> Pixels | None:
    """The thumbnail turned, cut or extended to show just the picture; None where it shows another one.

    Args:
        thumbnail: uint8 (rows, columns, 3).
        levels: float64 (MCU rows, MCU columns), brightness of the picture, damaged or not.
    """
    fits = []
    for turns in range(4):
        turned = np.ascontiguousarray(np.rot90(thumbnail, turns))
        fits += [_fit(turned, box, levels) for box in _boxes(turned, *levels.shape)]
    best = max(fits, key=lambda fit: fit.likeness)
    if best.likeness < LEAST_LIKENESS:
        return None
    finer = _refined(best, levels)
    if finer.likeness > best.likeness + _GAIN:
        best = finer
    rows, columns = best.turned.shape[:2]
    if best.box == (0.0, 0.0, float(rows), float(columns)):
        return best.turned
    return cut_box(best.turned, best.box, rows, columns)


def _boxes(turned: Pixels, mcu_rows: int, mcu_columns: int) -> set[Box]:
    """Where the picture may lie in a thumbnail: all of it, or inside its bars."""
    rows, columns = turned.shape[:2]
    bright = turned.max(axis=2)
    down = np.flatnonzero(np.median(bright, axis=1) >= _BAR_LEVEL)
    across = np.flatnonzero(np.median(bright, axis=0) >= _BAR_LEVEL)
    boxes: set[Box] = {(0.0, 0.0, float(rows), float(columns))}
    if down.size > rows // 2 and across.size > columns // 2:
        boxes.add((float(down[0]), float(across[0]), float(down[-1] + 1), float(across[-1] + 1)))
    inner = without_bars(turned, mcu_rows, mcu_columns)
    top, left = (rows - inner.shape[0]) / 2, (columns - inner.shape[1]) / 2
    boxes.add((top, left, top + inner.shape[0], left + inner.shape[1]))
    return boxes


def _fit(turned: Pixels, box: Box, levels: Levels) -> _Fit:
    return _Fit(turned, box, likeness_of(_grey(cut_box(turned, box, *levels.shape)), levels))


def _refined(fit: _Fit, levels: Levels) -> _Fit:
    """Move the four sides of the box as long as that makes picture and thumbnail more alike."""
    for step in (4.0, 2.0, 1.0, 0.5):
        moved = True
        while moved:
            moved = False
            for side in range(4):
                for change in (-step, step):
                    box = _moved(fit.box, side, change)
                    if not _sensible(box, fit.turned):
                        continue
                    trial = _fit(fit.turned, box, levels)
                    if trial.likeness > fit.likeness + 1e-4:
                        fit, moved = trial, True
    return fit


def _moved(box: Box, side: int, change: float) -> Box:
    top, left, bottom, right = (value + change * (number == side) for number, value in enumerate(box))
    return top, left, bottom, right


def _sensible(box: Box, turned: Pixels) -> bool:
    """Whether a box keeps to what cameras do: no side more than a quarter of the thumbnail off."""
    rows, columns = turned.shape[:2]
    top, left, bottom, right = box
    high, wide = max(abs(top), abs(bottom - rows)), max(abs(left), abs(right - columns))
    return bool(high <= rows / 4 and wide <= columns / 4)


def cut_box(turned: Pixels, box: Box, rows: int, columns: int) -> Pixels:
    """A box of a thumbnail at another size; outside, its border goes on."""
    margin = 1 + int(max(turned.shape) / 4)
    wide = np.pad(turned, ((margin, margin), (margin, margin), (0, 0)), mode="edge")
    top, left, bottom, right = (side + margin for side in box)
    picture = Image.fromarray(wide)
    return np.asarray(picture.resize((columns, rows), Image.Resampling.BILINEAR, box=(left, top, right, bottom)))


def _grey(pixels: Pixels) -> Levels:
    return np.asarray(pixels.astype(np.float64) @ np.array([0.299, 0.587, 0.114]))


def likeness_of(first: Levels, second: Levels) -> float:
    """Correlation of the differences between neighbours, of all or of the upper part."""
    upper = max(2, round(first.shape[0] * _TOP))
    return max(_correlation(first, second), _correlation(first[:upper], second[:upper]))


def _correlation(first: Levels, second: Levels) -> float:
    products, squares = 0.0, np.zeros(2)
    for axis in (0, 1):
        one, other = (np.clip(np.diff(levels, axis=axis), -32.0, 32.0) for levels in (first, second))
        products += float((one * other).sum())
        squares += np.array([(one * one).sum(), (other * other).sum()])
    return products / max(float(np.sqrt(squares.prod())), 1e-9)
