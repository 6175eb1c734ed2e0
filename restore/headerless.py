"""Pictures of data that have lost their header, by a header that another file lends."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.carver.borrowing import jpeg_of
from carving.fragments import Borrowed
from carving.jpeg.markers import Frame
from restore.decoding.pixels import render
from restore.decoding.robust import decode
from restore.provenance import Provenance, Status
from restore.result import Restoration


def restore_headerless(data: bytes, borrowed: Borrowed) -> Restoration:
    """Decode the found MCUs; their tables and width are another file's, their brightness and tint are levelled.

    Raises:
        JpegError: the JPEG that was put together cannot be decoded.
    """
    decoded = decode(jpeg_of(data, borrowed))
    frame = decoded.header.frame
    provenance = np.full(frame.mcu_count, Provenance.PLACED, dtype=np.uint8)
    provenance[: borrowed.empty] = Provenance.LOST
    coefficients = decoded.coefficients.copy()
    guessed = ""
    if not decoded.header.restart_interval:
        _level(coefficients, frame, borrowed.empty)
        guessed = "brightness and tint are guessed, and "
    note = (
        f"a piece without a header: tables and width are those of {borrowed.lent_by}, "
        f"{guessed}what stood above is unknown"
    )
    return Restoration(
        pixels=render(decoded.header, coefficients),
        provenance=provenance.reshape(frame.mcu_rows, frame.mcu_columns),
        mcu_size=(frame.mcu_height, frame.mcu_width),
        bit_flips=(),
        status=Status.PARTIAL,
        jpeg=None,
        notes=(note,),
    )


def _level(coefficients: NDArray[np.int16], frame: Frame, empty: int) -> None:
    """Shift the DC values of each component so that their median is medium grey, in place: the first is unknown."""
    first = 0
    for component in frame.components:
        blocks = component.horizontal * component.vertical
        values = coefficients[empty:, first : first + blocks, 0]
        if values.size:
            values -= np.int16(np.median(values))
        first += blocks
