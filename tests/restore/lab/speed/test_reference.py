"""The plain-Python decoder and the compiled one agree on every coefficient."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image

from carving.errors import UnsupportedJpegError
from restore.decoding.robust import decode
from restore.lab.simulation.made_pictures import coded_at, fractal_picture
from restore.lab.speed.reference import reference_coefficients


def test_equal_coefficients(picture: bytes, restarting_picture: bytes) -> None:
    for jpeg in (picture, restarting_picture):
        decoded = decode(jpeg)
        assert decoded.events == ()
        assert np.array_equal(reference_coefficients(jpeg), decoded.coefficients)


def test_progressive_files_are_refused() -> None:
    buffer = io.BytesIO()
    Image.new("RGB", (32, 32)).save(buffer, "JPEG", progressive=True)
    with pytest.raises(UnsupportedJpegError, match="one interleaved sequential scan"):
        reference_coefficients(buffer.getvalue())


def test_made_pictures_reach_their_bit_rate_and_depend_on_the_seed() -> None:
    pixels = fractal_picture(256, 384, seed=1)
    assert pixels.shape == (256, 384, 3)
    assert not np.array_equal(pixels, fractal_picture(256, 384, seed=2))
    for rate in (0.7, 1.2):
        assert rate <= 8 * len(coded_at(pixels, rate)) / (256 * 384) < rate + 0.15
