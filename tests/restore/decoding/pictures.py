"""Pictures that Pillow writes as JPEG for these tests."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def texture(width: int, height: int, mode: str = "RGB", seed: int = 0) -> Image.Image:
    """Random tones, smoothly enlarged: smooth and busy blocks side by side."""
    rng = np.random.default_rng([seed, width, height])
    channels = len(Image.new(mode, (1, 1)).getbands())
    small = rng.integers(0, 256, (-(-height // 5), -(-width // 7), channels), dtype=np.uint8)
    picture = Image.fromarray(small.squeeze(2) if channels == 1 else small, mode=None)
    if mode == "CMYK":
        picture = Image.merge("CMYK", picture.split())
    return picture.resize((width, height), Image.Resampling.BICUBIC)


def jpeg(picture: Image.Image, **options: Any) -> bytes:
    """`picture` as JPEG; options as Pillow's encoder takes them."""
    buffer = io.BytesIO()
    picture.save(buffer, "JPEG", **options)
    return buffer.getvalue()


def by_libjpeg(data: bytes) -> NDArray[np.uint8]:
    """RGB pixels as Pillow, that is libjpeg-turbo with its defaults, decodes them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # Pillow's remarks on metadata
        return np.asarray(Image.open(io.BytesIO(data)).convert("RGB"))
