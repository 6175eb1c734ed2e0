"""What can be had of a restart interval that is not whole: from its marker to the damage, and from there on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.segments.anchors import end_posterior
from restore.segments.canvas import PictureCanvas
from restore.segments.laid import END, MARKERS, START, LaidSegment
from restore.segments.paths import ReadPath, read_path, resume_at
from restore.segments.picture_rows import read_rows
from restore.segments.reading import ScanReading
from restore.segments.seams import SeamScales

_SEAM_SHARE: Final = 0.15
_LEAN: Final = 0.05
"""Nats by which an MCU is kept that nothing speaks against."""

_SMOOTH: Final = 5
_FEWEST: Final = 16
"""MCUs of an interval from which on the rest of a broken one is looked for."""


@dataclass(eq=False)
class IntervalPart:
    """A piece between markers or damage: what is read from its start, and whether that is one whole interval.

    Attributes:
        index: number of its interval in the picture; None where that is not known.
        sure: probability of that.
    """

    number: int
    path: ReadPath
    whole: bool
    opened: int
    closed: int
    first_byte: int
    index: int | None = None
    sure: float = 1.0


def broken_segments(
    reading: ScanReading, parts: list[IntervalPart], canvas: PictureCanvas, scales: SeamScales
) -> list[LaidSegment]:
    """What can be had of intervals that are not whole: from their marker to the damage, and from there to the next."""
    interval, total = reading.header.restart_interval, reading.header.frame.mcu_count
    last = -(-total // interval) - 1
    found: list[LaidSegment] = []
    for part in parts:
        if part.whole:
            continue
        previous = parts[part.number - 1] if part.number else None
        following = parts[part.number + 1] if part.number + 1 < len(parts) else None
        index = 0 if part.path.begins else None
        if previous is not None and previous.index is not None and previous.index % 8 == part.opened:
            index = previous.index + 1
        until = None
        if following is not None and following.index is not None and part.closed >= 0:
            until = following.index - 1
        elif following is None and reading.end.anchored:
            until = last
        sure = 1.0 if previous is None else previous.sure
        head = _head(reading, part, index, sure) if index is not None and part.path.count else None
        tail = None
        if until is not None:
            end = min((until + 1) * interval, total)
            if end - until * interval >= _FEWEST:
                cue, sure = (MARKERS, following.sure) if following else (END, 1.0)
                tail = _tail(reading, part, head, end, (cue, sure))
        keep_what_fits(head, tail, canvas, scales)
        found += [item for item in (head, tail) if item is not None and item.path.count]
    return found


def _head(reading: ScanReading, part: IntervalPart, index: int, sure: float) -> LaidSegment:
    """What is read from a marker on until it breaks."""
    path = part.path.part(0, _sound(part.path.scores))
    rows = read_rows(reading.header, reading.cut, path)
    offsets = np.zeros(rows.levels.shape[1], dtype=np.int64)
    first = index * reading.header.restart_interval
    return LaidSegment(path, rows, first, sure, (MARKERS if index else START,), offsets, moved=False)


def _tail(
    reading: ScanReading, part: IntervalPart, head: LaidSegment | None, end: int, cue: tuple[str, float]
) -> LaidSegment | None:
    """What is read up to the next marker, or to the end; `end` is the MCU behind it, and that is so sure by a `cue`."""
    cut, most = reading.cut, reading.header.restart_interval
    piece = cut.pieces[part.number]
    if part.path.ends and head is not None:  # read from marker to marker, but not as many as there should be
        path: ReadPath | None = part.path
    else:
        begin = 8 * piece.first if head is None else int(head.path.positions[-1])
        bit = resume_at(cut, reading.coding, begin, 8 * piece.end)
        path = None if bit is None else read_path(cut, reading.coding, bit, 8 * piece.end, 4 * most, part.number)
    if path is None or not path.count:
        return None
    path = path.part(max(0, path.count - most), path.count)
    sure = cue[1]
    if cue[0] == END:
        total = reading.header.frame.mcu_count
        sure = end_posterior(cut, path, most - path.count, most - path.count, total)
    return LaidSegment(path, read_rows(reading.header, cut, path), end - path.count, sure, cue[:1])


def keep_what_fits(
    head: LaidSegment | None, tail: LaidSegment | None, canvas: PictureCanvas, scales: SeamScales
) -> None:
    """Cut the end of a head and the beginning of a tail where they do not fit the rows above and below them."""
    ahead = np.zeros(1) if head is None else _sums(_fit(head, canvas, scales))
    after = np.zeros(1) if tail is None else _sums(_fit(tail, canvas, scales)[::-1])[::-1]
    begin = int(np.argmax(after))
    limit = ahead.size
    if head is not None and tail is not None:
        assert head.first is not None
        assert tail.first is not None
        until = np.maximum.accumulate(ahead)
        allowed = tail.first + np.arange(after.size) - head.first
        together = np.where(allowed >= 0, until[np.clip(allowed, 0, until.size - 1)] + after, -np.inf)
        begin = int(np.argmax(together))
        limit = min(ahead.size, max(0, int(allowed[begin])) + 1)
    if tail is not None:
        tail.cut(begin, tail.path.count)
    if head is not None:
        head.cut(0, int(np.argmax(ahead[:limit])))


def _sums(gains: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.concatenate([[0.0], np.cumsum(gains)])


def _fit(item: LaidSegment, canvas: PictureCanvas, scales: SeamScales) -> NDArray[np.float64]:
    """Nats by which each MCU of a segment fits the known rows above and below; a little for one that has none."""
    assert item.first is not None
    columns, total = canvas.header.frame.mcu_columns, canvas.known.size
    count = item.path.count
    places = item.first + np.arange(count)
    gains = np.full(count, _LEAN)
    for neighbours, own, theirs in (
        (places - columns, item.rows.top, canvas.rows.bottom),
        (places + columns, item.rows.bottom, canvas.rows.top),
    ):
        usable = (neighbours >= 0) & (neighbours < total)
        usable[usable] &= canvas.known[neighbours[usable]]
        if not usable.any():
            continue
        for component in range(scales.true.size):
            samples = item.rows.component_of == component
            apart = own[usable][:, samples] - theirs[neighbours[usable]][:, samples]
            if item.offsets is None:
                apart = apart - np.median(apart[-max(4, len(apart) // 4) :])
            gains[usable] += _SEAM_SHARE * scales.likelihood(apart, component).sum(axis=1)
    width = min(_SMOOTH, count)
    return np.convolve(gains, np.ones(width) / width, mode="same") if width > 1 else gains


def _sound(scores: NDArray[np.float32]) -> int:
    """How many MCUs before a break are kept: until the score is at its highest."""
    sums = np.concatenate([[0.0], np.cumsum(scores, dtype=np.float64)])
    low = max(0, scores.size - 40)
    best = low + int(np.argmax(sums[low:]))
    return best if sums[best] - sums[-1] > 20.0 else int(scores.size)
