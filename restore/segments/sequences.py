"""Lay out the segments of a scan without restart markers: start, end, bytes, rows and thumbnail say where each is."""

from __future__ import annotations

from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.segments.anchors import end_posterior, told_nats
from restore.segments.canvas import PictureCanvas, new_canvas
from restore.segments.hidden_breaks import broken_path, find_break, smoothed
from restore.segments.laid import END, LENGTH, ROWS, START, THUMBNAIL, Laid, LaidSegment, expected_mcus, told_of
from restore.segments.levelling import settle_levels
from restore.segments.offsets import by_seams
from restore.segments.paths import ReadPath
from restore.segments.picture_rows import read_rows
from restore.segments.places import SURE, join_of, levels_for, place_between
from restore.segments.reading import ScanReading
from restore.segments.seams import SeamScales, seam_scales, upper_seams
from restore.segments.told import Told
from restore.thumbnail.guidance import Pixels

_WORTH: Final = 0.5
"""Score per bit of a path, as a share of the longest one's, below which it is something else's."""

_ODD_SHARE: Final = 0.3
_ODD_MCUS: Final = 20
"""Deviation of the MCUs lost from what the bytes of the gaps lead to expect from which on ends are looked at."""

_LEAN: Final = 0.05
"""Nats by which an MCU is kept that nothing speaks against."""

_UNSEEN_GAIN: Final = 40.0
_UNSEEN_GAIN_UNTOLD: Final = 70.0
_UNSEEN_TOLD: Final = 15.0
_AGREED: Final = 6.0
_HEADS: Final = (0.4, 0.15)
"""Shares of a path that may be broken by which a thumbnail is laid on it if it does not fit the whole."""

_LUMA_STEP, _CHROMA_STEP = 1.5, 2.5
"""What it takes to see a break where the MCUs are as many as there should be."""

_LOCAL: Final = 300
"""MCUs beside a gap whose length tells how many MCUs its bytes were."""


def lay_out_sequence(reading: ScanReading, thumbnail: Pixels | None) -> Laid:
    """Lay out the paths of a scan without restart markers."""
    header = reading.header
    segments = [LaidSegment(path, read_rows(header, reading.cut, path)) for path in _worth(reading.paths)]
    total, columns = header.frame.mcu_count, header.frame.mcu_columns
    like = segments[0].rows if segments else read_rows(header, reading.cut, _nothing())
    canvas = new_canvas(header, like)
    if not segments:
        return Laid([], canvas, None)
    scales = seam_scales(max(segments, key=lambda item: item.path.count).rows, columns)
    start = segments[0] if segments[0].path.begins else None
    last = segments[-1]
    anchored = reading.end.anchored and last.path.ends and last.path.piece == len(reading.cut.pieces) - 1
    if start is not None:
        start.first, start.posterior, start.rests_on = 0, 1.0, (START,)
        _certain(start)
    if anchored and last is not start:
        last.first, last.rests_on = total - last.path.count, (END,)
    told = told_of(header, thumbnail, segments, cut=not (start is last and anchored))
    if start is not None and start is last and anchored:
        return _one_path(reading, thumbnail, canvas, start, scales, told)
    if start is not None and start.path.count > total:
        start.cut(0, total)
    if start is not None and anchored and _is_odd(reading, segments):
        _trim(start, last, columns, scales, told)
        told = told_of(header, thumbnail, segments)
    if anchored and last is not start:
        last.posterior = _sure_of_end(reading, segments, told)
        if last.posterior < SURE:
            anchored, last.first, last.rests_on = False, None, ()
    _place_between(reading, segments, start, last if anchored else None, scales, told)
    settle_levels(canvas, segments, told, columns)
    return Laid(segments, canvas, told)


def _sure_of_end(reading: ScanReading, segments: list[LaidSegment], told: Told | None) -> float:
    """Probability that the last segment, placed by the end of the scan, stands where it is."""
    total, last = reading.header.frame.mcu_count, segments[-1]
    paths = [None, *(item.path for item in segments)]
    expected = sum(expected_mcus(reading, before, behind) for before, behind in pairwise(paths))
    lost = total - sum(item.path.count for item in segments)
    return end_posterior(reading.cut, last.path, lost, expected, total, told_nats(last, told))


def _certain(segment: LaidSegment) -> LaidSegment:
    """The segment that begins with the scan: neither place nor level is in doubt."""
    segment.offsets = np.zeros(segment.rows.levels.shape[1], dtype=np.int64)
    segment.moved = False
    return segment


def _nothing() -> ReadPath:
    return ReadPath(np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.float32), 0, begins=False, ends=False)


def _worth(paths: list[ReadPath]) -> list[ReadPath]:
    """Paths that score as this picture's data do."""
    if not paths:
        return []

    def density(path: ReadPath) -> float:
        return float(path.scores.sum()) / max(1, int(path.positions[-1] - path.positions[0]))

    least = _WORTH * density(max(paths, key=lambda path: path.count))
    return [path for path in paths if path.begins or path.ends or density(path) >= least]


def _one_path(
    reading: ScanReading,
    thumbnail: Pixels | None,
    canvas: PictureCanvas,
    path: LaidSegment,
    scales: SeamScales,
    told: Told | None,
) -> Laid:
    """A scan that reads on from its start to its end, but may be broken on the way."""
    header = reading.header
    total, columns = header.frame.mcu_count, header.frame.mcu_columns
    count = path.path.count
    lost = total - count
    tolds = [told]
    if thumbnail is not None and (lost or told is None):
        for share in _HEADS:
            part = path.path.part(0, int(share * count)), path.rows.part(0, int(share * count))
            # what is cut is looked for once, by the part that is least likely to be broken
            cut = share == _HEADS[-1] and not any(tolds)
            tolds.append(told_of(header, thumbnail, [_certain(LaidSegment(*part, 0))], cut=cut))
    measured = broken_path(path.rows, path.path.scores, path.path.positions, lost, columns, scales)
    found, told = max(
        ((find_break(measured, seen), seen) for number, seen in enumerate(tolds) if seen is not None or not number),
        key=lambda option: option[0].gain,
    )
    if thumbnail is not None and found.first not in (0, count):
        head = LaidSegment(path.path.part(0, found.first), path.rows.part(0, found.first), 0)
        tail = LaidSegment(path.path.part(found.end, count), path.rows.part(found.end, count), found.end + lost)
        told = told_of(header, thumbnail, [_certain(head), tail]) or told
        found = find_break(measured, told)
    kept = min(found.first, found.end + lost) if lost < 0 else found.first
    head = LaidSegment(path.path.part(0, kept), path.rows.part(0, kept), 0, 1.0, (START,))
    if found.first == count or found.end >= count or kept <= 0:
        head = LaidSegment(path.path.part(0, min(count, total)), path.rows.part(0, min(count, total)), 0, 1.0, (START,))
        settle_levels(canvas, [_certain(head)], told, columns)
        return Laid([head], canvas, told, unbroken=lost == 0)
    tail = LaidSegment(path.path.part(found.end, count), path.rows.part(found.end, count), found.end + lost)
    left_out = found.end - found.first
    nats = told_nats(tail, told)
    tail.posterior = end_posterior(reading.cut, tail.path, left_out + lost, left_out, total, nats)
    tail.rests_on = (END, ROWS)
    if lost == 0 and not _is_break(canvas, head, tail, found.gain, found.levels, told, columns):
        whole = LaidSegment(path.path, path.rows, 0, 1.0, (START,))
        settle_levels(canvas, [_certain(whole)], told, columns)
        return Laid([whole], canvas, told, unbroken=True)
    if tail.posterior < SURE:
        tail.first, tail.rests_on = None, ()
    settle_levels(canvas, [_certain(head), tail], told, columns)
    return Laid([head, tail], canvas, told)


def _is_break(
    canvas: PictureCanvas,
    head: LaidSegment,
    tail: LaidSegment,
    gain: float,
    levels: float,
    told: Told | None,
    columns: int,
) -> bool:
    """Whether a break is beyond doubt although no MCU is lost: the level steps, by seam and thumbnail alike."""
    assert tail.first is not None
    picture = new_canvas(canvas.header, head.rows)
    picture.put(head.rows, 0, np.zeros(head.rows.levels.shape[1], dtype=np.int64))
    seam = by_seams(tail.rows, tail.first, picture.rows, picture.known, columns)
    if seam is None:
        return False
    large = np.full(seam.offsets.size, _CHROMA_STEP)
    large[0] = _LUMA_STEP
    if told is None:
        return gain > _UNSEEN_GAIN_UNTOLD and bool((np.abs(seam.offsets) > large).any())
    offsets = told.offset(tail.rows.levels, tail.first)
    agreed = bool((np.abs(seam.offsets - offsets) <= _AGREED).all())
    steps = bool((np.abs(seam.offsets) > large).any())
    return gain > _UNSEEN_GAIN and levels > _UNSEEN_TOLD and agreed and steps


def _is_odd(reading: ScanReading, segments: list[LaidSegment]) -> bool:
    """Whether something broke that is not seen, or other MCUs are lost than bytes are."""
    if any(before.path.piece == behind.path.piece for before, behind in pairwise(segments)):
        return True
    lost = reading.header.frame.mcu_count - sum(item.path.count for item in segments)
    expected = sum(expected_mcus(reading, before.path, behind.path) for before, behind in pairwise(segments))
    return lost < 0 or abs(lost - expected) > _ODD_SHARE * expected + _ODD_MCUS


def _trim(start: LaidSegment, last: LaidSegment, columns: int, scales: SeamScales, told: Told | None) -> None:
    """Cut off what, at the end of the first segment and at the start of the last, is not this picture's."""
    assert start.first is not None
    assert last.first is not None
    none = np.zeros(start.rows.levels.shape[1])
    gains = []
    for segment in (start, last):
        assert segment.first is not None
        seams = upper_seams(segment.rows, columns, scales)
        gain = np.minimum(smoothed(seams, columns), 0.0) + _LEAN
        if told is not None:
            levels = segment.rows.levels
            offset = (
                none if segment is start else told.offset(levels[len(levels) // 2 :], segment.first + len(levels) // 2)
            )
            gain += 0.3 * told.likelihood(levels, segment.first, offset)
        gains.append(gain)
    ahead = np.concatenate([[0.0], np.cumsum(gains[0])])
    after = np.concatenate([np.cumsum(gains[1][::-1])[::-1], [0.0]])
    allowed = np.clip(last.first + np.arange(after.size), 0, ahead.size - 1)
    until = np.maximum.accumulate(ahead)
    possible = last.first + np.arange(after.size) >= 0
    begin = int(np.argmax(np.where(possible, until[allowed] + after, -np.inf)))
    end = int(np.argmax(ahead[: int(allowed[begin]) + 1]))
    start.cut(0, end)
    last.cut(begin, last.path.count)


def _place_between(
    reading: ScanReading,
    segments: list[LaidSegment],
    start: LaidSegment | None,
    last: LaidSegment | None,
    scales: SeamScales,
    told: Told | None,
) -> None:
    """Place the segments between start and end."""
    columns = reading.header.frame.mcu_columns
    total = reading.header.frame.mcu_count
    order = [item for item in segments if item is not start]
    floating = [item for item in order if item is not last]
    if not floating or start is None:
        return
    room = total - start.end - sum(item.path.count for item in order)
    if room < 0:
        return
    before, joins = start, []
    for item in order:
        expected = expected_mcus(reading, before.path, item.path)
        most = room if last is not None else min(room, int(4 * expected) + 64)
        joins.append(join_of(before.rows, item.rows, expected, min(most, 6000), columns, scales))
        before = item
    counts = [item.path.count for item in order]
    nothing: list[NDArray[np.float64] | None] = [None] * len(order)
    places = place_between(joins, counts, start.end, None if last is None else last.first, nothing)
    cues = tuple(cue for cue, used in ((LENGTH, True), (ROWS, any(join.seen for join in joins))) if used)
    pairs = list(zip(order, places, strict=True))
    if told is not None and any(sure < SURE for item, (_, sure) in pairs if item is not last):
        most = min(room, sum(join.likelihoods.size - 1 for join in joins), 6000)
        starts = [start.end + sum(counts[:number]) for number in range(len(counts))]
        unary = [
            None if item is last else levels_for(item.rows, told, begin, most)
            for item, begin in zip(order, starts, strict=True)
        ]
        places = place_between(joins, counts, start.end, None if last is None else last.first, unary)
        cues = (*cues, THUMBNAIL)
    for item, (first, sure) in zip(order, places, strict=True):
        if item is last:
            continue
        item.posterior = sure
        if sure >= SURE:
            item.first, item.rests_on = first, cues
