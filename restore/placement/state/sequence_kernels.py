"""Read what follows damage as a sequence of MCUs, wherever it may stand.

Behind damage the entropy decoder falls into step again within a few MCUs (Huffman codes synchronise themselves), but
it has counted wrongly and carries wrong DC predictors.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel
from restore.scan.contracts import Codes, Model, ScanLayout, Workspace
from restore.scan.extend_kernels import decode_mcu
from restore.scan.score_kernels import (
    ACTIVITY_CLASSES,
    EDGE_VALUES,
    ROUGHNESS_BINS,
    STEP_BINS,
    activity_class,
    beyond_top,
    block_pixels,
    keep_edges,
    roughness_bin,
    seam,
    step_bin,
)


class Sequence(NamedTuple):
    """MCUs read one after the other, one row each.

    Attributes:
        bits: int64 (rows + 1,), bit of the stream where each begins.
        predictors: int64 (rows + 1, 4), DC predictors before it.
        tops: float32 (rows, blocks, 8), what each block's upper edge lets expect just above it, in samples.
        levels: float64 (rows, 4), mean DC of each component, in samples.
        lefts: float64 (rows,), nats by which its seam with the MCU before it is a natural one.
        joined: uint8 (rows,), 1 where it begins right where the one before it ends.
        edges, ac_bits: as in `Path`.
    """

    bits: NDArray[np.int64]
    predictors: NDArray[np.int64]
    tops: NDArray[np.float32]
    levels: NDArray[np.float64]
    lefts: NDArray[np.float64]
    joined: NDArray[np.uint8]
    edges: NDArray[np.float32]
    ac_bits: NDArray[np.int32]


@kernel
def step_score(
    mean: float, component: int, rough: int, layout: ScanLayout, model: Model, broad: NDArray[np.float64]
) -> float:
    """Nats by which a mean step across a seam is a natural one; `broad` (components,) is log p of any other step."""
    unit = layout.quant[component * 64] * 0.125
    row = (component * ROUGHNESS_BINS + rough) * STEP_BINS
    return float(model.step[row + step_bin(mean, unit)] - broad[component])


@kernel
def left_score(
    previous: int,
    block: int,
    layout: ScanLayout,
    model: Model,
    work: Workspace,
    sequence: Sequence,
    broad: NDArray[np.float64],
) -> float:
    """Nats by which the seam of the block in `work.pixels` with row `previous` is a natural one; 0 inside the MCU."""
    part = -1 - layout.left_part[block]
    if part < 0 or previous < 0:
        return 0.0
    blocks = layout.component_of.size
    component = layout.component_of[block]
    edge = (previous * blocks + part) * EDGE_VALUES
    mean, roughness = seam(work.pixels, sequence.edges, edge, sequence.edges, -1, work.steps)
    rough = roughness_bin(roughness)
    known = component * ACTIVITY_CLASSES + activity_class(sequence.ac_bits[previous * blocks + part])
    even = model.roughness[known * ROUGHNESS_BINS + rough]
    return float(even + step_score(mean, component, rough, layout, model, broad))


@kernel
def next_mcu(
    bit: int, limit: int, layout: ScanLayout, codes: Codes, work: Workspace, before: NDArray[np.int64]
) -> tuple[int, int]:
    """The next MCU that decodes from `bit` on and ends at bit `limit` at the latest, one bit stepped on at a time.

    It is then in the workspace, and `before` (4,) holds the DC predictors before it.

    Returns:
        Where it begins and ends; `limit` and -1 where there is none, the predictors being as they were.
    """
    for component in range(4):
        before[component] = work.predictors[component]
    while bit < limit:
        following = decode_mcu(bit, layout, codes, work)
        if 0 <= following <= limit:
            return bit, following
        bit += 1
        for component in range(4):
            work.predictors[component] = before[component]
    return limit, -1


@kernel
def read_sequence(
    first: int,
    rows: int,
    limit: int,
    layout: ScanLayout,
    codes: Codes,
    model: Model,
    work: Workspace,
    broad: NDArray[np.float64],
    sequence: Sequence,
) -> int:
    """Decode MCU after MCU up to bit `limit` of the stream, stepping one bit on where that fails.

    Row `first` of the sequence already holds the bit to begin at and the predictors there; rows before it were read.

    Returns:
        MCUs found with those before, at most `rows`.
    """
    blocks = layout.component_of.size
    found = first
    previous = first - 1
    bit = sequence.bits[first]
    for component in range(4):
        work.predictors[component] = sequence.predictors[first, component]
    while bit < limit and found < rows:
        begin, following = next_mcu(bit, limit, layout, codes, work, sequence.predictors[found])
        if begin > bit:
            previous = -1
        if following < 0:
            break
        sequence.bits[found] = begin
        left = 0.0
        for component in range(4):
            sequence.levels[found, component] = 0.0
        for block in range(blocks):
            component = layout.component_of[block]
            block_pixels(work.coefficients, block * 64, layout.quant, component * 64, work.pixels)
            keep_edges(work.pixels, sequence.edges, (found * blocks + block) * EDGE_VALUES)
            sequence.ac_bits[found * blocks + block] = work.ac_bits[block]
            beyond_top(work.pixels, sequence.tops, found, block)
            left += left_score(previous, block, layout, model, work, sequence, broad)
            sequence.levels[found, component] += work.coefficients[block * 64] * layout.quant[component * 64] * 0.125
        sequence.lefts[found] = left
        sequence.joined[found] = 1 if previous >= 0 or found == 0 else 0
        previous = found
        bit = following
        found += 1
        sequence.bits[found] = bit
    for component in range(4):
        sequence.predictors[found, component] = work.predictors[component]
    for component in range(layout.quant.size // 64):
        share = 0
        for block in range(blocks):
            if layout.component_of[block] == component:
                share += 1
        for row in range(first, found):
            sequence.levels[row, component] /= share
    return found
