"""The training set: really damaged pictures, packed into one bounded file, and cut into windows."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from carving.errors import UsageError
from restore.decoding.robust import decode
from restore.gca.training.crops import WINDOW, draw_batch, scenes
from restore.gca.training.examples import make_example
from restore.gca.training.training_set import _pack, _unpack, build, load
from restore.lab.simulation.made_pictures import fractal_picture
from restore.provenance import Provenance


def test_an_example_is_damaged_decoded_and_placed_by_the_main_job() -> None:
    picture = Image.fromarray(fractal_picture(600, 560, 7))
    made = (make_example(picture, np.random.default_rng(seed)) for seed in range(20))
    example = next(example for example in made if example is not None)
    assert np.array_equal(example.truth, decode(example.jpeg).pixels)
    assert {Provenance.LOST} < set(np.unique(example.provenance)) <= set(Provenance)
    assert 0 < example.hole.mean() < 0.5
    outside = ~example.hole
    assert (example.composed == example.truth)[outside].mean() > 0.2
    assert np.abs(example.composed.astype(int) - example.truth)[outside].mean() < 8
    again = _unpack(_pack(example))
    assert np.array_equal(again.composed, example.composed)
    assert np.array_equal(again.provenance, example.provenance)
    assert np.array_equal(again.thumbnail, example.thumbnail)
    assert again.jpeg == example.jpeg


def test_a_training_set_is_bounded_and_split(training_set: Path) -> None:
    assert training_set.stat().st_size <= 400 << 10
    train, held_out = (load(training_set, held_out=held) for held in (False, True))
    assert train
    assert held_out
    assert not {example.jpeg for example in train} & {example.jpeg for example in held_out}


def test_batches_follow_from_their_seed(training_set: Path) -> None:
    prepared = scenes(load(training_set, held_out=False))
    first, second, other = (draw_batch(prepared, 6, seed) for seed in ((1, 2), (1, 2), (1, 3)))
    assert np.array_equal(first.inputs, second.inputs)
    assert not np.array_equal(first.inputs, other.inputs)
    assert first.inputs.shape == (6, 9, WINDOW, WINDOW)
    assert (first.hole.sum(axis=(1, 2, 3)) > 0).all()
    outside = first.hole[:, 0] == 0
    for window in range(6):
        wrong = np.abs(first.filled[window] - first.truth[window]).max(axis=0)[outside[window]]
    assert np.median(wrong) < 0.05


def test_what_is_no_picture_or_no_training_set_is_a_usage_error(tmp_path: Path) -> None:
    path = tmp_path / "text.jpg"
    path.write_text("no picture", "utf-8")
    with pytest.raises(UsageError):
        build([path], tmp_path / "set.npz", 1, lambda _done, _room: None)
    with pytest.raises(UsageError):
        load(path, held_out=False)
