"""Picture quality as restoration papers report it: PSNR and SSIM, on luma and on RGB.

Luma is BT.601 studio swing, unrounded: Y = 16 + (65.481 R + 128.553 G + 24.966 B) / 255. PSNR takes 255 as the peak.
SSIM (Z. Wang et al., 2004) weighs with an 11×11 Gaussian of σ 1.5, takes population covariances, C1 = (0.01 · 255)² and
C2 = (0.03 · 255)², and averages over the windows that lie inside the picture; on RGB it is the mean of the channels.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]
Plane = NDArray[np.float64]

PEAK: Final = 255.0
WINDOW: Final = 11
SIGMA: Final = 1.5
CONVENTIONS: Final = (
    "Y: BT.601 studio swing, 16 + (65.481 R + 128.553 G + 24.966 B)/255, float, unrounded; no border cropped.",
    "PSNR: 10 log10(255²/MSE) per picture, then the mean; identical pictures count as 100 dB in means.",
    "SSIM: Gaussian 11×11, σ 1.5, population covariance, windows inside the picture only; on RGB the mean of channels.",
)

_LUMA: Final = np.array([65.481, 128.553, 24.966]) / 255.0


def luma(pixels: Pixels) -> Plane:
    """Y of RGB pixels (height, width, 3), float64 (height, width), from 16 to 235."""
    return 16.0 + pixels.astype(np.float64) @ _LUMA


def squared_error(first: NDArray[np.generic], second: NDArray[np.generic]) -> Plane:
    """The squared difference of two arrays of one shape, in float64."""
    difference = first.astype(np.float64) - second.astype(np.float64)
    return difference * difference


def psnr(mean_squared_error: float) -> float:
    """PSNR in dB; infinite for identical pictures."""
    return math.inf if mean_squared_error == 0 else 10 * math.log10(PEAK * PEAK / mean_squared_error)


def ssim(first: Plane, second: Plane) -> float | None:
    """SSIM of two planes (height, width); None where they are smaller than the window."""
    if min(first.shape) < WINDOW:
        return None
    from restore.lab.quality.ssim_kernels import mean_ssim

    return float(mean_ssim(np.ascontiguousarray(first), np.ascontiguousarray(second), gaussian(), PEAK))


def ssim_rgb(first: Pixels, second: Pixels) -> float | None:
    """Mean SSIM of the three channels of RGB pixels (height, width, 3)."""
    channels = [ssim(first[..., c].astype(np.float64), second[..., c].astype(np.float64)) for c in range(3)]
    known = [value for value in channels if value is not None]
    return sum(known) / len(known) if known else None


def gaussian() -> Plane:
    """The window's weights along one axis, float64 (11,), of sum 1."""
    distances = np.arange(WINDOW) - WINDOW // 2
    weights = np.exp(-0.5 * (distances / SIGMA) ** 2)
    return np.asarray(weights / weights.sum())
