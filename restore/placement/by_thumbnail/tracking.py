"""Place the MCUs of a scan by its thumbnail: all of them together, so that no early error is handed on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.placement.by_thumbnail.expected_features import Lookout
from restore.placement.by_thumbnail.fit_kernels import Outlook
from restore.placement.by_thumbnail.row_kernels import Rows, read_rows
from restore.placement.by_thumbnail.shift_path_kernels import Course
from restore.placement.by_thumbnail.track_kernels import track
from restore.placement.state.placement_state import Ground
from restore.placement.state.segment import Segment
from restore.scan.score_kernels import EDGE_VALUES, ROUGHNESS_BINS
from restore.thumbnail.level_guide import Guide

_SPARE: Final = 1.25
_WIDEST: Final = 2048
_RECORDS: Final = 1 << 16
_BASELESS: Final = 4.0
_BEYOND: Final = 6.0
"""Samples, and median deviations, by which a level must differ from the guide's to be contradicted."""

_FEW: Final = 4
_ALIKE: Final = 0.75
"""Fewest rows that may tell of offsets of their own, and the share of them that must agree."""

_SCATTER: Final = 1.5
"""Samples that a natural step scatters by, before it is measured."""


@dataclass(frozen=True, eq=False)
class Reading:
    """All rows of a scan; `first_rows` int64 (parts + 1,) tells where each restart interval begins among them, and
    `scatter` float64 (components, ROUGHNESS_BINS) how high natural steps across seams are, in samples."""

    rows: Rows
    first_rows: NDArray[np.int64]
    scatter: NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Stand:
    """Where some rows stand.

    Attributes:
        first, end: rows.
        shift: MCU less row; moved: MCUs by which they stand further than the decoder counted.
        offsets: float64 (components,), levels that they lack, in samples.
        fixed: nothing before them was damaged, so that they lack nothing.
    """

    first: int
    end: int
    shift: int
    moved: int
    offsets: NDArray[np.float64]
    fixed: bool


@dataclass(frozen=True, eq=False)
class Found:
    """Where all rows stand, in their order, and `row_of` int64 (MCUs,), the row that stands at each, -1 for none."""

    stands: tuple[Stand, ...]
    row_of: NDArray[np.int64]


def likeness(lookout: Lookout, reading: Reading, found: Found) -> float:
    """Correlation of the features of rows with those expected where they stand."""
    known = np.flatnonzero(found.row_of >= 0)
    true = np.clip(reading.rows.features[found.row_of[known]], -400.0, 400.0)
    told = np.clip(lookout.expected[known], -400.0, 400.0)
    squares = float(np.square(true).sum()) * float(np.square(told).sum())
    return float((true * told).sum()) / max(float(np.sqrt(squares)), 1e-9)


def read_all(ground: Ground, blocks: NDArray[np.int64], indices: NDArray[np.int64]) -> Reading:
    """Read the scan; `blocks` and `indices` are those of a `Lookout`."""
    layout, parts = ground.layout, ground.parts
    first = np.array([part.first_bit for part in parts])
    end = np.array([part.end_bit for part in parts])
    units = np.array([part.end_unit - part.first_unit for part in parts])
    allowed = (units * _SPARE).astype(np.int64) + 64
    size, count = int(min(allowed.sum(), layout.mcu_count * _SPARE + 4096)), layout.component_of.size
    components = layout.quant.size // 64
    rows = Rows(
        np.zeros(size, dtype=np.int64),
        np.zeros(size, dtype=np.int64),
        np.zeros((size, 4), dtype=np.int32),
        np.zeros((size, blocks.size), dtype=np.float32),
        np.zeros((size, components), dtype=np.float32),
        np.zeros(size, dtype=np.float32),
        np.zeros(size, dtype=np.float32),
        np.zeros(size, dtype=np.uint8),
        np.zeros((size, count, 8), dtype=np.float32),
        np.zeros((size, count, 8), dtype=np.float32),
        np.zeros((size, count), dtype=np.uint8),
    )
    first_rows = np.zeros(len(parts) + 1, dtype=np.int64)
    sums = np.zeros((components, ROUGHNESS_BINS, 2))
    sums[:, :, 0], sums[:, :, 1] = 20.0 * _SCATTER, 20.0
    edges = np.zeros(2 * count * EDGE_VALUES, dtype=np.float32)
    read_rows(
        first, end, allowed, blocks, indices, layout, ground.scan.codes, ground.scan.model, ground.broad, ground.work,
        edges, rows, first_rows, sums,
    )  # fmt: skip
    ground.scan.spent += int(first_rows[-1])
    return Reading(rows, first_rows, np.maximum(sums[:, :, 0] / sums[:, :, 1], 0.1))


def outlook_of(lookout: Lookout, scatter: NDArray[np.float64], usual: float) -> Outlook:
    """What the kernels need of a lookout."""
    return Outlook(
        (lookout.expected * lookout.gains).astype(np.float32),
        lookout.classes,
        1.0 / lookout.spreads,
        np.log(lookout.anyhow / lookout.spreads),
        1.0 / lookout.anyhow,
        scatter,
        np.where(np.arange(scatter.shape[0]) == 0, 120.0, 40.0),
        usual,
    )


def track_all(reading: Reading, ground: Ground, lookout: Lookout, guide: Guide) -> Found:
    """Find where all rows of a scan stand, as lookout and guide tell."""
    layout, rows = ground.layout, reading.rows
    count, components = layout.mcu_count, layout.quant.size // 64
    outlook = outlook_of(lookout, reading.scatter, float(np.median(rows.evens[: reading.first_rows[-1]])))
    row_of = np.full(count, -1, dtype=np.int64)
    lacking = np.zeros((count, components))
    widest = [
        min(units, 96 + 2 * abs(int(last - first) - units), _WIDEST)
        for units, first, last in zip(
            (part.end_unit - part.first_unit for part in ground.parts),
            reading.first_rows[:-1],
            reading.first_rows[1:],
            strict=True,
        )
    ]
    records = max(_RECORDS, 64 * (2 * max(widest) + 1))
    table = np.zeros((4, records), dtype=np.int64)
    course = Course(table[0], table[1], table[2], table[3], np.zeros((records, components)))
    marks = np.zeros(records, dtype=np.int64)
    stands: list[Stand] = []
    for number, part in enumerate(ground.parts):
        first_row, end_row = int(reading.first_rows[number]), int(reading.first_rows[number + 1])
        if first_row == end_row:
            continue
        ends = part.end_bit - int(rows.ends[end_row - 1]) < 8
        record, end = track(
            first_row, end_row, part.first_unit, part.end_unit, ends, layout, ground.scan.model, guide, outlook, rows,
            course, marks, row_of, lacking, widest[number],
        )  # fmt: skip
        found: list[Stand] = []
        while record >= 0:
            first, shift = int(course.first[record]), int(course.shift[record])
            offsets = np.zeros(components)
            fixed = bool(course.before[record] < 0)
            if not fixed:
                offsets = np.median(guide.levels[first + shift : end + shift] - rows.levels[first:end], axis=0)
            found.append(Stand(first, end, shift, shift + first_row - part.first_unit, offsets, fixed))
            end, record = int(course.last[record]), int(course.before[record])
        stands += [stand for stand in reversed(found) if stand.end > stand.first]
    return Found(tuple(stands), row_of)


def sifted(found: Found, reading: Reading, guide: Guide) -> Found:
    """Without the rows whose levels the guide contradicts; those that do so alike, in a run, get offsets of their own.

    What stands in front of all damage is left alone.
    """
    row_of = found.row_of.copy()
    stands: list[Stand] = []
    known = np.flatnonzero(row_of >= 0)
    offsets = np.zeros_like(guide.levels)
    for stand in found.stands:
        offsets[stand.first + stand.shift : stand.end + stand.shift] = stand.offsets
    apart = np.abs(guide.levels[known] - reading.rows.levels[row_of[known]] - offsets[known]) / guide.spread[known]
    usual = np.median(apart, axis=0) if known.size else np.ones(guide.levels.shape[1])
    for stand in found.stands:
        if stand.fixed:
            stands.append(stand)
            continue
        mcus = np.arange(stand.first, stand.end) + stand.shift
        lacks = guide.levels[mcus] - reading.rows.levels[stand.first : stand.end]
        limit = _BASELESS + _BEYOND * usual * guide.spread[mcus]
        strange = np.asarray((np.abs(lacks - stand.offsets) > limit).any(axis=1))
        bounds = np.flatnonzero(np.diff(strange, prepend=~strange[:1], append=~strange[-1:]))
        for first, end in pairwise(bounds):
            offsets = stand.offsets
            if strange[first]:
                offsets = np.median(lacks[first:end], axis=0)
                alike = (np.abs(lacks[first:end] - offsets) <= 0.5 * limit[first:end]).all(axis=1)
                if end - first < _FEW or alike.mean() < _ALIKE:
                    row_of[mcus[first:end]] = -1
                    continue
            stands.append(replace(stand, first=stand.first + int(first), end=stand.first + int(end), offsets=offsets))
    return Found(tuple(stands), row_of)


def lay_along(ground: Ground, reading: Reading, found: Found) -> list[Segment]:
    """Lay all of a scan as it was found to stand; its path's `known` tells which MCUs there are."""
    path, rows = ground.scan.path, reading.rows
    units = ground.layout.quant[::64] * 0.125
    known = np.flatnonzero(found.row_of >= 0)
    path.known[:] = 0
    path.known[known] = 1
    path.places[known] = ground.places(rows.bits[found.row_of[known]])
    path.predictors[known] = rows.predictors[found.row_of[known]]
    segments = []
    for stand in found.stands:
        offsets = np.zeros(4, dtype=np.int64)
        offsets[: units.size] = np.rint(stand.offsets / units)
        first, end = stand.first + stand.shift, stand.end + stand.shift
        path.predictors[first:end] += offsets.astype(np.int32)
        segments.append(Segment(first, end, stand.moved, offsets, stand.fixed))
    return segments
