"""How much of a picture, as it is put together, does not go on from the row above."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader
from restore.segments.picture_rows import PictureRows, rows_of
from restore.segments.seams import seam_scales, upper_seams


def torn_share(header: JpegHeader, coefficients: NDArray[np.int16], known: NDArray[np.bool_]) -> float:
    """Share of the known MCUs that do not go on from above, in mean over a row's length around each.

    Args:
        coefficients: int16 (MCUs, blocks per MCU, 64); known: bool (MCUs,).
    """
    return torn(rows_of(header, coefficients), known, header.frame.mcu_columns)


def torn(rows: PictureRows, known: NDArray[np.bool_], columns: int) -> float:
    """As `torn_share`, of all MCUs of a picture as they were measured."""
    if not known.any():
        return 0.0
    pairs = known.copy()
    pairs[:columns] = False
    pairs[columns:] &= known[:-columns]
    seams = np.where(pairs, upper_seams(rows, columns, seam_scales(rows, columns, pairs)), 0.0)
    around = np.ones(min(columns, seams.size))
    return float((np.convolve(seams, around, mode="same")[: known.size] < 0)[known].mean())
