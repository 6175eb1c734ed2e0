"""Settle the levels of segments whose places are known, one by one, each beside those that are settled."""

from __future__ import annotations

from restore.segments.canvas import PictureCanvas
from restore.segments.laid import LaidSegment
from restore.segments.offsets import WORST_TOLD, Level, across, by_seams, by_thumbnail, chosen
from restore.segments.told import Told


def settle_levels(canvas: PictureCanvas, segments: list[LaidSegment], told: Told | None, columns: int) -> None:
    """Settle the levels of all placed segments, the surest first, and put them on the canvas.

    Those that have offsets keep them. One of unknown level has no place from then on.
    """
    for item in segments:
        if item.first is not None and item.offsets is not None:
            canvas.put(item.rows, item.first, item.offsets)
    waiting = [item for item in segments if item.first is not None and item.offsets is None]
    while waiting:
        options: list[tuple[float, int, Level]] = []
        for number, item in enumerate(waiting):
            level = _level_of(canvas, item, told, columns)
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


def _level_of(canvas: PictureCanvas, item: LaidSegment, told: Told | None, columns: int) -> Level | None:
    assert item.first is not None
    seams = by_seams(item.rows, item.first, canvas.rows, canvas.known, columns)
    thumbnail = None if told is None else by_thumbnail(item.rows, item.first, told)
    nearest = (
        across(item.rows, item.first, canvas.rows, canvas.known, columns)
        if thumbnail is None or thumbnail.error > WORST_TOLD
        else None
    )
    return chosen(seams, thumbnail, nearest)
