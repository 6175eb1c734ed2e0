"""Lay out the segments of a scan without restart markers: start, end, bytes, rows and thumbnail say where each is."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader
from restore.segments.canvas import Canvas, new_canvas
from restore.segments.hidden_breaks import find_break
from restore.segments.offsets import Level, across, by_seams, by_thumbnail, chosen
from restore.segments.paths import Found
from restore.segments.picture_rows import PictureRows, read_rows
from restore.segments.places import SURE, join_of, levels_for, place_between
from restore.segments.reading import ScanReading
from restore.segments.seams import SeamScales, seam_scales, upper_seams
from restore.segments.told import Told, read_thumbnail
from restore.thumbnail.guidance import Pixels

START, END, ROWS, THUMBNAIL, LENGTH = (
    "start of the scan",
    "end of the scan",
    "rows across the gap",
    "thumbnail",
    "length of the gap",
)
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
_LUMA_STEP, _CHROMA_STEP = 1.5, 2.5
"""What it takes to see a break where the MCUs are as many as there should be."""

_LOCAL: Final = 300
"""MCUs beside a gap whose length tells how many MCUs its bytes were."""


@dataclass(eq=False)
class LaidSegment:
    """A segment and what was found out about it; `first` is None where its place is not known."""

    path: Found
    rows: PictureRows
    first: int | None = None
    posterior: float = 0.0
    rests_on: tuple[str, ...] = ()
    offsets: NDArray[np.int64] | None = None
    moved: bool = True

    @property
    def end(self) -> int:
        assert self.first is not None
        return self.first + self.path.count

    def cut(self, first: int, end: int) -> None:
        """Keep MCUs `first` to `end` only."""
        self.path, self.rows = self.path.part(first, end), self.rows.part(first, end)
        if self.first is not None:
            self.first += first


@dataclass(eq=False)
class Laid:
    """Segments in the file's order, the picture they make, and what the thumbnail tells."""

    segments: list[LaidSegment]
    canvas: Canvas
    told: Told | None
    unbroken: bool = field(default=False)


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
    if anchored and last is not start:
        last.first, last.posterior, last.rests_on = total - last.path.count, 1.0, (END,)
    told = _told(header, thumbnail, segments, start)
    if start is last and anchored:
        return _one_path(reading, thumbnail, canvas, start, scales, told)
    if start is not None and start.path.count > total:
        start.cut(0, total)
    if start is not None and anchored:
        if _is_odd(reading, segments, start, last):
            _trim(start, last, columns, scales, told)
            told = _told(header, thumbnail, segments, start)
    _place_between(reading, segments, start, last if anchored else None, scales, told)
    _level(canvas, segments, start, told, columns)
    return Laid(segments, canvas, told)


def _nothing() -> Found:
    return Found(np.zeros(1, dtype=np.int64), np.zeros(0, dtype=np.float32), 0, begins=False, ends=False)


def _worth(paths: list[Found]) -> list[Found]:
    """Paths that score as this picture's data do."""
    if not paths:
        return []

    def density(path: Found) -> float:
        return float(path.scores.sum()) / max(1, int(path.positions[-1] - path.positions[0]))

    least = _WORTH * density(max(paths, key=lambda path: path.count))
    return [path for path in paths if path.begins or path.ends or density(path) >= least]


def _told(
    header: JpegHeader, thumbnail: Pixels | None, segments: list[LaidSegment], start: LaidSegment | None
) -> Told | None:
    """What the thumbnail tells, matched to the first segment."""
    if thumbnail is None:
        return None
    total = header.frame.mcu_count
    levels = np.zeros((total, segments[0].rows.levels.shape[1]))
    sure = np.zeros(total, dtype=np.bool_)
    for segment in segments:
        if segment.first is None:
            continue
        low, high = max(0, segment.first), min(total, segment.end)
        levels[low:high] = segment.rows.levels[low - segment.first : high - segment.first]
        sure[low:high] = True
    certain = 0 if start is None else min(total, start.path.count)
    return read_thumbnail(header, thumbnail, levels, sure, certain) if sure.any() else None


def _one_path(
    reading: ScanReading,
    thumbnail: Pixels | None,
    canvas: Canvas,
    path: LaidSegment,
    scales: SeamScales,
    told: Told | None,
) -> Laid:
    """A scan that reads on from its start to its end, but may be broken on the way."""
    header = reading.header
    total, columns = header.frame.mcu_count, header.frame.mcu_columns
    count = path.path.count
    lost = total - count
    for _ in range(2):
        found = find_break(
            path.rows, path.path.scores, path.path.positions, lost, columns, scales, told
        )
        if thumbnail is None or found.first in (0, count):
            break
        head = LaidSegment(path.path.part(0, found.first), path.rows.part(0, found.first), 0)
        tail = LaidSegment(path.path.part(found.end, count), path.rows.part(found.end, count), found.end + lost)
        told = _told(header, thumbnail, [head, tail], head) or told
    head = LaidSegment(path.path.part(0, found.first), path.rows.part(0, found.first), 0, 1.0, (START,))
    if found.first == count or found.end >= count or found.first == 0:
        head = LaidSegment(path.path.part(0, min(count, total)), path.rows.part(0, min(count, total)), 0, 1.0, (START,))
        _level(canvas, [head], head, told, columns)
        return Laid([head], canvas, told, unbroken=lost == 0)
    tail = LaidSegment(
        path.path.part(found.end, count), path.rows.part(found.end, count), found.end + lost, 1.0, (END, ROWS)
    )
    if lost == 0 and not _is_break(canvas, head, tail, found.gain, found.levels, told, columns):
        whole = LaidSegment(path.path, path.rows, 0, 1.0, (START,))
        _level(canvas, [whole], whole, told, columns)
        return Laid([whole], canvas, told, unbroken=True)
    _level(canvas, [head, tail], head, told, columns)
    return Laid([head, tail], canvas, told)


def _is_break(
    canvas: Canvas,
    head: LaidSegment,
    tail: LaidSegment,
    gain: float,
    levels: float,
    told: Told | None,
    columns: int,
) -> bool:
    """Whether a break is beyond doubt although no MCU is lost: the level steps, by seam and thumbnail alike."""
    assert tail.first is not None
    known = np.zeros(canvas.known.size, dtype=np.bool_)
    known[: head.path.count] = True
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


def bytes_per_mcu(path: Found, *, at_end: bool) -> float:
    """Bytes that an MCU takes at one end of a path."""
    near = min(_LOCAL, path.count)
    if not near:
        return 1.0
    positions = path.positions[-near - 1 :] if at_end else path.positions[: near + 1]
    return max(0.125, float(positions[-1] - positions[0]) / 8.0 / near)


def expected_mcus(reading: ScanReading, before: Found | None, behind: Found | None) -> float:
    """MCUs that the bytes of the file between two paths lead to expect."""
    cut = reading.cut
    first = reading.header.scan.entropy_start if before is None else cut.end_place(int(before.positions[-1])) // 8
    end = reading.end.offset if behind is None else cut.place(int(behind.positions[0])) // 8
    sizes = [bytes_per_mcu(path, at_end=path is before) for path in (before, behind) if path is not None]
    return max(0.0, (end - first) / (sum(sizes) / len(sizes)))


def _is_odd(reading: ScanReading, segments: list[LaidSegment], start: LaidSegment, last: LaidSegment) -> bool:
    """Whether more or fewer MCUs are lost between start and end than bytes are."""
    lost = reading.header.frame.mcu_count - sum(item.path.count for item in segments)
    expected = sum(
        expected_mcus(reading, before.path, behind.path)
        for before, behind in zip(segments[:-1], segments[1:], strict=True)
    )
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
        width = min(columns, seams.size)
        smooth = np.convolve(seams, np.ones(width) / width, mode="same") if width else seams
        gain = np.minimum(smooth, 0.0) + _LEAN
        if told is not None:
            levels = segment.rows.levels
            offset = none if segment is start else told.offset(levels[len(levels) // 2 :], segment.first + len(levels) // 2)
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


def _level(
    canvas: Canvas, segments: list[LaidSegment], start: LaidSegment | None, told: Told | None, columns: int
) -> None:
    """Settle the levels of all placed segments, the surest first, and put them on the canvas."""
    components = canvas.rows.levels.shape[1]
    reference = np.zeros((0, components))
    if start is not None:
        start.offsets, start.moved = np.zeros(components, dtype=np.int64), False
        canvas.put(start.rows, 0, start.offsets)
        reference = start.rows.levels
    waiting = [item for item in segments if item is not start and item.first is not None]
    while waiting:
        options: list[tuple[float, int, Level]] = []
        for number, item in enumerate(waiting):
            level = _level_of(canvas, item, told, reference, columns)
            if level is not None:
                options.append((level.error, number, level))
        if not options:
            break
        _, number, level = min(options, key=lambda option: option[:2])
        item = waiting.pop(number)
        assert item.first is not None
        item.offsets = canvas.quantised(level.offsets)
        item.rests_on = (*item.rests_on, *(cue for cue in (level.rests_on,) if cue not in item.rests_on))
        canvas.put(item.rows, item.first, item.offsets)
    for item in waiting:  # in its place, but of unknown brightness
        item.first, item.posterior = None, min(item.posterior, 0.5)


def _level_of(
    canvas: Canvas, item: LaidSegment, told: Told | None, reference: NDArray[np.float64], columns: int
) -> Level | None:
    assert item.first is not None
    seams = by_seams(item.rows, item.first, canvas.rows, canvas.known, columns)
    thumbnail = None
    if told is not None and reference.shape[0]:
        thumbnail = by_thumbnail(item.rows, item.first, told, reference)
    nearest = across(item.rows, item.first, canvas.rows, canvas.known, columns) if thumbnail is None else None
    return chosen(seams, thumbnail, nearest)
