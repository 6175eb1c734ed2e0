"""Which flips of an unencrypted medium can be noticed at all."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from restore.decoding.robust import decode
from restore.lab.evaluation.judge import Judge
from restore.lab.evaluation.methods import MethodResult
from restore.lab.evaluation.specimens import Source, load
from restore.lab.simulation.bit_errors import Flip, apply_flips
from restore.lab.simulation.medium import Medium, seeded_key
from restore.lab.simulation.movers import movers
from restore.lab.simulation.simulate import Simulation
from restore.provenance import BitFlip


def changes(picture: bytes, flip: Flip) -> tuple[int, int]:
    """How many DC values and how many AC coefficients a flip changes."""
    before, after = decode(picture).coefficients, decode(apply_flips(picture, (flip,))).coefficients
    differs = before != after
    return int(differs[..., 0].sum()), int(differs[..., 1:].sum())


def test_an_amplitude_of_an_ac_coefficient_is_none_and_one_of_a_dc_value_is(picture: bytes) -> None:
    start = decode(picture).header.scan.entropy_start
    flips = [Flip(start + 40 + byte, bit) for byte in range(12) for bit in range(8)]
    found = movers(picture, tuple(flips))
    only_ac = [flip for flip in flips if changes(picture, flip) == (0, 1)]
    with_dc = [flip for flip in flips if changes(picture, flip)[0] > 0]
    assert len(only_ac) > 5
    assert len(with_dc) > 5
    assert not found & set(only_ac)
    assert found >= set(with_dc)


def test_a_destroyed_header_is_one_and_a_comment_is_none(picture: bytes) -> None:
    width = Flip(picture.index(b"\xff\xc0") + 7, 3)
    assert movers(picture, (width,)) == {width}
    commented = picture[:2] + b"\xff\xfe\x00\x06text" + picture[2:]
    assert movers(commented, (Flip(8, 7),)) == frozenset()


@pytest.mark.parametrize("key", [None, seeded_key(1)])
def test_the_judge_counts_them_on_unencrypted_media_only(folder: Path, key: bytes | None) -> None:
    simulation = Simulation(1e-3, 2, Medium(key), spare_headers=True)
    specimen = load(Source("picture", "test", folder / "plain.jpg"), simulation, 0.0)
    claimed = tuple(BitFlip(flip.offset, flip.bit, 9.0, 9.0, 0.99) for flip in specimen.flips[::2])
    score = Judge(specimen).score(MethodResult(None, bit_flips=claimed))
    if key is not None:
        assert (score.movers, score.movers_reversed) == (None, None)
        return
    moving = movers(specimen.original, specimen.flips)
    assert 0 < len(moving) < score.flips
    assert score.movers == len(moving)
    assert score.movers_reversed == len(moving & set(specimen.flips[::2]))
    assert np.isfinite(score.mse_y)
