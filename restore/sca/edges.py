"""The rims of all MCUs as unclipped samples: all that seams between MCUs can be judged by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import Component, JpegHeader

EXTRAPOLATION: Final = 0.5
"""Share of the inward gradient by which a rim is carried on: half a sample, to the seam itself."""


@dataclass(frozen=True, eq=False)
class McuEdges:
    """Rims of MCUs, of all components side by side, each at its own resolution, carried on to the seam.

    Attributes:
        top, bottom: float32 (MCUs, sum of 8 * horizontal sampling factors).
        left, right: float32 (MCUs, sum of 8 * vertical sampling factors).
        activity: float32 (MCUs, components, 4), mean squared inward gradient at the top, bottom, left and right.
        widths, heights: samples of each component in a row of `top`, of `left`.
    """

    top: NDArray[np.float32]
    bottom: NDArray[np.float32]
    left: NDArray[np.float32]
    right: NDArray[np.float32]
    activity: NDArray[np.float32]
    widths: tuple[int, ...]
    heights: tuple[int, ...]


def quant_steps(header: JpegHeader, component: Component) -> NDArray[np.float32]:
    """Quantisation steps of a component, float32 (64,) in row-major order; all 1 where the table is missing."""
    table = header.quant_tables.get(component.quant_table)
    return np.ones(64, dtype=np.float32) if table is None else table.natural().astype(np.float32)


def mcu_edges(header: JpegHeader, coefficients: NDArray[np.int16]) -> McuEdges:
    """Rims of the MCUs of a picture.

    Args:
        coefficients: int16 (MCUs, blocks per MCU, 64), quantised, row-major, DC as absolute value.
    """
    from restore.sca import sample_kernels

    components = header.frame.components
    count = coefficients.shape[0]
    widths = tuple(8 * component.horizontal for component in components)
    heights = tuple(8 * component.vertical for component in components)
    top, bottom = (np.empty((count, sum(widths)), dtype=np.float32) for _ in range(2))
    left, right = (np.empty((count, sum(heights)), dtype=np.float32) for _ in range(2))
    activity = np.zeros((len(components), count, 4), dtype=np.float32)
    first_block = across = down = 0
    for index, component in enumerate(components):
        sample_kernels.mcu_edges(
            coefficients.reshape(-1),
            quant_steps(header, component),
            header.frame.blocks_per_mcu,
            first_block,
            component.horizontal,
            component.vertical,
            across,
            down,
            np.float32(EXTRAPOLATION),
            top,
            bottom,
            left,
            right,
            activity[index],
        )
        first_block += component.horizontal * component.vertical
        across += widths[index]
        down += heights[index]
    return McuEdges(top, bottom, left, right, np.ascontiguousarray(activity.transpose(1, 0, 2)), widths, heights)
