"""Everything that decodes: paths from where reading takes hold to where it breaks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.segments.path_kernels import INVALID, PADDING_BITS, ScoredCodes, follow, resynchronise
from restore.segments.scan_cut import Cut, ScanPiece

_WINDOW: Final = 8192
"""Bits that are tried as a start at once: on 396 tries all true paths were entered within 256."""

_AHEAD: Final = 64
_EXITS: Final = 1 << 15
_TAKES_HOLD: Final = 250.0
_TAKES_HOLD_AT_END: Final = 30.0
"""Bits by which a path must beat random data, and at the end of a piece, where it cannot have more."""

_CUT: Final = 40
"""MCUs before a break among which the path is cut where it scored most."""

_FALL: Final = 20.0
"""Bits that a path must lose before the end of a piece to be cut there."""

_LEAST_MCUS: Final = 6
_LEAST_SCORE: Final = 150.0


@dataclass(frozen=True, eq=False)
class ReadPath:
    """A path of MCUs that was read.

    Attributes:
        positions: int64 (n + 1,), first bits in the stream, and the end.
        scores: float32 (n,).
        piece: number of the piece.
        begins: it begins where the scan does; ends: it ends on the last, but for padding.
    """

    positions: NDArray[np.int64]
    scores: NDArray[np.float32]
    piece: int
    begins: bool
    ends: bool

    @property
    def count(self) -> int:
        return self.scores.size

    def part(self, first: int, end: int) -> ReadPath:
        """MCUs `first` to `end` of it."""
        return ReadPath(
            self.positions[first : end + 1],
            self.scores[first:end],
            self.piece,
            self.begins and first == 0,
            self.ends and end == self.count,
        )


def find_paths(
    cut: Cut, coding: ScoredCodes, most: int, softs: dict[int, list[tuple[int, int]]], *, starts: bool
) -> list[ReadPath]:
    """All paths of a cut scan that are worth keeping, in order.

    Args:
        most: MCUs of the picture: no path has more.
        softs: by piece, stretches (first bit, end bit of the stream) that may be no data.
        starts: the first piece begins where the scan does.
    """
    found: list[ReadPath] = []
    for number, piece in enumerate(cut.pieces):
        found += _of_piece(cut, coding, most, number, piece, softs.get(number, []), starts=starts and number == 0)
        if sum(path.count for path in found) > 2 * most:
            break
    return [path for path in found if _is_worth_it(path)]


def _is_worth_it(path: ReadPath) -> bool:
    if path.begins:
        return path.count > 0
    return path.count >= _LEAST_MCUS and float(path.scores.sum()) >= _LEAST_SCORE


def _of_piece(
    cut: Cut,
    coding: ScoredCodes,
    most: int,
    number: int,
    piece: ScanPiece,
    softs: list[tuple[int, int]],
    *,
    starts: bool,
) -> list[ReadPath]:
    found: list[ReadPath] = []
    last = 8 * piece.end
    bit: int | None = 8 * piece.first
    waiting = list(softs)
    if not starts:
        bit = resume_at(cut, coding, 8 * piece.first, _next_stop(waiting, last))
    while True:
        if bit is None:  # nothing takes hold before the next stop
            if not waiting:
                return found
            bit = resume_at(cut, coding, waiting.pop(0)[1], _next_stop(waiting, last))
            continue
        path, bit = _read(cut, coding, most, number, piece, bit, waiting, starts=starts)
        if path.count:
            found.append(path)
        if bit is not None:
            while waiting and waiting[0][1] <= bit:
                waiting.pop(0)
            bit = resume_at(cut, coding, bit, _next_stop(waiting, last))
        elif not waiting:
            return found


def _next_stop(softs: list[tuple[int, int]], last: int) -> int:
    return softs[0][0] if softs else last


def _read(
    cut: Cut,
    coding: ScoredCodes,
    most: int,
    number: int,
    piece: ScanPiece,
    bit: int,
    softs: list[tuple[int, int]],
    *,
    starts: bool,
) -> tuple[ReadPath, int | None]:
    """Read from a bit until it breaks; gives the path, and from where on to look for the next (None: at the stop)."""
    positions = np.zeros(most + 1, dtype=np.int64)
    scores = np.zeros(most, dtype=np.float32)
    last, first, count = 8 * piece.end, bit, 0
    while True:
        stop = _next_stop(softs, last)
        more, why = follow(cut.data, bit, stop, most - count, coding, positions[count:], scores[count:])
        count += int(more)
        bit = int(positions[count])
        if why == INVALID or not softs or count == most:
            break
        if not _goes_through(cut, coding, bit, softs[0], softs[1][0] if len(softs) > 1 else last):
            break
        softs.pop(0)
    ends = last - bit < PADDING_BITS
    kept = count if ends and why != INVALID else _cut_at(scores[:count], at_stop=why != INVALID)
    begins = starts and first == 8 * piece.first
    path = ReadPath(positions[: kept + 1].copy(), scores[:kept].copy(), number, begins, ends and kept == count)
    if ends or count == most:
        softs.clear()
        return path, None
    if why == INVALID:
        return path, max(int(positions[kept]), first + 1)
    return path, None


def _goes_through(cut: Cut, coding: ScoredCodes, bit: int, soft: tuple[int, int], stop: int) -> bool:
    """Whether a path that has come to a run of equal bytes decodes through it, and 800 bytes on, as data do."""
    room = 4096
    positions, scores = np.zeros(room + 1, dtype=np.int64), np.zeros(room, dtype=np.float32)
    behind = min(soft[1] + 6400, stop)
    count, why = follow(cut.data, bit, behind, room, coding, positions, scores)
    return why != INVALID and bool(scores[:count].sum() > 0)


def _cut_at(scores: NDArray[np.float32], *, at_stop: bool) -> int:
    """How many MCUs of a path that breaks are kept."""
    if not scores.size:
        return 0
    sums = np.concatenate([[0.0], np.cumsum(scores, dtype=np.float64)])
    low = max(0, scores.size - _CUT)
    best = low + int(np.argmax(sums[low:]))
    if at_stop and sums[best] - sums[-1] <= _FALL:
        return scores.size
    return best


def resume_at(cut: Cut, coding: ScoredCodes, first: int, stop: int, window: int = _WINDOW) -> int | None:
    """The first bit from which on reading takes hold again between two bits of the stream; None where it does not."""
    best = np.zeros(window, dtype=np.float32)
    exits = np.zeros(_EXITS, dtype=np.float32)
    while first < stop - PADDING_BITS:
        last = min(first + window, stop)
        bit, score = resynchronise(cut.data, first, last, stop, _AHEAD, coding, best, exits)
        if score > (_TAKES_HOLD_AT_END if last == stop else _TAKES_HOLD):
            return int(bit)
        first = last
    return None


def read_path(cut: Cut, coding: ScoredCodes, bit: int, end: int, most: int, piece: int) -> ReadPath | None:
    """The path from a bit that ends before another, but for padding; None where it breaks before."""
    positions, scores = np.zeros(most + 1, dtype=np.int64), np.zeros(most, dtype=np.float32)
    count, _ = follow(cut.data, bit, end, most, coding, positions, scores)
    if end - int(positions[count]) >= PADDING_BITS:
        return None
    return ReadPath(positions[: count + 1], scores[:count], piece, begins=False, ends=True)
