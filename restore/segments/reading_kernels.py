"""Read the coefficients of a path whose MCUs are known; seams of a path that may be broken anywhere."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel
from restore.decoding.entropy_kernels import decode_block

STEP: Final = 0.5
"""Levels that one entry of a table of likelihoods stands for."""

ENTRIES: Final = 1024


@kernel(error_model="numpy")
def read_mcus(
    stream: NDArray[np.uint8],
    positions: NDArray[np.int64],
    count: int,
    interval: int,
    component_of: NDArray[np.int64],
    fast: NDArray[np.int32],
    limits: NDArray[np.int64],
    offsets: NDArray[np.int64],
    symbols: NDArray[np.uint8],
    coefficients: NDArray[np.int16],
) -> None:
    """Coefficients of `count` MCUs at `positions`, zeroed (count * blocks * 64,).

    The DC values begin at 0, and again after every `interval` MCUs, 0 for never.
    """
    predictors = np.zeros(4, dtype=np.int64)
    blocks = component_of.size
    for mcu in range(count):
        bit = positions[mcu]
        if interval > 0 and mcu % interval == 0:
            predictors[:] = 0
        for block in range(blocks):
            component = component_of[block]
            base = (mcu * blocks + block) * 64
            bit, difference = decode_block(
                stream, bit, 2 * component, 2 * component + 1, fast, limits, offsets, symbols, coefficients, base
            )
            predictors[component] += difference
            coefficients[base] = predictors[component]


@kernel(error_model="numpy")
def seams_of_breaks(
    top: NDArray[np.float32],
    bottom: NDArray[np.float32],
    component_of: NDArray[np.int64],
    columns: int,
    lost: int,
    likelihoods: NDArray[np.float32],
    seams: NDArray[np.float64],
) -> None:
    """For a break before each MCU of a path, how well the row of MCUs behind it goes on below what is before it.

    Behind the break all moves on by `lost` MCUs, and by an offset of each component, the median of the row's own.

    Args:
        top, bottom: (MCUs, samples), levels at the upper and lower edge; component_of: (samples,).
        likelihoods: (2, components, ENTRIES), of a difference in steps of `STEP`, for the nearest rows that can be
            above: `lost // columns` + 1 and + 2 rows up.
        seams: (MCUs,) receives the log-likelihoods.
    """
    count, samples = top.shape
    components = likelihoods.shape[1]
    over = lost % columns if lost >= 0 else lost
    histogram = np.zeros(2 * ENTRIES, dtype=np.int64)
    values = np.zeros(columns * samples, dtype=np.int64)
    farther = np.zeros(columns * samples, dtype=np.int64)
    for start in range(count):
        total = 0.0
        for component in range(components):
            size = 0
            histogram[:] = 0
            for place in range(start, min(start + columns, count)):
                far = 0 if place - start < columns - over else 1
                above = place + over - columns * (1 + far)
                if above < 0:
                    continue
                for sample in range(samples):
                    if component_of[sample] != component:
                        continue
                    step = np.int64((top[place, sample] - bottom[above, sample]) / np.float32(STEP))
                    step = max(-ENTRIES + 1, min(ENTRIES - 1, step))
                    histogram[step + ENTRIES] += 1
                    values[size] = step
                    farther[size] = far
                    size += 1
            if size * 4 < columns:
                continue
            below, median = 0, np.int64(0)
            while 2 * (below + histogram[median]) < size:
                below += histogram[median]
                median += 1
            median -= ENTRIES
            for index in range(size):
                apart = min(ENTRIES - 1, abs(values[index] - median))
                total += likelihoods[farther[index], component, apart]
        seams[start] = total
