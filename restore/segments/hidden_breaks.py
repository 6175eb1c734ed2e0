"""A break that nothing in the entropy-coded data shows: reading goes on, but from there on all stands elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.segments.picture_rows import PictureRows
from restore.segments.seams import SeamScales, upper_seams
from restore.segments.told import Told

_SEAMS: Final = 0.5
_ROW: Final = 0.5
_LEVELS: Final = 0.3
_DIP: Final = 0.15
"""Shares of the nats of seams, of the row behind the break, of levels, and of bits lost, that count: neighbours are
alike."""

_DIP_MCUS: Final = 12
_DEEPEST: Final = 150.0
_TWO_CUTS: Final = 40.0
_TWO_CUTS_UNTOLD: Final = 100.0
_FEWEST_BETWEEN: Final = 8
_LEAST_BYTES: Final = 2048
_LEAN: Final = 0.05
"""Nats by which an MCU is kept that nothing speaks against."""

_MOST_BACK: Final = -3
"""MCUs too many that one break leaves: more is something else's, between two of them."""

_OUTSIDE: Final = 0.005
_UNSEEN: Final = 3
"""MCUs that a thumbnail does not tell apart: its pixels are as large, and it was laid on the picture as it is read."""


@dataclass(frozen=True, slots=True)
class Break:
    """MCUs `[first, end)` of a path are no part of the picture, or may be none; what is behind stands further on.

    Attributes:
        gain: nats over no break; levels: nats of that by the thumbnail.
    """

    first: int
    end: int
    gain: float
    levels: float


@dataclass(frozen=True, eq=False, slots=True)
class BrokenPath:
    """A path that begins on the picture's first MCU and may be broken, and what it says of that without a thumbnail.

    Attributes:
        rows: of the path; positions: int64 (MCUs + 1,), bits.
        lost: MCUs by which what is behind the break moves on; it may be negative.
        columns: MCUs in a row.
        seams: float64 (MCUs,), of each upper edge as the path stands.
        row: float64 (MCUs,), of the row behind a break before each MCU; None where it cannot be a single place.
        dips: float64 (MCUs,), for a break where bits are lost.
    """

    rows: PictureRows
    positions: NDArray[np.int64]
    lost: int
    columns: int
    seams: NDArray[np.float64]
    row: NDArray[np.float64] | None
    dips: NDArray[np.float64]


def broken_path(
    rows: PictureRows,
    scores: NDArray[np.float32],
    positions: NDArray[np.int64],
    lost: int,
    columns: int,
    scales: SeamScales,
) -> BrokenPath:
    """Measure a path once, however often a break is looked for; `scores`, (MCUs,): bits by which each MCU beats random
    data."""
    from restore.segments.reading_kernels import seams_of_breaks

    row = None
    if lost >= _MOST_BACK:
        row = np.zeros(scores.size)
        far = max(lost, 0) // columns
        tables = np.stack([scales.table(far), scales.table(far + 1)])
        seams_of_breaks(rows.top, rows.bottom, rows.component_of, columns, lost, tables, row)
    seams = _SEAMS * upper_seams(rows, columns, scales)
    return BrokenPath(rows, positions, lost, columns, seams, row, _DIP * _dips(scores))


def find_break(path: BrokenPath, told: Told | None) -> Break:
    """The best place for a break."""
    rows, lost, columns, seams, dips = path.rows, path.lost, path.columns, path.seams, path.dips
    count = seams.size
    before, behind = np.zeros(count), np.zeros(count)
    if told is not None:
        none = np.zeros(rows.levels.shape[1])
        last = count - max(1, min(count // 4, 20 * columns))
        before = _LEVELS * told.likelihood(rows.levels, 0, none)
        seen = lost if abs(lost) > _UNSEEN else 0
        offset = told.offset(rows.levels[last:], last + seen)
        behind = _LEVELS * told.likelihood(rows.levels, seen, offset)
    ahead = np.concatenate([[0.0], np.cumsum(seams + before)])
    levels_ahead = np.concatenate([[0.0], np.cumsum(before)])
    levels_after = np.concatenate([np.cumsum(behind[::-1])[::-1], [0.0]])
    seams_after = np.concatenate([np.cumsum(seams[::-1])[::-1], np.zeros(columns + 1)])[columns : columns + count + 1]
    after = levels_after + seams_after
    best = Break(count, count, 0.0, 0.0)
    unbroken = ahead[-1]
    if path.row is not None:
        single = ahead[:count] + after[:count] + _ROW * path.row + dips
        place = int(np.argmax(single))
        gain = float(single[place] - unbroken)
        if gain > best.gain or lost:  # something is lost, wherever that is
            told_more = float(levels_ahead[place] + levels_after[place] - levels_ahead[-1])
            best = Break(*_within(single), gain, told_more)
    if abs(lost) > 2:
        # what is left out may go on in itself, as a stretch of another picture does: only what does not fit tells
        fits = np.minimum(smoothed(seams, columns), 0.0) + _LEAN
        ahead = np.concatenate([[0.0], np.cumsum(fits + before)])
        after = np.concatenate([np.cumsum((fits + behind)[::-1])[::-1], [0.0]])
        whole = ahead[-1]
        ahead += np.append(dips, 0.0)
        after += np.append(dips, 0.0)
        double = _two_cuts(ahead, after, path.positions, lost)
        if double is not None:
            cost = _TWO_CUTS if told is not None else _TWO_CUTS_UNTOLD
            first, end = double
            gain = float(ahead[first] + after[end] - whole - cost)
            if gain > best.gain:
                told_more = float(levels_ahead[first] + levels_after[end] - levels_ahead[-1])
                best = Break(first, end, gain, told_more)
    return best


def smoothed(seams: NDArray[np.float64], columns: int) -> NDArray[np.float64]:
    """Mean over a row's length around each MCU."""
    width = min(columns, seams.size)
    return np.convolve(seams, np.ones(width) / width, mode="same")[: seams.size] if width else seams


def _within(nats: NDArray[np.float64]) -> tuple[int, int]:
    """The places between which the break lies but for one part in a hundred."""
    share = np.cumsum(np.exp(nats - nats.max()))
    first, end = np.searchsorted(share, share[-1] * np.array([_OUTSIDE, 1.0 - _OUTSIDE]))
    return int(first), int(end)


def _two_cuts(
    ahead: NDArray[np.float64], after: NDArray[np.float64], positions: NDArray[np.int64], lost: int
) -> tuple[int, int] | None:
    """The best stretch to leave out, at least so long as to be something else's; MCUs stay in their order."""
    count = positions.size - 1
    fewest = max(_FEWEST_BETWEEN, -lost)
    if count <= fewest:
        return None
    until = np.maximum.accumulate(ahead[: count + 1 - fewest])
    places = np.arange(fewest, count + 1)
    gains = until + after[fewest:]
    # where the stretch begins so that it ends at each place
    where = np.zeros(until.size, dtype=np.int64)
    current = 0
    for index in range(until.size):
        if ahead[index] >= until[index]:
            current = index
        where[index] = current
    long = positions[places] - positions[where] >= 8 * _LEAST_BYTES
    if not long.any():
        return None
    best = int(np.argmax(np.where(long, gains, -np.inf)))
    return int(where[best]), int(places[best])


def _dips(scores: NDArray[np.float32]) -> NDArray[np.float64]:
    """How many bits the score falls at most within some MCUs around each MCU."""
    sums = np.concatenate([[0.0], np.cumsum(scores, dtype=np.float64)])
    falls = np.zeros(sums.size)
    for length in range(1, _DIP_MCUS + 1):
        fall = sums[:-length] - sums[length:]
        middle = np.arange(fall.size) + length // 2
        falls[middle] = np.maximum(falls[middle], fall)
    for _ in range(2):  # a break is felt a few MCUs around
        falls = np.maximum(falls, np.maximum(np.append(falls[1:], 0), np.insert(falls[:-1], 0, 0)))
    return np.minimum(falls[: scores.size], _DEEPEST)
