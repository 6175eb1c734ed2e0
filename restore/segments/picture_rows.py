"""The picture that a path holds, as far as it takes to see what fits where: edges and levels of its MCUs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader
from restore.decoding.scans import flat_lookups, scan_tables
from restore.guard.continuity_kernels import BASIS
from restore.segments.paths import ReadPath
from restore.segments.scan_cut import Cut
from restore.thumbnail.levels import mcu_levels

_HALVES: Final = 2
"""Samples of a luma block's edge, each the mean of four pixels; a chroma block has one."""


@dataclass(frozen=True, eq=False)
class PictureRows:
    """What a path shows. DC values begin at 0 with the path.

    Attributes:
        coefficients: int16 (MCUs, blocks, 64), row-major.
        top, bottom: float32 (MCUs, samples), levels along the upper and lower edge.
        component_of: int64 (samples,).
        levels: float64 (MCUs, components), means.
    """

    coefficients: NDArray[np.int16]
    top: NDArray[np.float32]
    bottom: NDArray[np.float32]
    component_of: NDArray[np.int64]
    levels: NDArray[np.float64]

    def part(self, first: int, end: int) -> PictureRows:
        """MCUs `first` to `end`; levels and DC values as they are."""
        return PictureRows(
            self.coefficients[first:end],
            self.top[first:end],
            self.bottom[first:end],
            self.component_of,
            self.levels[first:end],
        )


def block_components(header: JpegHeader) -> NDArray[np.int64]:
    """Component of each block of an MCU."""
    parts = header.frame.components
    if len(parts) == 1:
        return np.zeros(1, dtype=np.int64)
    return np.repeat(np.arange(len(parts)), [part.horizontal * part.vertical for part in parts])


def read_rows(header: JpegHeader, cut: Cut, path: ReadPath, interval: int = 0) -> PictureRows:
    """Read a path and measure its edges and levels; its DC values begin anew after every `interval` MCUs."""
    from restore.segments.reading_kernels import read_mcus

    owners = block_components(header)
    coefficients = np.zeros((path.count, owners.size, 64), dtype=np.int16)
    looks = flat_lookups(scan_tables(header))
    read_mcus(cut.data, path.positions, path.count, interval, owners, *looks, coefficients.reshape(-1))
    return rows_of(header, coefficients)


def rows_of(header: JpegHeader, coefficients: NDArray[np.int16]) -> PictureRows:
    """Measure edges and levels of MCUs, int16 (MCUs, blocks, 64)."""
    tops, bottoms, component_of = [], [], []
    first = 0
    alone = len(header.frame.components) == 1
    for index, component in enumerate(header.frame.components):
        across, down = (1, 1) if alone else (component.horizontal, component.vertical)
        quant = header.quant_tables[component.quant_table].natural().astype(np.float32)
        upper, lower = (_edge(quant, row, _HALVES if index == 0 else 1) for row in (0, 7))
        for block in range(across):
            tops.append(coefficients[:, first + block].astype(np.float32) @ upper)
            bottoms.append(coefficients[:, first + (down - 1) * across + block].astype(np.float32) @ lower)
            component_of += [index] * upper.shape[1]
        first += across * down
    return PictureRows(
        coefficients,
        np.concatenate(tops, axis=1),
        np.concatenate(bottoms, axis=1),
        np.array(component_of, dtype=np.int64),
        mcu_levels(header, coefficients),
    )


def _edge(quant: NDArray[np.float32], row: int, parts: int) -> NDArray[np.float32]:
    """(64, parts): from coefficients to the means of equal parts of one row of a block."""
    across = BASIS.reshape(parts, 8 // parts, 8).mean(axis=1)  # (parts, frequencies)
    weights = BASIS[row][:, None, None] * across.T[None]  # (down, across, parts)
    return np.asarray(weights.reshape(64, parts) * quant[:, None], dtype=np.float32)
