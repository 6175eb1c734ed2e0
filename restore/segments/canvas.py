"""The picture as it is put together of segments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader
from restore.segments.picture_rows import PictureRows, block_components


@dataclass(eq=False)
class PictureCanvas:
    """MCUs put in their places, with their DC values.

    Attributes:
        rows: of all MCUs of the picture; zero where not known.
        known: bool (MCUs,).
    """

    header: JpegHeader
    rows: PictureRows
    known: NDArray[np.bool_]

    def put(self, rows: PictureRows, first: int, offsets: NDArray[np.int64]) -> None:
        """Put a segment's MCUs at `first`, its quantised DC values raised by `offsets` (components,)."""
        place = slice(first, first + rows.levels.shape[0])
        levels = self.in_levels(offsets)
        owners = block_components(self.header)
        self.rows.coefficients[place] = rows.coefficients
        self.rows.coefficients[place, :, 0] += offsets[owners].astype(np.int16)
        shift = levels[rows.component_of].astype(np.float32)
        self.rows.top[place] = rows.top + shift
        self.rows.bottom[place] = rows.bottom + shift
        self.rows.levels[place] = rows.levels + levels
        self.known[place] = True

    def in_levels(self, offsets: NDArray[np.int64]) -> NDArray[np.float64]:
        """Quantised DC values, a component, as levels."""
        return np.asarray(offsets * self._steps() / 8.0)

    def quantised(self, levels: NDArray[np.float64]) -> NDArray[np.int64]:
        """Levels, a component, as quantised DC values."""
        return np.rint(levels * 8.0 / self._steps()).astype(np.int64)

    def _steps(self) -> NDArray[np.float64]:
        header = self.header
        return np.array([float(header.quant_tables[part.quant_table].steps[0]) for part in header.frame.components])


def new_canvas(header: JpegHeader, like: PictureRows) -> PictureCanvas:
    """An empty picture."""
    count = header.frame.mcu_count

    def empty(values: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.zeros((count, values.shape[1]), dtype=np.float32)

    rows = PictureRows(
        np.zeros((count, *like.coefficients.shape[1:]), dtype=np.int16),
        empty(like.top),
        empty(like.bottom),
        like.component_of,
        np.zeros((count, like.levels.shape[1])),
    )
    return PictureCanvas(header, rows, np.zeros(count, dtype=np.bool_))
