"""Our restorer: sees the picture as far as it is known, the thumbnail and what each pixel is, and fills the holes.

A U-shaped network of NAFNet blocks on pixels folded 2×2. It predicts what to add to the rim-matched thumbnail and
starts at nothing, so that training begins at that baseline and can only leave it for something better.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from types import MappingProxyType
from typing import Final

from torch import Tensor, nn

from restore.gca.blocks import GatedBlock
from restore.gca.inputs import CHANNELS

FOLD: Final = 2
_GAIN: Final = 0.1
"""Of the last layer: what is added to a picture is small, and a step of training must be smaller."""


@dataclass(frozen=True, slots=True)
class RestorerSize:
    """Channels of each level, from the finest, and blocks of each level on the way down, and on the way up."""

    widths: tuple[int, ...]
    blocks: tuple[int, ...]

    @property
    def multiple(self) -> int:
        """What height and width of an input must be multiples of."""
        return int(FOLD * 2 ** (len(self.widths) - 1))


SIZES: Final = MappingProxyType(
    {
        "small": RestorerSize((32, 64, 160), (2, 2, 4)),
        "large": RestorerSize((48, 96, 192, 384), (2, 2, 4, 4)),
    }
)
"""By name: about 1 million parameters for training on a CPU, about 7 million for a GPU."""


class Restorer(nn.Module):
    """Input as `inputs.network_input` gives it, (batch, 9, height, width); output: RGB to add, on a scale of 1."""

    def __init__(self, size: RestorerSize) -> None:
        super().__init__()
        widths = size.widths
        self.multiple = size.multiple
        self.fold = nn.PixelUnshuffle(FOLD)
        self.enter = nn.Conv2d(CHANNELS * FOLD * FOLD, widths[0], 3, padding=1)
        self.down = nn.ModuleList(_blocks(width, count) for width, count in zip(widths, size.blocks, strict=True))
        self.reduce = nn.ModuleList(nn.Conv2d(fine, coarse, 2, stride=2) for fine, coarse in pairwise(widths))
        self.grow = nn.ModuleList(
            nn.Sequential(nn.Conv2d(coarse, 4 * fine, 1), nn.PixelShuffle(2)) for fine, coarse in pairwise(widths)
        )
        self.up = nn.ModuleList(
            _blocks(width, count) for width, count in zip(widths[:-1], size.blocks[:-1], strict=True)
        )
        self.leave = nn.Conv2d(widths[0], 3 * FOLD * FOLD, 3, padding=1)
        self.unfold = nn.PixelShuffle(FOLD)
        nn.init.zeros_(self.leave.weight)
        assert self.leave.bias is not None
        nn.init.zeros_(self.leave.bias)

    def forward(self, inputs: Tensor) -> Tensor:
        """(batch, 9, height, width) to (batch, 3, height, width); both sides multiples of `multiple`."""
        features = self.enter(self.fold(inputs))
        skipped = []
        for blocks, reduce in zip(self.down, self.reduce, strict=False):
            features = blocks(features)
            skipped.append(features)
            features = reduce(features)
        features = self.down[-1](features)
        for level in reversed(range(len(self.up))):
            features = self.up[level](self.grow[level](features) + skipped[level])
        residual: Tensor = self.unfold(self.leave(features)) * _GAIN
        return residual


def _blocks(width: int, count: int) -> nn.Sequential:
    return nn.Sequential(*(GatedBlock(width) for _ in range(count)))
