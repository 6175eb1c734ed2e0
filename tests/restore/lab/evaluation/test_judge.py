"""The judge against results whose score is known beforehand."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from restore.decoding.robust import decode
from restore.lab.evaluation.judge import Judge, Score, equal_mcus, fitted, hit_mcus
from restore.lab.evaluation.methods import MethodResult
from restore.lab.evaluation.specimens import Source, Specimen, load
from restore.lab.quality.metrics import luma, psnr
from restore.lab.simulation.bit_errors import Flip, differing_bytes
from restore.lab.simulation.medium import Medium, seeded_key
from restore.lab.simulation.simulate import Simulation
from restore.provenance import BitFlip, Provenance


@pytest.fixture
def specimen(folder: Path) -> Specimen:
    simulation = Simulation(1e-4, 2, Medium(seeded_key(1)), spare_headers=True)
    return load(Source("picture", "test", folder / "plain.jpg"), simulation, 0.0)


def score(specimen: Specimen, result: MethodResult) -> Score:
    return Judge(specimen).score(result)


def test_the_original_itself_is_perfect(specimen: Specimen) -> None:
    original = decode(specimen.original)
    flips = tuple(BitFlip(flip.offset, flip.bit, 9.0, 9.0, 0.99) for flip in specimen.flips)
    perfect = score(specimen, MethodResult(original.pixels, None, flips, specimen.original, "exact"))
    assert perfect.flips == perfect.reversed == len(flips) > 0
    assert (perfect.wrong, perfect.missed) == (0, 0)
    assert (perfect.mse_y, perfect.mse_rgb) == (0.0, 0.0)
    assert perfect.ssim_y == pytest.approx(1.0)
    assert perfect.ssim_rgb == pytest.approx(1.0)
    assert perfect.mcus_exact == perfect.mcus == 20 * 15
    assert (perfect.hole_mcus, perfect.mse_hole) == (0, None)
    assert (perfect.picture_exact, perfect.stream_exact, perfect.undamaged) == (True, True, False)
    assert perfect.mse_hit == 0.0


def test_nothing_shown_counts_as_middle_grey(specimen: Specimen) -> None:
    nothing = score(specimen, MethodResult(None))
    grey = luma(np.full((240, 320, 3), 128, dtype=np.uint8))
    assert nothing.mse_y == pytest.approx(float(((luma(decode(specimen.original).pixels) - grey) ** 2).mean()))
    assert (nothing.shown, nothing.mcus_exact, nothing.stream_exact) == (False, 0, False)


def test_wrong_and_missed_flips(specimen: Specimen) -> None:
    true, false = specimen.flips[0], Flip(specimen.flips[0].offset, (specimen.flips[0].bit + 1) % 8)
    claimed = tuple(BitFlip(flip.offset, flip.bit, 1.0, 1.0, 0.75) for flip in (true, false))
    result = score(specimen, MethodResult(None, bit_flips=claimed))
    assert (result.reversed, result.wrong, result.missed) == (1, 1, len(specimen.flips) - 1)
    assert result.probabilities == ((0.75, True), (0.75, False))
    assert result.exact_probability is None
    assert score(specimen, MethodResult(None, exact_probability=0.9)).exact_probability == 0.9


def test_one_changed_coefficient_is_one_inexact_mcu(specimen: Specimen) -> None:
    original = decode(specimen.original)
    coefficients = original.coefficients.copy()
    coefficients[37, 2, 5] += 1
    result = score(specimen, MethodResult(original.pixels, coefficients=coefficients))
    assert (result.mcus_exact, result.hole_mcus) == (299, 1)
    assert result.mse_hole == 0.0


def test_holes_are_what_provenance_calls_generated_or_lost(specimen: Specimen) -> None:
    pixels = decode(specimen.original).pixels.copy()
    pixels[16:32, 32:48] = 0
    pixels[64:80, 0:16] = 255
    provenance = np.full((15, 20), Provenance.PLACED, dtype=np.uint8)
    provenance[1, 2] = Provenance.GENERATED
    result = score(specimen, MethodResult(pixels, provenance))
    truth = luma(decode(specimen.original).pixels)[16:32, 32:48]
    assert result.hole_mcus == 1
    assert result.mse_hole == pytest.approx(float(((truth - 16.0) ** 2).mean()))
    assert result.mcus_exact == 298
    assert result.claimed_mcus == 0
    provenance[:] = Provenance.INTACT
    claimed = score(specimen, MethodResult(pixels, provenance))
    assert (claimed.claimed_mcus, claimed.claimed_wrong, claimed.mse_hole) == (300, 2, None)


def test_pixels_decide_without_an_mcus_outermost_ring(picture: bytes) -> None:
    original = decode(picture)
    for place, inside in (((16, 16), False), ((31, 40), False), ((17, 17), True), ((239, 319), False)):
        changed = original.pixels.copy()
        changed[place] ^= 255
        exact = equal_mcus(original.pixels, changed, original.header.frame)
        assert np.count_nonzero(~exact) == int(inside)


def test_hit_mcus_are_those_whose_bytes_changed(picture: bytes, restarting_picture: bytes) -> None:
    for jpeg in (picture, restarting_picture):
        original = decode(jpeg)
        place = (original.header.scan.entropy_start + len(jpeg)) // 2
        while 0xFF in jpeg[place - 1 : place + 2]:
            place += 3
        damaged = jpeg[:place] + bytes([jpeg[place] ^ 0x55]) + jpeg[place + 1 :]
        hit = hit_mcus(original, differing_bytes(jpeg, damaged))
        assert hit is not None
        first_hit = int(np.flatnonzero(hit.ravel())[0])
        assert 1 <= np.count_nonzero(hit) <= 4
        wrong = (decode(damaged).coefficients != original.coefficients).any(axis=(1, 2))
        assert first_hit <= int(np.flatnonzero(wrong)[0]) <= first_hit + 1


def test_a_picture_of_another_size_is_cut_and_filled() -> None:
    pixels = np.arange(4 * 6 * 3, dtype=np.uint8).reshape(4, 6, 3)
    canvas = fitted(pixels, 5, 3)
    assert np.array_equal(canvas[:4], pixels[:, :3])
    assert (canvas[4] == 128).all()


def test_psnr_of_the_score_is_psnr_of_the_picture(specimen: Specimen) -> None:
    original = decode(specimen.original).pixels
    shifted = np.clip(original.astype(np.int16) + 3, 0, 250).astype(np.uint8)
    error = (original.astype(float) - shifted) ** 2
    assert psnr(score(specimen, MethodResult(shifted)).mse_rgb) == pytest.approx(psnr(float(error.mean())))
