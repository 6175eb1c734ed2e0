"""A small training set, made once by the tool's own main job."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from restore.gca.training.training import TRAINING_SET
from restore.gca.training.training_set import HELD_OUT, build
from restore.lab.simulation.made_pictures import fractal_picture


@pytest.fixture(scope="session")
def training_set(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A training set of few damaged pictures, among them one that is held out."""
    folder = tmp_path_factory.mktemp("made")
    paths = []
    for number in range(3):
        path = folder / f"{number}.png"
        Image.fromarray(fractal_picture(520, 540, number)).save(path, compress_level=1)
        paths.append(path)
    assert len(paths) < HELD_OUT  # the first one is held out, the others are not
    target = folder / TRAINING_SET
    build(paths, target, 1, lambda _done, _room: None, largest=400 << 10)
    return target
