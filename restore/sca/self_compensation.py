"""The self-compensation and alignment stage as a whole."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader
from restore.decoding.pixels import render
from restore.sca.correction import align, compensate
from restore.sca.segments import find_segments


def self_compensate(header: JpegHeader, coefficients: NDArray[np.int16]) -> NDArray[np.uint8]:
    """Undo the jumps of colour and position that damage leaves in a decoded picture.

    A picture in which none is found comes out as `restore.decoding.pixels.render` renders it.

    Args:
        header: the picture's header.
        coefficients: int16 (MCUs, blocks per MCU, 64), as the robust decoder gives them.

    Returns:
        RGB pixels, uint8 (height, width, 3).
    """
    correction = find_segments(header, coefficients)
    return render(header, align(header, compensate(header, coefficients, correction), correction))
