"""Windows around the holes of a picture: only they are computed, so that work and memory follow the holes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class HoleWindow:
    """A part of a picture.

    Attributes:
        core: rows and columns that enclose all holes of one block of the picture.
        seen: the same with a margin, inside the picture.
    """

    core: tuple[slice, slice]
    seen: tuple[slice, slice]

    @property
    def inner(self) -> tuple[slice, slice]:
        """The core, counted from the beginning of what is seen."""
        (rows, columns), (seen_rows, seen_columns) = self.core, self.seen
        return (
            slice(rows.start - seen_rows.start, rows.stop - seen_rows.start),
            slice(columns.start - seen_columns.start, columns.stop - seen_columns.start),
        )


def windows(hole: NDArray[np.bool_], block: tuple[int, int], margin: int, step: int = 1) -> Iterator[HoleWindow]:
    """The windows of all blocks that hold holes; every hole pixel lies in the core of one.

    Args:
        hole: bool (height, width).
        block: height and width of the blocks that the picture is cut into.
        margin: pixels to be seen on each side of a core.
        step: what the sides of `seen` are brought to a multiple of, where the picture is large enough.
    """
    height, width = hole.shape
    for top in range(0, height, block[0]):
        band = hole[top : top + block[0]]
        if not band.any():
            continue
        for left in range(0, width, block[1]):
            part = band[:, left : left + block[1]]
            rows, columns = np.flatnonzero(part.any(axis=1)), np.flatnonzero(part.any(axis=0))
            if rows.size:
                down = slice(top + int(rows[0]), top + int(rows[-1]) + 1)
                across = slice(left + int(columns[0]), left + int(columns[-1]) + 1)
                seen = _around(down, height, margin, step), _around(across, width, margin, step)
                yield HoleWindow((down, across), seen)


def _around(inner: slice, size: int, margin: int, step: int) -> slice:
    """A stretch with its margin, widened to a multiple of `step`."""
    first, last = inner.start - margin, inner.stop + margin
    length = -(-(last - first) // step) * step
    first = max(0, min(first, size - length))
    return slice(first, min(first + length, size))
