"""What restoring one fragment yields."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restore.explanation import Gap, StoredSegment
from restore.provenance import BitFlip, Status


@dataclass(frozen=True, eq=False)
class Restoration:
    """The best picture of one fragment and, for every MCU of it, what it is.

    Attributes:
        pixels: uint8 (height, width, 3) RGB in stored orientation; None only when `unrecoverable`.
        provenance: uint8 (MCU rows, MCU columns) of `Provenance`; None only when `unrecoverable`.
        mcu_size: (height, width) of an MCU in pixels; (0, 0) when `unrecoverable`.
        bit_flips: the reversed flips, in evidence order.
        status: state of the file.
        jpeg: the byte stream up to EOI with its flips reversed, of a file that is `exact` or `repaired`; else None.
        notes: plain-language remarks for the report (why it is unrecoverable, what was not tried).
        opaque_bytes: bytes of the header that no redundancy covers: a flip in them would show nowhere.
        exact_probability: of `jpeg`, or of what was carved where no damage was found, being the original bytes up to
            EOI; None where it is known not to be, or where nothing can tell, as on evidence that is not encrypted.
        segments, gaps: of what the scan consists where some of it is no part of the picture, in the file's order.
    """

    pixels: NDArray[np.uint8] | None
    provenance: NDArray[np.uint8] | None
    mcu_size: tuple[int, int]
    bit_flips: tuple[BitFlip, ...]
    status: Status
    jpeg: bytes | None
    notes: tuple[str, ...]
    opaque_bytes: int = 0
    exact_probability: float | None = None
    segments: tuple[StoredSegment, ...] = ()
    gaps: tuple[Gap, ...] = ()
