"""What the seams of a whole path look like: the ground on which DC offsets are settled."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from restore.placement.by_seams.seam_survey_kernels import survey
from restore.placement.state.placement_state import PlacementState
from restore.scan.score_kernels import EDGE_VALUES


@dataclass(frozen=True, eq=False)
class SeamSurvey:
    """See `survey_kernels.survey`; `coefficients` is (MCUs, blocks, 64), `end_bits` in bits of the stream."""

    above_steps: NDArray[np.float32]
    above_bins: NDArray[np.uint8]
    left_steps: NDArray[np.float32]
    left_bins: NDArray[np.uint8]
    levels: NDArray[np.float64]
    coefficients: NDArray[np.int16]
    end_bits: NDArray[np.int64]


def survey_path(state: PlacementState) -> SeamSurvey:
    """Measure the path as it stands."""
    layout, path = state.layout, state.scan.path
    count, blocks, components = layout.mcu_count, layout.component_of.size, layout.quant.size // 64
    result = SeamSurvey(
        np.zeros((count, blocks), dtype=np.float32),
        np.zeros((count, blocks), dtype=np.uint8),
        np.zeros((count, blocks), dtype=np.float32),
        np.zeros((count, blocks), dtype=np.uint8),
        np.zeros((count, components)),
        np.zeros((count, blocks, 64), dtype=np.int16),
        np.zeros(count, dtype=np.int64),
    )
    survey(
        state.stream.bits(path.places[:count]), layout, state.scan.codes, path, state.work, state.sequence.tops,
        result.above_steps, result.above_bins, result.left_steps, result.left_bins, result.levels,
        result.coefficients.reshape(-1), result.end_bits,
    )  # fmt: skip
    return result


def shifted(state: PlacementState, survey: SeamSurvey, steps: NDArray[np.int64]) -> SeamSurvey:
    """The survey, and the path's edges, with DC steps (MCUs, components) added to the MCUs of the path.

    A change of DC moves all samples of a block alike, so nothing need be measured again.
    """
    layout, path = state.layout, state.scan.path
    count, blocks = layout.mcu_count, layout.component_of.size
    steps = np.where(path.known[:count, np.newaxis] != 0, steps, 0)
    samples = (steps * (layout.quant[::64] * 0.125)).astype(np.float32)
    by_block = samples[:, layout.component_of]
    path.edges[: count * blocks * EDGE_VALUES].reshape(count, blocks, EDGE_VALUES)[:] += by_block[..., np.newaxis]
    coefficients = survey.coefficients.copy()
    coefficients[..., 0] += steps[:, layout.component_of].astype(np.int16)
    return replace(
        survey,
        above_steps=survey.above_steps + by_block - _behind(by_block, layout.columns),
        left_steps=survey.left_steps + by_block - _behind(by_block, 1),
        levels=survey.levels + samples,
        coefficients=coefficients,
    )


def _behind(values: NDArray[np.float32], distance: int) -> NDArray[np.float32]:
    """Row r - `distance` in place of row r; zeros for those before the first."""
    behind = np.zeros_like(values)
    behind[distance:] = values[:-distance]
    return behind


def lean(state: PlacementState, steps: NDArray[np.float32]) -> NDArray[np.float64]:
    """The median step of each component across the seams in `steps` (MCUs, blocks): sharpening makes pictures lean."""
    component_of = state.layout.component_of
    found = np.zeros(state.broad.size)
    for component in range(found.size):
        known = steps[:, component_of == component]
        known = known[np.isfinite(known)]
        if known.size:
            found[component] = np.median(known)
    return found
