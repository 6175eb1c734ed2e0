"""Notice a DC value or a place that has moved without anything else looking wrong.

A change by d steps of one component's DC makes the steps across the seams with the row above too large by d, one MCU
after the other. For each of a few d the evidence is summed up as long as it is positive (E. S. Page's cumulative sum,
1954); a sum may only begin at an MCU that looks odd, since damage spoils at least one.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel
from restore.placement.state.seam_kernels import guide_score, upper_seam
from restore.placement.state.sequence_kernels import step_score
from restore.scan.contracts import Codes, Model, Path, ScanLayout, Workspace
from restore.scan.extend_kernels import decode_mcu
from restore.scan.score_kernels import EDGE_VALUES, beyond_top, block_pixels, roughness_bin, seam
from restore.thumbnail.level_guide import Guide

CHANGES: Final = np.array([-64.0, -32.0, -16.0, -8.0, -4.0, 4.0, 8.0, 16.0, 32.0, 64.0])
"""Changes that are looked for, in samples."""

_WEIGHT: Final = 0.4
"""Share of a seam's nats that counts: along an edge of the picture natural steps lean one way."""

_ODD_FOR: Final = 3
"""MCUs behind an odd one at which a sum may begin."""


@kernel
def cusum(
    first_bit: int,
    first: int,
    end: int,
    oddity: float,
    alarm: float,
    layout: ScanLayout,
    codes: Codes,
    model: Model,
    broad: NDArray[np.float64],
    lean: NDArray[np.float64],
    guide: Guide,
    path: Path,
    work: Workspace,
    tops: NDArray[np.float32],
    sums: NDArray[np.float64],
    begins: NDArray[np.int64],
    levels: NDArray[np.float64],
) -> tuple[int, int]:
    """Look along MCUs `first` to `end` - 1 of the path, whose first bit is `first_bit` of the stream.

    Args:
        oddity: nats of a step to the left under which an MCU looks odd.
        alarm: nats from which on a sum tells of a change.
        tops: float32 (1, blocks, 8), scratch.
        levels: float64 (MCUs, components), receives the mean level of each MCU less 128, in samples.
        sums, begins: (components * CHANGES.size,), the sums as the last call left them, and where each began.

    Returns:
        The MCU at which a change began and the one at which it was noticed, -1 for none.
    """
    blocks = layout.component_of.size
    components = layout.quant.size // 64
    guided = guide.levels.shape[0] > 0
    shares = np.zeros(4)
    for block in range(blocks):
        shares[layout.component_of[block]] += 1.0
    means = np.zeros(blocks)
    bins = np.zeros(blocks, dtype=np.int64)
    odd = 0
    bit = first_bit
    for component in range(4):
        work.predictors[component] = path.predictors[first, component]
    for mcu in range(first, end):
        bit = decode_mcu(bit, layout, codes, work)
        if bit < 0:
            return -1, -1
        odd -= 1
        if mcu == 0 or path.known[mcu - 1] == 0:
            odd = _ODD_FOR
        above = mcu - layout.columns
        for component in range(components):
            levels[mcu, component] = 0.0
        for block in range(blocks):
            component = layout.component_of[block]
            unit = layout.quant[component * 64] * 0.125
            levels[mcu, component] += work.coefficients[block * 64] * unit / shares[component]
            part = -1 - layout.above_part[block]
            left = -1 - layout.left_part[block]
            bins[block] = -1
            if part < 0 and left < 0:
                continue
            block_pixels(work.coefficients, block * 64, layout.quant, component * 64, work.pixels)
            if left >= 0 and mcu % layout.columns and path.known[mcu - 1]:
                edge = ((mcu - 1) * blocks + left) * EDGE_VALUES
                mean, roughness = seam(work.pixels, path.edges, edge, path.edges, -1, work.steps)
                if step_score(mean, component, roughness_bin(roughness), layout, model, broad) < oddity:
                    odd = _ODD_FOR
            if part < 0 or above < 0 or path.known[above] == 0:
                continue
            beyond_top(work.pixels, tops, 0, block)
            mean, roughness = upper_seam(tops, 0, block, path.edges, (above * blocks + part) * EDGE_VALUES)
            means[block] = mean - lean[component]
            bins[block] = roughness_bin(roughness)
        for component in range(components):
            for number in range(CHANGES.size):
                index = component * CHANGES.size + number
                if sums[index] <= 0.0:
                    if odd <= 0:
                        continue
                    begins[index] = mcu
                shift = -CHANGES[number]
                for block in range(blocks):
                    if layout.component_of[block] == component and bins[block] >= 0:
                        gain = step_score(means[block] + shift, component, bins[block], layout, model, broad)
                        gain -= step_score(means[block], component, bins[block], layout, model, broad)
                        sums[index] += _WEIGHT * gain
                if guided:
                    sums[index] += guide_score(levels[mcu, component] + shift, mcu, component, guide)
                    sums[index] -= guide_score(levels[mcu, component], mcu, component, guide)
                if sums[index] > alarm:
                    began = begins[index]
                    sums[:] = 0.0
                    return began, mcu
                sums[index] = max(sums[index], 0.0)
    return -1, -1
