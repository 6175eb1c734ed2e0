"""The placement kernels against plain renderings of what they say."""

from __future__ import annotations

import numpy as np
import pytest

from restore.decoding.robust import decode
from restore.placement.by_seams.seam_survey import survey_path
from restore.placement.state.placement_state import PlacementState, no_guide
from restore.placement.state.seam_kernels import best_run, upper_seam
from restore.scan.preparation import open_scan, recalibrate
from restore.scan.score_kernels import EDGE_VALUES
from tests.restore.placement.damaged import picture


@pytest.mark.parametrize("seed", range(20))
def test_best_run_is_the_best_of_all_runs(seed: int) -> None:
    values = np.random.default_rng(seed).normal(-0.2, 1.0, 12)
    best, begin, end = best_run(values, values.size)
    sums = [values[i:j].sum() for i in range(12) for j in range(i + 1, 13)]
    assert best == pytest.approx(max(0.0, *sums))
    assert best == pytest.approx(values[begin:end].sum())


def test_upper_seam_is_the_step_less_what_the_gradients_predict() -> None:
    dice = np.random.default_rng(0)
    block, above = dice.normal(0, 20, (2, 8, 8)).astype(np.float32)
    tops = (1.5 * block[0] - 0.5 * block[1]).reshape(1, 1, 8)
    edges = np.zeros(EDGE_VALUES, dtype=np.float32)
    edges[:8], edges[8:16] = above[7], above[6]
    mean, roughness = upper_seam(tops, 0, 0, edges, 0)
    steps = block[0] - above[7] - 0.5 * (above[7] - above[6] + block[1] - block[0])
    assert mean == pytest.approx(steps.mean(), abs=1e-3)
    assert roughness == pytest.approx(np.log2(1 + np.abs(steps - steps.mean()) / 2).mean(), abs=1e-4)


def test_survey_gives_the_decoders_coefficients_and_seams() -> None:
    data = picture(160, 96)
    decoded = decode(data)
    scan = open_scan(data, decoded, decoded.end - 2)
    recalibrate(scan)
    state = PlacementState(scan, no_guide(3))
    survey = survey_path(state)
    np.testing.assert_array_equal(survey.coefficients, decoded.coefficients)
    assert np.isnan(survey.above_steps[:10]).all()
    assert np.isfinite(survey.above_steps[10:, 0]).all()
    assert np.isnan(survey.left_steps[::10]).all()
    assert np.isnan(survey.above_steps[:, 2]).all()  # the lower blocks of an MCU meet blocks of their own
    positions = decoded.mcus.bit_positions
    np.testing.assert_array_equal(survey.end_bits[:-1], positions[1:])
