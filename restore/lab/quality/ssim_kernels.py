"""SSIM in one pass over the rows: five windowed moments by a separable Gaussian, kept for one row at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel

Plane = NDArray[np.float64]


@kernel(fastmath={"contract"})
def mean_ssim(first: Plane, second: Plane, weights: Plane, peak: float) -> float:
    """Mean SSIM over all windows inside the planes.

    Args:
        first, second: float64 (height, width), contiguous, not smaller than the window.
        weights: float64 (n,), the window along one axis, of sum 1.
        peak: largest value, for the constants C1 and C2.
    """
    height, width = first.shape
    taps = weights.size
    c1 = (0.01 * peak) ** 2
    c2 = (0.03 * peak) ** 2
    columns = width - taps + 1
    down = np.empty((5, width))
    across = np.empty((5, columns))
    total = 0.0
    for top in range(height - taps + 1):
        down[:] = 0.0
        for tap in range(taps):
            weight = weights[tap]
            a_row, b_row = first[top + tap], second[top + tap]
            for x in range(width):
                a, b = a_row[x], b_row[x]
                down[0, x] += weight * a
                down[1, x] += weight * b
                down[2, x] += weight * a * a
                down[3, x] += weight * b * b
                down[4, x] += weight * a * b
        across[:] = 0.0
        for moment in range(5):
            for tap in range(taps):
                weight = weights[tap]
                for x in range(columns):
                    across[moment, x] += weight * down[moment, x + tap]
        row = 0.0
        for x in range(columns):
            mean_a, mean_b = across[0, x], across[1, x]
            variance_a = across[2, x] - mean_a * mean_a
            variance_b = across[3, x] - mean_b * mean_b
            covariance = across[4, x] - mean_a * mean_b
            luminance = (2.0 * mean_a * mean_b + c1) / (mean_a * mean_a + mean_b * mean_b + c1)
            structure = (2.0 * covariance + c2) / (variance_a + variance_b + c2)
            row += luminance * structure
        total += row
    return float(total / ((height - taps + 1) * columns))
