"""Read a whole scan as rows: one MCU after the other as the entropy decoder finds them, wherever they may stand."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel
from restore.placement.state.sequence_kernels import next_mcu, step_score
from restore.scan.contracts import Codes, Model, ScanLayout, Workspace
from restore.scan.score_kernels import (
    ACTIVITY_CLASSES,
    EDGE_VALUES,
    ROUGHNESS_BINS,
    activity_class,
    beyond_bottom,
    beyond_top,
    block_pixels,
    keep_edges,
    roughness_bin,
    seam,
)


class Rows(NamedTuple):
    """MCUs in the order of the stream, one row each, their DC values as the decoder counts them.

    Attributes:
        bits, ends: int64 (rows,), bits of the stream where each begins and ends.
        predictors: int32 (rows, 4), DC predictors before it.
        features: float32 (rows, features), see `ExpectedFeatures`.
        levels: float32 (rows, components), mean level less 128, in samples.
        lefts: float32 (rows,), nats by which its seam with the row before it is a natural one; 0 where not joined.
        evens: float32 (rows,), the share of that which is due to how even the seam is.
        joined: uint8 (rows,), 1 where it begins right where the row before it ends.
        tops, bottoms: float32 (rows, blocks, 8), what each block's edge lets expect just beyond it, in samples.
        classes: uint8 (rows, blocks), activity class of each block.
    """

    bits: NDArray[np.int64]
    ends: NDArray[np.int64]
    predictors: NDArray[np.int32]
    features: NDArray[np.float32]
    levels: NDArray[np.float32]
    lefts: NDArray[np.float32]
    evens: NDArray[np.float32]
    joined: NDArray[np.uint8]
    tops: NDArray[np.float32]
    bottoms: NDArray[np.float32]
    classes: NDArray[np.uint8]


@kernel
def read_rows(
    first_bits: NDArray[np.int64],
    end_bits: NDArray[np.int64],
    allowed: NDArray[np.int64],
    feature_block: NDArray[np.int64],
    feature_index: NDArray[np.int64],
    layout: ScanLayout,
    codes: Codes,
    model: Model,
    broad: NDArray[np.float64],
    work: Workspace,
    edges: NDArray[np.float32],
    rows: Rows,
    first_rows: NDArray[np.int64],
    scatter: NDArray[np.float64],
) -> None:
    """Decode every part of a scan, MCU after MCU, stepping one bit on where that fails.

    Args:
        first_bits, end_bits: (parts,), of the stream; allowed: (parts,), most MCUs that are read of each.
        feature_block, feature_index: (features,), block and coefficient of each feature; coefficient 0 is a block's
            level less the mean level of the component.
        edges: float32 (2 * blocks * EDGE_VALUES,), scratch.

    Receives the rows; `first_rows` (parts + 1,), where each part begins among them; `scatter` (components,
    ROUGHNESS_BINS, 2), sum of absolute mean steps across seams to the left, and their number.
    """
    blocks = layout.component_of.size
    components = layout.quant.size // 64
    shares = np.zeros(4)
    for block in range(blocks):
        shares[layout.component_of[block]] += 1.0
    found = 0
    for part in range(first_bits.size):
        first_rows[part] = found
        bit = first_bits[part]
        last = min(found + allowed[part], rows.bits.size)
        for component in range(4):
            work.predictors[component] = 0
        before = np.zeros(4, dtype=np.int64)
        previous = False
        while bit < end_bits[part] and found < last:
            begin, following = next_mcu(bit, end_bits[part], layout, codes, work, before)
            if begin > bit:
                previous = False
            if following < 0:
                break
            rows.bits[found] = begin
            rows.ends[found] = following
            own = (found & 1) * blocks
            other = ((found + 1) & 1) * blocks
            left = 0.0
            even = 0.0
            for component in range(components):
                rows.levels[found, component] = 0.0
            for component in range(4):
                rows.predictors[found, component] = before[component]
            for block in range(blocks):
                component = layout.component_of[block]
                unit = layout.quant[component * 64] * np.float32(0.125)
                rows.levels[found, component] += work.coefficients[block * 64] * unit / shares[component]
                block_pixels(work.coefficients, block * 64, layout.quant, component * 64, work.pixels)
                keep_edges(work.pixels, edges, (own + block) * EDGE_VALUES)
                rows.classes[found, block] = activity_class(work.ac_bits[block])
                beyond_top(work.pixels, rows.tops, found, block)
                beyond_bottom(work.pixels, rows.bottoms, found, block)
                part_left = -1 - layout.left_part[block]
                if part_left < 0 or not previous:
                    continue
                mean, roughness = seam(work.pixels, edges, (other + part_left) * EDGE_VALUES, edges, -1, work.steps)
                rough = roughness_bin(roughness)
                known = component * ACTIVITY_CLASSES + rows.classes[found - 1, part_left]
                even += model.roughness[known * ROUGHNESS_BINS + rough]
                left += step_score(mean, component, rough, layout, model, broad)
                if abs(mean) < 64.0:
                    scatter[component, rough, 0] += abs(mean)
                    scatter[component, rough, 1] += 1.0
            rows.lefts[found] = left + even
            rows.evens[found] = even
            rows.joined[found] = 1 if previous else 0
            for feature in range(feature_block.size):
                block = feature_block[feature]
                component = layout.component_of[block]
                index = feature_index[feature]
                value = work.coefficients[block * 64 + index] * layout.quant[component * 64 + index]
                if index == 0:
                    value -= 8.0 * rows.levels[found, component]
                rows.features[found, feature] = value
            previous = True
            bit = following
            found += 1
    first_rows[first_bits.size] = found
