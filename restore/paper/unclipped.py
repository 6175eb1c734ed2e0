"""RGB without clipping: what the paper's formulas are applied to, since clipping would destroy what they look for."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader
from restore.decoding.pixels import is_ycc
from restore.sca.edges import quant_steps

_RGB_OF_YCC: Final = np.array([[1.0, 0.0, 1.402], [1.0, -0.344136, -0.714136], [1.0, 1.772, 0.0]], dtype=np.float32)
"""JFIF: rows R, G, B; columns Y, Cb - 128, Cr - 128."""


def unclipped_planes(header: JpegHeader, coefficients: NDArray[np.int16]) -> tuple[NDArray[np.float32], ...]:
    """Samples of each component at its own resolution, padded to whole MCUs, neither rounded nor clipped.

    Args:
        coefficients: int16 (MCUs, blocks per MCU, 64), quantised, row-major, DC as absolute value.
    """
    from restore.sca.sample_kernels import sample_plane

    frame = header.frame
    planes = []
    first_block = 0
    for component in frame.components:
        shape = (frame.mcu_rows * component.vertical * 8, frame.mcu_columns * component.horizontal * 8)
        plane = np.empty(shape, dtype=np.float32)
        sample_plane(
            coefficients.reshape(-1),
            quant_steps(header, component),
            frame.blocks_per_mcu,
            first_block,
            component.horizontal,
            component.vertical,
            frame.mcu_columns,
            plane,
        )
        planes.append(plane)
        first_block += component.horizontal * component.vertical
    return tuple(planes)


def unclipped_rgb(header: JpegHeader, coefficients: NDArray[np.int16]) -> NDArray[np.float32]:
    """RGB of a picture, float32, of whole MCUs, (MCU rows * MCU height, MCU columns * MCU width, 3).

    Chroma is replicated, as in the authors' program. One component is taken as grey; of four, the first three as they
    are.
    """
    frame = header.frame
    height, width = frame.mcu_rows * frame.mcu_height, frame.mcu_columns * frame.mcu_width
    full = []
    for component, plane in zip(frame.components, unclipped_planes(header, coefficients), strict=True):
        rows = np.arange(height) * component.vertical // frame.max_vertical
        columns = np.arange(width) * component.horizontal // frame.max_horizontal
        full.append(plane[rows[:, np.newaxis], columns])
    if len(full) == 1:
        return np.repeat(full[0][:, :, np.newaxis], 3, axis=2)
    picture = np.stack(full[:3], axis=2)
    if len(full) == 3 and is_ycc(header):
        picture[:, :, 1:] -= 128
        return picture @ _RGB_OF_YCC.T
    return picture
