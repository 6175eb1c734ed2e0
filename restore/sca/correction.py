"""What was found wrong with the position and the colour of each MCU, and its undoing in the coefficients.

Everything happens on quantised coefficients: an offset is a whole number of DC steps, as damage to a DC difference
    is, and MCUs are moved whole. What was found right stays as it was decoded, to the bit.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import Frame, JpegHeader


@dataclass(frozen=True, eq=False)
class Correction:
    """The state of every decoded MCU.

    Attributes:
        shifts: int64 (MCUs,): true position in scan order, less the position at which the MCU was decoded.
        dc_offsets: int32 (MCUs, components): to be added to the quantised DC.
        restart_interval: MCUs between restart markers, which no MCU can leave; 0 for none.
    """

    shifts: NDArray[np.int64]
    dc_offsets: NDArray[np.int32]
    restart_interval: int

    @property
    def source(self) -> NDArray[np.int64]:
        """int64 (MCUs,): the decoded MCU that belongs at each position, -1 where none does."""
        count = self.shifts.size
        numbers = np.arange(count)
        positions = numbers + self.shifts
        interval = self.restart_interval or count
        inside = (positions >= 0) & (positions < count) & (positions // interval >= numbers // interval)
        source = np.full(count, -1, dtype=np.int64)
        source[positions[inside]] = numbers[inside]  # of two claims to a place, that of the later MCU stands
        return source

    @property
    def segment_starts(self) -> NDArray[np.int64]:
        """int64 (segments,): the first MCU of each run of equal state."""
        jumps = (np.diff(self.shifts) != 0) | (np.diff(self.dc_offsets, axis=0) != 0).any(axis=1)
        return np.concatenate([[0], np.flatnonzero(jumps) + 1]).astype(np.int64)


def block_owners(frame: Frame) -> NDArray[np.int64]:
    """int64 (blocks per MCU,): the component of each block of an MCU."""
    sizes = [component.horizontal * component.vertical for component in frame.components]
    return np.repeat(np.arange(len(sizes)), sizes)


def compensate(header: JpegHeader, coefficients: NDArray[np.int16], correction: Correction) -> NDArray[np.int16]:
    """Colour compensation alone: coefficients (MCUs, blocks per MCU, 64) with each segment's DC offset added."""
    offsets = correction.dc_offsets[:, block_owners(header.frame)]
    compensated = coefficients.copy()
    limits = np.iinfo(np.int16)
    compensated[:, :, 0] = np.clip(coefficients[:, :, 0].astype(np.int32) + offsets, limits.min, limits.max)
    return compensated


def align(header: JpegHeader, coefficients: NDArray[np.int16], correction: Correction) -> NDArray[np.int16]:
    """Alignment alone: coefficients (MCUs, blocks per MCU, 64) with every MCU at its place.

    A place to which no MCU belongs gets the mean colours of the one above it, in the first row of the one to its left.
    """
    source = correction.source
    if np.array_equal(source, np.arange(source.size)):
        return coefficients.copy()
    aligned = np.where((source >= 0)[:, np.newaxis, np.newaxis], coefficients[source], np.int16(0))
    columns = header.frame.mcu_columns
    for position in np.flatnonzero(source < 0):
        if position >= columns:
            aligned[position, :, 0] = aligned[position - columns, :, 0]
        elif position > 0:
            aligned[position, :, 0] = aligned[position - 1, :, 0]
    return aligned
