"""The stage as it was published, put together from the formulas: to be measured against, not to be used.

The paper's order: rows by ED_h, in each the MCU of the greatest CED, each segment's mean subtracted, clipped,
normalised; then each MCU row moved to where it fits the one above. Departures of the authors' program from the text
are left out where the text is clear: a second split per row, the whole pass done twice, special cases for the outer
rows, alignment by one channel.
"""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader
from restore.paper import formulas
from restore.paper.unclipped import unclipped_rgb

LARGEST_SHIFT: Final = 5
"""MCUs by which a row is moved at most (the program's window)."""


def segment_starts(picture: formulas.Floats, mcu_height: int, mcu_width: int) -> NDArray[np.int64]:
    """First MCU of each segment, ascending, the first 0: in each suspicious row the MCU of the greatest CED.

    Args:
        picture: (height, width, channels) of whole MCUs.
    """
    distances = formulas.seam_distances(picture, mcu_height, mcu_width)
    columns = distances.shape[1]
    starts = {0}
    for row in formulas.suspicious_rows(picture, mcu_height):
        starts.add(int(row) * columns + int(np.argmax(formulas.strip_coherence(distances, int(row)))))
    return np.array(sorted(starts), dtype=np.int64)


def to_strip(picture: formulas.Floats, mcu_height: int) -> NDArray[np.float64]:
    """All MCU rows one behind the other: (mcu_height, MCU rows * width, channels)."""
    rows = picture.reshape(-1, mcu_height, picture.shape[1], picture.shape[2])
    return np.concatenate(list(rows.astype(np.float64)), axis=1)


def to_picture(strip: NDArray[np.float64], width: int) -> NDArray[np.float64]:
    """The inverse of `to_strip`."""
    height, length, channels = strip.shape
    return strip.reshape(height, length // width, width, channels).transpose(1, 0, 2, 3).reshape(-1, width, channels)


def compensate_by_mean(picture: formulas.Floats, mcu_height: int, mcu_width: int) -> NDArray[np.float64]:
    """Colour compensation: each segment less its mean, clipped, the picture normalised to [0, 255]."""
    strip = to_strip(picture, mcu_height)
    bounds = [*(segment_starts(picture, mcu_height, mcu_width) * mcu_width), strip.shape[1]]
    for first, end in pairwise(bounds):
        strip[:, first:end] = formulas.subtract_mean(strip[:, first:end])
    return formulas.normalise(formulas.clip(to_picture(strip, picture.shape[1])))


def align_rows(picture: NDArray[np.float64], mcu_height: int, mcu_width: int) -> NDArray[np.float64]:
    """Alignment: each MCU row begins where its ED to the row above is least, and all that follows moves with it.

    Places that open up repeat the end of the row above; the end of the picture, where it is lacking, is white.
    """
    strip = to_strip(picture, mcu_height)
    width = picture.shape[1]
    largest = min(LARGEST_SHIFT * mcu_width, width - mcu_width)
    padding = np.full((mcu_height, width + len(picture) // mcu_height * largest, picture.shape[2]), 255.0)
    strip = np.concatenate([strip, padding], axis=1)
    upper = strip[:, :width]
    rows = [upper]
    position = width
    for _ in range(1, len(picture) // mcu_height):
        skipped = [strip[:, position + shift : position + shift + width] for shift in range(0, largest + 1, mcu_width)]
        inserted = [
            np.concatenate([upper[:, width - shift :], strip[:, position : position + width - shift]], axis=1)
            for shift in range(mcu_width, largest + 1, mcu_width)
        ]
        candidates = skipped + inserted
        best = int(np.argmin([formulas.alignment_distance(upper, candidate) for candidate in candidates]))
        step = best if best < len(skipped) else len(skipped) - 1 - best
        upper = candidates[best]
        rows.append(upper)
        position += width + step * mcu_width
    return np.concatenate(rows, axis=0)


def as_published(header: JpegHeader, coefficients: NDArray[np.int16]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """The picture after compensation, and after compensation and alignment: RGB, uint8 (height, width, 3).

    Args:
        coefficients: int16 (MCUs, blocks per MCU, 64), as the robust decoder gives them.
    """
    frame = header.frame
    picture = unclipped_rgb(header, coefficients)
    compensated = compensate_by_mean(picture, frame.mcu_height, frame.mcu_width)
    aligned = align_rows(compensated, frame.mcu_height, frame.mcu_width)
    crop = (slice(frame.height), slice(frame.width))
    return compensated[crop].astype(np.uint8), aligned[crop].astype(np.uint8)
