"""Where a damaged scan ends: the first EOI that sound data stand before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.segments.bad_ranges import constant_runs, impossible_markers

_LOOK: Final = 8192
"""Bytes before an EOI that are looked at."""

_LONG_RUN: Final = 64
_DRAWN: Final = 16
"""Bytes that one flip draws anew: markers that no scan holds, no further apart than these, may be what it left."""

_EOI: Final = b"\xff\xd9"


@dataclass(frozen=True, slots=True)
class ScanEnd:
    """The end of a scan: offset of the marker, or the end of the data; whether it is an EOI that can be relied on."""

    offset: int
    anchored: bool


def find_scan_end(raw: NDArray[np.uint8], start: int, *, restarts: bool) -> ScanEnd:
    """The end of the scan whose data begin at `start`: the first EOI with 8 KiB of sound data before it."""
    data = raw.tobytes()
    offset = data.find(_EOI, start)
    while offset >= 0:
        first = max(start, offset - _LOOK)
        noise = any(end - begin > _DRAWN for begin, end in impossible_markers(raw, first, offset, restarts=restarts))
        if not noise and not constant_runs(raw, first, offset, _LONG_RUN):
            return ScanEnd(offset, anchored=True)
        offset = data.find(_EOI, offset + 2)
    return ScanEnd(raw.size, anchored=False)
