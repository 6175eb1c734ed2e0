"""What is asked of a scan while its MCUs are placed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.placement.state.cusum_kernels import cusum
from restore.placement.state.scan_stream import ScanStream
from restore.placement.state.seam_kernels import WRAP, Seams, measure_seams, score_offsets
from restore.placement.state.sequence_kernels import Sequence, read_sequence
from restore.scan.contracts import WINDOW_SCAN_END, ScanLayout, Workspace
from restore.scan.extend_kernels import NEVER, extend
from restore.scan.scan import Scan, Stretch
from restore.scan.score_kernels import EDGE_VALUES
from restore.scan.workspace import new_workspace, tail
from restore.thumbnail.level_guide import Guide
from restore.thumbnail.levels import FEWEST, fitted

REACH: Final = 64
"""MCUs by which a sequence is read further than one row."""

ODDITY: Final = 0.0
"""Nats of a step to the left under which an MCU looks odd."""

UNLIKELY: Final = 0.6
"""Share of what raises an alarm that an MCU beside damage must lack to count as damaged."""

NOTICE: Final = 15.0
"""Nats that tell of a change of DC."""

_BROAD_LUMA: Final = 120.0
_BROAD_CHROMA: Final = 40.0
"""Samples over which a step across a seam of strangers is spread."""


@dataclass(eq=False)
class PlacementState:
    """A scan unstuffed as a whole, with the sequence that is being read and what the thumbnail tells.

    Attributes:
        scan: its path holds what is placed; places there are bits of the file.
        guide: what the thumbnail tells; no rows where there is none.
        read_rows: rows of `sequence` that were read.
        stream: its entropy-coded data, and where its bits lie.
    """

    scan: Scan
    guide: Guide
    layout: ScanLayout = field(init=False)
    work: Workspace = field(init=False)
    sequence: Sequence = field(init=False)
    read_rows: int = field(init=False, default=0)
    seams: Seams = field(init=False)
    broad: NDArray[np.float64] = field(init=False)
    examined: NDArray[np.uint8] = field(init=False)
    lean: NDArray[np.float64] = field(init=False)
    levels: NDArray[np.float64] = field(init=False)
    thumbnail_levels: Guide = field(init=False)
    stream: ScanStream = field(init=False)

    def __post_init__(self) -> None:
        scan = self.scan
        self.stream = ScanStream(scan)
        self.layout = scan.layout._replace(restart_interval=0)
        scratch = new_workspace(scan.layout.component_of.size, 0)
        self.work = scratch._replace(window=self.stream.data, origins=self.stream.origins)
        self.examined = np.zeros(scan.raw.size + 1, dtype=np.uint8)
        self.sequence, self.seams = _sequence(scan.layout)
        components = scan.layout.quant.size // 64
        widths = np.where(np.arange(components) == 0, _BROAD_LUMA, _BROAD_CHROMA)
        self.lean = np.zeros(components)
        self.levels = np.zeros((scan.layout.mcu_count, components))
        self.thumbnail_levels = self.guide
        self.guide = no_guide(components)
        self.broad = -np.log(widths / (scan.layout.quant[::64] * 0.125))

    def walk(self, mcu: int, until: int, limit: int, drop: float, alarm: float = NEVER) -> Stretch:
        """Decode on along the path from `mcu` to `until`, at most to bit `limit` of the stream."""
        path = self.scan.path
        self.work.predictors[:] = path.predictors[mcu]
        ahead = tail(path, mcu, self.layout.component_of.size)
        base = float(path.scores[mcu])
        best, best_count, score, count, why = extend(
            limit >> 3, 0, WINDOW_SCAN_END, self.stream.bit(int(path.places[mcu])), mcu, until - mcu, drop, self.layout,
            self.scan.codes, self.scan.model, path, ahead, self.work, alarm, self.examined,
        )  # fmt: skip
        ahead.scores[: count + 1] += base
        self.scan.spent += count + 1
        return Stretch(base + best, mcu + best_count, base + score, mcu + count, why)

    def cusum(self, first: int, end: int, sums: NDArray[np.float64], begins: NDArray[np.int64]) -> tuple[int, int]:
        """Look for changes along the path, see `cusum_kernels.cusum`."""
        if end <= first:
            return -1, -1
        path = self.scan.path
        began, noticed = cusum(
            self.stream.bit(int(path.places[first])), first, end, ODDITY, NOTICE, self.layout, self.scan.codes,
            self.scan.model, self.broad, self.lean, self.guide, path, self.work, self.sequence.tops, sums, begins,
            self.levels,
        )  # fmt: skip
        return int(began), int(noticed)

    def misfits(self, mcu: int, count: int) -> NDArray[np.bool_]:
        """Which of the first rows of the sequence, which begins at `mcu`, do not go with what is around them."""
        found = min(count + 1, self.read_rows)
        offsets = np.zeros(4, dtype=np.int64)
        measure_seams(
            found, mcu, 0, self.layout.mcu_count, self.layout, self.scan.model, self.lean, self.scan.path,
            self.sequence, self.seams,
        )  # fmt: skip
        score_offsets(
            found, mcu, offsets, self.layout, self.scan.model, self.broad, self.guide, self.sequence, self.seams
        )
        lefts, starts = self.sequence.lefts[:found], (mcu + np.arange(found)) % self.layout.columns == 0
        above = self.seams.values[:found] - np.where(starts, -WRAP * lefts, np.minimum(lefts, 0.0))
        inside = np.where(starts, 0.0, lefts)
        around = above[:-1] + inside[:-1] + inside[1:]
        return np.append(around < 0.0, np.zeros(max(0, count - around.size), dtype=np.bool_))

    def unlikely(self, first: int, end: int) -> NDArray[np.bool_]:
        """Which MCUs of a stretch walked score far less than MCUs of their size do."""
        path, expected = self.scan.path, self.scan.model.expected
        gained = np.diff(path.scores[first : end + 1])
        bits = np.diff(self.stream.bits(path.places[first : end + 1])).astype(np.float64)
        return np.asarray(gained < expected.score(bits) - UNLIKELY * expected.alarm)

    def match_guide(self, levels: NDArray[np.float64]) -> None:
        """Match the guide with the levels (MCUs, components) of all MCUs that are laid."""
        sure = np.flatnonzero(self.scan.path.known[: self.layout.mcu_count])
        if self.thumbnail_levels.levels.shape[0] and sure.size >= FEWEST:
            self.guide = fitted(self.thumbnail_levels, levels, sure)

    def begin(self, bit: int, predictors: NDArray[np.int64]) -> None:
        """Begin a sequence at a bit of the stream; nothing of it is read yet."""
        self.sequence.bits[0] = bit
        self.sequence.predictors[0] = predictors
        self.read_rows = 0

    def read(self, rows: int, limit: int) -> int:
        """Read on in the sequence up to `rows` MCUs, none behind bit `limit`; gives the number that there are."""
        if rows > self.read_rows:
            found = read_sequence(
                self.read_rows, min(rows, self.sequence.lefts.size), limit, self.layout, self.scan.codes,
                self.scan.model, self.work, self.broad, self.sequence,
            )  # fmt: skip
            self.scan.spent += int(found) - self.read_rows
            self.read_rows = int(found)
        return self.read_rows


def no_guide(components: int) -> Guide:
    """The guide of a picture without a thumbnail."""
    return Guide(np.zeros((0, components)), np.zeros((0, components)), 0.0)


def _sequence(layout: ScanLayout) -> tuple[Sequence, Seams]:
    rows, blocks = layout.columns + REACH, layout.component_of.size
    sequence = Sequence(
        np.zeros(rows + 1, dtype=np.int64),
        np.zeros((rows + 1, 4), dtype=np.int64),
        np.zeros((rows, blocks, 8), dtype=np.float32),
        np.zeros((rows, 4)),
        np.zeros(rows),
        np.zeros(rows, dtype=np.uint8),
        np.zeros(rows * blocks * EDGE_VALUES, dtype=np.float32),
        np.zeros(rows * blocks, dtype=np.int32),
    )
    seams = Seams(
        np.zeros((rows, blocks)),
        np.zeros((rows, blocks), dtype=np.int64),
        np.zeros(rows),
        np.zeros(rows),
        np.zeros(max(8, rows * blocks)),
    )
    return sequence, seams
