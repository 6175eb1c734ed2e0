"""The perceptual loss of the paper, where somebody has put the weights of VGG-19 on this machine; nothing is fetched.

K. Simonyan and A. Zisserman, "Very Deep Convolutional Networks", 2015; as a loss in pix2pixHD (T.-C. Wang et al.,
2018): absolute differences of the first activations of each of five sizes, weighed 1/32, 1/16, 1/8, 1/4 and 1.
"""

from __future__ import annotations

from pathlib import Path
from pickle import UnpicklingError
from typing import Final

import torch
from torch import Tensor, nn

from carving.errors import UsageError

FILE_NAME: Final = "vgg19-dcbb9e9d.pth"
"""The weights as torchvision publishes them, where `torch.hub` keeps what was downloaded."""

_WIDTHS: Final = (64, 64, 0, 128, 128, 0, 256, 256, 256, 256, 0, 512, 512, 512, 512, 0, 512)
"""Channels of the filters up to relu5_1; 0 is a halving."""
_WEIGHTS: Final = (1 / 32, 1 / 16, 1 / 8, 1 / 4, 1.0)
_MEAN: Final = (0.485, 0.456, 0.406)
_DEVIATION: Final = (0.229, 0.224, 0.225)


def find_weights(folder: Path | None = None) -> Path | None:
    """The weights of VGG-19 in a folder, or in the one of `torch.hub`; None where there are none."""
    path = (folder or Path(torch.hub.get_dir()) / "checkpoints") / FILE_NAME
    return path if path.is_file() else None


class VggLoss(nn.Module):
    """Distance of two pictures (batch, 3, height, width), from -1 to 1, in the eyes of VGG-19."""

    def __init__(self, weights: Path) -> None:
        """Load the network.

        Raises:
            UsageError: the file does not hold its weights.
        """
        super().__init__()
        self.features, self._taken = _layers()
        try:
            stored = torch.load(weights, map_location="cpu", weights_only=True)
            state = {name: stored[f"features.{name}"] for name in self.features.state_dict()}
            self.features.load_state_dict(state)
        except (OSError, KeyError, RuntimeError, ValueError, UnpicklingError) as error:
            raise UsageError(f"{weights} does not hold the weights of VGG-19: {error}") from error
        self.requires_grad_(False)

    def forward(self, made: Tensor, true: Tensor) -> Tensor:
        """See the class."""
        levels = [
            weight * (one - other.detach()).abs().mean()
            for weight, one, other in zip(_WEIGHTS, self._activations(made), self._activations(true), strict=True)
        ]
        return torch.stack(levels).sum()

    def _activations(self, picture: Tensor) -> list[Tensor]:
        mean, deviation = (picture.new_tensor(values).reshape(1, 3, 1, 1) for values in (_MEAN, _DEVIATION))
        features = (picture / 2 + 0.5 - mean) / deviation
        found = []
        for number, layer in enumerate(self.features):
            features = layer(features)
            if number in self._taken:
                found.append(features)
        return found


def _layers() -> tuple[nn.Sequential, frozenset[int]]:
    """The layers, numbered as in torchvision, and the numbers of those that are compared."""
    layers: list[nn.Module] = []
    taken = []
    before = 3
    fresh = True
    for width in _WIDTHS:
        if width == 0:
            layers.append(nn.MaxPool2d(2))
            fresh = True
            continue
        layers += [nn.Conv2d(before, width, 3, padding=1), nn.ReLU()]
        before = width
        if fresh:
            taken.append(len(layers) - 1)
            fresh = False
    return nn.Sequential(*layers), frozenset(taken)
