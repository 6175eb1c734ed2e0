"""The paper's refinement: a bi-directional Laplacian pyramid that joins thumbnail and coarse picture.

W. Liu et al., CVPR 2023, section 3.3, after W.-S. Lai et al., "Deep Laplacian Pyramid Networks", CVPR 2017: the coarse
picture is taken down a pyramid, the thumbnail is brought up through it, and at each level a block of twelve filters
adds what the coarse picture has of detail there. The enlargement by two is nearest neighbour and a filter, as the
authors' code has it; the text calls it a trainable deconvolution.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

WIDTH = 64
FILTERS = 12
_SLOPE = 0.2


class DetailBlock(nn.Sequential):
    """RGB (batch, 3, height, width) to the detail that is added at this level: twelve 3×3 filters without bias."""

    def __init__(self, width: int = WIDTH, filters: int = FILTERS) -> None:
        layers: list[nn.Module] = []
        for number in range(filters - 1):
            layers += [nn.Conv2d(width if number else 3, width, 3, padding=1, bias=False), nn.LeakyReLU(_SLOPE)]
        super().__init__(*layers, nn.Conv2d(width, 3, 3, padding=1, bias=False))


class LaplacianFusion(nn.Module):
    """Joins a picture and its thumbnail over `levels` doublings."""

    def __init__(self, levels: int, width: int = WIDTH, filters: int = FILTERS) -> None:
        super().__init__()
        self.levels = levels
        self.enter = nn.Conv2d(3, 3, 3, padding=1)
        self.details = nn.ModuleList(DetailBlock(width, filters) for _ in range(levels + 1))
        self.enlarge = nn.ModuleList(
            nn.Sequential(nn.Upsample(scale_factor=2, mode="nearest"), nn.Conv2d(3, 3, 3, padding=1))
            for _ in range(levels)
        )
        _initialise(self)

    def forward(self, thumbnail: Tensor, coarse: Tensor) -> list[Tensor]:
        """Pictures of every level, the smallest first, the last as large as `coarse`.

        Args:
            thumbnail: (batch, 3, height / 2^levels, width / 2^levels), from -1 to 1.
            coarse: (batch, 3, height, width), from -1 to 1.
        """
        steps = pyramid(coarse, self.levels)
        picture = self.details[0](steps[0]) + self.enter(thumbnail)
        found = [picture]
        for detail, enlarge, step in zip(self.details[1:], self.enlarge, steps[1:], strict=True):
            picture = detail(step) + enlarge(picture)
            found.append(picture)
        return found


def pyramid(picture: Tensor, levels: int) -> list[Tensor]:
    """The picture (batch, 3, height, width) halved `levels` times, bicubic; the smallest first."""
    steps = [picture]
    for _ in range(levels):
        steps.append(functional.interpolate(steps[-1], scale_factor=0.5, mode="bicubic", align_corners=False))
    return steps[::-1]


@torch.no_grad()
def _initialise(module: nn.Module) -> None:
    """K. He et al.'s deviation, counted over outputs, as the authors' code has it."""
    for part in module.modules():
        if isinstance(part, nn.Conv2d):
            part.weight.normal_(0.0, math.sqrt(2.0 / (9 * part.out_channels)))
            if part.bias is not None:
                part.bias.zero_()
