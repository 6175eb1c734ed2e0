"""Stretches of a scan that cannot be entropy-coded data: one value over and over, markers that no scan holds."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.segments.scan_cut import Range

LEAST_RUN: Final = 16
"""Equal bytes from which on a run is looked at."""

_LONGEST_DOUBTFUL: Final = 4000
"""A run shorter than this may be data: flat parts of a picture repeat."""

_SECTOR: Final = 512
_NEAR_SECTOR: Final = 4
_GROUPED: Final = 4096
"""Bytes between two impossible markers that are taken to be of one stretch, if no stuffed FF is among them."""

_MERGED: Final = 16


def constant_runs(raw: NDArray[np.uint8], start: int, end: int, least: int = LEAST_RUN) -> list[Range]:
    """Runs of at least `least` equal bytes in `[start, end)`."""
    scan = raw[start:end]
    if scan.size < least:
        return []
    edges = np.concatenate([[0], np.flatnonzero(scan[1:] != scan[:-1]) + 1, [scan.size]])
    long = np.flatnonzero(np.diff(edges) >= least)
    return [(start + int(edges[index]), start + int(edges[index + 1])) for index in long]


def may_be_data(raw: NDArray[np.uint8], run: Range) -> bool:
    """Whether a run of equal bytes may be a flat part of the picture: not FF, not long, not on borders of sectors."""
    first, end = run
    if raw[first] == 0xFF or end - first >= _LONGEST_DOUBTFUL:
        return False
    off = [min(place % _SECTOR, -place % _SECTOR) for place in run]
    return max(off) > _NEAR_SECTOR


def impossible_markers(raw: NDArray[np.uint8], start: int, end: int, *, restarts: bool) -> list[Range]:
    """Stretches between markers that no scan holds; a lone one is two bytes long."""
    scan = raw[start:end]
    where = np.flatnonzero(scan[:-1] == 0xFF)
    behind = scan[where + 1]
    sound = behind == 0
    if restarts:
        sound |= (behind >= 0xD0) & (behind <= 0xD7)
    found: list[Range] = []
    stuffed = 0
    for index, is_sound in zip(where.tolist(), sound.tolist(), strict=True):
        if is_sound:
            stuffed += 1
            continue
        place = start + index
        if found and place - found[-1][1] <= _GROUPED and stuffed == 0:
            found[-1] = (found[-1][0], place + 2)
        else:
            found.append((place, place + 2))
        stuffed = 0
    return found


def merged(ranges: Iterable[Range], apart: int = _MERGED) -> tuple[Range, ...]:
    """Stretches in order, those at most `apart` bytes from one another as one."""
    joined: list[Range] = []
    for first, end in sorted(ranges):
        if joined and first - joined[-1][1] <= apart:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((first, end))
    return tuple(joined)
