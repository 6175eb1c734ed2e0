"""The rest of a picture whose scan has restart markers, read with another file's header: they number its intervals.

Behind each marker DC prediction starts anew (T.81 F.1.1.5.1), so the rest has its own brightness; the last interval is
the picture's last, so the number of markers tells which is the first, and their numbers modulo 8 must agree.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.carver.borrowing import Sibling
from carving.fragments import Borrowed
from carving.jpeg.coding import first_state, walk
from carving.jpeg.coding_kernels import COUNT, MARKER, NONE, POSITION, WHOLE
from carving.jpeg.markers import RST0, RST7
from carving.source import Run

_FEWEST: Final = 4
"""Intervals that a rest has at least."""
_TRIED: Final = 16
"""Intervals that are decoded to see whether the tables fit."""
_SOUND: Final = 0.75
"""Share of these that must."""
_LONGEST: Final = 1 << 16


def read_restarts(data: bytes, rest: Run, siblings: list[Sibling]) -> Borrowed | None:
    """How to read the rest of a picture behind its first restart marker; None where no file's header reads it.

    Args:
        data: the file.
        rest: the stretch of it that is entropy-coded.
        siblings: files with restart intervals whose headers are tried, in order.
    """
    array = np.frombuffer(data, dtype=np.uint8)[rest.offset : rest.end]
    marks = np.flatnonzero((array[:-1] == 0xFF) & (array[1:] >= RST0) & (array[1:] <= RST7))
    if marks.size < _FEWEST:
        return None
    numbers = array[marks + 1].astype(np.int64) - RST0
    for sibling in siblings:
        interval, total = sibling.parsed.restart_interval, sibling.coding.mcus
        first = -(-total // interval) - marks.size
        if first < 1 or (first - 1) % 8 != numbers[0] or not _fits(array, marks, sibling):
            continue
        start = rest.offset + int(marks[0]) + 2
        empty = first * interval
        header = sibling.header.hex()
        return Borrowed(header, 8 * start, rest.end, total - empty, empty, sibling.offset, sibling.named)
    return None


def _fits(data: NDArray[np.uint8], marks: NDArray[np.intp], sibling: Sibling) -> bool:
    """Whether intervals decode, with the tables of a file, to exactly the marker behind them."""
    tried = np.unique(np.linspace(0, marks.size - 2, _TRIED).astype(np.int64))
    sound = 0
    for index in tried:
        part = data[marks[index] + 2 : min(marks[index + 1] + 2, marks[index] + _LONGEST)]
        state = first_state(0, part.size)
        state[MARKER] = NONE
        coding = sibling.interval_coding
        ended = walk(part, state, part.size, coding) == WHOLE
        sound += bool(ended and state[COUNT] < 8 and state[POSITION] >= part.size - 2)
    return sound >= _SOUND * tried.size
