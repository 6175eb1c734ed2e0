"""Before which line feeds of a scan a carriage return is missing: decoding tells it at each of them.

A byte that is missing leaves the decoder out of step: for some blocks what it reads is noise, and behind them
brightness and place are others. So each line feed is read both ways for some MCUs, and the way that follows the row
above more closely is taken, if by far.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.coding import Coding, coding_of, first_state, walk
from carving.jpeg.header_walk import walk_header
from carving.jpeg.picture_walk import sound_header

_AHEAD: Final = 48
"""MCUs that are read both ways."""
_MARGIN: Final = 20.0
"""Nats by which a return must win: one line feed in 256 has one, and both ways are compared at thousands. On a photo of
three megapixels the best wrong one has 17; a return lost in a colour alone changes no brightness, and is not found."""
_MOST_OFF: Final = 6.0
"""Scales that one MCU may be off at most: an edge is no damage."""
_FLAW: Final = 6.0
"""Nats of each MCU that a way does not reach."""
_BEHIND: Final = 1 << 14
"""Bytes behind a line feed that are read at most."""


def find_returns(data: bytes) -> tuple[int, ...]:
    """Offsets of the line feeds in the scan of a JPEG before which a carriage return is missing, in order.

    None are found where the header does not allow decoding, and none in the header.
    """
    from carving.jpeg.coding_kernels import BARRIER, MARKER, MCU, NONE, TARGET

    header = sound_header(data, walk_header(data))
    coding = None if header is None else coding_of(header)
    if header is None or coding is None or len(header.scan.components) < len(header.frame.components):
        return ()
    start = header.scan.entropy_start
    stored = np.frombuffer(data, dtype=np.uint8)
    candidates = start + np.flatnonzero(stored[start:] == ord("\n"))
    room = np.zeros(stored.size + candidates.size + _BEHIND + 1, dtype=np.uint8)  # mended so far, and a trial behind it
    size = stored.size
    room[:size] = stored
    levels = np.zeros(coding.mcus, dtype=np.int64)
    state = first_state(start, size)
    found: list[int] = []

    def cost_with(place: int) -> float:
        """How badly the MCUs ahead follow the row above with a return put in at a place."""
        behind = min(_BEHIND, size - place)
        room[size] = ord("\r")
        room[size + 1 : size + 1 + behind] = room[place : place + behind]
        mended, _ = _levels(room, state, size + 1 + behind, (place, size), coding, levels)
        return _cost(mended, levels, first, coding.columns)

    number = 0
    while number < candidates.size:
        place = int(candidates[number]) + len(found)
        state[BARRIER], state[TARGET] = place, -1
        walk(room, state, place, coding, levels)
        state[MARKER] = NONE
        first = int(state[MCU])
        if first >= coding.mcus:
            break
        as_read, reached = _levels(room, state, size, (size, -1), coding, levels)
        cost = _cost(as_read, levels, first, coding.columns)
        if cost - cost_with(place) > _MARGIN:
            # the one that is missing may stand before a later line feed: put in too early it does some good as well
            rivals = candidates[number : np.searchsorted(candidates, reached - len(found))].tolist()
            best = min(rivals or [int(candidates[number])], key=lambda rival: cost_with(rival + len(found)))
            number = int(np.searchsorted(candidates, best))
            place = best + len(found)
            found.append(best)
            room[place + 1 : size + 1] = room[place:size].copy()
            room[place] = ord("\r")
            size += 1
        number += 1
    return tuple(found)


def _levels(
    data: NDArray[np.uint8],
    state: NDArray[np.int64],
    stop: int,
    jump: tuple[int, int],
    coding: Coding,
    known: NDArray[np.int64],
) -> tuple[NDArray[np.int64], int]:
    """Brightness of the MCUs that decode from a state on, `_AHEAD` of them at most, and the byte they reach to; the
    data break off and go on as `jump` says."""
    from carving.jpeg.coding_kernels import BARRIER, MCU, POSITION, TARGET

    trial = state.copy()
    trial[BARRIER], trial[TARGET] = jump
    first = int(trial[MCU])
    walk(data, trial, stop, replace(coding, mcus=min(coding.mcus, first + _AHEAD)), known)
    return known[first : int(trial[MCU])].copy(), int(trial[POSITION])


def _cost(ahead: NDArray[np.int64], known: NDArray[np.int64], first: int, columns: int) -> float:
    """How badly MCUs from `first` on follow the row above, or one another in the first row, in nats."""
    until = first + ahead.size
    steps = np.abs(np.diff(ahead, prepend=ahead[:1])).astype(np.float64)
    above = np.arange(first, until) - columns
    below = above >= 0
    steps[below] = np.abs(ahead[below] - known[above[below]])
    before = known[max(0, first - columns) : first]
    higher = known[max(0, first - 2 * columns) : max(0, first - columns)]
    near = np.abs(before[-higher.size :] - higher) if higher.size else np.abs(np.diff(before))
    scale = max(1.0, float(near.mean())) if near.size else 8.0
    return float(np.minimum(steps / scale, _MOST_OFF).sum()) + _FLAW * max(0, _AHEAD - ahead.size)
