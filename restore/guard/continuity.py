"""How well blocks go on across the borders of their MCUs, in both directions.

What stands in its place goes on from one MCU to the next as the picture does inside them, apart from edges of the
scene, which are the same however its blocks are arranged. A block that stands elsewhere, or whose colour is shifted,
does not.
Samples are taken before they are clipped: where colours have drifted out of range, clipping would hide every border.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader


def border_costs(
    header: JpegHeader, coefficients: NDArray[np.int16]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """What the borders between MCUs cost, in the samples before they are clipped.

    A border sample costs log(1 + |step less the mean of the slopes on both sides| / 3); costs are means over a
    component's samples, in sum over the components.

    Args:
        header: of a picture of one scan.
        coefficients: int16 (MCUs, blocks per MCU, 64).

    Returns:
        Of each MCU's upper and of its left border, (MCU rows, MCU columns); 0 at the picture's own.
    """
    from restore.guard.continuity_kernels import add_border_costs

    frame = header.frame
    costs = np.zeros((2, frame.mcu_rows, frame.mcu_columns), dtype=np.float32)
    first = 0
    for component in frame.components:
        across, down = (component.horizontal, component.vertical) if len(frame.components) > 1 else (1, 1)
        quant = header.quant_tables[component.quant_table].natural().astype(np.float32)
        for turned, sums in enumerate(costs):
            add_border_costs(
                coefficients.reshape(-1), quant, coefficients.shape[1], first, across, down, bool(turned), sums
            )
        first += across * down
    return costs[0], costs[1]
