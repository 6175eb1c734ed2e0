"""How far two versions of a picture are from its thumbnail, by the means of their MCUs."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader
from restore.thumbnail.guidance import Pixels, without_bars
from restore.thumbnail.levels import levels_of, mcu_levels

LEAST_LIKENESS: Final = 0.6
"""Correlation in brightness from which on a thumbnail is taken to show the picture as it lies."""

_CAP: Final = 24.0
"""Samples at which a difference counts no more."""


def nearer_by(
    header: JpegHeader,
    plain: NDArray[np.int16],
    result: NDArray[np.int16],
    known: NDArray[np.bool_],
    thumbnail: Pixels | None,
) -> float:
    """By how many samples, in mean over what both show, a result is nearer to the thumbnail than the plain decode.

    Args:
        header: of a picture of one scan.
        plain, result: int16 (MCUs, blocks per MCU, 64), coefficients.
        known: bool (MCUs,), which of them the result has.
        thumbnail: uint8 (rows, columns, 3), as found.

    Returns:
        0 where there is no thumbnail, or it shows neither.
    """
    if thumbnail is None or not known.any():
        return 0.0
    told = levels_of(without_bars(thumbnail, header.frame.height, header.frame.width), header)
    if told is None:
        return 0.0
    versions = [mcu_levels(header, version)[known] for version in (plain, result)]
    expected = told.levels[known]
    if max(_likeness(version[:, 0], expected[:, 0]) for version in versions) < LEAST_LIKENESS:
        return 0.0
    first, second = (_apart(version, expected) for version in versions)
    return first - second


def _likeness(first: NDArray[np.float64], second: NDArray[np.float64]) -> float:
    """Correlation; 0 where one of them is flat."""
    first, second = first - first.mean(), second - second.mean()
    power = float((first**2).sum() * (second**2).sum())
    return float((first * second).sum()) / power**0.5 if power > 0 else 0.0


def _apart(levels: NDArray[np.float64], expected: NDArray[np.float64]) -> float:
    """Mean distance of levels (MCUs, components) from what is expected, each capped, a shift of the whole taken off."""
    distance = levels - expected
    return float(np.minimum(np.abs(distance - np.median(distance, axis=0)), _CAP).mean())
