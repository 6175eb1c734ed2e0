"""Networks and optimisers as named tensors and back, for checkpoints without pickled objects."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

Tensors = Mapping[str, Tensor]


def prefixed(prefix: str, tensors: Tensors) -> dict[str, Tensor]:
    """The tensors, their names with `prefix` and a slash before them."""
    return {f"{prefix}/{name}": tensor for name, tensor in tensors.items()}


def under(prefix: str, tensors: Tensors) -> dict[str, Tensor]:
    """The tensors whose names begin so, without that beginning."""
    start = f"{prefix}/"
    return {name.removeprefix(start): tensor for name, tensor in tensors.items() if name.startswith(start)}


def optimizer_tensors(optimizer: Optimizer) -> dict[str, Tensor]:
    """What an optimiser remembers of each parameter, `NUMBER.WHAT`."""
    state = optimizer.state_dict()["state"]
    return {f"{number}.{what}": tensor for number, entry in state.items() for what, tensor in entry.items()}


def load_optimizer(optimizer: Optimizer, tensors: Tensors) -> None:
    """Give an optimiser back what it remembered; its settings stay as they are."""
    state: dict[int, dict[str, Tensor]] = {}
    for name, tensor in tensors.items():
        number, _, what = name.partition(".")
        state.setdefault(int(number), {})[what] = tensor
    optimizer.load_state_dict({"state": state, "param_groups": optimizer.state_dict()["param_groups"]})


@torch.no_grad()
def follow(average: dict[str, Tensor], module: nn.Module, decay: float) -> None:
    """Move an exponential average of a network's tensors towards what they are now."""
    for name, tensor in module.state_dict().items():
        average[name].lerp_(tensor, 1.0 - decay)
