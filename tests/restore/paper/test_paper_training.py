"""The paper's training: it fits a handful of pictures, and goes on after an interruption as if there had been none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from restore.gca.training.processes import Processes
from restore.gca.training.shards import read_set
from restore.gca.training.training import CHECKPOINT, train
from restore.lab.simulation.made_pictures import fractal_picture
from restore.paper.paper_set import TrainingPair, build, fitted_size, load, small
from restore.paper.paper_training import PaperSettings, PaperTraining

ALONE = Processes(0, 1, torch.device("cpu"))


@pytest.fixture(scope="module")
def pairs() -> list[TrainingPair]:
    """Pictures with a stripe of wrong brightness each, as SCA might leave it."""
    made = []
    for seed in range(3):
        true = np.ascontiguousarray(fractal_picture(72, 104, seed)[:64, :96])
        compensated = true.copy()
        compensated[20:44] = np.clip(compensated[20:44].astype(int) + 60, 0, 255)
        made.append(TrainingPair(true, compensated, small(true)))
    return made


def test_it_fits_a_handful_of_pictures(pairs: list[TrainingPair]) -> None:
    training = PaperTraining(PaperSettings("tiny", steps=60, batch=1, rate=2e-3), pairs, pairs, ALONE)
    before = training.validate()["psnr"]
    losses = [training.advance() for _ in range(60)]
    after = training.validate()["psnr"]
    assert after > before + 2
    assert losses[-1]["charbonnier"] < 0.75 * losses[0]["charbonnier"]
    assert {"adversarial", "features", "edge", "judge_made", "judge_true", "fused_edge"} < losses[0].keys()


def test_an_interrupted_training_goes_on_as_if_it_had_not_been(tmp_path: Path, pairs: list[TrainingPair]) -> None:
    settings = PaperSettings("tiny", steps=3, batch=1)
    for name in ("whole", "slots"):
        (tmp_path / name).mkdir()
    train(tmp_path / "whole", PaperTraining(settings, pairs, pairs, ALONE), 1e9, ALONE, lambda *_: None)
    for _ in range(3):
        train(tmp_path / "slots", PaperTraining(settings, pairs, pairs, ALONE), 0.0, ALONE, lambda *_: None)
    whole, slots = (read_set(tmp_path / name / CHECKPOINT) for name in ("whole", "slots"))
    assert whole.facts == slots.facts
    assert all(torch.equal(whole.tensors[name], slots.tensors[name]) for name in whole.tensors)
    exported = read_set(tmp_path / "whole/weights")
    assert exported.facts["step"] == 3
    assert "perceptual_loss" in exported.facts


def test_the_schedule_is_the_papers(pairs: list[TrainingPair]) -> None:
    training = PaperTraining(PaperSettings("tiny", epochs=200, batch=1), pairs, pairs, ALONE)
    assert training.steps == 600
    assert PaperSettings() == PaperSettings("512", 0, 200, 4, 2e-4, 1)


def test_a_training_set_holds_what_sca_makes_of_damaged_pictures(tmp_path: Path) -> None:
    path = tmp_path / "picture.png"
    Image.fromarray(fractal_picture(400, 640, 3)).save(path)
    build([path], tmp_path / "set.npz", 1, lambda _done, _room: None, side=320)
    (pair,) = load(tmp_path / "set.npz", held_out=True)
    assert pair.true.shape == pair.compensated.shape == (192, 320, 3)
    assert pair.thumbnail.shape == (96, 160, 3)
    assert load(tmp_path / "set.npz", held_out=False) == []
    assert np.abs(pair.true.astype(int) - pair.compensated).mean() > 1


def test_sizes_keep_their_shape_in_multiples() -> None:
    assert fitted_size(1024, 2048, 512) == (256, 512)
    assert fitted_size(1200, 800, 512) == (512, 352)
    assert fitted_size(1, 4000, 512) == (32, 512)
