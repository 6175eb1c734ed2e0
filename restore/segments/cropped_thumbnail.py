"""A thumbnail that shows more or less than the picture, as edits leave it: found by scale and shift."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import Frame
from restore.thumbnail.guidance import Pixels
from restore.thumbnail.registration import cut_box

LEAST: Final = 0.85
"""Correlation of levels from which on a cut is believed."""

_SCALES: Final = np.arange(0.6, 1.2, 0.05)
"""Widths of the picture as shares of the thumbnail's."""

_STEP: Final = 3.0
_FINER: Final = (1.5, 0.75, 0.5)
_OUTSIDE: Final = 0.1
"""Share of the thumbnail's side by which the picture may reach beyond it."""

_SAMPLES: Final = 400
_TINY: Final = 1e-9
Box = tuple[float, float, float, float]


def cropped(thumbnail: Pixels, frame: Frame, levels: NDArray[np.float64], certain: NDArray[np.int64]) -> Pixels | None:
    """The thumbnail cut to show just the picture; None where no cut of it does.

    Args:
        thumbnail: uint8 (rows, columns, 3), upright.
        levels: float64 (MCUs,), brightness; certain: int64, the MCUs where it is known.
    """
    chosen = certain[:: max(1, certain.size // _SAMPLES)]
    row, column = np.divmod(chosen, frame.mcu_columns)
    down = (row + 0.5) * frame.mcu_height / frame.height
    across = (column + 0.5) * frame.mcu_width / frame.width
    grey = thumbnail.astype(np.float64).mean(axis=2)
    wanted = levels[chosen] - levels[chosen].mean()
    rows, columns = grey.shape

    power = float((wanted**2).sum())

    def likeness(top: float, lefts: list[float], wide: float) -> NDArray[np.float64]:
        """Of cuts of one height and width, one for each left side."""
        high = wide * frame.height / frame.width
        y = np.clip((top + down * high).astype(np.int64), 0, rows - 1)
        x = np.clip((np.array(lefts)[:, np.newaxis] + across * wide).astype(np.int64), 0, columns - 1)
        seen = grey[y, x]
        seen -= seen.mean(axis=1, keepdims=True)
        powers = np.sqrt((seen**2).sum(axis=1) * power)
        return np.asarray(np.where(powers > 0, (seen * wanted).sum(axis=1) / np.maximum(powers, _TINY), 0.0))

    best, most = (0.0, 0.0, float(columns)), -1.0
    for wide in (columns * _SCALES).tolist():
        high = wide * frame.height / frame.width
        for top in np.arange(-_OUTSIDE * rows, rows * (1 + _OUTSIDE) - high, _STEP).tolist():
            lefts = np.arange(-_OUTSIDE * columns, columns * (1 + _OUTSIDE) - wide, _STEP).tolist()
            if not lefts:
                continue
            found = likeness(top, lefts, wide)
            place = int(np.argmax(found))
            if found[place] > most:
                best, most = (top, lefts[place], wide), float(found[place])
    for step in _FINER:
        changes = [
            (y, x, w) for y in (-step, 0.0, step) for x in (-step, 0.0, step) for w in (-2 * step, 0.0, 2 * step)
        ]
        trials = [(best[0] + y, best[1] + x, best[2] + w) for y, x, w in changes]
        best = max(trials, key=lambda trial: float(likeness(trial[0], [trial[1]], trial[2])[0]))
    top, left, wide = best
    if likeness(top, [left], wide)[0] < LEAST:
        return None
    return cut_box(thumbnail, (top, left, top + wide * frame.height / frame.width, left + wide), rows, columns)
