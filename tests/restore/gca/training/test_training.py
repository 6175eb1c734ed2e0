"""Trainings in slots: an interrupted one ends with the very weights of one that was not."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from carving.errors import WeightsError
from restore.gca.training.crops import Scene, scenes
from restore.gca.training.processes import Processes
from restore.gca.training.restorer_training import RestorerSettings, RestorerTraining, learning_rate
from restore.gca.training.shards import read_set
from restore.gca.training.training import CHECKPOINT, LOG, PLOT, train
from restore.gca.training.training_log import rewind
from restore.gca.training.training_set import load
from restore.gca.weight_files import load_restorer, weight_facts

ALONE = Processes(0, 1, torch.device("cpu"))
SETTINGS = RestorerSettings(steps=4, batch=2, seed=5)


@pytest.fixture(scope="module")
def prepared(training_set: Path) -> tuple[list[Scene], list[Scene]]:
    return scenes(load(training_set, held_out=False)), scenes(load(training_set, held_out=True))


def silent(step: int, steps: int, remark: str) -> None:
    """Hear nothing."""


def test_an_interrupted_training_goes_on_as_if_it_had_not_been(
    tmp_path: Path, prepared: tuple[list[Scene], list[Scene]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("restore.gca.training.restorer_training._VALIDATION_BATCHES", 1)
    for name in ("whole", "slots"):
        (tmp_path / name).mkdir()
    train(tmp_path / "whole", RestorerTraining(SETTINGS, *prepared, ALONE), 1e9, ALONE, silent)
    for _ in range(SETTINGS.steps):  # no time at all is enough for one step
        train(tmp_path / "slots", RestorerTraining(SETTINGS, *prepared, ALONE), 0.0, ALONE, silent)
    whole, slots = (read_set(tmp_path / name / CHECKPOINT) for name in ("whole", "slots"))
    assert whole.facts == slots.facts
    assert whole.facts["step"] == SETTINGS.steps
    assert whole.tensors.keys() == slots.tensors.keys()
    assert all(torch.equal(whole.tensors[name], slots.tensors[name]) for name in whole.tensors)
    logged = rewind(tmp_path / "whole" / LOG, SETTINGS.steps)
    assert [entry["step"] for entry in logged if "psnr" in entry] == [SETTINGS.steps]
    assert (tmp_path / "whole" / PLOT).stat().st_size > 1000
    weights = tmp_path / "whole/weights.safetensors"
    assert weight_facts(weights)["step"] == SETTINGS.steps
    network, _ = load_restorer(weights, torch.device("cpu"))
    assert torch.equal(network.leave.weight, whole.tensors["average/leave.weight"])
    assert all(path.stat().st_size < 16 << 20 for path in tmp_path.rglob("*") if path.is_file())


def test_the_rate_rises_stays_and_falls() -> None:
    settings = RestorerSettings(steps=1000, rate=1.0, fall=0.5)
    rates = [learning_rate(settings, step) for step in (0, 99, 400, 750, 1000)]
    assert rates == pytest.approx([0.01, 1.0, 1.0, 0.5, 0.0])


def test_weights_that_are_none_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "weights.safetensors"
    for content in (b"", b"\x80\x04cos\nsystem\n", bytes(100)):
        path.write_bytes(content)
        with pytest.raises(WeightsError):
            load_restorer(path, torch.device("cpu"))
