"""The formulas of section 3.2 of the paper, as pure functions over float arrays, named by what they define.

Where the paper leaves a choice open, the authors' published program decides, and the docstring says so; distances are
squared, without a root, as there. Pictures are float (height, width, channels), unclipped.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32] | NDArray[np.float64]

CLIP_LIMIT: Final = 150.0
"""Bound of a mean-free sample; beyond it is a broken block, not a picture."""


def euclidean_distance_rows(picture: Floats) -> NDArray[np.float64]:
    """ED_h: squared Euclidean distance between each pixel row and the next, (height - 1,)."""
    return np.asarray(np.square(np.diff(picture.astype(np.float64), axis=0)).sum(axis=(1, 2)))


def coherence(across: Floats, beside: Floats) -> NDArray[np.float64]:
    """CED, the coherence of Euclidean distance: how far the distance across a seam is from the one beside it.

    After Y. Tang et al., "Recovery of heavily fragmented JPEG files", Digital Investigation 18 (2016): natural edges
    are strong on both sides of a seam, false ones on the seam alone. Any shape, elementwise.
    """
    return np.abs(np.asarray(across, dtype=np.float64) - np.asarray(beside, dtype=np.float64))


def suspicious_rows(picture: Floats, mcu_height: int) -> NDArray[np.int64]:
    """MCU rows that begin with a conspicuous seam, ranked by ED_h, the strongest first; (rows,) numbers from 1 on.

    How many rows of the ranking count the text does not say. The program's measure is taken: the change of ED_h at
    the seam exceeds the mean change over all rows.
    """
    distances = euclidean_distance_rows(picture)
    changes = coherence(distances[1:], distances[:-1])
    if changes.size == 0:
        return np.empty(0, dtype=np.int64)
    seams = np.arange(mcu_height, picture.shape[0], mcu_height)
    seams = seams[seams >= 2]
    strong = seams[changes[seams - 2] > changes.mean()]
    ranked = strong[np.argsort(-distances[strong - 1], kind="stable")]
    return np.asarray(ranked // mcu_height, dtype=np.int64)


def seam_distances(picture: Floats, mcu_height: int, mcu_width: int) -> NDArray[np.float64]:
    """ED between the MCUs of each MCU row and those above them, (MCU rows, MCU columns); zero for the first row.

    `picture` consists of whole MCUs.
    """
    height, width, _ = picture.shape
    distances = np.zeros((height // mcu_height, width // mcu_width))
    difference = picture[mcu_height::mcu_height].astype(np.float64) - picture[mcu_height - 1 : -1 : mcu_height]
    distances[1:] = np.square(difference).reshape(len(difference), -1, mcu_width, picture.shape[2]).sum(axis=(2, 3))
    return distances


def strip_coherence(distances: NDArray[np.float64], row: int) -> NDArray[np.float64]:
    """CED of the strips that begin at each MCU of an MCU row: (MCU columns,).

    A strip is one row's worth of MCUs in scan order. Where a segment begins with it, its upper seam lies between two
    segments and its lower seam inside one. A strip that runs out of the picture is completed by zero distances.

    Args:
        distances: (MCU rows, MCU columns), as `seam_distances` gives them.
    """
    columns = distances.shape[1]
    ahead = np.concatenate([distances.ravel()[row * columns :], np.zeros(2 * columns)])[: 3 * columns]
    sums = np.concatenate([[0.0], np.cumsum(ahead)])
    upper = sums[columns : 2 * columns] - sums[:columns]
    lower = sums[2 * columns : 3 * columns] - sums[columns : 2 * columns]
    return coherence(upper, lower)


def subtract_mean(segment: Floats) -> NDArray[np.float64]:
    """A segment (..., channels) less its mean colour: the compensation of its colour offset."""
    samples = segment.astype(np.float64)
    return np.asarray(samples - samples.reshape(-1, samples.shape[-1]).mean(axis=0))


def clip(picture: Floats, limit: float = CLIP_LIMIT) -> NDArray[np.float64]:
    """Mean-free samples bounded to ±`limit`."""
    return np.clip(picture.astype(np.float64), -limit, limit)


def normalise(picture: Floats) -> NDArray[np.float64]:
    """Min-max normalisation of each channel to [0, 255]; a channel of one value becomes 0.

    The text normalises the whole picture; the program each channel by itself, which is done here, for mean
    subtraction has taken the balance between channels away in any case.
    """
    samples = picture.astype(np.float64)
    low = samples.min(axis=(0, 1))
    span = samples.max(axis=(0, 1)) - low
    return np.asarray((samples - low) / np.where(span > 0, span, 1.0) * 255.0)


def alignment_distance(upper: Floats, lower: Floats) -> float:
    """ED between the last pixel row of one MCU row and the first of the next, both less their mean colour: least
    where they fit.

    Args:
        upper, lower: (mcu_height, width, channels).
    """
    above, below = subtract_mean(upper), subtract_mean(lower)
    return float(np.square(below[0] - above[-1]).sum())
