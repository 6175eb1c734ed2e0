"""The paper's critics: PatchGAN discriminators at two resolutions, as in pix2pixHD (T.-C. Wang et al., CVPR 2018)."""

from __future__ import annotations

from itertools import pairwise

from torch import Tensor, nn

from restore.paper.generator import initialise

INPUT_CHANNELS = 9
"""What the generator saw, and a picture: its own or the true one."""

WIDTH = 64
LAYERS = 3
SCALES = 2
_SLOPE = 0.2


class PatchCritic(nn.Module):
    """Judges overlapping patches: (batch, 9, height, width) to the features of every layer, the verdict last."""

    def __init__(self, width: int, layers: int) -> None:
        super().__init__()
        channels = [min(width * 2**level, 8 * width) for level in range(layers + 1)]
        steps: list[nn.Module] = [nn.Sequential(nn.Conv2d(INPUT_CHANNELS, width, 4, 2, 2), nn.LeakyReLU(_SLOPE))]
        for level, (before, behind) in enumerate(pairwise(channels), start=1):
            stride = 2 if level < layers else 1
            steps.append(
                nn.Sequential(nn.Conv2d(before, behind, 4, stride, 2), nn.InstanceNorm2d(behind), nn.LeakyReLU(_SLOPE))
            )
        steps.append(nn.Conv2d(channels[-1], 1, 4, 1, 2))
        self.steps = nn.ModuleList(steps)

    def forward(self, inputs: Tensor) -> list[Tensor]:
        """See the class."""
        features = []
        for step in self.steps:
            inputs = step(inputs)
            features.append(inputs)
        return features


class Critics(nn.Module):
    """The same judge, trained apart, at full, half, … resolution; gives the features of each."""

    def __init__(self, width: int = WIDTH, layers: int = LAYERS, scales: int = SCALES) -> None:
        super().__init__()
        self.judges = nn.ModuleList(PatchCritic(width, layers) for _ in range(scales))
        self.halve = nn.AvgPool2d(3, stride=2, padding=1, count_include_pad=False)
        initialise(self)

    def forward(self, inputs: Tensor) -> list[list[Tensor]]:
        """(batch, 9, height, width) to the features of each layer of each judge, the finest resolution first."""
        found = []
        for number, judge in enumerate(self.judges):
            inputs = self.halve(inputs) if number else inputs
            found.append(judge(inputs))
        return found
