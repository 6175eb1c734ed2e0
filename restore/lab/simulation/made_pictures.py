"""Pictures made at run time: noise whose spectrum falls as a photograph's does, coded at a wanted bit rate."""

from __future__ import annotations

import io
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

_CONTRAST: Final = 50.0
_COLOURFULNESS: Final = 0.3


def fractal_picture(height: int, width: int, seed: int) -> NDArray[np.uint8]:
    """RGB pixels (height, width, 3) with a 1/f amplitude spectrum (D. Field, 1987), colours weaker than brightness."""
    random = np.random.default_rng(seed)
    down, across = np.fft.fftfreq(height)[:, np.newaxis], np.fft.rfftfreq(width)
    amplitude = 1.0 / np.maximum(np.hypot(down, across), 1.0 / max(height, width))
    planes = []
    for strength in (1.0, _COLOURFULNESS, _COLOURFULNESS):
        spectrum = np.fft.rfft2(random.standard_normal((height, width))) * amplitude
        plane = np.fft.irfft2(spectrum, (height, width))
        planes.append(strength * _CONTRAST * plane / plane.std())
    grey, red, blue = planes
    pixels = 128.0 + np.stack([grey + red, grey - (red + blue) / 2, grey + blue], axis=2)
    return np.clip(np.rint(pixels), 0, 255).astype(np.uint8)


def coded_at(pixels: NDArray[np.uint8], bits_per_pixel: float) -> bytes:
    """A baseline 4:2:0 JPEG of the lowest quality that spends at least so many bits on a pixel, or of quality 95."""
    picture = Image.fromarray(pixels)
    wanted = bits_per_pixel * pixels.shape[0] * pixels.shape[1] / 8
    low, high = 1, 95
    while low < high:
        middle = (low + high) // 2
        if len(_coded(picture, middle)) < wanted:
            low = middle + 1
        else:
            high = middle
    return _coded(picture, low)


def _coded(picture: Image.Image, quality: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", quality=quality, subsampling="4:2:0")
    return buffer.getvalue()
