"""Placement puts stored MCUs back where they were, and says so."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from carving.source import Run
from restore.decoding.robust import decode
from restore.lab.quality import metrics
from restore.lab.simulation.damage import damage
from restore.lab.simulation.embed import beside
from restore.lab.simulation.medium import Medium
from restore.provenance import Provenance
from restore.restoration import restore
from restore.thumbnail.guidance import thumbnail_pixels
from tests.restore.decoding.pictures import jpeg
from tests.restore.placement.damaged import picture, placed, right_mcus, scene, with_noise

SAMPLINGS = [0, 1, 2]


@pytest.mark.parametrize("subsampling", SAMPLINGS)
def test_an_undamaged_picture_stays_as_it_is(subsampling: int) -> None:
    data = picture(subsampling=subsampling)
    found = placed(data)
    assert found.known.mean() > 0.99
    assert not found.moved.any()
    np.testing.assert_array_equal(found.coefficients[found.known], decode(data).coefficients[found.known])


@pytest.mark.parametrize("subsampling", SAMPLINGS)
def test_what_is_lost_moves_back(subsampling: int) -> None:
    data = picture(subsampling=subsampling)
    truth = decode(data)
    damaged = data[: len(data) // 2] + data[len(data) // 2 + 120 :]  # takes MCUs away: what follows stands too early
    found = placed(damaged)
    assert right_mcus(found, truth).mean() > 0.97
    assert found.moved[-1]
    assert (decode(damaged).coefficients == truth.coefficients).all(axis=(1, 2)).mean() < 0.6


def test_grayscale() -> None:
    data = jpeg(scene(640, 400, "L"), quality=80)
    found = placed(with_noise(data, (0.3, 0.6)))
    assert right_mcus(found, decode(data)).mean() > 0.97


def test_several_places_and_nothing_false_called_intact() -> None:
    data = picture()
    truth = decode(data)
    found = placed(with_noise(data, (0.2, 0.35, 0.5, 0.65, 0.8)), thumbnail_pixels(beside(data)))
    right = right_mcus(found, truth)
    first = int(np.flatnonzero(~right)[0])
    assert right.mean() > 0.95
    assert not found.moved[:first].any()
    assert np.count_nonzero(found.known & ~right & ~found.moved) <= 3


def test_restart_intervals_bound_the_damage() -> None:
    data = picture(restart_marker_blocks=40)
    truth = decode(data)
    found = placed(with_noise(data, (0.3, 0.6)))
    right = right_mcus(found, truth)
    assert right.mean() > 0.97
    assert not found.moved[:200].any()
    assert not found.moved[-200:].any()


def test_moved_mcus_are_called_placed_and_the_rest_generated() -> None:
    data = picture()
    damaged = data[: len(data) // 2] + data[len(data) // 2 + 120 :]
    result = restore(damaged, thumbnail=beside(data), effort=0)
    assert result.provenance is not None
    assert result.pixels is not None
    kinds = result.provenance.reshape(-1)
    assert set(np.unique(kinds)) <= {Provenance.INTACT, Provenance.PLACED, Provenance.GENERATED}
    assert kinds[0] == Provenance.INTACT
    assert kinds[-1] == Provenance.PLACED
    error = metrics.squared_error(metrics.luma(decode(data).pixels), metrics.luma(result.pixels))
    assert metrics.psnr(float(error.mean())) > 30


def test_nothing_of_noise_is_taken_for_the_picture() -> None:
    data = picture(320, 240)
    dice = np.random.default_rng(3)
    start = data.index(b"\xff\xda") + 14
    noise = dice.integers(0, 255, len(data) - start - 2, dtype=np.uint8).tobytes()
    found = placed(data[:start] + noise + data[-2:])
    truth = decode(data)
    assert found.coefficients.shape == truth.coefficients.shape
    assert found.known.mean() < 0.5
    assert not found.coefficients[~found.known].any()
    assert not right_mcus(found, truth).any()


@pytest.mark.parametrize("name", ["berlin_000000_000019_leftImg8bit", "berlin_000001_000019_leftImg8bit"])
def test_the_papers_pictures_are_placed_exactly(shared_data: Path, name: str) -> None:
    folder = shared_data / "two_acir"
    original = next((folder / "GT").glob(f"{name[:13]}*")).read_bytes()
    damaged = next((folder / "De").glob(f"{name[:13]}*")).read_bytes()
    truth = decode(original)
    result = restore(damaged, thumbnail=beside(original), effort=0)
    assert result.pixels is not None
    error = metrics.squared_error(metrics.luma(truth.pixels), metrics.luma(result.pixels))
    assert metrics.psnr(float(error.mean())) > 42
    assert Image.fromarray(result.pixels).size == (truth.header.frame.width, truth.header.frame.height)


def test_a_short_interval_is_not_shifted_to_where_the_path_is_sound(shared_data: Path) -> None:
    """Several flips in a photo with intervals of four MCUs once had one moved in front of its own beginning."""
    original = (shared_data / "photos" / "hewlett-packard__photosmart-c200__DSC00003.JPG").read_bytes()
    damaged = damage(original, Medium(None), 1e-5, 61, Run(0, 0))
    found = placed(damaged.jpeg)
    assert found.known.mean() > 0.9
    assert (np.diff(found.starts[found.known]) > 0).all()
