"""The paper's GCA as one network: coarse generator and fusion, and what they see of a picture."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor, nn

from restore.paper.fusion import FILTERS, LaplacianFusion
from restore.paper.fusion import WIDTH as FUSION_WIDTH
from restore.paper.generator import BLOCKS, DEPTH, WIDTH, CoarseGenerator

Pixels = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class PaperSize:
    """How large pictures and networks are.

    Attributes:
        side: pixels of the longest side that is trained at.
        levels: doublings of the fusion.
        width, depth, blocks: of the generator; critics: channels of the discriminators.
        fusion_width, filters: of the fusion.
    """

    side: int
    levels: int
    width: int = WIDTH
    depth: int = DEPTH
    blocks: int = BLOCKS
    critics: int = 64
    fusion_width: int = FUSION_WIDTH
    filters: int = FILTERS


SIZES: Final = MappingProxyType(
    {
        "512": PaperSize(512, 1),
        "1024": PaperSize(1024, 2),
        "2048": PaperSize(2048, 3, fusion_width=32),
        "tiny": PaperSize(96, 1, width=4, depth=2, blocks=1, critics=8, fusion_width=8, filters=4),
    }
)
"""The paper's three resolutions, with the filters its code takes for each, and one to try things with."""


class PaperGca(nn.Module):
    """Coarse generator and fusion."""

    def __init__(self, size: PaperSize) -> None:
        super().__init__()
        self.generator = CoarseGenerator(size.width, size.depth, size.blocks)
        self.fusion = LaplacianFusion(size.levels, size.fusion_width, size.filters)

    def forward(self, inputs: Tensor, thumbnail: Tensor) -> tuple[Tensor, list[Tensor]]:
        """The coarse picture and the levels of the fused one, the last in full size; arguments as of the parts."""
        coarse: Tensor = self.generator(inputs)
        levels: list[Tensor] = self.fusion(thumbnail, coarse)
        return coarse, levels


def to_tensor(pixels: Pixels) -> Tensor:
    """uint8 (height, width, 3) to float32 (3, height, width), from -1 to 1."""
    return torch.from_numpy(pixels.transpose(2, 0, 1).astype(np.float32) / 127.5 - 1.0)


def to_pixels(picture: Tensor) -> Pixels:
    """float32 (3, height, width), from -1 to 1, to uint8 (height, width, 3), clipped and rounded."""
    scaled = ((picture.clamp(-1, 1) + 1) * 127.5).round().byte()
    return np.asarray(scaled.permute(1, 2, 0).cpu().numpy())


def inputs_of(compensated: Pixels, thumbnail: Pixels, levels: int) -> tuple[Tensor, Tensor]:
    """What the networks see of one picture: (6, height, width) and (3, height / 2^levels, width / 2^levels).

    Args:
        compensated: uint8 (height, width, 3), the SCA picture.
        thumbnail: uint8 (rows, columns, 3); it is enlarged for the one and brought to size for the other, bicubic.
    """
    height, width = compensated.shape[:2]
    picture = Image.fromarray(thumbnail)
    large = np.asarray(picture.resize((width, height), Image.Resampling.BICUBIC))
    low = np.asarray(picture.resize((width >> levels, height >> levels), Image.Resampling.BICUBIC))
    return torch.cat([to_tensor(compensated), to_tensor(large)]), to_tensor(low)
