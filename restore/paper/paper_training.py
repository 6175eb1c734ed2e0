"""Train the paper's GCA: its two-step scheme, its losses, its schedule.

Each step turns thrice: the critics learn to tell made from true pictures; the generator is updated for the coarse
picture (L_A, L_FM, L_E and, where its weights are on this machine, L_VGG); then generator and fusion are updated for
the fused one (L_C over the pyramid, L_E). The authors' code adds up both gradients before a single update.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor
from torch.nn.parallel import DistributedDataParallel

from restore.gca.devices import settle
from restore.gca.training.processes import Processes
from restore.gca.training.shards import TensorSet, write_set
from restore.gca.training.states import load_optimizer, optimizer_tensors, prefixed, under
from restore.lab.quality import metrics
from restore.paper import paper_losses
from restore.paper.discriminator import Critics
from restore.paper.fusion import pyramid
from restore.paper.paper_model import SIZES, PaperGca, inputs_of, to_pixels, to_tensor
from restore.paper.paper_set import TrainingPair
from restore.paper.vgg import VggLoss, find_weights

_BETAS: Final = (0.6, 0.999)


@dataclass(frozen=True, slots=True)
class PaperSettings:
    """What a training of the paper's networks depends on: the paper's own values, but for the size of its data.

    Attributes:
        size: name in `paper_model.SIZES`.
        steps: of the whole training; 0 stands for `epochs` times through the training set.
        epochs: see `steps`; the rate is constant over the first half of the steps and falls to zero over the second.
        batch: pictures in a step, over all processes.
        rate: learning rate.
        seed: of the weights and the order.
    """

    size: str = "512"
    steps: int = 0
    epochs: int = 200
    batch: int = 4
    rate: float = 2e-4
    seed: int = 1


class PaperTraining:
    """The state of a training: three networks, two optimisers, and the number of steps done."""

    recipe: Final = "paper"

    def __init__(
        self,
        settings: PaperSettings,
        train: Sequence[TrainingPair],
        held_out: Sequence[TrainingPair],
        processes: Processes,
    ) -> None:
        self.settings = settings
        self.step = 0
        self._size = SIZES[settings.size]
        self._held_out, self._processes = held_out, processes
        self._alike = _groups(train)
        torch.manual_seed(settings.seed)
        self.network = settle(PaperGca(self._size), processes.device)
        self.critics = settle(Critics(self._size.critics), processes.device)
        several = processes.count > 1
        self._network = DistributedDataParallel(self.network, find_unused_parameters=True) if several else self.network
        self._critics = DistributedDataParallel(self.critics, broadcast_buffers=False) if several else self.critics
        self._making = torch.optim.Adam(self.network.parameters(), lr=settings.rate, betas=_BETAS)
        self._judging = torch.optim.Adam(self.critics.parameters(), lr=settings.rate, betas=_BETAS)
        self._epoch = max(1, len(train) // settings.batch)
        weights = find_weights()
        self._vgg = None if weights is None else settle(VggLoss(weights), processes.device)

    @property
    def steps(self) -> int:
        """Steps of the whole training."""
        return self.settings.steps or self.settings.epochs * self._epoch

    def advance(self) -> dict[str, float]:
        """Do one step; gives its losses, unweighted."""
        share = max(1, self.settings.batch // self._processes.count)
        inputs, thumbnail, true = self._batch((self.settings.seed, self.step, self._processes.rank), share)
        rate = self.settings.rate * min(1.0, 2.0 * (1 - self.step / self.steps))
        for optimizer in (self._making, self._judging):
            for group in optimizer.param_groups:
                group["lr"] = rate
        found = self._judge(inputs, thumbnail, true)
        found |= self._make_coarse(inputs, thumbnail, true)
        found |= self._make_fused(inputs, thumbnail, true)
        self.step += 1
        return found

    def validate(self) -> dict[str, float]:
        """Mean PSNR in Y of the fused and of the coarse pictures of what is held out, and of the enlarged thumbnail."""
        rows: list[list[float]] = []
        with torch.inference_mode():
            for pair in self._held_out:
                inputs, thumbnail = inputs_of(pair.compensated, pair.thumbnail, self._size.levels)
                coarse, levels = self.network(*(part[None].to(self._processes.device) for part in (inputs, thumbnail)))
                fused, enlarged = levels[-1][0], inputs[3:]
                rows.append([_psnr(to_pixels(shown), pair.true) for shown in (fused, coarse[0], enlarged)])
        means = np.mean(rows, axis=0).tolist() if rows else [0.0, 0.0, 0.0]
        return dict(zip(("psnr", "coarse", "baseline"), means, strict=True))

    def export(self, path: Path, found: Mapping[str, float]) -> None:
        """Write generator and fusion, too large for one file, as a set of tensors beside `path`."""
        facts = {**self._facts(), **found, "torch": torch.__version__}
        write_set(path.with_suffix(""), TensorSet(dict(self.network.state_dict()), facts))

    def state(self) -> TensorSet:
        """All that the next step depends on."""
        tensors = {
            **prefixed("network", self.network.state_dict()),
            **prefixed("critics", self.critics.state_dict()),
            **prefixed("making", optimizer_tensors(self._making)),
            **prefixed("judging", optimizer_tensors(self._judging)),
        }
        return TensorSet(tensors, self._facts())

    def restore(self, state: TensorSet) -> None:
        """Go on where a state was taken."""
        self.step = int(state.facts["step"])
        self.network.load_state_dict(under("network", state.tensors))
        self.critics.load_state_dict(under("critics", state.tensors))
        load_optimizer(self._making, under("making", state.tensors))
        load_optimizer(self._judging, under("judging", state.tensors))

    def _facts(self) -> dict[str, Any]:
        perceptual = "not used: no weights of VGG-19 on this machine" if self._vgg is None else "VGG-19"
        return {
            "recipe": self.recipe,
            "step": self.step,
            "settings": asdict(self.settings),
            "perceptual_loss": perceptual,
        }

    def _judge(self, inputs: Tensor, thumbnail: Tensor, true: Tensor) -> dict[str, float]:
        with torch.no_grad():
            coarse, _ = self._network(inputs, thumbnail)
        made = paper_losses.adversarial(self._critics(torch.cat([inputs, coarse], dim=1)), 0.0)
        real = paper_losses.adversarial(self._critics(torch.cat([inputs, true], dim=1)), 1.0)
        _update(self._judging, 0.5 * (made + real))
        return {"judge_made": float(made.detach()), "judge_true": float(real.detach())}

    def _make_coarse(self, inputs: Tensor, thumbnail: Tensor, true: Tensor) -> dict[str, float]:
        self.critics.requires_grad_(False)
        coarse, _ = self._network(inputs, thumbnail)
        judged = self._critics(torch.cat([inputs, coarse], dim=1))
        with torch.no_grad():
            expected = self._critics(torch.cat([inputs, true], dim=1))
        found = {
            "adversarial": paper_losses.adversarial(judged, 1.0),
            "features": paper_losses.feature_matching(judged, expected),
            "edge": paper_losses.edge(coarse, true),
        }
        total = found["adversarial"] + paper_losses.FEATURES_WEIGHT * found["features"]
        total = total + paper_losses.EDGE_WEIGHT * found["edge"]
        if self._vgg is not None:
            found["vgg"] = self._vgg(coarse, true)
            total = total + paper_losses.FEATURES_WEIGHT * found["vgg"]
        _update(self._making, total)
        self.critics.requires_grad_(True)
        return {name: float(loss.detach()) for name, loss in found.items()}

    def _make_fused(self, inputs: Tensor, thumbnail: Tensor, true: Tensor) -> dict[str, float]:
        _, levels = self._network(inputs, thumbnail)
        found = {
            "charbonnier": paper_losses.charbonnier(levels, pyramid(true, self._size.levels)),
            "fused_edge": paper_losses.edge(levels[-1], true),
        }
        weighted = paper_losses.CHARBONNIER_WEIGHT * found["charbonnier"]
        _update(self._making, weighted + paper_losses.EDGE_WEIGHT * found["fused_edge"])
        return {name: float(loss.detach()) for name, loss in found.items()}

    def _batch(self, seed: tuple[int, ...], size: int) -> tuple[Tensor, Tensor, Tensor]:
        """Pictures of one shape: what the networks see of them, and the truth."""
        random = np.random.default_rng(seed)
        shares = np.array([len(group) for group in self._alike], dtype=np.float64)
        group = self._alike[int(random.choice(len(self._alike), p=shares / shares.sum()))]
        chosen = [group[int(number)] for number in random.integers(len(group), size=size)]
        seen = [inputs_of(pair.compensated, pair.thumbnail, self._size.levels) for pair in chosen]
        parts = ([inputs for inputs, _ in seen], [low for _, low in seen], [to_tensor(pair.true) for pair in chosen])
        inputs, thumbnail, true = (torch.stack(part).to(self._processes.device) for part in parts)
        return inputs, thumbnail, true


def _update(optimizer: torch.optim.Optimizer, loss: Tensor) -> None:
    optimizer.zero_grad(set_to_none=True)
    torch.autograd.backward(loss)
    optimizer.step()


def _groups(pairs: Sequence[TrainingPair]) -> list[list[TrainingPair]]:
    """Pairs of one shape together, in the order in which shapes first appear."""
    groups: dict[tuple[int, ...], list[TrainingPair]] = {}
    for pair in pairs:
        groups.setdefault(pair.true.shape, []).append(pair)
    return list(groups.values())


def _psnr(pixels: np.ndarray[Any, np.dtype[np.uint8]], true: np.ndarray[Any, np.dtype[np.uint8]]) -> float:
    return metrics.psnr(float(metrics.squared_error(metrics.luma(pixels), metrics.luma(true)).mean()))
