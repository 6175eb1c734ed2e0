"""Place the MCUs of a scan by its thumbnail: all of them together, so that no early error is handed on."""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.placement.by_thumbnail.expected_features import ExpectedFeatures
from restore.placement.by_thumbnail.fit_kernels import FeatureModel
from restore.placement.by_thumbnail.row_kernels import Rows, read_rows
from restore.placement.by_thumbnail.shift_path_kernels import ShiftPaths
from restore.placement.by_thumbnail.track_kernels import track
from restore.placement.state.placement_state import PlacementState
from restore.placement.state.segment import PlacedSegment
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
class TrackedRows:
    """Where all rows stand, in their order, and `row_of` int64 (MCUs,), the row that stands at each, -1 for none."""

    stands: tuple[Stand, ...]
    row_of: NDArray[np.int64]


def likeness(expectations: ExpectedFeatures, reading: Reading, found: TrackedRows) -> float:
    """Correlation of the features of rows with those expected where they stand."""
    known = np.flatnonzero(found.row_of >= 0)
    true = np.clip(reading.rows.features[found.row_of[known]], -400.0, 400.0)
    thumbnail_features = np.clip(expectations.expected[known], -400.0, 400.0)
    squares = float(np.square(true).sum()) * float(np.square(thumbnail_features).sum())
    return float((true * thumbnail_features).sum()) / max(float(np.sqrt(squares)), 1e-9)


def read_all(state: PlacementState, blocks: NDArray[np.int64], indices: NDArray[np.int64]) -> Reading:
    """Read the scan; `blocks` and `indices` are those of an `ExpectedFeatures`."""
    layout, parts = state.layout, state.stream.parts
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
        first, end, allowed, blocks, indices, layout, state.scan.codes, state.scan.model, state.broad, state.work,
        edges, rows, first_rows, sums,
    )  # fmt: skip
    state.scan.spent += int(first_rows[-1])
    return Reading(rows, first_rows, np.maximum(sums[:, :, 0] / sums[:, :, 1], 0.1))


def feature_model_of(expectations: ExpectedFeatures, scatter: NDArray[np.float64], usual: float) -> FeatureModel:
    """What the kernels need of expected features."""
    return FeatureModel(
        (expectations.expected * expectations.gains).astype(np.float32),
        expectations.classes,
        1.0 / expectations.spreads,
        np.log(expectations.anyhow / expectations.spreads),
        1.0 / expectations.anyhow,
        scatter,
        np.where(np.arange(scatter.shape[0]) == 0, 120.0, 40.0),
        usual,
    )


def track_all(reading: Reading, state: PlacementState, expectations: ExpectedFeatures, guide: Guide) -> TrackedRows:
    """Find where all rows of a scan stand, as expected features and guide tell."""
    layout, rows = state.layout, reading.rows
    count, components = layout.mcu_count, layout.quant.size // 64
    feature_model = feature_model_of(
        expectations, reading.scatter, float(np.median(rows.evens[: reading.first_rows[-1]]))
    )
    row_of = np.full(count, -1, dtype=np.int64)
    lacking = np.zeros((count, components))
    widest = [
        min(units, 96 + 2 * abs(int(last - first) - units), _WIDEST)
        for units, first, last in zip(
            (part.end_unit - part.first_unit for part in state.stream.parts),
            reading.first_rows[:-1],
            reading.first_rows[1:],
            strict=True,
        )
    ]
    records = max(_RECORDS, 64 * (2 * max(widest) + 1))
    table = np.zeros((4, records), dtype=np.int64)
    shift_paths = ShiftPaths(table[0], table[1], table[2], table[3], np.zeros((records, components)))
    marks = np.zeros(records, dtype=np.int64)
    stands: list[Stand] = []
    for number, part in enumerate(state.stream.parts):
        first_row, end_row = int(reading.first_rows[number]), int(reading.first_rows[number + 1])
        if first_row == end_row:
            continue
        ends = part.end_bit - int(rows.ends[end_row - 1]) < 8
        record, end = track(
            first_row, end_row, part.first_unit, part.end_unit, ends, layout, state.scan.model, guide, feature_model,
            rows, shift_paths, marks, row_of, lacking, widest[number],
        )  # fmt: skip
        found: list[Stand] = []
        while record >= 0:
            first, shift = int(shift_paths.first[record]), int(shift_paths.shift[record])
            offsets = np.zeros(components)
            fixed = bool(shift_paths.before[record] < 0)
            if not fixed:
                offsets = np.median(guide.levels[first + shift : end + shift] - rows.levels[first:end], axis=0)
            found.append(Stand(first, end, shift, shift + first_row - part.first_unit, offsets, fixed))
            end, record = int(shift_paths.last[record]), int(shift_paths.before[record])
        stands += [stand for stand in reversed(found) if stand.end > stand.first]
    return TrackedRows(tuple(stands), row_of)


def sifted(found: TrackedRows, reading: Reading, guide: Guide) -> TrackedRows:
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
    return TrackedRows(tuple(stands), row_of)


def lay_along(state: PlacementState, reading: Reading, found: TrackedRows) -> list[PlacedSegment]:
    """Lay all of a scan as it was found to stand; its path's `known` tells which MCUs there are."""
    path, rows = state.scan.path, reading.rows
    units = state.layout.quant[::64] * 0.125
    known = np.flatnonzero(found.row_of >= 0)
    path.known[:] = 0
    path.known[known] = 1
    path.places[known] = state.stream.places(rows.bits[found.row_of[known]])
    path.predictors[known] = rows.predictors[found.row_of[known]]
    segments = []
    for stand in found.stands:
        offsets = np.zeros(4, dtype=np.int64)
        offsets[: units.size] = np.rint(stand.offsets / units)
        first, end = stand.first + stand.shift, stand.end + stand.shift
        path.predictors[first:end] += offsets.astype(np.int32)
        segments.append(PlacedSegment(first, end, stand.moved, offsets, stand.fixed))
    return segments
