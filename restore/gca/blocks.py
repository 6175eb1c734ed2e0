"""Building blocks of our restorer, after NAFNet.

L. Chen et al., "Simple Baselines for Image Restoration", ECCV 2022: a block without activation functions, in which
half of the channels multiply the other half. Theirs also weighs channels by their mean over the picture; that is left
out here, because a result must not depend on where the tiles were cut.
"""

from __future__ import annotations

from typing import Final

import torch
from torch import Tensor, nn
from torch.nn import functional

BEGINNING: Final = 0.2
"""Factor of what a new block adds. NAFNet begins at 0, which trains more slowly in the few thousand steps of a CPU."""


class ChannelNorm(nn.Module):
    """Layer normalisation over the channels of each pixel: (batch, channels, height, width) to the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))

    def forward(self, features: Tensor) -> Tensor:
        last = features.permute(0, 2, 3, 1)
        normed = functional.layer_norm(last, self.weight.shape, self.weight, self.bias, 1e-6)
        return normed.permute(0, 3, 1, 2)


def gate(features: Tensor) -> Tensor:
    """The product of the two halves of the channels: (batch, 2 · channels, …) to (batch, channels, …)."""
    first, second = features.chunk(2, dim=1)
    return first * second


class GatedBlock(nn.Module):
    """A block of NAFNet: depthwise 3×3 filters, then a mixing of channels, each gated and added to what came in.

    Both additions are scaled by learned factors that start small.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.first_norm = ChannelNorm(channels)
        self.widen = nn.Conv2d(channels, 2 * channels, 1)
        self.filter = nn.Conv2d(2 * channels, 2 * channels, 3, padding=1, groups=2 * channels)
        self.mix = nn.Conv2d(channels, channels, 1)
        self.second_norm = ChannelNorm(channels)
        self.expand = nn.Conv2d(channels, 2 * channels, 1)
        self.shrink = nn.Conv2d(channels, channels, 1)
        self.first_scale = nn.Parameter(torch.full((1, channels, 1, 1), BEGINNING))
        self.second_scale = nn.Parameter(torch.full((1, channels, 1, 1), BEGINNING))

    def forward(self, features: Tensor) -> Tensor:
        """(batch, channels, height, width) to the same."""
        filtered = self.mix(gate(self.filter(self.widen(self.first_norm(features)))))
        features = features + filtered * self.first_scale
        mixed = self.shrink(gate(self.expand(self.second_norm(features))))
        changed: Tensor = features + mixed * self.second_scale
        return changed
