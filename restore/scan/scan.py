"""One scan under repair: the bytes as assumed so far, the path of MCUs decoded from them, and what may be asked of
them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from restore.scan.calibration_kernels import score_path
from restore.scan.contracts import Codes, Model, Path, ScanLayout, Workspace
from restore.scan.extend_kernels import NEVER, evaluate, extend
from restore.scan.window_kernels import NO_PATCH, load_window
from restore.scan.workspace import new_path, new_workspace, tail

_WALK_MCUS: Final = 4096
CANDIDATE_MCUS: Final = 640


@dataclass(frozen=True, slots=True)
class Stretch:
    """An extension of the path: score total and MCU at its highest point, and the MCU and reason at its end."""

    best: float
    best_mcu: int
    score: float
    mcu: int
    why: int


@dataclass(frozen=True, eq=False)
class Candidates:
    """Patches of the file's bytes, one row each, and the MCU from which each is to be extended."""

    starts: NDArray[np.int64]
    lengths: NDArray[np.int64]
    patches: NDArray[np.uint8]
    checkpoints: NDArray[np.int64]

    def take(self, rows: NDArray[np.int64]) -> Candidates:
        return Candidates(self.starts[rows], self.lengths[rows], self.patches[rows], self.checkpoints[rows])


@dataclass(frozen=True, eq=False)
class Outcomes:
    """What became of candidates: columns of `evaluate`'s results."""

    table: NDArray[np.float64]

    best = property(lambda self: self.table[:, 0])
    best_mcu = property(lambda self: self.table[:, 1].astype(np.int64))
    place = property(lambda self: self.table[:, 2].astype(np.int64))
    why = property(lambda self: self.table[:, 5].astype(np.int64))
    last = property(lambda self: self.table[:, 3])
    last_place = property(lambda self: self.table[:, 6].astype(np.int64))


@dataclass(eq=False)
class Scan:
    """Working state of one scan.

    Attributes:
        raw: uint8, the whole file as assumed so far.
        start, end: offsets of the scan's first byte and of the marker that ends it.
        path: the MCUs decoded so far; a row is meaningful up to where the last walk got.
        spent: MCUs decoded so far, the unit of work.
    """

    raw: NDArray[np.uint8]
    start: int
    end: int
    layout: ScanLayout
    codes: Codes
    path: Path = field(init=False)
    work: Workspace = field(init=False)
    model: Model = field(init=False)
    own: Path = field(init=False)
    spent: int = 0
    original: NDArray[np.uint8] = field(init=False)
    examined: NDArray[np.uint8] = field(init=False)
    """Per byte of the file: 1 where an MCU begins that has raised an alarm and been explained."""

    def __post_init__(self) -> None:
        self.original = self.raw.copy()
        blocks = self.layout.component_of.size
        self.path = new_path(self.layout.mcu_count, blocks)
        self.own = new_path(CANDIDATE_MCUS, blocks)
        self.work = new_workspace(blocks, max(self.end - self.start, 1 << 16) + 64)
        self.path.places[0] = 8 * self.start
        self.examined = np.zeros(self.raw.size + 1, dtype=np.uint8)

    def restart(self) -> None:
        """Forget the path and take back every change of the bytes."""
        self.raw[:] = self.original
        self.examined[:] = 0
        self.path.known[:] = 0
        self.path.places[0] = 8 * self.start
        self.path.predictors[0] = 0
        self.path.scores[0] = 0.0

    @property
    def mcu_bytes(self) -> float:
        """Mean size of an MCU in bytes."""
        return max(4.0, (self.end - self.start) / self.layout.mcu_count)

    def walk(self, mcu: int, until: int, drop: float, alarm: float = NEVER) -> Stretch:
        """Decode on along the path from `mcu`, at most to `until` (4096 MCUs at a time), and keep what is found."""
        until = min(until, mcu + _WALK_MCUS, self.layout.mcu_count)
        place = int(self.path.places[mcu])
        first = place >> 3
        window = int((until - mcu) * self.mcu_bytes * 4) + 8192
        size, marks, ending = load_window(
            self.raw, first, first + window, self.end, NO_PATCH, -1, 0, self.layout.restart_interval > 0, self.work
        )
        self.work.predictors[:] = self.path.predictors[mcu]
        base = float(self.path.scores[mcu])
        ahead = tail(self.path, mcu, self.layout.component_of.size)
        best, best_count, score, count, why = extend(
            size,
            marks,
            ending,
            place & 7,
            mcu,
            until - mcu,
            drop,
            self.layout,
            self.codes,
            self.model,
            self.path,
            ahead,
            self.work,
            alarm,
            self.examined,
        )
        ahead.scores[: count + 1] += base
        self.spent += count + 1
        return Stretch(base + best, mcu + best_count, base + score, mcu + count, why)

    def probe(self, place: int, mcu: int, predictors: NDArray[np.int64], length: int) -> float:
        """Score of `length` MCUs at `place` (bits of the file) if they stand at `mcu` with these DC predictors."""
        first = place >> 3
        window = int(length * self.mcu_bytes * 4) + 4096
        size, marks, ending = load_window(
            self.raw, first, first + window, self.end, NO_PATCH, -1, 0, self.layout.restart_interval > 0, self.work
        )
        self.work.predictors[:] = predictors
        best, _, _, count, _ = extend(
            size,
            marks,
            ending,
            place & 7,
            mcu,
            length,
            60.0,
            self.layout,
            self.codes,
            self.model,
            self.path,
            self.own,
            self.work,
            NEVER,
            self.examined,
        )
        self.spent += count + 1
        return float(best)

    def evaluate(self, candidates: Candidates, target_mcu: int, window: int, drop: float) -> Outcomes:
        """Extend candidates up to `target_mcu`, or `window` bytes behind their patch."""
        results = np.zeros((candidates.starts.size, 7))
        self.spent += evaluate(
            self.raw,
            self.end,
            candidates.starts,
            candidates.lengths,
            candidates.patches,
            candidates.checkpoints,
            target_mcu,
            min(window, self.work.marks.size - 64),
            drop,
            self.layout,
            self.codes,
            self.model,
            self.path,
            self.own,
            self.work,
            results,
            self.examined,
        )
        return Outcomes(results)

    def read_path(
        self, coefficients: NDArray[np.int16]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.int16], NDArray[np.int64]]:
        """What every known MCU of the path scores, its length in bits (0 where unknown), and its end in bits of the
        file.

        `coefficients` (MCUs * blocks * 64,) receives theirs, unless it is empty.
        """
        count = self.layout.mcu_count
        gained, lengths, ends = np.zeros(count), np.zeros(count), np.zeros(count, dtype=np.int64)
        score_path(
            self.raw,
            self.end,
            self.layout,
            self.codes,
            self.model,
            self.path,
            self.work,
            gained,
            lengths,
            coefficients,
            ends,
        )
        return gained, lengths, coefficients, ends
