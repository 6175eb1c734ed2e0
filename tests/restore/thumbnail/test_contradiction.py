"""A thumbnail as a witness against a picture that decodes without a flaw."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from restore import decode, restore
from restore.decoding.pixels import render
from restore.lab.quality.metrics import luma, psnr, squared_error
from restore.lab.simulation.bit_errors import Flip
from restore.lab.simulation.embed import find_thumbnail
from restore.provenance import Status
from restore.thumbnail.contradiction import contradicts, steps
from restore.thumbnail.guidance import thumbnail_pixels
from tests.restore.repair.headers import flipped
from tests.restore.repair.scans import photo, place


def thumbnail(data: bytes) -> NDArray[np.uint8]:
    found = find_thumbnail(data)
    assert found is not None
    pixels = thumbnail_pixels(found)
    assert pixels is not None
    return pixels


def psnr_y(pixels: NDArray[np.uint8], original: NDArray[np.uint8]) -> float:
    return psnr(float(squared_error(luma(pixels), luma(original)).mean()))


def moved(first: int, blocks: slice, change: int) -> NDArray[np.int16]:
    """The photo's coefficients with the DC values of some blocks of all MCUs from `first` on changed."""
    coefficients = decode(photo()).coefficients.copy()
    coefficients[first:, blocks, 0] += change
    return coefficients


def test_a_sound_picture_is_not_contradicted() -> None:
    found = decode(photo())
    assert not contradicts(thumbnail(photo()), found.header, found.coefficients)


@pytest.mark.parametrize(
    ("blocks", "change"), [(slice(0, 4), 120), (slice(4, 5), 50), (slice(5, 6), 50)], ids=["Y", "Cb", "Cr"]
)
def test_a_level_that_moves_and_stays_is_contradicted(blocks: slice, change: int) -> None:
    found = decode(photo())
    assert contradicts(thumbnail(photo()), found.header, moved(255, blocks, change))


def test_another_pictures_thumbnail_is_not_asked() -> None:
    found = decode(photo())
    foreign = np.random.default_rng(1).integers(0, 256, thumbnail(photo()).shape).astype(np.uint8)
    assert not contradicts(foreign, found.header, moved(255, slice(0, 4), 50))


def test_a_step_is_measured_by_how_steady_the_rows_are() -> None:
    columns = 10
    differences = np.zeros((120, 2))
    differences[57:, 1] = 5.0
    found = steps(differences, columns)
    assert int(np.argmax(found)) == 57
    assert found[57] == pytest.approx(5.0)
    differences[77:, 1] = 1.0  # back nearly: a stripe of the picture
    assert steps(differences, columns)[57] < 1.0


def test_a_flip_without_a_trace_is_placed_by_the_thumbnail_alone() -> None:
    whole = decode(photo())
    for block in range(200):
        flip = Flip(place(0.4) + 16 * block + 5, 2)
        data = flipped(photo(), (flip,)).data
        found = decode(data)
        silent = found.flawless
        clear = silent and psnr_y(found.pixels, render(whole.header, whole.coefficients)) < 25.0
        if clear and contradicts(thumbnail(photo()), found.header, found.coefficients):
            break
    else:
        raise AssertionError("no flip of the photo moves its level without a trace")
    result = restore(data, effort=0, thumbnail=find_thumbnail(data))
    assert result.status is not Status.INTACT
    assert result.pixels is not None
    original = render(whole.header, whole.coefficients)
    assert psnr_y(result.pixels, original) > psnr_y(found.pixels, original) + 6.0
