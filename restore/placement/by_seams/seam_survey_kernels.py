"""Measure every seam of the MCUs on a path, and the level of every MCU."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel
from restore.placement.state.seam_kernels import upper_seam
from restore.scan.contracts import Codes, Path, ScanLayout, Workspace
from restore.scan.extend_kernels import decode_mcu
from restore.scan.score_kernels import EDGE_VALUES, beyond_top, block_pixels, keep_edges, roughness_bin, seam


@kernel
def survey(
    first_bits: NDArray[np.int64],
    layout: ScanLayout,
    codes: Codes,
    path: Path,
    work: Workspace,
    tops: NDArray[np.float32],
    above_steps: NDArray[np.float32],
    above_bins: NDArray[np.uint8],
    left_steps: NDArray[np.float32],
    left_bins: NDArray[np.uint8],
    levels: NDArray[np.float64],
    coefficients: NDArray[np.int16],
    end_bits: NDArray[np.int64],
) -> None:
    """Decode the known MCUs again; `first_bits` (MCUs,) is where each begins in the stream.

    Receives (MCUs, blocks) each: mean steps in samples across the seams with the MCUs above and to the left, NaN where
    there is none, and their roughness bins; levels (MCUs, components) in samples; coefficients (MCUs * blocks * 64,);
    and where each MCU ends (MCUs,). `tops` float32 (1, blocks, 8) is scratch.
    """
    blocks = layout.component_of.size
    components = layout.quant.size // 64
    shares = np.zeros(4)
    for block in range(blocks):
        shares[layout.component_of[block]] += 1.0
    above_steps[:] = np.nan
    left_steps[:] = np.nan
    for mcu in range(layout.mcu_count):
        if path.known[mcu] == 0:
            continue
        for component in range(4):
            work.predictors[component] = path.predictors[mcu, component]
        following = decode_mcu(first_bits[mcu], layout, codes, work)
        if following < 0:
            path.known[mcu] = 0
            continue
        end_bits[mcu] = following
        above = mcu - layout.columns
        has_above = above >= 0 and path.known[above] != 0
        has_left = mcu % layout.columns != 0 and path.known[mcu - 1] != 0
        for component in range(components):
            levels[mcu, component] = 0.0
        for block in range(blocks):
            component = layout.component_of[block]
            unit = layout.quant[component * 64] * 0.125
            levels[mcu, component] += work.coefficients[block * 64] * unit / shares[component]
            block_pixels(work.coefficients, block * 64, layout.quant, component * 64, work.pixels)
            keep_edges(work.pixels, path.edges, (mcu * blocks + block) * EDGE_VALUES)
            path.bits[mcu * blocks + block] = work.ac_bits[block]
            part = -1 - layout.above_part[block]
            if part >= 0 and has_above:
                beyond_top(work.pixels, tops, 0, block)
                mean, roughness = upper_seam(tops, 0, block, path.edges, (above * blocks + part) * EDGE_VALUES)
                above_steps[mcu, block] = mean
                above_bins[mcu, block] = roughness_bin(roughness)
            part = -1 - layout.left_part[block]
            if part >= 0 and has_left:
                edge = ((mcu - 1) * blocks + part) * EDGE_VALUES
                mean, roughness = seam(work.pixels, path.edges, edge, path.edges, -1, work.steps)
                left_steps[mcu, block] = mean
                left_bins[mcu, block] = roughness_bin(roughness)
        start = mcu * blocks * 64
        for index in range(blocks * 64):
            coefficients[start + index] = work.coefficients[index]
