"""Count how the MCUs of one file sit beside their neighbours, and how they would beside strangers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from restore.repair.extend_kernels import Codes, Layout, Path, Workspace, decode_mcu
from restore.repair.score_kernels import ROUGHNESS_BINS, count_mcu, describe_mcu


class Counts(NamedTuple):
    """Histograms behind a `Model`; `strangers` counts roughness beside randomly chosen neighbours."""

    activity: NDArray[np.float64]
    roughness: NDArray[np.float64]
    strangers: NDArray[np.float64]
    step: NDArray[np.float64]
    sizes: NDArray[np.float64]


@njit(cache=True)
def count_scan(
    bit_positions: NDArray[np.int64],
    coefficients: NDArray[np.int16],
    strange_left: NDArray[np.int64],
    strange_above: NDArray[np.int64],
    layout: Layout,
    codes: Codes,
    path: Path,
    work: Workspace,
    counts: Counts,
) -> None:
    """Decode every MCU of the stream in `work.window` again and count it.

    Args:
        bit_positions: (MCUs,) first bit of each, negative where there is none.
        coefficients: (MCUs * blocks * 64,) as the robust decoder gave them, of which the DC values are used.
        strange_left, strange_above: (MCUs,) for each an earlier MCU that is no neighbour, negative for none.
        path: receives edges and bits.
    """
    blocks = layout.component_of.size
    stranger_edges = np.zeros(blocks * 32, dtype=np.float32)
    stranger_bits = np.zeros(blocks, dtype=np.int32)
    for mcu in range(bit_positions.size):
        if bit_positions[mcu] < 0 or decode_mcu(bit_positions[mcu], layout, codes, work) < 0:
            continue
        for index in range(blocks):
            work.coefficients[index * 64] = coefficients[(mcu * blocks + index) * 64]
        left = mcu - 1 if mcu % layout.columns > 0 and path.known[mcu - 1] else -1
        above = mcu - layout.columns if mcu >= layout.columns and path.known[mcu - layout.columns] else -1
        describe_mcu(
            work.coefficients, 0, work.ac_bits, layout.component_of, layout.left_part, layout.above_part, layout.quant,
            path.edges, path.bits, left, path.edges, path.bits, above, path.edges, path.bits, mcu,
            work.pixels, work.steps, work.rows, work.roughness_bins, work.step_bins,
        )  # fmt: skip
        path.known[mcu] = 1
        count_mcu(
            work.coefficients, 0, layout.component_of, work.rows, work.roughness_bins, work.step_bins, work.ac_bits,
            counts.activity, counts.sizes, counts.roughness, counts.step,
        )  # fmt: skip
        left, above = strange_left[mcu], strange_above[mcu]
        if left < 0 or above < 0 or path.known[left] == 0 or path.known[above] == 0:
            continue
        describe_mcu(
            work.coefficients, 0, work.ac_bits, layout.component_of, layout.left_part, layout.above_part, layout.quant,
            path.edges, path.bits, left, path.edges, path.bits, above, stranger_edges, stranger_bits, 0,
            work.pixels, work.steps, work.rows, work.roughness_bins, work.step_bins,
        )  # fmt: skip
        for index in range(blocks):
            if layout.left_part[index] < 0 or layout.above_part[index] < 0:
                counts.strangers[work.rows[index] * ROUGHNESS_BINS + work.roughness_bins[index]] += 1.0
