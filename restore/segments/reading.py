"""Read all that decodes of a damaged scan."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.jpeg.markers import JpegHeader
from restore.segments.bad_ranges import constant_runs, impossible_markers, may_be_data, merged
from restore.segments.path_kernels import ScoredCodes
from restore.segments.paths import ReadPath, find_paths, read_path
from restore.segments.scan_cut import Cut, Range, cut_scan
from restore.segments.scan_end import ScanEnd, scan_ends
from restore.segments.symbol_model import coding_of, learn

_MOST_ENDS: Final = 3
"""Places where a scan may end that are tried."""

_SPARE: Final = 1.25
"""Share of the picture's MCUs that a path may have: inserted bytes make more."""


@dataclass(frozen=True, eq=False)
class ScanReading:
    """All that decodes of a scan.

    Attributes:
        raw: uint8, the file; cut: its scan without what cannot be data; end: where the scan ends.
        bad: stretches of the file that were taken out, in order.
        paths: in order of the file.
    """

    header: JpegHeader
    raw: NDArray[np.uint8]
    cut: Cut
    end: ScanEnd
    bad: tuple[Range, ...]
    coding: ScoredCodes
    paths: list[ReadPath]


def read_scan(data: bytes, header: JpegHeader, known_bad: tuple[Range, ...] = ()) -> ScanReading:
    """Read all that decodes of an interleaved sequential scan.

    Args:
        data: the file; known_bad: stretches of it that could not be read.
    """
    raw = np.frombuffer(data, dtype=np.uint8)
    total = header.frame.mcu_count
    best: ScanReading | None = None
    for end in islice(scan_ends(raw, header.scan.entropy_start, restarts=header.restart_interval > 0), _MOST_ENDS):
        found = _read_to(raw, header, end, known_bad)
        # where data break off in front of one end, the rest of the picture may follow, and no more than that
        if best is None or (_ends(found) and sum(path.count for path in found.paths) <= total):
            best = found
        if _ends(best):
            break
    assert best is not None
    return best


def _ends(reading: ScanReading) -> bool:
    """Whether the last data read end where the scan is supposed to."""
    cut = reading.cut
    if not cut.pieces:
        return False
    last = cut.pieces[-1]
    if not reading.header.restart_interval:
        return any(path.ends and path.piece == len(cut.pieces) - 1 for path in reading.paths)
    interval = reading.header.restart_interval
    path = read_path(cut, reading.coding, 8 * last.first, 8 * last.end, interval, len(cut.pieces) - 1)
    return path is not None


def _read_to(raw: NDArray[np.uint8], header: JpegHeader, end: ScanEnd, known_bad: tuple[Range, ...]) -> ScanReading:
    """Read all that decodes of a scan that is supposed to end somewhere."""
    start = header.scan.entropy_start
    restarts = header.restart_interval > 0
    runs = constant_runs(raw, start, end.offset)
    hard = [run for run in runs if not may_be_data(raw, run)]
    hard += impossible_markers(raw, start, end.offset, restarts=restarts)
    hard += [(max(first, start), min(last, end.offset)) for first, last in known_bad if first < end.offset > start]
    bad = merged(item for item in hard if item[1] > item[0])
    cut = cut_scan(raw, start, end.offset, bad, restarts=restarts)
    coding = learn(header, coding_of(header), cut)
    paths: list[ReadPath] = []
    if cut.size and not restarts:
        soft = [run for run in runs if may_be_data(raw, run)]
        most = int(header.frame.mcu_count * _SPARE) + 256
        paths = find_paths(cut, coding, most, _by_piece(cut, soft), starts=int(cut.origins[0]) == start)
    return ScanReading(header, raw, cut, end, bad, coding, paths)


def _by_piece(cut: Cut, runs: list[Range]) -> dict[int, list[tuple[int, int]]]:
    """Stretches of the file as bits of the stream, by the piece that holds them."""
    ends = np.array([piece.end for piece in cut.pieces])
    found: dict[int, list[tuple[int, int]]] = {}
    for run in runs:
        first, last = (int(place) for place in np.searchsorted(cut.origins[:-1], run))
        if first < last:
            found.setdefault(int(np.searchsorted(ends, first, side="right")), []).append((8 * first, 8 * last))
    return found
