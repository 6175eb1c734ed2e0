"""The thumbnail as a guide: enlarged to the picture, matched in colour at the rim of a hole, and set into what is lost.

Guidance by an icon goes back to M. Gormish, "Icon based error concealment for JPEG and JPEG 2000", ICIP 2003.
"""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, UnidentifiedImageError

from carving.errors import JpegError
from carving.jpeg.results import Thumbnail
from restore.thumbnail.hole_windows import windows

Pixels = NDArray[np.uint8]

CELL: Final = 8
"""Side in pixels of the cells on which the colour difference between picture and guide is spread into holes."""

_BAND: Final = 16
_BLOCK: Final = (128, 256)
_MARGIN: Final = 24
_PULL, _OVER, _SWEEPS = np.float32(0.02), np.float32(1.8), 20
"""How strongly the membrane is drawn to the mean shift, and how it is relaxed; by trial on pictures of the training
set."""

_BAR_LEVEL: Final = 24
"""Mean brightness under which an edge of a thumbnail counts as a letterbox bar."""

_ASPECT_TOLERANCE: Final = 0.02


def thumbnail_pixels(thumbnail: Thumbnail) -> Pixels | None:
    """Pixels (height, width, 3) of a thumbnail, or None where it cannot be read."""
    from restore.decoding.robust import decode

    try:
        if thumbnail.is_jpeg:
            return decode(thumbnail.data).pixels
        return np.asarray(Image.open(io.BytesIO(thumbnail.data)).convert("RGB"))
    except (JpegError, UnidentifiedImageError, OSError, ValueError):
        return None


def without_bars(thumbnail: Pixels, height: int, width: int) -> Pixels:
    """Cut off letterbox bars: the part of the thumbnail that shows a picture of `height` × `width`.

    Cameras write 4:3 thumbnails whatever the picture's shape and fill up with black (Exif DCF 2.0, 160×120).
    """
    rows, columns = thumbnail.shape[:2]
    if abs(rows * width / (columns * height) - 1) <= _ASPECT_TOLERANCE:
        return thumbnail
    inner_rows = min(rows, round(columns * height / width))
    inner_columns = min(columns, round(rows * width / height))
    top, left = (rows - inner_rows) // 2, (columns - inner_columns) // 2
    bars = [thumbnail[:top], thumbnail[top + inner_rows :], thumbnail[:, :left], thumbnail[:, left + inner_columns :]]
    if all(bar.mean() < _BAR_LEVEL for bar in bars if bar.size):
        return thumbnail[top : top + inner_rows, left : left + inner_columns]
    return thumbnail


def enlarge(thumbnail: Pixels, height: int, width: int) -> Pixels:
    """The thumbnail, its bars cut off, at the picture's size, bicubic."""
    return stretch(without_bars(thumbnail, height, width), height, width)


def stretch(thumbnail: Pixels, height: int, width: int) -> Pixels:
    """A thumbnail that shows just the picture at the picture's size, bicubic."""
    return np.asarray(Image.fromarray(thumbnail).resize((width, height), Image.Resampling.BICUBIC))


def fill(pixels: Pixels, guide: Pixels, hole: NDArray[np.bool_]) -> Pixels:
    """Set the guide into the hole, shifted in colour so that it meets the picture at the rim.

    The shift is a membrane spanned over the hole from the rim, drawn a little to the mean shift of the neighbourhood.
    After the membrane of P. Pérez et al., "Poisson Image Editing", SIGGRAPH 2003.

    Args:
        pixels: (height, width, 3), the picture.
        guide: (height, width, 3), the enlarged thumbnail.
        hole: (height, width), what to fill; pixels outside keep their values exactly.
    """
    if not hole.any():
        return pixels
    from restore.thumbnail.membrane_kernels import relax

    cells = _push_pull(*cell_sums(pixels, guide, hole, (CELL, CELL)))
    filled = pixels.copy()
    for window in windows(hole, _BLOCK, _MARGIN):
        inside = hole[window.seen]
        base = _stretched_part(cells, window.seen)
        shift = np.where(inside[..., np.newaxis], base, pixels[window.seen].astype(np.float32) - guide[window.seen])
        relax(shift, inside, base, _PULL, _OVER, _SWEEPS)
        core = guide[window.core] + shift[window.inner]
        made = np.clip(np.rint(core), 0, 255).astype(np.uint8)
        filled[window.core] = np.where(hole[window.core][..., np.newaxis], made, pixels[window.core])
    return filled


def region(mcus: NDArray[np.bool_], mcu_size: tuple[int, int], height: int, width: int) -> NDArray[np.bool_]:
    """The pixels of a set of MCUs: (MCU rows, MCU columns) to (height, width)."""
    return mcus.repeat(mcu_size[0], axis=0).repeat(mcu_size[1], axis=1)[:height, :width]


def cell_sums(
    pixels: Pixels, guide: Pixels, hole: NDArray[np.bool_], cell: tuple[int, int]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Sums over cells of the difference between picture and guide outside the hole, (rows, columns, 3), and how many
    pixels these are, (rows, columns)."""
    height, width = hole.shape
    down, across = cell
    rows, columns = -(-height // down), -(-width // across)
    total = np.empty((rows, columns, 3), dtype=np.float32)
    weight = np.empty((rows, columns), dtype=np.float32)
    for first in range(0, rows, _BAND):
        band = np.s_[first * down : (first + _BAND) * down]
        known = ~hole[band]
        pad = ((0, -known.shape[0] % down), (0, -width % across))
        difference = (pixels[band].astype(np.int16) - guide[band]) * known[..., np.newaxis]
        count = np.s_[first : first + _BAND]
        shape = (-1, down, columns, across)
        weight[count] = np.pad(known, pad).reshape(shape).sum(axis=(1, 3))
        total[count] = np.pad(difference, (*pad, (0, 0))).reshape(*shape, 3).sum(axis=(1, 3), dtype=np.int32)
    return total, weight


def _stretched_part(cells: NDArray[np.float32], part: tuple[slice, slice]) -> NDArray[np.float32]:
    """Values of cells, (rows, columns, 3), at the pixels of a part of the picture, bilinear."""
    for axis in (0, 1):
        places = (np.arange(part[axis].start, part[axis].stop, dtype=np.float32) + 0.5) / CELL - 0.5
        last = cells.shape[axis] - 1
        first = np.clip(np.floor(places).astype(np.int64), 0, max(last - 1, 0))
        share = np.clip(places - first, 0, 1).astype(np.float32).reshape((-1, 1, 1) if axis == 0 else (1, -1, 1))
        low, high = cells.take(first, axis=axis), cells.take(np.minimum(first + 1, last), axis=axis)
        cells = low + share * (high - low)
    return cells


def _push_pull(total: NDArray[np.float32], weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Mean per cell where anything is known, else the mean of the coarser level, recursively."""
    mean = total / np.maximum(weight, 1e-6)[..., np.newaxis]
    if weight.all() or weight.shape == (1, 1):
        return np.asarray(mean, dtype=np.float32)
    rows, columns = weight.shape
    pad = ((0, rows % 2), (0, columns % 2))
    half = np.pad(weight, pad)
    coarse_weight = half.reshape(half.shape[0] // 2, 2, half.shape[1] // 2, 2).sum(axis=(1, 3))
    full = np.pad(total, (*pad, (0, 0)))
    coarse_total = full.reshape(half.shape[0] // 2, 2, half.shape[1] // 2, 2, 3).sum(axis=(1, 3))
    coarse = _push_pull(coarse_total, coarse_weight)
    up = np.stack(
        [_stretched(coarse[..., channel], *half.shape) for channel in range(3)],
        axis=2,
    )[:rows, :columns]
    return np.where(weight[..., np.newaxis] > 0, mean, up).astype(np.float32)


def _stretched(plane: NDArray[np.float32], rows: int, columns: int) -> NDArray[np.float32]:
    return np.asarray(Image.fromarray(plane).resize((columns, rows), Image.Resampling.BILINEAR))
