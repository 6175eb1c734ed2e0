"""The thumbnail in a header as a witness: whether the picture's brightness is where the thumbnail has it.

Both are compared by DC values alone: eight times the mean of a block, less 128 (T.81 A.3.3), on one scale once they are
dequantised. No pixel is made.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.errors import JpegError
from carving.jpeg.coding import coding_of, first_state, walk
from carving.jpeg.coding_kernels import WHOLE
from carving.jpeg.markers import JpegHeader, MarkerSegment, read_header
from carving.jpeg.thumbnails import extract_thumbnail

_BLOCK: Final = 8
_MOST_MCUS: Final = 1 << 16
"""No thumbnail has so many; one that claims more is not worth the memory."""
_FEWEST: Final = 6
"""Samples of the thumbnail on either side of the seam without which it says nothing."""
_LIKE: Final = 0.7
"""Correlation before the seam from which on the thumbnail is believed to be this picture's."""
_NO_BARS: Final = 0.97
"""Shapes that differ by less are the same."""
_QUANTILE: Final = 0.75
"""Of the samples, that one counts by how much it is off: a few may show something else."""
_SAME: Final = (8.0, 2.0)
_OTHER: Final = (16.0, 4.0)
"""Levels of brightness, and multiples of what it is off before the seam, up to which it is off behind it where the
picture goes on, and from which on where it does not."""


@dataclass(frozen=True, eq=False, slots=True)
class Samples:
    """Brightness at places of a picture.

    Attributes:
        levels: float64 (rows, columns), from 0 to 255.
        across: (columns,) where they stand, as a share of the picture's width.
        down: (rows,) the same of its height.
        wide, high: shares of width and height that each stands for.
        aspect: the picture's width over its height.
    """

    levels: NDArray[np.float64]
    across: NDArray[np.float64]
    down: NDArray[np.float64]
    wide: float
    high: float
    aspect: float


def samples_of(levels: NDArray[np.int64], header: JpegHeader) -> Samples | None:
    """The brightness of a scan's MCUs, one block of each.

    Args:
        levels: (MCUs,) the DC value of the last block of each MCU's first component, as `walk_mcus` gives them.
        header: of the picture; None is returned for one whose scan has not all components, or that is
            smaller than a block.
    """
    frame = header.frame
    if len(header.scan.components) < len(frame.components):
        return None
    component = frame.components[header.scan.components[0].index]
    table = header.quant_tables.get(component.quant_table)
    if table is None:
        return None
    wide = frame.mcu_width / component.horizontal
    high = frame.mcu_height / component.vertical
    scale = float(table.steps[0]) / _BLOCK
    grid = levels.astype(np.float64).reshape(-1, frame.mcu_columns) * scale + 128.0
    across = ((np.arange(grid.shape[1]) + 1) * frame.mcu_width - wide / 2) / frame.width
    down = ((np.arange(grid.shape[0]) + 1) * frame.mcu_height - high / 2) / frame.height
    if down[0] >= 1.0 or across[0] >= 1.0:
        return None
    return Samples(
        grid[np.ix_(down < 1.0, across < 1.0)],
        across[across < 1.0],
        down[down < 1.0],
        wide / frame.width,
        high / frame.height,
        frame.width / frame.height,
    )


def thumbnail_samples(data: bytes, segments: tuple[MarkerSegment, ...]) -> Samples | None:
    """The brightness of the thumbnail in a header; None where there is none, or one that is no sound baseline JPEG."""
    thumbnail = extract_thumbnail(data, segments)
    if thumbnail is None or not thumbnail.is_jpeg:
        return None
    try:
        header = read_header(thumbnail.data)
    except JpegError:
        return None
    coding = coding_of(header)
    if coding is None or coding.mcus > _MOST_MCUS:
        return None
    stored = np.frombuffer(thumbnail.data, dtype=np.uint8)
    levels = np.zeros(coding.mcus, dtype=np.int64)
    if walk(stored, first_state(header.scan.entropy_start, stored.size), stored.size, coding, levels) != WHOLE:
        return None
    return samples_of(levels, header)


def agrees(thumbnail: Samples, picture: Samples, above: float, below: float) -> bool | None:
    """Whether a picture shows behind a seam what its thumbnail shows there; None where that cannot be told.

    A thumbnail that is not like the picture before the seam is turned, or another's, and cannot tell.

    Args:
        thumbnail, picture: the brightness of both.
        above: share of the picture's height up to which it is its own for certain.
        below: the share from which on it is what stands behind the seam.
    """
    compared = [_compared(thumbnail, picture, above, below, box) for box in _boxes(thumbnail, picture)]
    likeness, answer = max(compared, key=lambda result: result[0])
    return answer if likeness >= _LIKE else None


def _boxes(thumbnail: Samples, picture: Samples) -> list[tuple[float, float]]:
    """The shares of a thumbnail's width and height that may be the picture; the rest are bars on both sides."""
    ratio = thumbnail.aspect / picture.aspect
    barred = (1.0, ratio) if ratio < 1.0 else (1.0 / ratio, 1.0)
    return [(1.0, 1.0)] if min(barred) > _NO_BARS else [(1.0, 1.0), barred]


def _compared(
    thumbnail: Samples, picture: Samples, above: float, below: float, box: tuple[float, float]
) -> tuple[float, bool | None]:
    """How alike both are before the seam, as a correlation, and whether they are as alike behind it."""
    across, wide = 0.5 + (thumbnail.across - 0.5) / box[0], thumbnail.wide / box[0]
    down, high = 0.5 + (thumbnail.down - 0.5) / box[1], thumbnail.high / box[1]
    inside = np.ix_((down > 0.0) & (down < 1.0), (across > 0.0) & (across < 1.0))
    across, down = across[(across > 0.0) & (across < 1.0)], down[(down > 0.0) & (down < 1.0)]
    shown = thumbnail.levels[inside]
    there = _means(picture, across, wide, down, high)
    before, behind = down + high / 2 <= above, down - high / 2 >= below
    if shown[before].size < _FEWEST or shown[behind].size < _FEWEST:
        return 0.0, None
    head, tail = (there[before] - shown[before]).ravel(), (there[behind] - shown[behind]).ravel()
    usual = float(np.median(head))
    spread = shown[before].std() * there[before].std()
    if spread == 0.0:
        return 0.0, None
    likeness = float(np.mean((shown[before] - shown[before].mean()) * (there[before] - there[before].mean())) / spread)
    off_before = float(np.quantile(np.abs(head - usual), _QUANTILE))
    off_behind = float(np.quantile(np.abs(tail - usual), _QUANTILE))
    if off_behind <= max(_SAME[0], _SAME[1] * off_before):
        return likeness, True
    return likeness, False if off_behind >= max(_OTHER[0], _OTHER[1] * off_before) else None


def _means(
    picture: Samples, across: NDArray[np.float64], wide: float, down: NDArray[np.float64], high: float
) -> NDArray[np.float64]:
    """Means of a picture's samples over rectangles around places, float64 (down, across); the nearest where none is
    in one."""
    sums = np.zeros((picture.levels.shape[0] + 1, picture.levels.shape[1] + 1))
    sums[1:, 1:] = picture.levels.cumsum(axis=0).cumsum(axis=1)
    left, right = _range(picture.across, across, wide)
    top, bottom = _range(picture.down, down, high)
    total = sums[np.ix_(bottom, right)] - sums[np.ix_(top, right)] - sums[np.ix_(bottom, left)]
    means: NDArray[np.float64] = (total + sums[np.ix_(top, left)]) / np.outer(bottom - top, right - left)
    return means


def _range(
    samples: NDArray[np.float64], places: NDArray[np.float64], size: float
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """First and behind the last of the samples within half a size of each place."""
    first = np.minimum(np.searchsorted(samples, places - size / 2), samples.size - 1)
    return first, np.maximum(np.searchsorted(samples, places + size / 2), first + 1)
