"""Train our restorer: steps that follow from their number alone, so that an interrupted training goes on as it was."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from restore.gca.devices import settle
from restore.gca.restorer import SIZES, Restorer
from restore.gca.training.crops import Batch, Scene, draw_batch
from restore.gca.training.losses import gradient_difference, hole_decibels
from restore.gca.training.processes import Processes
from restore.gca.training.shards import TensorSet
from restore.gca.training.states import follow, load_optimizer, optimizer_tensors, prefixed, under
from restore.gca.weight_files import save_weights

_WARM_UP: Final = 100
_CLIP: Final = 1.0
_AVERAGE: Final = 0.995
_GRADIENT_WEIGHT: Final = 2.0
_VALIDATION_BATCHES: Final = 24
_VALIDATION_SIZE: Final = 16
_VALIDATION_SEED: Final = 20_000
_LUMA: Final = (65.481 / 255, 128.553 / 255, 24.966 / 255)


@dataclass(frozen=True, slots=True)
class RestorerSettings:
    """What a training of the restorer depends on.

    Attributes:
        size: name in `restorer.SIZES`.
        steps: of the whole training; the rate falls to nothing over its last part.
        batch: windows in a step, over all processes.
        rate: learning rate at its height.
        fall: share of the steps over which it falls, as a cosine.
        seed: of the weights and the windows.
    """

    size: str = "small"
    steps: int = 5500
    batch: int = 16
    rate: float = 1e-3
    fall: float = 0.6
    seed: int = 1


def learning_rate(settings: RestorerSettings, step: int) -> float:
    """A short rise, a constant stretch, and a cosine fall to zero."""
    begin = settings.steps * (1 - settings.fall)
    share = min(1.0, max(0.0, (step - begin) / max(settings.steps - begin, 1)))
    return settings.rate * min(1.0, (step + 1) / _WARM_UP) * 0.5 * (1 + math.cos(math.pi * share))


class RestorerTraining:
    """The state of a training: network, its running average, optimiser, and the number of steps done."""

    recipe: Final = "restorer"

    def __init__(
        self, settings: RestorerSettings, train: Sequence[Scene], held_out: Sequence[Scene], processes: Processes
    ) -> None:
        self.settings = settings
        self.step = 0
        self._train, self._held_out, self._processes = train, held_out, processes
        torch.manual_seed(settings.seed)
        self.network = settle(Restorer(SIZES[settings.size]), processes.device)
        self._parallel = DistributedDataParallel(self.network) if processes.count > 1 else self.network
        self._optimizer = torch.optim.AdamW(
            self.network.parameters(), lr=settings.rate, betas=(0.9, 0.95), weight_decay=1e-4
        )
        self.average = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}

    @property
    def steps(self) -> int:
        """Steps of the whole training."""
        return self.settings.steps

    def advance(self) -> dict[str, float]:
        """Do one step; gives its loss, in dB."""
        share = self.settings.batch // self._processes.count
        batch = draw_batch(self._train, share, (self.settings.seed, self.step, self._processes.rank))
        for group in self._optimizer.param_groups:
            group["lr"] = learning_rate(self.settings, self.step)
        inputs, filled, truth, hole = self._tensors(batch)
        kind = self._processes.device.type
        with torch.autocast(kind, torch.bfloat16, enabled=kind == "cuda"):
            residual = self._parallel(inputs)
        predicted = filled + residual.float()
        loss = hole_decibels(predicted, truth, hole)
        total = loss + _GRADIENT_WEIGHT * gradient_difference(predicted, truth, hole)
        self._optimizer.zero_grad(set_to_none=True)
        torch.autograd.backward(total)
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), _CLIP)
        self._optimizer.step()
        self.step += 1
        follow(self.average, self.network, min(_AVERAGE, self.step / (self.step + 10)))
        return {"loss": float(loss.detach())}

    def validate(self) -> dict[str, float]:
        """Mean hole-PSNR in Y of the averaged network, and of the rim-matched thumbnail that it begins with."""
        kept = {name: tensor.clone() for name, tensor in self.network.state_dict().items()}
        self.network.load_state_dict(self.average)
        ours: list[float] = []
        baseline: list[float] = []
        with torch.inference_mode():
            for number in range(_VALIDATION_BATCHES):
                batch = draw_batch(self._held_out, _VALIDATION_SIZE, (_VALIDATION_SEED, number))
                inputs, filled, truth, hole = self._tensors(batch)
                predicted = (filled + self.network(inputs)).clamp(0, 1)
                ours += _decibels(predicted, truth, hole)
                baseline += _decibels(filled, truth, hole)
        self.network.load_state_dict(kept)
        return {"psnr": float(np.mean(ours)), "baseline": float(np.mean(baseline))}

    def export(self, path: Path, found: Mapping[str, float]) -> None:
        """Write the averaged network as weights, with what validation found."""
        facts = {"size": self.settings.size, "step": self.step, **found, "torch": torch.__version__}
        save_weights(path, self.average, facts)

    def state(self) -> TensorSet:
        """All that the next step depends on."""
        tensors = {
            **prefixed("network", self.network.state_dict()),
            **prefixed("average", self.average),
            **prefixed("optimizer", optimizer_tensors(self._optimizer)),
        }
        facts: dict[str, Any] = {"recipe": self.recipe, "step": self.step, "settings": asdict(self.settings)}
        return TensorSet(tensors, facts)

    def restore(self, state: TensorSet) -> None:
        """Go on where a state was taken."""
        self.step = int(state.facts["step"])
        self.network.load_state_dict(under("network", state.tensors))
        self.average = {
            name: tensor.to(self._processes.device) for name, tensor in under("average", state.tensors).items()
        }
        load_optimizer(self._optimizer, under("optimizer", state.tensors))

    def _tensors(self, batch: Batch) -> Iterator[Tensor]:
        for planes in (batch.inputs, batch.filled, batch.truth, batch.hole):
            yield torch.from_numpy(planes).to(self._processes.device, memory_format=torch.channels_last)


def _decibels(predicted: Tensor, truth: Tensor, hole: Tensor) -> list[float]:
    """Hole-PSNR in Y of each window."""
    weights = torch.tensor(_LUMA, device=predicted.device).reshape(1, 3, 1, 1)
    error = ((predicted - truth) * weights).sum(dim=1, keepdim=True).square() * hole
    mean = error.sum(dim=(1, 2, 3)) / hole.sum(dim=(1, 2, 3)).clamp(min=1)
    return [float(value) for value in -10 * torch.log10(mean.clamp(min=1e-10))]
