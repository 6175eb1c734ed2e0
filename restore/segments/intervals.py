"""Lay out the segments of a scan with restart markers: their numbers say where each interval belongs, modulo 8."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np

from restore.segments.anchors import numbered_posterior
from restore.segments.broken_intervals import IntervalPart, broken_segments
from restore.segments.canvas import PictureCanvas, new_canvas
from restore.segments.laid import LENGTH, MARKERS, START, Laid, LaidSegment, told_of
from restore.segments.levelling import settle_levels
from restore.segments.path_kernels import PADDING_BITS, follow
from restore.segments.paths import ReadPath
from restore.segments.picture_rows import PictureRows, read_rows
from restore.segments.places import SURE
from restore.segments.reading import ScanReading
from restore.segments.seams import SeamScales, seam_scales
from restore.thumbnail.guidance import Pixels

_SEAM_SHARE: Final = 0.15
_OF_COUNT, _AT_LEAST = 0.3, 1.0


def lay_out_intervals(reading: ScanReading, thumbnail: Pixels | None) -> Laid:
    """Lay out a scan with restart markers."""
    header, cut = reading.header, reading.cut
    total, columns, interval = header.frame.mcu_count, header.frame.mcu_columns, header.restart_interval
    parts = _parts(reading)
    runs = _runs(parts)
    last = -(-total // interval) - 1
    tied = _number_ends(reading, parts, runs, last)
    segments = _whole_segments(reading, parts, START)
    like = read_rows(header, cut, parts[0].path.part(0, 0)) if parts else None
    if like is None:
        raise ValueError("a scan without a piece")
    canvas = new_canvas(header, like)
    settle_levels(canvas, segments, None, columns)
    longest = max(segments, key=lambda item: item.path.count).rows if segments else like
    scales = seam_scales(longest, columns)
    if not tied and runs:
        _doubt_behind_breaks(reading, parts, runs[0], canvas, scales)
    _number_between(reading, runs, canvas, scales)
    segments = _whole_segments(reading, parts, MARKERS)
    settled = new_canvas(header, like)
    settle_levels(settled, segments, None, columns)
    segments += broken_segments(reading, parts, settled, scales)
    segments.sort(key=lambda item: int(item.path.positions[0]))
    for item in segments:
        if item.first is not None and item.posterior < SURE:
            item.first, item.offsets, item.rests_on = None, None, ()
    canvas = new_canvas(header, like)
    told = told_of(header, thumbnail, [item for item in segments if not item.moved])
    settle_levels(canvas, segments, told, columns)
    unbroken = bool(canvas.known.all()) and not any(item.moved for item in segments)
    return Laid(segments, canvas, told, unbroken)


def _parts(reading: ScanReading) -> list[IntervalPart]:
    """Read every piece that begins on a marker, or with the scan."""
    cut, interval = reading.cut, reading.header.restart_interval
    total = reading.header.frame.mcu_count
    rest = total - (-(-total // interval) - 1) * interval
    positions, scores = np.zeros(interval + 1, dtype=np.int64), np.zeros(interval, dtype=np.float32)
    parts = []
    start = reading.header.scan.entropy_start
    for number, piece in enumerate(cut.pieces):
        begins = number == 0 and bool(cut.origins[0] == start)
        path = ReadPath(np.full(1, 8 * piece.first), scores[:0], number, begins, ends=False)
        whole = False
        if begins or piece.opened >= 0:
            count, _ = follow(cut.data, 8 * piece.first, 8 * piece.end, interval, reading.coding, positions, scores)
            ends = 8 * piece.end - int(positions[count]) < PADDING_BITS
            path = ReadPath(positions[: count + 1].copy(), scores[:count].copy(), number, begins, ends)
            is_last = number == len(cut.pieces) - 1
            whole = ends and (count == interval or (is_last and reading.end.anchored and count == rest))
            whole &= piece.closed < 0 or (piece.closed - piece.opened) % 8 == 1
        parts.append(IntervalPart(number, path, whole, piece.opened, piece.closed, piece.first))
    return parts


def _runs(parts: list[IntervalPart]) -> list[list[IntervalPart]]:
    """Stretches of pieces whose markers are numbered in turn, with a whole interval at both ends.

    One piece that is not whole may stand between two that are: its markers hold it in its place.
    """
    runs: list[list[IntervalPart]] = []
    for part in parts:
        if not (part.whole or (part.path.begins and part.closed >= 0)):
            continue
        if runs and _in_turn(parts, runs[-1][-1], part):
            runs[-1].append(part)
        else:
            runs.append([part])
    return runs


def _in_turn(parts: list[IntervalPart], before: IntervalPart, behind: IntervalPart) -> bool:
    """Whether two pieces belong to one run."""
    between = parts[before.number + 1 : behind.number]
    numbers = [(part.opened, part.closed) for part in (before, *between, behind)]
    if any(closed < 0 or opened != closed for (_, closed), (opened, _) in pairwise(numbers)):
        return False
    return len(between) <= 1 and all((second - first) % 8 == 1 for (first, _), (second, _) in pairwise(numbers))


def _number_ends(reading: ScanReading, parts: list[IntervalPart], runs: list[list[IntervalPart]], last: int) -> bool:
    """Number the runs that begin with the scan or end with it; whether one does both, and has as many as it should."""
    if not runs:
        return False
    first = runs[0]
    origin = first[0]
    if origin.path.begins:
        _number(first, 0)
    tail = runs[-1][-1]
    if not reading.end.anchored or tail.number != len(parts) - 1:
        return False
    if tail.index == last:
        return True
    if tail.index is not None:
        _shift_behind_break(reading, parts, first, last - tail.index)
    elif (last - 1) % 8 == tail.opened:
        _number(runs[-1], last - tail.number + runs[-1][0].number)
    return False


def _shift_behind_break(reading: ScanReading, parts: list[IntervalPart], run: list[IntervalPart], lost: int) -> None:
    """Move what is behind damage in a run, which begins and ends with the scan but is `lost` intervals short.

    So many are lost that their markers seem to be numbered in turn. They are where a piece is not whole; if there are
    several, where its bytes are as many.
    """
    broken = [part for part in parts[run[0].number : run[-1].number] if not part.whole]
    usual = _usual_size([run])
    if not broken or lost % 8 or lost < 0 or usual is None:
        return
    pieces = [reading.cut.pieces[part.number] for part in broken]
    held = np.array([piece.end - piece.first for piece in pieces]) / usual - 1.0
    nats = -0.5 * ((held - lost) / (_OF_COUNT * lost + _AT_LEAST)) ** 2
    share = np.exp(nats - nats.max())
    place = broken[int(np.argmax(share))].number
    for part in run:
        if part.index is None or part.number <= broken[0].number:
            continue
        part.index += lost if part.number > place else 0
        if part.number < broken[-1].number:  # what is behind them all is held by the end
            part.sure = float(share.max() / share.sum())


def _number(run: list[IntervalPart], index: int, sure: float = 1.0) -> None:
    for part in run:
        part.index, part.sure = index + part.number - run[0].number, sure


def _doubt_behind_breaks(
    reading: ScanReading, parts: list[IntervalPart], run: list[IntervalPart], canvas: PictureCanvas, scales: SeamScales
) -> None:
    """Settle how sure the numbers of the first run are behind its broken intervals, where the end does not tell."""
    if run[0].index is None:
        return
    interval, columns = reading.header.restart_interval, reading.header.frame.mcu_columns
    last = -(-reading.header.frame.mcu_count // interval) - 1
    usual = _usual_size([run])
    for broken in parts[run[0].number : run[-1].number]:
        if broken.whole or usual is None:
            continue
        behind = [part for part in run if part.number > broken.number]
        index = behind[0].index
        assert index is not None
        places = range(index, last - len(behind) + 2, 8)
        if not places:  # more than the picture has
            for part in behind:
                part.sure = 0.0
            continue
        rows = _rows_of_run(reading, behind, columns)
        before = PictureCanvas(canvas.header, canvas.rows, canvas.known.copy())
        before.known[index * interval :] = False
        nats = [_SEAM_SHARE * _seam(rows, place * interval, before, columns, scales) for place in places]
        piece = reading.cut.pieces[broken.number]
        sure = numbered_posterior(piece.end - piece.first, usual, nats[0] - max(nats[1:], default=0.0))
        for part in behind:
            part.sure *= sure


def _usual_size(runs: list[list[IntervalPart]]) -> float | None:
    """Bytes of a whole interval in mean; None where there is none."""
    sizes = [part.path.positions[-1] - part.path.positions[0] for run in runs for part in run if part.whole]
    return max(1.0, float(np.mean(sizes)) / 8.0) if sizes else None


def _number_between(
    reading: ScanReading, runs: list[list[IntervalPart]], canvas: PictureCanvas, scales: SeamScales
) -> None:
    """Number the runs between, by their markers, the bytes of the gaps, and rows that touch."""
    header = reading.header
    interval, columns = header.restart_interval, header.frame.mcu_columns
    last = -(-header.frame.mcu_count // interval) - 1
    bytes_per_interval = _usual_size(runs)
    if bytes_per_interval is None:
        return
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
                sure = float(share[best] / share.sum())
                if sure >= SURE:
                    _number(run, int(candidates[best]), sure)
        if run[-1].index is not None:
            before = run[-1].index
            at = int(reading.cut.origins[int(run[-1].path.positions[-1]) >> 3])


def _rows_of_run(reading: ScanReading, run: list[IntervalPart], columns: int) -> PictureRows:
    """The first row of a run."""
    taken: list[IntervalPart] = []
    count = 0
    for part in run:
        if not part.whole or (taken and part.number != taken[-1].number + 1):
            break
        taken.append(part)
        count += part.path.count
        if count >= columns:
            break
    return read_rows(reading.header, reading.cut, _joined(taken), reading.header.restart_interval)


def _seam(rows: PictureRows, first: int, canvas: PictureCanvas, columns: int, scales: SeamScales) -> float:
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


def _joined(parts: list[IntervalPart]) -> ReadPath:
    """Whole intervals, one behind the other, as one path."""
    positions = np.concatenate([part.path.positions[:-1] for part in parts] + [parts[-1].path.positions[-1:]])
    scores = np.concatenate([part.path.scores for part in parts])
    return ReadPath(positions, scores, parts[0].number, parts[0].path.begins, parts[-1].path.ends)


def _whole_segments(reading: ScanReading, parts: list[IntervalPart], cue: str) -> list[LaidSegment]:
    """Numbered whole intervals, those that follow one another as one segment; and runs that could not be numbered."""
    interval = reading.header.restart_interval
    groups: list[list[IntervalPart]] = []
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
        sure = min(part.sure for part in group)
        segments.append(LaidSegment(path, rows, index * interval, sure, cues, offsets, moved=False))
    return segments
