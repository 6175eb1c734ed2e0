"""What the seams of a whole path look like: the ground on which DC offsets are settled."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from restore.placement.ground import Ground
from restore.placement.survey_kernels import survey


@dataclass(frozen=True, eq=False)
class Survey:
    """See `survey_kernels.survey`; `coefficients` is (MCUs, blocks, 64), `end_bits` in bits of the stream."""

    above_steps: NDArray[np.float32]
    above_bins: NDArray[np.uint8]
    left_steps: NDArray[np.float32]
    left_bins: NDArray[np.uint8]
    levels: NDArray[np.float64]
    coefficients: NDArray[np.int16]
    end_bits: NDArray[np.int64]


def survey_path(ground: Ground) -> Survey:
    """Measure the path as it stands."""
    layout, path = ground.layout, ground.scan.path
    count, blocks, components = layout.mcu_count, layout.component_of.size, layout.quant.size // 64
    result = Survey(
        np.zeros((count, blocks), dtype=np.float32),
        np.zeros((count, blocks), dtype=np.uint8),
        np.zeros((count, blocks), dtype=np.float32),
        np.zeros((count, blocks), dtype=np.uint8),
        np.zeros((count, components)),
        np.zeros((count, blocks, 64), dtype=np.int16),
        np.zeros(count, dtype=np.int64),
    )
    survey(
        ground.bits(path.places[:count]), layout, ground.scan.codes, path, ground.work, ground.sequence.tops,
        result.above_steps, result.above_bins, result.left_steps, result.left_bins, result.levels,
        result.coefficients.reshape(-1), result.end_bits,
    )  # fmt: skip
    return result


def lean(ground: Ground, steps: NDArray[np.float32]) -> NDArray[np.float64]:
    """The median step of each component across the seams in `steps` (MCUs, blocks): sharpening makes pictures lean."""
    component_of = ground.layout.component_of
    found = np.zeros(ground.broad.size)
    for component in range(found.size):
        known = steps[:, component_of == component]
        known = known[np.isfinite(known)]
        if known.size:
            found[component] = np.median(known)
    return found
