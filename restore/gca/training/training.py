"""Trainings in slots: go on from a checkpoint, do steps until the time is over, and leave a checkpoint behind.

A training is a folder: `training-set.npz`, `checkpoint/`, `log.jsonl`, `progress.png` and the best weights so far. No
file in it reaches 16 MiB.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Protocol

from restore.gca.training.processes import Processes
from restore.gca.training.shards import TensorSet, read_set, write_set
from restore.gca.training.training_log import append, rewind, write_plot

TRAINING_SET: Final = "training-set.npz"
CHECKPOINT: Final = "checkpoint"
LOG: Final = "log.jsonl"
PLOT: Final = "progress.png"
WEIGHTS: Final = "weights"

VALIDATE_EVERY: Final = 250
LOG_EVERY: Final = 25

ReportProgress = Callable[[int, int, str], None]
"""Hears the steps done, the steps in all, and a remark."""


class Training(Protocol):
    """One recipe's training under way."""

    step: int

    @property
    def steps(self) -> int:
        """Steps of the whole training."""

    def advance(self) -> dict[str, float]:
        """Do one step; gives its losses."""

    def validate(self) -> dict[str, float]:
        """Measure on what is held out: `psnr` decides which weights are kept."""

    def export(self, path: Path, found: Mapping[str, float]) -> None:
        """Write the weights."""

    def state(self) -> TensorSet:
        """All that the next step depends on."""

    def restore(self, state: TensorSet) -> None:
        """Go on where a state was taken."""


def saved_facts(folder: Path) -> Mapping[str, Any] | None:
    """What the checkpoint in a training's folder says of itself: recipe, step and settings; None where there is none.

    Raises:
        UsageError: it cannot be read.
    """
    return read_set(folder / CHECKPOINT).facts if _has_checkpoint(folder) else None


def train(folder: Path, training: Training, seconds: float, processes: Processes, report: ReportProgress) -> None:
    """Go on with a training, from its folder's checkpoint if there is one, for at most so many seconds.

    Raises:
        UsageError: the checkpoint cannot be read.
    """
    end = time.monotonic() + seconds
    if _has_checkpoint(folder):
        training.restore(read_set(folder / CHECKPOINT))
        if processes.leads:
            rewind(folder / LOG, training.step)
    longest = 0.0
    losses: list[dict[str, float]] = []
    while training.step < training.steps:
        started = time.monotonic()
        losses.append(training.advance())
        longest = max(longest, time.monotonic() - started)
        if processes.leads and training.step % LOG_EVERY == 0:
            means = {name: sum(entry[name] for entry in losses) / len(losses) for name in losses[0]}
            append(folder / LOG, {"step": training.step, **means})
            report(training.step, training.steps, ", ".join(f"{name} {value:.3f}" for name, value in means.items()))
            losses.clear()
        if processes.leads and (training.step % VALIDATE_EVERY == 0 or training.step == training.steps):
            _validate(folder, training, report)
            write_set(folder / CHECKPOINT, training.state())
        if processes.agreed(time.monotonic() + longest > end):
            break
    if processes.leads:
        write_set(folder / CHECKPOINT, training.state())


def _has_checkpoint(folder: Path) -> bool:
    return (folder / CHECKPOINT).exists() or (folder / f"{CHECKPOINT}.old").exists()


def _validate(folder: Path, training: Training, report: ReportProgress) -> None:
    """Measure, note it, and keep the weights if they are the best so far."""
    found = training.validate()
    best = max((entry["psnr"] for entry in rewind(folder / LOG, training.step) if "psnr" in entry), default=-1.0)
    append(folder / LOG, {"step": training.step, **found})
    write_plot(folder / PLOT, rewind(folder / LOG, training.step))
    if found["psnr"] > best:
        training.export(folder / f"{WEIGHTS}.safetensors", found)
    report(training.step, training.steps, ", ".join(f"{name} {value:.2f} dB" for name, value in found.items()))
