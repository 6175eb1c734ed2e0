"""Lay out the segments of a scan with restart markers: their numbers say where each interval belongs, modulo 8."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.segments.canvas import Canvas, new_canvas
from restore.segments.laid import END, LENGTH, MARKERS, START, Laid, LaidSegment, told_of
from restore.segments.levelling import settle_levels
from restore.segments.path_kernels import PADDING_BITS, follow
from restore.segments.paths import Found, read_path, resume_at
from restore.segments.picture_rows import PictureRows, read_rows
from restore.segments.places import SURE
from restore.segments.reading import ScanReading
from restore.segments.seams import SeamScales, seam_scales
from restore.thumbnail.guidance import Pixels

_SEAM_SHARE: Final = 0.15
_OF_COUNT, _AT_LEAST = 0.3, 1.0
_LEAN: Final = 0.05
"""Nats by which an MCU is kept that nothing speaks against."""

_SMOOTH: Final = 5
_FEWEST: Final = 16
"""MCUs of an interval from which on the rest of a broken one is looked for."""


@dataclass(eq=False)
class _Part:
    """A piece between markers or damage: what is read from its start, and whether that is one whole interval.

    Attributes:
        index: number of its interval in the picture; None where that is not known.
    """

    number: int
    path: Found
    whole: bool
    opened: int
    closed: int
    first_byte: int
    index: int | None = None


def lay_out_intervals(reading: ScanReading, thumbnail: Pixels | None) -> Laid:
    """Lay out a scan with restart markers."""
    header, cut = reading.header, reading.cut
    total, columns, interval = header.frame.mcu_count, header.frame.mcu_columns, header.restart_interval
    parts = _parts(reading)
    runs = _runs(parts)
    last = -(-total // interval) - 1
    _number_ends(reading, parts, runs, last)
    segments = _whole_segments(reading, parts, START)
    like = read_rows(header, cut, parts[0].path.part(0, 0)) if parts else None
    if like is None:
        raise ValueError("a scan without a piece")
    canvas = new_canvas(header, like)
    settle_levels(canvas, segments, None, columns)
    longest = max(segments, key=lambda item: item.path.count).rows if segments else like
    scales = seam_scales(longest, columns)
    _number_between(reading, runs, canvas, scales)
    segments = _whole_segments(reading, parts, MARKERS)
    settled = new_canvas(header, like)
    settle_levels(settled, segments, None, columns)
    segments += _broken(reading, parts, settled, scales)
    segments.sort(key=lambda item: int(item.path.positions[0]))
    canvas = new_canvas(header, like)
    told = told_of(header, thumbnail, [item for item in segments if not item.moved])
    settle_levels(canvas, segments, told, columns)
    unbroken = bool(canvas.known.all()) and not any(item.moved for item in segments)
    return Laid(segments, canvas, told, unbroken)


def _parts(reading: ScanReading) -> list[_Part]:
    """Read every piece that begins on a marker, or with the scan."""
    cut, interval = reading.cut, reading.header.restart_interval
    total = reading.header.frame.mcu_count
    rest = total - (-(-total // interval) - 1) * interval
    positions, scores = np.zeros(interval + 1, dtype=np.int64), np.zeros(interval, dtype=np.float32)
    parts = []
    start = reading.header.scan.entropy_start
    for number, piece in enumerate(cut.pieces):
        begins = number == 0 and bool(cut.origins[0] == start)
        path = Found(np.full(1, 8 * piece.first), scores[:0], number, begins, ends=False)
        whole = False
        if begins or piece.opened >= 0:
            count, _ = follow(cut.data, 8 * piece.first, 8 * piece.end, interval, reading.coding, positions, scores)
            ends = 8 * piece.end - int(positions[count]) < PADDING_BITS
            path = Found(positions[: count + 1].copy(), scores[:count].copy(), number, begins, ends)
            is_last = number == len(cut.pieces) - 1
            whole = ends and (count == interval or (is_last and reading.end.anchored and count == rest))
            whole &= piece.closed < 0 or (piece.closed - piece.opened) % 8 == 1
        parts.append(_Part(number, path, whole, piece.opened, piece.closed, piece.first))
    return parts


def _runs(parts: list[_Part]) -> list[list[_Part]]:
    """Stretches of pieces whose markers are numbered in turn, with a whole interval at both ends.

    One piece that is not whole may stand between two that are: its markers hold it in its place.
    """
    runs: list[list[_Part]] = []
    for part in parts:
        if not (part.whole or (part.path.begins and part.closed >= 0)):
            continue
        if runs and _in_turn(parts, runs[-1][-1], part):
            runs[-1].append(part)
        else:
            runs.append([part])
    return runs


def _in_turn(parts: list[_Part], before: _Part, behind: _Part) -> bool:
    """Whether two pieces belong to one run."""
    between = parts[before.number + 1 : behind.number]
    numbers = [(part.opened, part.closed) for part in (before, *between, behind)]
    if any(closed < 0 or opened != closed for (_, closed), (opened, _) in pairwise(numbers)):
        return False
    return len(between) <= 1 and all((second - first) % 8 == 1 for (first, _), (second, _) in pairwise(numbers))


def _number_ends(reading: ScanReading, parts: list[_Part], runs: list[list[_Part]], last: int) -> None:
    """Number the runs that begin with the scan or end with it."""
    if not runs:
        return
    first = runs[0]
    origin = first[0]
    if origin.path.begins:
        _number(first, 0)
    tail = runs[-1][-1]
    if not reading.end.anchored or tail.number != len(parts) - 1:
        return
    if tail.index is not None and tail.index != last:
        _shift_behind_break(reading, parts, first, last - tail.index)
    elif tail.index is None:
        span = tail.number - runs[-1][0].number
        if (last - 1) % 8 == tail.opened:
            _number(runs[-1], last - span)


def _shift_behind_break(reading: ScanReading, parts: list[_Part], run: list[_Part], lost: int) -> None:
    """Move what is behind damage in a run, which begins and ends with the scan but is `lost` intervals short.

    So many are lost that their markers seem to be numbered in turn. They are where a piece is not whole, if there are
    several where it is longest.
    """
    broken = [part for part in parts[run[0].number : run[-1].number] if not part.whole]
    if not broken or lost % 8:
        return
    longest = max(broken, key=lambda part: reading.cut.pieces[part.number].end - part.first_byte)
    behind = [part for part in run if part.number > longest.number]
    before = [part.index for part in run if part.number <= longest.number and part.index is not None]
    if behind and (behind[0].index or 0) + lost > max(before, default=-1):
        for part in behind:
            part.index = (part.index or 0) + lost


def _number(run: list[_Part], index: int) -> None:
    for part in run:
        part.index = index + part.number - run[0].number


def _number_between(reading: ScanReading, runs: list[list[_Part]], canvas: Canvas, scales: SeamScales) -> None:
    """Number the runs between, by their markers, the bytes of the gaps, and rows that touch."""
    header = reading.header
    interval, columns = header.restart_interval, header.frame.mcu_columns
    last = -(-header.frame.mcu_count // interval) - 1
    sizes = [part.path.positions[-1] - part.path.positions[0] for run in runs for part in run if part.whole]
    if not sizes:
        return
    bytes_per_interval = max(1.0, float(np.mean(sizes)) / 8.0)
    before, at = -1, header.scan.entropy_start
    for number, run in enumerate(runs):
        if run[0].index is None and run[0].opened >= 0:
            following = [other for other in runs[number + 1 :] if other[0].index is not None]
            room = following[0][0].index if following else last + 1
            assert room is not None
            span = run[-1].number - run[0].number + 1
            lowest = before + 1 + (run[0].opened - before) % 8
            candidates = np.arange(lowest, room - span + 1, 8)
            if candidates.size:
                gap = int(reading.cut.origins[run[0].first_byte]) - at
                expected = gap / bytes_per_interval * interval
                lost = (candidates - before - 1) * interval
                nats = -0.5 * ((lost - expected) / (_OF_COUNT * expected + _AT_LEAST + interval / 4)) ** 2
                rows = _rows_of_run(reading, run, columns)
                nats = nats + _SEAM_SHARE * np.array(
                    [_seam(rows, int(index) * interval, canvas, columns, scales) for index in candidates]
                )
                share = np.exp(nats - nats.max())
                best = int(np.argmax(share))
                if share[best] / share.sum() >= SURE:
                    _number(run, int(candidates[best]))
        if run[-1].index is not None:
            before = run[-1].index
            at = int(reading.cut.origins[int(run[-1].path.positions[-1]) >> 3])


def _rows_of_run(reading: ScanReading, run: list[_Part], columns: int) -> PictureRows:
    """The first row of a run."""
    taken: list[_Part] = []
    count = 0
    for part in run:
        if not part.whole or (taken and part.number != taken[-1].number + 1):
            break
        taken.append(part)
        count += part.path.count
        if count >= columns:
            break
    return read_rows(reading.header, reading.cut, _joined(taken), reading.header.restart_interval)


def _seam(rows: PictureRows, first: int, canvas: Canvas, columns: int, scales: SeamScales) -> float:
    """Nats by which a run's first row goes on below the nearest known rows, levels as they are."""
    width = min(columns, rows.top.shape[0])
    up = first + np.arange(width) - columns
    usable = up >= 0
    usable[usable] &= canvas.known[up[usable]]
    if not usable.any():
        return 0.0
    nats = 0.0
    for component in range(scales.true.size):
        samples = rows.component_of == component
        apart = rows.top[:width][usable][:, samples] - canvas.rows.bottom[up[usable]][:, samples]
        nats += float(scales.likelihood(apart.astype(np.float64), component).sum())
    return nats


def _joined(parts: list[_Part]) -> Found:
    """Whole intervals, one behind the other, as one path."""
    positions = np.concatenate([part.path.positions[:-1] for part in parts] + [parts[-1].path.positions[-1:]])
    scores = np.concatenate([part.path.scores for part in parts])
    return Found(positions, scores, parts[0].number, parts[0].path.begins, parts[-1].path.ends)


def _whole_segments(reading: ScanReading, parts: list[_Part], cue: str) -> list[LaidSegment]:
    """Numbered whole intervals, those that follow one another as one segment; and runs that could not be numbered."""
    interval = reading.header.restart_interval
    groups: list[list[_Part]] = []
    for part in parts:
        if not part.whole:
            continue
        previous = groups[-1][-1] if groups else None
        if (
            previous is not None
            and previous.number == part.number - 1
            and (previous.index is None) == (part.index is None)
            and (previous.index is None or part.index == previous.index + 1)
        ):
            groups[-1].append(part)
        else:
            groups.append([part])
    segments = []
    for group in groups:
        path = _joined(group)
        rows = read_rows(reading.header, reading.cut, path, interval)
        index = group[0].index
        offsets = np.zeros(rows.levels.shape[1], dtype=np.int64)
        if index is None:
            segments.append(LaidSegment(path, rows))
            continue
        cues = (START,) if path.begins else (MARKERS, LENGTH) if cue == MARKERS else (MARKERS,)
        segments.append(LaidSegment(path, rows, index * interval, 1.0, cues, offsets, moved=False))
    return segments


def _broken(reading: ScanReading, parts: list[_Part], canvas: Canvas, scales: SeamScales) -> list[LaidSegment]:
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
        head = _head(reading, part, index) if index is not None and part.path.count else None
        tail = None
        if until is not None:
            end = min((until + 1) * interval, total)
            if end - until * interval >= _FEWEST:
                tail = _tail(reading, part, head, end, MARKERS if following else END)
        keep_what_fits(head, tail, canvas, scales)
        found += [item for item in (head, tail) if item is not None and item.path.count]
    return found


def _head(reading: ScanReading, part: _Part, index: int) -> LaidSegment:
    """What is read from a marker on until it breaks."""
    path = part.path.part(0, _sound(part.path.scores))
    rows = read_rows(reading.header, reading.cut, path)
    offsets = np.zeros(rows.levels.shape[1], dtype=np.int64)
    first = index * reading.header.restart_interval
    return LaidSegment(path, rows, first, 1.0, (MARKERS if index else START,), offsets, moved=False)


def _tail(reading: ScanReading, part: _Part, head: LaidSegment | None, end: int, cue: str) -> LaidSegment | None:
    """What is read up to the next marker, or to the end; `end` is the MCU behind it."""
    cut, most = reading.cut, reading.header.restart_interval
    piece = cut.pieces[part.number]
    if part.path.ends and head is not None:  # read from marker to marker, but not as many as there should be
        path: Found | None = part.path
    else:
        begin = 8 * piece.first if head is None else int(head.path.positions[-1])
        bit = resume_at(cut, reading.coding, begin, 8 * piece.end)
        path = None if bit is None else read_path(cut, reading.coding, bit, 8 * piece.end, 4 * most, part.number)
    if path is None or not path.count:
        return None
    path = path.part(max(0, path.count - most), path.count)
    return LaidSegment(path, read_rows(reading.header, cut, path), end - path.count, 1.0, (cue,))


def keep_what_fits(head: LaidSegment | None, tail: LaidSegment | None, canvas: Canvas, scales: SeamScales) -> None:
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


def _fit(item: LaidSegment, canvas: Canvas, scales: SeamScales) -> NDArray[np.float64]:
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
