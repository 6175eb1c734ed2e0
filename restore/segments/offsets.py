"""The DC offset of a segment: by the rows that touch it, by the thumbnail, by the row across the gap."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.segments.picture_rows import PictureRows
from restore.segments.told import Told

_BROAD: Final = 1.2
"""Error in levels below which touching rows win against a thumbnail that says otherwise."""

WORST_TOLD: Final = 10.0
"""Error of a thumbnail, in levels, above which it tells nothing."""

_DRIFT: Final = 6.0
"""Levels by which rows so far apart may differ (97 of 100) for one to stand in for the other."""

_FEWEST_TOUCHING: Final = 8
"""MCUs that have to touch for their level to be told by them."""

_OF_DRIFTS: Final = 0.97
_FEWEST_DRIFTS: Final = 8
_NARROW: Final = 18.0
_SLACK: Final = 4.0
_EXTREMES: Final = (0.002, 0.998)
_OVERLAP: Final = 0.08
"""Share of MCUs of a level that something certain has, too, from which on a match level by level tells."""

_ROOM_LOW, _ROOM_HIGH = -128.0, 127.0


@dataclass(frozen=True, eq=False)
class Level:
    """What is to be added to a segment's levels, float64 (components,), its error, and what it rests on."""

    offsets: NDArray[np.float64]
    error: float
    rests_on: str


def by_seams(
    rows: PictureRows, first: int, picture: PictureRows, known: NDArray[np.bool_], columns: int
) -> Level | None:
    """By the placed rows above and below a segment that stands from MCU `first` on.

    Args:
        picture: of all MCUs, right where `known`, bool (MCUs,).
    """
    count, total = rows.top.shape[0], known.size
    places = first + np.arange(count)
    up, down = places - columns, places + columns
    above = (up >= 0) & (up < first) & known[np.clip(up, 0, total - 1)]
    below = (down >= first + count) & (down < total) & known[np.clip(down, 0, total - 1)]
    if above.sum() + below.sum() == 0:
        return None
    offsets, error = [], 0.0
    for component in range(rows.levels.shape[1]):
        samples = rows.component_of == component
        apart = np.concatenate(
            [
                (picture.bottom[up[above]][:, samples] - rows.top[above][:, samples]).ravel(),
                (picture.top[down[below]][:, samples] - rows.bottom[below][:, samples]).ravel(),
            ]
        )
        median = float(np.median(apart))
        offsets.append(median)
        if component == 0:
            deviation = 1.4826 * float(np.median(np.abs(apart - median)))
            error = 1.5 * deviation / np.sqrt(above.sum() + below.sum()) + 0.5
    if above.sum() + below.sum() < columns / 4:
        error *= 1.5 if above.sum() + below.sum() >= max(_FEWEST_TOUCHING, columns / 12) else 10.0
    return Level(np.array(offsets), float(error), "rows across the gap")


def by_thumbnail(rows: PictureRows, first: int, told: Told) -> Level:
    """By the thumbnail, whose error is judged by how far a match level by level disagrees."""
    offsets = told.offset(rows.levels, first)
    expected = told.levels[first : first + rows.levels.shape[0], 0]
    matched, share = _matched(expected, told.seen[:, 0], told.certain[:, 0])
    if share < _OVERLAP:
        return Level(offsets, 1.5 + 0.7 * _wander(told.certain[:, 0] - told.seen[:, 0]), "thumbnail")
    chosen = np.isfinite(matched)
    binned = float(np.median(matched[chosen] - rows.levels[: expected.size][chosen, 0]))
    return Level(offsets, 1.0 + 0.8 * abs(float(offsets[0]) - binned), "thumbnail")


def _matched(
    expected: NDArray[np.float64], seen: NDArray[np.float64], true: NDArray[np.float64]
) -> tuple[NDArray[np.float64], float]:
    """Levels that MCUs of the same thumbnail level have where that is certain, nan where none do; share of those."""
    bins = np.arange(-128.0, 129.0, 8.0)
    which, wanted = np.digitize(seen, bins), np.digitize(expected, bins)
    apart = np.full(bins.size + 1, np.nan)
    for number in np.unique(which):
        chosen = which == number
        if chosen.sum() >= 8:
            apart[number] = np.median(true[chosen] - seen[chosen])
    matched = expected + apart[wanted]
    return matched, float(np.isfinite(matched).mean()) if matched.size else 0.0


def _wander(apart: NDArray[np.float64]) -> float:
    """By how much the thumbnail is off in different parts of what is certain."""
    parts = np.array_split(apart, 8)
    medians = [float(np.median(part)) for part in parts if part.size]
    return float(np.ptp(medians)) if medians else 20.0


def across(
    rows: PictureRows,
    first: int,
    picture: PictureRows,
    known: NDArray[np.bool_],
    columns: int,
) -> Level | None:
    """By the nearest row above, however far, where rows that far apart hardly differ in this picture."""
    width = min(columns, rows.top.shape[0])
    places = first + np.arange(width)
    up = places - columns
    for _ in range(known.size // columns + 1):
        missing = (up >= 0) & ~known[np.maximum(up, 0)]
        if not missing.any():
            break
        up = np.where(missing, up - columns, up)
    usable = up >= 0
    if usable.sum() < columns / 2:
        return None
    distance = int(np.median((places - up)[usable]) // columns)
    components = rows.levels.shape[1]
    offsets, drifts, ranges = np.zeros(components), np.zeros(components), []
    for component in range(components):
        samples = rows.component_of == component
        offsets[component] = float(
            np.median(picture.bottom[up[usable]][:, samples] - rows.top[:width][usable][:, samples])
        )
        drifts[component] = _drift(picture, known, rows, -first % columns, columns, distance, samples)
        values = np.concatenate([rows.top[:, samples].ravel(), rows.bottom[:, samples].ravel()])
        low, high = np.quantile(values, _EXTREMES)
        ranges.append((_ROOM_LOW - low - _SLACK, _ROOM_HIGH - high + _SLACK))
        if ranges[-1][0] <= ranges[-1][1]:
            offsets[component] = float(np.clip(offsets[component], *ranges[-1]))
    narrow = np.array([0 <= high - low < _NARROW for low, high in ranges])
    if ((drifts <= _DRIFT) | narrow).all():
        return Level(offsets, 4.0, "rows across the gap")
    return None


def _drift(
    picture: PictureRows,
    known: NDArray[np.bool_],
    rows: PictureRows,
    skipped: int,
    columns: int,
    distance: int,
    samples: NDArray[np.bool_],
) -> float:
    """Nearly all rows differ, in the median, by less than this from the row `distance` above.

    Those of the picture are compared, where they are known, and those of a segment behind its first `skipped` MCUs.
    """
    whole = known.reshape(-1, columns).min(axis=1)
    pairs = whole[distance:] & whole[:-distance]
    usable = rows.top.shape[0] - skipped
    usable -= usable % columns
    apart = []
    for part, first, count in ((picture, 0, known.size), (rows, skipped, max(0, usable))):
        if count == 0:
            continue
        top, bottom = (
            edge[first : first + count][:, samples].reshape(count // columns, -1) for edge in (part.top, part.bottom)
        )
        if top.shape[0] > distance:
            medians = np.abs(np.median(top[distance:] - bottom[:-distance], axis=1))
            apart.append(medians[pairs] if part is picture else medians)
    together = np.concatenate(apart) if apart else np.zeros(0)
    return float(np.quantile(together, _OF_DRIFTS)) if together.size >= _FEWEST_DRIFTS else float("inf")


def chosen(seams: Level | None, thumbnail: Level | None, nearest: Level | None) -> Level | None:
    """The level to be taken; None where none is told well enough."""
    if seams is not None and seams.error < _BROAD:
        return seams
    if thumbnail is not None and thumbnail.error <= WORST_TOLD:
        if seams is not None and seams.error < thumbnail.error:
            return seams
        return thumbnail
    if seams is not None and seams.error < 2.5:
        return seams
    return nearest
