"""What the repair kernels take and give: the shape of a scan, its codes, the picture model, paths, and endings.

Named tuples of arrays, since these are what numba's compiled functions accept; their names say what a row is.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

HORIZON: Final = 0
DROPPED: Final = 1
BROKEN: Final = 2
COMPLETE: Final = 3
ALARMED: Final = 4
"""One MCU scored far less than MCUs of its size do."""

WINDOW_OPEN: Final = 0
"""The window was cut off; the scan goes on behind it."""
WINDOW_MARKER: Final = 1
"""The window ends at a marker that no scan holds."""
WINDOW_SCAN_END: Final = 2
"""The window ends where the scan ends."""


class ScanLayout(NamedTuple):
    """Shape of the scan. `left_part` and `above_part` as in `describe_mcu`."""

    component_of: NDArray[np.int64]
    left_part: NDArray[np.int64]
    above_part: NDArray[np.int64]
    quant: NDArray[np.float32]
    columns: int
    mcu_count: int
    restart_interval: int


class Codes(NamedTuple):
    """Huffman look-ups, flat; component i's DC table is number 2 * i, its AC table 2 * i + 1."""

    fast: NDArray[np.int32]
    limits: NDArray[np.int64]
    offsets: NDArray[np.int64]
    symbols: NDArray[np.uint8]
    dc_lengths: NDArray[np.int64]


class Expected(NamedTuple):
    """What an MCU of n bits is expected to score, in nats: `base` + `per_bit` * n + `per_root` * sqrt(n).

    Attributes:
        alarm: how far below that a full alarm is raised; 0 where nothing was decoded, so that nothing is expected.
        spread: standard deviation about it.
    """

    base: float
    per_bit: float
    per_root: float
    alarm: float
    spread: float

    def score(self, bits: NDArray[np.float64]) -> NDArray[np.float64]:
        """The expected score of MCUs that take so many bits; negative numbers of bits count as none."""
        return np.asarray(self.base + self.per_bit * bits + self.per_root * np.sqrt(np.maximum(bits, 0.0)))


NOTHING_EXPECTED: Final = Expected(0.0, 0.0, 0.0, 0.0, 0.0)


class Model(NamedTuple):
    """Score tables in nats, flat (see `score_kernels`), and what MCUs are expected to score."""

    activity: NDArray[np.float32]
    roughness: NDArray[np.float32]
    step: NDArray[np.float32]
    sizes: NDArray[np.float32]
    zeros: NDArray[np.float32]
    expected: Expected


class Counts(NamedTuple):
    """Histograms behind a `Model`; `strangers` counts roughness beside randomly chosen neighbours."""

    activity: NDArray[np.float64]
    roughness: NDArray[np.float64]
    strangers: NDArray[np.float64]
    step: NDArray[np.float64]
    sizes: NDArray[np.float64]


class Path(NamedTuple):
    """What is known of MCUs, one row each.

    Attributes:
        edges: float32 (rows * blocks * EDGE_VALUES,), see `keep_edges`.
        bits: int32 (rows * blocks,), code bits of each block's AC coefficients.
        known: uint8 (rows,), 1 where the MCU is decoded and trusted as a neighbour.
        places: int64 (rows,), place of its first bit in the file, in bits.
        predictors: int32 (rows, 4), DC predictors before it.
        scores: float64 (rows,), running score before it.
    """

    edges: NDArray[np.float32]
    bits: NDArray[np.int32]
    known: NDArray[np.uint8]
    places: NDArray[np.int64]
    predictors: NDArray[np.int32]
    scores: NDArray[np.float64]


class Workspace(NamedTuple):
    """Scratch arrays of one worker."""

    coefficients: NDArray[np.int16]
    dc_bits: NDArray[np.int64]
    ac_bits: NDArray[np.int64]
    pixels: NDArray[np.float32]
    steps: NDArray[np.float32]
    rows: NDArray[np.int64]
    roughness_bins: NDArray[np.int64]
    step_bins: NDArray[np.int64]
    predictors: NDArray[np.int64]
    window: NDArray[np.uint8]
    origins: NDArray[np.int64]
    marks: NDArray[np.int64]
    numbers: NDArray[np.int64]
