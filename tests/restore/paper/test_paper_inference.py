"""The paper's networks as methods of an evaluation: with weights they restore, without they say what to do."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from carving.errors import UsageError
from restore.gca.training.shards import TensorSet, write_set
from restore.lab.evaluation.methods import METHODS
from restore.lab.simulation.damage import DamagedFile
from restore.lab.simulation.embed import beside
from restore.lab.simulation.made_pictures import coded_at, fractal_picture
from restore.lab.simulation.medium import Medium
from restore.paper.paper_inference import VARIABLE, restore_as_paper
from restore.paper.paper_model import SIZES, PaperGca


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    network = PaperGca(SIZES["tiny"])
    write_set(tmp_path / "weights", TensorSet(dict(network.state_dict()), {"settings": {"size": "tiny"}, "step": 1}))
    return tmp_path / "weights"


def test_pictures_of_any_size(weights: Path) -> None:
    made = restore_as_paper(fractal_picture(50, 71, 1), fractal_picture(20, 28, 2), "cpu", weights)
    again = restore_as_paper(fractal_picture(50, 71, 1), fractal_picture(20, 28, 2), "cpu", weights)
    assert made.coarse.shape == made.fused.shape == (50, 71, 3)
    assert np.array_equal(made.fused, again.fused)


def test_the_methods_of_an_evaluation(weights: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    jpeg = coded_at(fractal_picture(64, 96, 3), 1.0)
    damaged = DamagedFile("made", jpeg, jpeg, Medium(), beside(jpeg))
    monkeypatch.delenv(VARIABLE, raising=False)
    with pytest.raises(UsageError, match=VARIABLE):
        METHODS["paper-gca"](damaged, "cpu")
    monkeypatch.setenv(VARIABLE, str(weights))
    for name in ("paper-gca", "paper-coarse"):
        pixels = METHODS[name](damaged, "cpu").pixels
        assert pixels is not None
        assert pixels.shape == (64, 96, 3)
    monkeypatch.setenv(VARIABLE, str(weights.parent))
    with pytest.raises(UsageError):
        METHODS["paper-gca"](damaged, "cpu")
