"""PSNR and SSIM by hand and against scikit-image."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from skimage import metrics as other

from restore.lab.quality import metrics

structural_similarity: Any = other.structural_similarity


def noisy_pair(height: int, width: int) -> tuple[metrics.Pixels, metrics.Pixels]:
    random = np.random.default_rng(height * width)
    ramp = np.linspace(0, 255, height)[:, np.newaxis] / 2 + np.linspace(0, 255, width) / 2
    first = np.clip(ramp[..., np.newaxis] + random.normal(0, 25, (height, width, 3)), 0, 255)
    second = np.clip(first * 0.9 + random.normal(5, 20, first.shape), 0, 255)
    return first.astype(np.uint8), second.astype(np.uint8)


def test_luma_runs_from_16_to_235() -> None:
    pixels = np.array([[[0, 0, 0], [255, 255, 255], [255, 0, 0], [0, 255, 0], [0, 0, 255]]], dtype=np.uint8)
    assert metrics.luma(pixels) == pytest.approx(np.array([[16.0, 235.0, 81.481, 144.553, 40.966]]))


def test_psnr_by_hand() -> None:
    assert metrics.psnr(255.0**2) == 0.0
    assert metrics.psnr(1.0) == pytest.approx(48.1308, abs=1e-4)
    assert metrics.psnr(6.5025) == pytest.approx(40.0)
    assert metrics.psnr(0.0) == math.inf


def test_one_wrong_pixel_by_hand() -> None:
    first = np.zeros((10, 20, 3), dtype=np.uint8)
    second = first.copy()
    second[3, 4] = (255, 0, 0)
    error = metrics.squared_error(metrics.luma(first), metrics.luma(second))
    assert error.mean() == pytest.approx(65.481**2 / 200)


@pytest.mark.parametrize(("height", "width"), [(11, 11), (11, 40), (64, 48), (97, 131)])
def test_ssim_equals_scikit_image(height: int, width: int) -> None:
    first, second = noisy_pair(height, width)
    settings = {"data_range": 255, "gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    luma = metrics.luma(first), metrics.luma(second)
    assert metrics.ssim(*luma) == pytest.approx(structural_similarity(*luma, **settings), abs=1e-12)
    expected = structural_similarity(first, second, channel_axis=2, **settings)
    assert metrics.ssim_rgb(first, second) == pytest.approx(expected, abs=1e-12)


def test_identical_planes_have_ssim_one() -> None:
    plane = metrics.luma(noisy_pair(30, 30)[0])
    assert metrics.ssim(plane, plane) == pytest.approx(1.0)


def test_a_plane_smaller_than_the_window_has_no_ssim() -> None:
    assert metrics.ssim(np.zeros((10, 100)), np.zeros((10, 100))) is None
    assert metrics.ssim_rgb(np.zeros((10, 10, 3), np.uint8), np.zeros((10, 10, 3), np.uint8)) is None
