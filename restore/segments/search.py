"""The search over segments and gaps of one scan: what decodes, where each segment belongs, and how sure that is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader
from restore.explanation import Gap, GapKind, StoredSegment
from restore.segments.gap_kinds import kind_of
from restore.segments.grids import find_grid
from restore.segments.intervals import lay_out_intervals
from restore.segments.laid import END, START, Laid, LaidSegment, expected_mcus
from restore.segments.reading import ScanReading, read_scan
from restore.segments.scan_cut import Range
from restore.segments.sequences import lay_out_sequence
from restore.segments.tearing import torn
from restore.thumbnail.guidance import Pixels

_MARKER: Final = 4
"""Bytes of a restart marker and of what may stand before it."""


@dataclass(frozen=True, eq=False)
class Explanation:
    """What a scan consists of.

    Attributes:
        coefficients: int16 (MCUs, blocks per MCU, 64), zero where lost.
        known: bool (MCUs,), stored and placed; moved: bool (MCUs,), behind the first gap.
        starts, ends: int64 (MCUs,), their place in the file in bits, 0 where lost.
        segments, gaps: in the file's order.
        thumbnail: turned and cut to show just the picture; None where there is none that does.
        unbroken: all MCUs are there, in one segment.
        torn: share of the placed MCUs that do not go on from what is above them, in mean over a row's length.
        excluded: bytes that cannot be data of the scan, in the longest stretch of them.
    """

    coefficients: NDArray[np.int16]
    known: NDArray[np.bool_]
    moved: NDArray[np.bool_]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    segments: tuple[StoredSegment, ...]
    gaps: tuple[Gap, ...]
    thumbnail: Pixels | None
    unbroken: bool
    torn: float
    excluded: int


def explain_grid(data: bytes, header: JpegHeader) -> Explanation | None:
    """A file in which foreign bytes stand at a fixed period and nothing else is wrong; None for any other."""
    grid = find_grid(data, header.scan.entropy_start)
    if grid is None or grid.decoded.header.frame != header.frame:
        return None
    decoded, stream = grid.decoded, grid.decoded.stream
    positions = decoded.mcus.bit_positions
    index = positions >> 3
    offsets = stream.origin + index + np.searchsorted(stream.removed, index, side="right")
    starts = 8 * grid.kept[offsets] + (positions & 7)
    end = int(grid.kept[decoded.end - 3]) + 1
    ends = np.append(starts[1:], 8 * end)
    first = grid.first - grid.lead
    moved = ends > 8 * first
    count = header.frame.mcu_count
    zeros = (0,) * len(header.frame.components)
    segment = StoredSegment(int(starts[0]), 8 * end, count, 0, zeros, 1.0, (START, END))
    last = grid.first + (end - grid.first) // grid.period * grid.period + grid.lead
    return Explanation(
        decoded.coefficients,
        np.ones(count, dtype=np.bool_),
        moved,
        starts,
        ends,
        (segment,),
        (Gap(first, min(last, end), GapKind.GRID, 0),),
        None,
        unbroken=False,
        torn=0.0,
        excluded=0,
    )


def explain(
    data: bytes, header: JpegHeader, thumbnail: Pixels | None = None, known_bad: tuple[Range, ...] = ()
) -> Explanation:
    """Find segments and gaps of a file's only scan, and lay the segments out.

    Args:
        thumbnail: uint8 (rows, columns, 3), as found.
        known_bad: stretches of the file that a layer below could not read.
    """
    reading = read_scan(data, header, known_bad)
    lay_out = lay_out_intervals if header.restart_interval else lay_out_sequence
    laid = lay_out(reading, thumbnail)
    return _explained(reading, laid, known_bad)


def _explained(reading: ScanReading, laid: Laid, known_bad: tuple[Range, ...]) -> Explanation:
    count = reading.header.frame.mcu_count
    starts, ends = np.zeros(count, dtype=np.int64), np.zeros(count, dtype=np.int64)
    moved = np.zeros(count, dtype=np.bool_)
    for segment in laid.segments:
        if segment.first is None:
            continue
        place = slice(segment.first, segment.end)
        starts[place] = reading.cut.places(segment.path.positions[:-1])
        ends[place] = reading.cut.places(segment.path.positions[1:] - 1) + 1
        moved[place] = segment.moved
    return Explanation(
        laid.canvas.rows.coefficients,
        laid.canvas.known,
        moved,
        starts,
        ends,
        tuple(_stored(reading, segment) for segment in laid.segments),
        tuple(_gaps(reading, laid, known_bad)),
        None if laid.told is None else laid.told.shown,
        laid.unbroken,
        torn(laid.canvas.rows, laid.canvas.known, reading.header.frame.mcu_columns),
        max((end - first for first, end in reading.bad), default=0),
    )


def _stored(reading: ScanReading, segment: LaidSegment) -> StoredSegment:
    cut, positions = reading.cut, segment.path.positions
    offsets = () if segment.offsets is None else tuple(int(value) for value in segment.offsets)
    return StoredSegment(
        cut.place(int(positions[0])),
        cut.end_place(int(positions[-1])),
        segment.path.count,
        segment.first,
        offsets,
        segment.posterior,
        segment.rests_on,
    )


def _gaps(reading: ScanReading, laid: Laid, known_bad: tuple[Range, ...]) -> Iterator[Gap]:
    """What lies between the segments, before the first and behind the last."""
    header, cut = reading.header, reading.cut
    neighbours: list[LaidSegment | None] = [None, *laid.segments, None]
    for before, behind in pairwise(neighbours):
        first = header.scan.entropy_start if before is None else -(-cut.end_place(int(before.path.positions[-1])) // 8)
        end = reading.end.offset if behind is None else cut.place(int(behind.path.positions[0])) // 8
        begin = 0 if before is None else None if before.first is None else before.end
        until = header.frame.mcu_count if behind is None else behind.first
        lost = None if begin is None or until is None else until - begin
        if lost == 0 and end - first <= (_MARKER if header.restart_interval else 1):
            continue
        if (before is None or behind is None) and end <= first and not lost:
            continue
        first = min(first, end)
        paths = [None if item is None else item.path for item in (before, behind)]
        expected = expected_mcus(reading, *paths) if any(paths) else 0.0
        yield Gap(first, end, kind_of(reading.raw, (first, end), known_bad, lost, expected), lost)
