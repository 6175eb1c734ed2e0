"""The paper's coarse network: a two-resolution pix2pix generator.

W. Liu et al., "Bitstream-Corrupted JPEG Images are Restorable", CVPR 2023, section 3.3, builds on T.-C. Wang et al.,
"High-Resolution Image Synthesis and Semantic Manipulation with Conditional GANs", CVPR 2018: a global generator works
at half resolution, a local enhancer adds its features to its own and answers at full resolution. Sizes are the paper's.
"""

from __future__ import annotations

from itertools import pairwise

import torch
from torch import Tensor, nn

INPUT_CHANNELS = 6
"""The SCA picture and the enlarged thumbnail, RGB each, from -1 to 1."""

WIDTH = 16
"""Channels of the enhancer at full resolution; the global generator begins with twice as many."""

DEPTH = 4
"""Halvings of the global generator."""

BLOCKS = 3
"""Residual blocks of either part."""


class ResidualBlock(nn.Module):
    """Two normalised 3×3 filters whose result is added to what came in."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect"),
            nn.InstanceNorm2d(channels),
            nn.ReLU(),
            nn.Conv2d(channels, channels, 3, padding=1, padding_mode="reflect"),
            nn.InstanceNorm2d(channels),
        )

    def forward(self, features: Tensor) -> Tensor:
        """(batch, channels, height, width) to the same."""
        changed: Tensor = features + self.body(features)
        return changed


class CoarseGenerator(nn.Module):
    """(batch, 6, height, width) to RGB (batch, 3, height, width), from -1 to 1; sides are multiples of `multiple`."""

    def __init__(self, width: int = WIDTH, depth: int = DEPTH, blocks: int = BLOCKS) -> None:
        super().__init__()
        self.multiple = 2 ** (depth + 1)
        wide = 2 * width
        widths = [wide * 2**level for level in range(depth + 1)]
        pairs = list(pairwise(widths))
        self.halve = nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False)
        self.whole = nn.Sequential(
            *_entrance(INPUT_CHANNELS, wide),
            *(layer for fine, coarse in pairs for layer in _down(fine, coarse)),
            *(ResidualBlock(widths[-1]) for _ in range(blocks)),
            *(layer for fine, coarse in reversed(pairs) for layer in _up(coarse, fine)),
        )
        self.detail = nn.Sequential(*_entrance(INPUT_CHANNELS, width), *_down(width, wide))
        self.join = nn.Sequential(
            *(ResidualBlock(wide) for _ in range(blocks)),
            *_up(wide, width),
            nn.Conv2d(width, 3, 7, padding=3, padding_mode="reflect"),
            nn.Tanh(),
        )
        initialise(self)

    def forward(self, inputs: Tensor) -> Tensor:
        """See the class."""
        picture: Tensor = self.join(self.detail(inputs) + self.whole(self.halve(inputs)))
        return picture


@torch.no_grad()
def initialise(module: nn.Module) -> None:
    """Filters drawn from a normal distribution of deviation 0.02, as pix2pix begins."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d | nn.ConvTranspose2d):
            part.weight.normal_(0.0, 0.02)


def _entrance(channels: int, width: int) -> list[nn.Module]:
    return [
        nn.Conv2d(channels, width, 7, padding=3, padding_mode="reflect"),
        nn.InstanceNorm2d(width),
        nn.ReLU(),
    ]


def _down(fine: int, coarse: int) -> list[nn.Module]:
    return [nn.Conv2d(fine, coarse, 3, stride=2, padding=1), nn.InstanceNorm2d(coarse), nn.ReLU()]


def _up(coarse: int, fine: int) -> list[nn.Module]:
    return [
        nn.ConvTranspose2d(coarse, fine, 3, stride=2, padding=1, output_padding=1),
        nn.InstanceNorm2d(fine),
        nn.ReLU(),
    ]
