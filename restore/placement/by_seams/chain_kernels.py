"""Go back from where a decoder has fallen into step to where the damage ends.

The decoder takes a few MCUs to fall into step again, and those before are stored unharmed: each begins at some bit from
which decoding ends exactly where the following one begins. Of all such bits the one is taken whose MCU fits best.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel
from restore.placement.state.sequence_kernels import step_score
from restore.scan.contracts import Codes, Model, Path, ScanLayout, Workspace
from restore.scan.extend_kernels import decode_mcu
from restore.scan.score_kernels import (
    ACTIVITY_CLASSES,
    EDGE_VALUES,
    ROUGHNESS_BINS,
    activity_class,
    block_pixels,
    describe_mcu,
    roughness_bin,
    score_mcu,
    seam,
)

LONGEST: Final = 8192
"""Bits of the longest MCU looked for."""


@kernel
def keep_firsts(layout: ScanLayout, work: Workspace, firsts: NDArray[np.float32]) -> None:
    """Store the pixels (blocks, 64) of the MCU in the workspace."""
    for block in range(layout.component_of.size):
        block_pixels(work.coefficients, block * 64, layout.quant, layout.component_of[block] * 64, firsts[block])


@kernel
def right_score(
    mcu: int,
    layout: ScanLayout,
    model: Model,
    broad: NDArray[np.float64],
    path: Path,
    work: Workspace,
    firsts: NDArray[np.float32],
) -> float:
    """Nats by which the MCU described last, row `mcu` of the path, meets its right neighbour with these pixels."""
    blocks = layout.component_of.size
    nats = 0.0
    for block in range(blocks):
        part = -1 - layout.left_part[block]
        if part < 0:
            continue
        component = layout.component_of[block]
        edge = (mcu * blocks + part) * EDGE_VALUES
        mean, roughness = seam(firsts[block], path.edges, edge, path.edges, -1, work.steps)
        rough = roughness_bin(roughness)
        known = component * ACTIVITY_CLASSES + activity_class(path.bits[mcu * blocks + part])
        nats += model.roughness[known * ROUGHNESS_BINS + rough]
        nats += step_score(mean, component, rough, layout, model, broad)
    return nats


@kernel
def fit_before(
    bit: int,
    mcu: int,
    layout: ScanLayout,
    codes: Codes,
    model: Model,
    broad: NDArray[np.float64],
    path: Path,
    work: Workspace,
    firsts: NDArray[np.float32],
) -> float:
    """Nats for MCU `mcu` at `bit` with the predictors in the workspace, beside its neighbours, the right one too."""
    if decode_mcu(bit, layout, codes, work) < 0:
        return -1e9
    left = mcu - 1 if mcu % layout.columns > 0 and path.known[mcu - 1] else -1
    above = mcu - layout.columns if mcu >= layout.columns and path.known[mcu - layout.columns] else -1
    describe_mcu(path, left, path, above, path, mcu, layout, work)
    nats = score_mcu(layout, model, work)
    if (mcu + 1) % layout.columns:
        nats += right_score(mcu, layout, model, broad, path, work, firsts)
    return float(nats)


@kernel
def chain_back(
    lowest_bit: int,
    lowest_mcu: int,
    bit: int,
    mcu: int,
    least: float,
    drop: float,
    layout: ScanLayout,
    codes: Codes,
    model: Model,
    broad: NDArray[np.float64],
    path: Path,
    work: Workspace,
    predictors: NDArray[np.int64],
    bits: NDArray[np.int64],
    befores: NDArray[np.int64],
) -> int:
    """Find MCUs that lead up to MCU `mcu`, which begins at `bit` with `predictors` (4,).

    None begins before bit `lowest_bit` of the stream or is numbered less than `lowest_mcu`; what counts of
    each is what it scores above `least` nats, and a fall of the sum by `drop` ends the search.
    Receives the bit of each and the predictors before it, `bits` (n,) and `befores` (n, 4), going back.

    Returns:
        How many were found.
    """
    firsts = np.zeros((layout.component_of.size, 64), dtype=np.float32)
    after = predictors.copy()
    trial = np.zeros(4, dtype=np.int64)
    work.predictors[:] = predictors
    if decode_mcu(bit, layout, codes, work) < 0:
        return 0
    keep_firsts(layout, work, firsts)
    found = best_found = 0
    total = best_total = 0.0
    while found < bits.size and mcu - found > lowest_mcu and total > best_total - drop:
        best, best_bit = -1e8, -1
        for start in range(bit - 1, max(lowest_bit, bit - LONGEST) - 1, -1):
            work.predictors[:] = 0
            if decode_mcu(start, layout, codes, work) != bit:
                continue
            for component in range(4):
                trial[component] = after[component] - work.predictors[component]
                work.predictors[component] = trial[component]
            nats = fit_before(start, mcu - found - 1, layout, codes, model, broad, path, work, firsts)
            if nats > best:
                best, best_bit = nats, start
                befores[found] = trial
        if best_bit < 0:
            break
        work.predictors[:] = befores[found]
        decode_mcu(best_bit, layout, codes, work)
        keep_firsts(layout, work, firsts)
        after[:] = befores[found]
        bits[found] = best_bit
        bit = best_bit
        found += 1
        total += best - least
        if total > best_total or (bit == lowest_bit and mcu - found == lowest_mcu):
            best_total, best_found = total, found
    return best_found
