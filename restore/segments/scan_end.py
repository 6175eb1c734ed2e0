"""Where a damaged scan may end: at an EOI that sound data stand before."""

from __future__ import annotations

from collections.abc import Iterator
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
_SOI: Final = b"\xff\xd8\xff"


@dataclass(frozen=True, slots=True)
class ScanEnd:
    """The end of a scan: offset of the marker, or the end of the data; whether it is an EOI that can be relied on."""

    offset: int
    anchored: bool


def scan_ends(raw: NDArray[np.uint8], start: int, *, restarts: bool) -> Iterator[ScanEnd]:
    """Where the scan whose data begin at `start` may end: at each EOI with 8 KiB of sound data before it, up to the
    next picture; if there is none, at the end of the data.

    The first is nearly always right. One in 200 stretches of noise holds an EOI before anything that no scan holds.
    """
    data = raw.tobytes()
    offset, last, found = data.find(_EOI, start), raw.size, False
    while 0 <= offset < last:
        first = max(start, offset - _LOOK)
        noise = any(end - begin > _DRAWN for begin, end in impossible_markers(raw, first, offset, restarts=restarts))
        if not noise and not constant_runs(raw, first, offset, _LONG_RUN):
            yield ScanEnd(offset, anchored=True)
            if not found:
                following = data.find(_SOI, offset)
                last = following if following >= 0 else raw.size
            found = True
        offset = data.find(_EOI, offset + 2)
    if not found:
        yield ScanEnd(raw.size, anchored=False)
