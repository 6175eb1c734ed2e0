"""How natural an MCU is beside its neighbours, in nats against the assumption that its bits are noise.

A block's score is log p(block | neighbours) - log p(block | random bits). Random bits decode to a block with
probability 2 ** -(its code length), so the second term is the code length itself: the score is the Fano metric of
sequential decoding (R. Fano, "A heuristic discussion of probabilistic decoding", 1963) with the picture as the code.
It is positive on average for stored pictures and negative for anything decoded out of step, and scores of stretches
of different length can be compared.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel
from restore.scan.contracts import Counts, Model, Path, ScanLayout, Workspace

ACTIVITY_CLASSES: Final = 10
ROUGHNESS_BINS: Final = 24
STEP_BINS: Final = 28
SIZES: Final = 12
"""Amplitude sizes 0..11 told apart; larger ones count as 11."""

EDGE_VALUES: Final = 32
"""Floats kept of each block: rows 7 and 6, then columns 7 and 6."""

ROUGHNESS_SCALE: Final = 4.0
STEP_SCALE: Final = 4.0
_LN2: Final = 0.6931471805599453
_OUT_OF_RANGE: Final = -8.0


@kernel(inline="always")
def _butterfly(
    s0: np.float32, s1: np.float32, s2: np.float32, s3: np.float32, s4: np.float32, s5: np.float32, s6: np.float32,
    s7: np.float32,
) -> tuple[np.float32, np.float32, np.float32, np.float32, np.float32, np.float32, np.float32, np.float32]:  # fmt: skip
    """One 8-point inverse DCT, scaled by sqrt(8) (Loeffler, Ligtenberg and Moschytz, 1989)."""
    z1 = (s2 + s6) * np.float32(0.541196100)
    even2 = z1 - s6 * np.float32(1.847759065)
    even3 = z1 + s2 * np.float32(0.765366865)
    even0 = s0 + s4
    even1 = s0 - s4
    t10 = even0 + even3
    t13 = even0 - even3
    t11 = even1 + even2
    t12 = even1 - even2
    z1 = (s7 + s1) * np.float32(-0.899976223)
    z2 = (s5 + s3) * np.float32(-2.562915447)
    z5 = (s7 + s3 + s5 + s1) * np.float32(1.175875602)
    z3 = (s7 + s3) * np.float32(-1.961570560) + z5
    z4 = (s5 + s1) * np.float32(-0.390180644) + z5
    o0 = s7 * np.float32(0.298631336) + z1 + z3
    o1 = s5 * np.float32(2.053119869) + z2 + z4
    o2 = s3 * np.float32(3.072711026) + z2 + z3
    o3 = s1 * np.float32(1.501321110) + z1 + z4
    return t10 + o3, t11 + o2, t12 + o1, t13 + o0, t13 - o0, t12 - o1, t11 - o2, t10 - o3


@kernel
def block_pixels(
    coefficients: NDArray[np.int16], base: int, quant: NDArray[np.float32], quant_base: int, pixels: NDArray[np.float32]
) -> None:
    """Samples of the block at `base`, row-major, unclipped and without level shift, into `pixels` (64,)."""
    last = 63
    while last > 0 and coefficients[base + last] == 0:
        last -= 1
    eighth = np.float32(0.125)
    if last == 0:
        flat = np.float32(coefficients[base]) * quant[quant_base] * eighth
        for index in range(64):
            pixels[index] = flat
        return
    rows = last // 8 + 1
    for index in range(rows * 8):
        pixels[index] = np.float32(coefficients[base + index]) * quant[quant_base + index] * eighth
    for index in range(rows * 8, 64):
        pixels[index] = 0.0
    for column in range(8):
        a0, a1, a2, a3, a4, a5, a6, a7 = _butterfly(
            pixels[column], pixels[8 + column], pixels[16 + column], pixels[24 + column], pixels[32 + column],
            pixels[40 + column], pixels[48 + column], pixels[56 + column],
        )  # fmt: skip
        pixels[column] = a0
        pixels[8 + column] = a1
        pixels[16 + column] = a2
        pixels[24 + column] = a3
        pixels[32 + column] = a4
        pixels[40 + column] = a5
        pixels[48 + column] = a6
        pixels[56 + column] = a7
    for row in range(0, 64, 8):
        a0, a1, a2, a3, a4, a5, a6, a7 = _butterfly(
            pixels[row], pixels[row + 1], pixels[row + 2], pixels[row + 3], pixels[row + 4], pixels[row + 5],
            pixels[row + 6], pixels[row + 7],
        )  # fmt: skip
        pixels[row] = a0
        pixels[row + 1] = a1
        pixels[row + 2] = a2
        pixels[row + 3] = a3
        pixels[row + 4] = a4
        pixels[row + 5] = a5
        pixels[row + 6] = a6
        pixels[row + 7] = a7


@kernel
def keep_edges(pixels: NDArray[np.float32], edges: NDArray[np.float32], edge: int) -> None:
    """Store the two last rows and columns of a block at `edges[edge:edge + EDGE_VALUES]`."""
    for index in range(8):
        edges[edge + index] = pixels[56 + index]
        edges[edge + 8 + index] = pixels[48 + index]
        edges[edge + 16 + index] = pixels[8 * index + 7]
        edges[edge + 24 + index] = pixels[8 * index + 6]


@kernel
def seam(
    pixels: NDArray[np.float32],
    left: NDArray[np.float32],
    left_edge: int,
    above: NDArray[np.float32],
    above_edge: int,
    steps: NDArray[np.float32],
) -> tuple[float, float]:
    """Mean step over the seams with the left and upper neighbour, and the roughness of what remains without it.

    A step is the jump across the seam less the jump that the gradients on both sides predict. `left_edge` or
    `above_edge` is -1 where there is no such neighbour; at least one must be.

    Returns:
        The mean step in sample units, and the mean of log2(1 + |step - mean| / 2).
    """
    count = 0
    total = np.float32(0.0)
    half = np.float32(0.5)
    if left_edge >= 0:
        for row in range(8):
            near = left[left_edge + 16 + row]
            first = pixels[8 * row]
            steps[row] = first - near - half * (near - left[left_edge + 24 + row] + pixels[8 * row + 1] - first)
            total += steps[row]
        count = 8
    if above_edge >= 0:
        for column in range(8):
            near = above[above_edge + column]
            first = pixels[column]
            step = first - near - half * (near - above[above_edge + 8 + column] + pixels[8 + column] - first)
            steps[count + column] = step
            total += step
        count += 8
    mean = total / np.float32(count)
    roughness = np.float32(0.0)
    for index in range(count):
        roughness += np.log2(np.float32(1.0) + half * abs(steps[index] - mean))
    return mean, roughness / np.float32(count)


@kernel(inline="always")
def activity_class(bits: int) -> int:
    """Class of a neighbourhood whose blocks take `bits` code bits each for their AC coefficients."""
    level = int(2.0 * np.log2(1.0 + bits / 6.0))
    return min(level, ACTIVITY_CLASSES - 1)


@kernel(inline="always")
def roughness_bin(roughness: float) -> int:
    """Bin of a roughness as `seam` gives it."""
    return min(int(ROUGHNESS_SCALE * roughness), ROUGHNESS_BINS - 1)


@kernel(inline="always")
def step_bin(step: float, unit: float) -> int:
    """Bin of a mean step measured in DC quantisation steps of `unit` samples."""
    return min(int(STEP_SCALE * np.log2(1.0 + abs(step) / unit)), STEP_BINS - 1)


@kernel
def amplitude_size(value: int) -> int:
    """Bits of an amplitude's magnitude (T.81 category)."""
    magnitude = abs(value)
    size = 0
    while magnitude:
        size += 1
        magnitude >>= 1
    return size


@kernel
def coefficient_score(
    coefficients: NDArray[np.int16], base: int, table: NDArray[np.float32], zeros: NDArray[np.float32], row: int
) -> tuple[float, int]:
    """log p(AC coefficients | class) without their amplitude bits, and how many amplitude bits they take.

    Args:
        table: (components * classes * 64 * SIZES,), log p(size) - log p(0) at each position.
        zeros: (components * classes,), log p of a block of zeros.
        row: component * ACTIVITY_CLASSES + class.
    """
    score = zeros[row]
    bits = 0
    offset = row * 64 * SIZES
    for index in range(1, 64):
        value = coefficients[base + index]
        if value:
            size = amplitude_size(value)
            bits += size
            score += table[offset + index * SIZES + min(size, SIZES - 1)]
    return score, bits


@kernel
def describe_mcu(
    left_path: Path,
    left_mcu: int,
    above_path: Path,
    above_mcu: int,
    own_path: Path,
    own_mcu: int,
    layout: ScanLayout,
    work: Workspace,
) -> None:
    """What the scores of the blocks in the workspace depend on; also keeps the MCU as a neighbour of later ones.

    `left_part[i]` is the block left of block i: in this MCU where it is >= 0, else block -1 - left_part[i] of the
    left MCU (row `left_mcu` of `left_path`, -1 where there is none); `above_part` likewise. The MCU's edges and bit
    counts go to row `own_mcu` of `own_path`. Receives for each block, in the workspace: component and activity class
    in one (-1 for a block without neighbours), roughness bin, step bin.
    """
    blocks = layout.component_of.size
    for index in range(blocks):
        component = layout.component_of[index]
        part = layout.left_part[index]
        left_row = left_mcu
        left_array = left_path.edges
        if part >= 0:
            left_array, left_row = own_path.edges, own_mcu
            left_bit = own_path.bits[own_mcu * blocks + part]
        else:
            part = -1 - part
            left_bit = left_path.bits[left_mcu * blocks + part] if left_mcu >= 0 else np.int32(0)
        left_edge = (left_row * blocks + part) * EDGE_VALUES if left_row >= 0 else -1
        part = layout.above_part[index]
        above_row = above_mcu
        above_array = above_path.edges
        if part >= 0:
            above_array, above_row = own_path.edges, own_mcu
            above_bit = own_path.bits[own_mcu * blocks + part]
        else:
            part = -1 - part
            above_bit = above_path.bits[above_mcu * blocks + part] if above_mcu >= 0 else np.int32(0)
        above_edge = (above_row * blocks + part) * EDGE_VALUES if above_row >= 0 else -1
        block_pixels(work.coefficients, index * 64, layout.quant, component * 64, work.pixels)
        keep_edges(work.pixels, own_path.edges, (own_mcu * blocks + index) * EDGE_VALUES)
        own_path.bits[own_mcu * blocks + index] = work.ac_bits[index]
        known = (1 if left_row >= 0 else 0) + (1 if above_row >= 0 else 0)
        if known == 0:
            work.rows[index] = -1
            continue
        work.rows[index] = component * ACTIVITY_CLASSES + activity_class((left_bit + above_bit) // known)
        mean, roughness = seam(work.pixels, left_array, left_edge, above_array, above_edge, work.steps)
        work.roughness_bins[index] = roughness_bin(roughness)
        work.step_bins[index] = step_bin(mean, layout.quant[component * 64] * 0.125)


@kernel
def score_mcu(layout: ScanLayout, model: Model, work: Workspace) -> float:
    """Score in nats of the described MCU in the workspace."""
    score = 0.0
    for index in range(layout.component_of.size):
        row = work.rows[index]
        if row < 0:
            continue
        component = layout.component_of[index]
        own_class = activity_class(work.ac_bits[index])
        own_row = component * ACTIVITY_CLASSES + own_class
        natural, amplitude_bits = coefficient_score(work.coefficients, index * 64, model.sizes, model.zeros, own_row)
        score += natural + _LN2 * (work.ac_bits[index] - amplitude_bits)
        rough = work.roughness_bins[index]
        score += model.activity[row * ACTIVITY_CLASSES + own_class]
        score += model.roughness[row * ROUGHNESS_BINS + rough]
        score += model.step[(component * ROUGHNESS_BINS + rough) * STEP_BINS + work.step_bins[index]]
        score += _LN2 * work.dc_bits[index]
        unit = layout.quant[component * 64] * 0.125
        if abs(work.coefficients[index * 64] * unit) > 132.0 + unit:
            score += _OUT_OF_RANGE
    return score


@kernel
def count_mcu(layout: ScanLayout, work: Workspace, counts: Counts) -> None:
    """Add the described MCU in the workspace to the counts that the score tables are made of."""
    for index in range(layout.component_of.size):
        row = work.rows[index]
        if row < 0:
            continue
        own_class = activity_class(work.ac_bits[index])
        own_row = layout.component_of[index] * ACTIVITY_CLASSES + own_class
        counts.activity[row * ACTIVITY_CLASSES + own_class] += 1.0
        for position in range(1, 64):
            size = min(amplitude_size(work.coefficients[index * 64 + position]), SIZES - 1)
            counts.sizes[(own_row * 64 + position) * SIZES + size] += 1.0
        rough = work.roughness_bins[index]
        counts.roughness[row * ROUGHNESS_BINS + rough] += 1.0
        step_row = layout.component_of[index] * ROUGHNESS_BINS + rough
        counts.step[step_row * STEP_BINS + work.step_bins[index]] += 1.0


@kernel(inline="always")
def beyond_top(pixels: NDArray[np.float32], tops: NDArray[np.float32], row: int, block: int) -> None:
    """What a block's upper edge leads to expect just above it, in samples, into `tops` (rows, blocks, 8)."""
    for column in range(8):
        tops[row, block, column] = 1.5 * pixels[column] - 0.5 * pixels[8 + column]


@kernel(inline="always")
def beyond_bottom(pixels: NDArray[np.float32], bottoms: NDArray[np.float32], row: int, block: int) -> None:
    """What a block's lower edge leads to expect just below it, in samples, into `bottoms` (rows, blocks, 8)."""
    for column in range(8):
        bottoms[row, block, column] = 1.5 * pixels[56 + column] - 0.5 * pixels[48 + column]
