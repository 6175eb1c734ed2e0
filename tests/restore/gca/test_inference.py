"""Filling by the network: only pixels in holes change, whatever the size, the memory and the tiles."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest
import torch

from carving.errors import UsageError, WeightsError
from restore.gca.filling import by_network, by_thumbnail
from restore.gca.filling import fill as fill_lost
from restore.gca.holes import Holes
from restore.gca.inference import restore_holes
from restore.gca.restorer import SIZES, Restorer
from restore.gca.shipped import SHIPPED, SUMS
from restore.gca.weight_files import load_restorer, save_weights, weight_facts
from restore.lab.simulation.made_pictures import fractal_picture
from restore.provenance import Provenance
from restore.thumbnail import guidance


@pytest.fixture(scope="module")
def lively(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Weights of an untrained network that adds something nevertheless."""
    torch.manual_seed(1)
    network = Restorer(SIZES["small"])
    torch.nn.init.normal_(network.leave.weight, std=0.05)
    path = tmp_path_factory.mktemp("weights") / "lively.safetensors"
    save_weights(path, network.state_dict(), {"size": "small"})
    return path


def damaged(height: int, width: int) -> Holes:
    picture, guide = (fractal_picture(height + 8, width + 8, seed)[:height, :width] for seed in (1, 2))
    lost = np.zeros((-(-height // 8), -(-width // 8)), dtype=np.bool_)
    lost[: 1 + height // 24 : 2, : 1 + width // 16] = True
    lost[-1, -3:] = True
    hole = guidance.region(lost, (8, 8), height, width)
    doubtful = np.roll(hole, 8, axis=0) & ~hole
    return Holes(guidance.fill(picture, guide, hole), guide, hole, doubtful, lost, (8, 8))


@pytest.mark.parametrize("size", [(1, 1), (7, 30), (64, 64), (201, 333)])
def test_only_holes_change_and_always_alike(lively: Path, size: tuple[int, int]) -> None:
    holes = damaged(*size)
    first, second = (restore_holes(holes, "cpu", weights=lively) for _ in range(2))
    assert first.pixels.shape == (*size, 3)
    assert np.array_equal(first.pixels, second.pixels)
    assert np.array_equal(first.pixels[~holes.hole], holes.filled[~holes.hole])
    assert (first.pixels != holes.filled)[holes.hole].any()
    assert first.weights_sha256 == hashlib.sha256(lively.read_bytes()).hexdigest()


def test_little_memory_gives_nearly_the_same() -> None:
    holes = damaged(260, 300)
    much, little = (restore_holes(holes, "cpu", memory=memory << 20) for memory in (512, 40))
    apart = np.abs(much.pixels.astype(int) - little.pixels)
    assert not np.array_equal(much.pixels, holes.filled)
    assert apart[holes.hole].mean() < 0.05


@pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no CUDA device")
def test_a_gpu_computes_the_same(lively: Path) -> None:
    holes = damaged(260, 300)
    one, other = (restore_holes(holes, device, weights=lively) for device in ("cpu", "cuda"))
    assert np.abs(one.pixels.astype(int) - other.pixels).mean() < 1e-2


def test_without_a_gpu_auto_falls_back_and_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    pixels, remarks = by_network("auto")(damaged(40, 50))
    assert pixels.shape == (40, 50, 3)
    assert "no CUDA device" in remarks[0]
    with pytest.raises(UsageError, match="cuda"):
        by_network("cuda")(damaged(40, 50))


def test_what_is_known_keeps_its_pixels_and_what_is_lost_is_called_generated() -> None:
    picture = fractal_picture(64, 96, 3)
    provenance = np.full((4, 6), Provenance.INTACT, dtype=np.uint8)
    provenance[1, 2:5], provenance[2, 1], provenance[3, 0] = Provenance.LOST, Provenance.PLACED, Provenance.REPAIRED
    small = fractal_picture(8, 12, 4)
    for filler in (by_thumbnail, by_network("cpu")):
        pixels, after, _ = fill_lost(picture, provenance, (16, 16), small, filler)
        lost = guidance.region(provenance == Provenance.LOST, (16, 16), 64, 96)
        assert np.array_equal(pixels[~lost], picture[~lost])
        assert (after[provenance == Provenance.LOST] == Provenance.GENERATED).all()
        assert np.array_equal(after[provenance != Provenance.LOST], provenance[provenance != Provenance.LOST])
        assert fill_lost(picture, provenance, (16, 16), None, filler)[1] is provenance


def test_the_shipped_weights_are_those_that_are_told_of() -> None:
    files = {path.name: path for path in SHIPPED.parent.iterdir()}
    sums = dict(line.split()[::-1] for line in files[SUMS].read_text("ascii").splitlines())
    assert sums == {
        name: hashlib.sha256(path.read_bytes()).hexdigest()
        for name, path in files.items()
        if path.suffix == ".safetensors"
    }
    assert sum(path.stat().st_size for path in files.values()) < 30 << 20
    assert max(path.stat().st_size for path in files.values()) < 16 << 20
    facts = weight_facts(SHIPPED)
    assert facts["psnr"] > facts["baseline"]
    card = files["MODEL_CARD.md"].read_text("utf-8")
    assert sums[SHIPPED.name] in card
    assert str(facts["step"]) in card


def test_weights_other_than_those_told_of_are_refused(lively: Path) -> None:
    (lively.parent / SUMS).write_text(f"{'0' * 64}  {lively.name}\n", "ascii")
    load_restorer.cache_clear()
    with pytest.raises(WeightsError, match=SUMS):
        load_restorer(lively, torch.device("cpu"))
    (lively.parent / SUMS).unlink()
