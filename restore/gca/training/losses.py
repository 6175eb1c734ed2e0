"""What the restorer is trained for."""

from __future__ import annotations

import torch
from torch import Tensor

FLOOR = 1e-5
"""Mean squared error, on a scale of 1, below which a window gains little more (50 dB)."""


def hole_decibels(predicted: Tensor, truth: Tensor, hole: Tensor) -> Tensor:
    """Mean over the windows of 10 log10 of the mean squared error inside the holes: the PSNR with its sign turned.

    After the PSNR loss of NAFNet (L. Chen et al., ECCV 2022): every window counts alike, however hard it is.

    Args:
        predicted, truth: (windows, 3, height, width) from 0 to 1.
        hole: (windows, 1, height, width), 1 inside.
    """
    error = ((predicted - truth).square() * hole).sum(dim=(1, 2, 3))
    mean = error / (3 * hole.sum(dim=(1, 2, 3)).clamp(min=1))
    return 10 * torch.log10(mean + FLOOR).mean()


def gradient_difference(predicted: Tensor, truth: Tensor, hole: Tensor) -> Tensor:
    """Mean absolute difference of the differences between neighbouring pixels, where either lies in a hole.

    Keeps edges at the rim of a hole from being left as seams; arguments as above.
    """
    error = predicted - truth
    total = torch.zeros((), device=predicted.device)
    for axis in (2, 3):
        size = error.shape[axis] - 1
        step = (error.narrow(axis, 1, size) - error.narrow(axis, 0, size)).abs()
        near = torch.maximum(hole.narrow(axis, 1, size), hole.narrow(axis, 0, size))
        total = total + (step * near).sum() / (3 * near.sum()).clamp(min=1)
    return total
