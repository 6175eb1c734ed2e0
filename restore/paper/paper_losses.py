"""The paper's losses (W. Liu et al., CVPR 2023, section 3.3). Pictures are (batch, 3, height, width), from -1 to 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

FEATURES_WEIGHT: Final = 10.0
"""Of feature matching, and of the VGG loss where there is one."""

EDGE_WEIGHT: Final = 15.0
CHARBONNIER_WEIGHT: Final = 150.0
EPSILON: Final = 1e-3
"""Of the Charbonnier loss; it stands squared under the root."""

_SOBEL: Final = ((-1.0, 0.0, 1.0), (-2.0, 0.0, 2.0), (-1.0, 0.0, 1.0))
_LUMA: Final = (0.299, 0.587, 0.114)
_FLAT: Final = 1e-6


def adversarial(judged: Sequence[Sequence[Tensor]], target: float) -> Tensor:
    """L_A, least squares (X. Mao et al., 2017): every verdict's distance from 1 (called true) or 0, summed over
    resolutions."""
    losses = [(features[-1] - target).square().mean() for features in judged]
    return torch.stack(losses).sum()


def feature_matching(made: Sequence[Sequence[Tensor]], true: Sequence[Sequence[Tensor]]) -> Tensor:
    """L_FM: mean absolute difference of the critics' features, without the verdict, of made and true picture.

    Weighed as in pix2pixHD: 4 over the number of layers, averaged over the resolutions.
    """
    losses = []
    for ours, theirs in zip(made, true, strict=True):
        layers = [(one - other.detach()).abs().mean() for one, other in zip(ours[:-1], theirs[:-1], strict=True)]
        losses.append(4.0 / len(layers) * torch.stack(layers).sum())
    return torch.stack(losses).mean()


def sobel(picture: Tensor) -> Tensor:
    """Length of the Sobel gradient of the brightness: (batch, 1, height, width)."""
    luma = (picture * picture.new_tensor(_LUMA).reshape(1, 3, 1, 1)).sum(dim=1, keepdim=True)
    across = picture.new_tensor(_SOBEL)
    filters = torch.stack([across, across.T]).unsqueeze(1)
    gradient = functional.conv2d(luma, filters, padding=1)
    return (gradient.square().sum(dim=1, keepdim=True) + _FLAT).sqrt()


def edge(made: Tensor, true: Tensor) -> Tensor:
    """L_E: mean squared difference of the Sobel maps."""
    return functional.mse_loss(sobel(made), sobel(true))


def charbonnier(made: Sequence[Tensor], true: Sequence[Tensor]) -> Tensor:
    """L_C: mean of √(difference² + ε²) on each level of a pyramid, averaged over the levels.

    The authors' code divides by the number of doublings, one less than the levels.
    """
    levels = [((one - other).square() + EPSILON**2).sqrt().mean() for one, other in zip(made, true, strict=True)]
    return torch.stack(levels).mean()
