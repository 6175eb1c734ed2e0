"""Pictures with damage whose truth is known, for these tests."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from restore.decoding.decoded import Decoded
from restore.decoding.robust import decode
from restore.placement.placement import Placed, place
from restore.scan.preparation import open_scan, recalibrate
from tests.restore.decoding.pictures import jpeg, texture

Pixels = NDArray[np.uint8]


def picture(width: int = 640, height: int = 400, **options: Any) -> bytes:
    """A JPEG of 4:2:0, unless told otherwise."""
    chosen: dict[str, Any] = {"quality": 80, "subsampling": 2} | options
    return jpeg(scene(width, height), **chosen)


def scene(width: int, height: int, mode: str = "RGB", seed: int = 0) -> Image.Image:
    """Large shapes with fine detail on them, as photographs have."""
    blended = np.zeros((height, width) if mode == "L" else (height, width, 3))
    for number, (size, share) in enumerate(((16, 0.6), (5, 0.25), (2, 0.1), (1, 0.05))):
        layer = texture(width // size + 8, height // size + 8, mode, seed + number)
        blended += share * np.asarray(layer.resize((width, height), Image.Resampling.BICUBIC), dtype=np.float64)
    return Image.fromarray(blended.astype(np.uint8))


def with_noise(data: bytes, places: tuple[float, ...], seed: int = 1) -> bytes:
    """A file with 16 random bytes at each of `places`, shares of its size: what one flip under CBC does."""
    dice = np.random.default_rng(seed)
    damaged = bytearray(data)
    for share in places:
        start = int(len(data) * share)
        noise = dice.integers(0, 255, 16, dtype=np.uint8)  # no 0xFF: markers are another matter
        damaged[start : start + 16] = noise.tobytes()
    return bytes(damaged)


def placed(data: bytes, thumbnail: Pixels | None = None) -> Placed:
    """What placement makes of a file."""
    decoded = decode(data)
    scan = open_scan(data, decoded, decoded.end - 2)
    recalibrate(scan)
    return place(scan, decoded.header, thumbnail)


def right_mcus(found: Placed, truth: Decoded, samples: float = 3.0) -> NDArray[np.bool_]:
    """Which MCUs that are not given up hold the true AC coefficients, and DC values at most `samples` off."""
    equal: NDArray[np.bool_] = (found.coefficients[..., 1:] == truth.coefficients[..., 1:]).all(axis=(1, 2))
    steps = np.abs(found.coefficients[..., 0].astype(np.int64) - truth.coefficients[..., 0]).max(axis=1)
    unit = float(truth.header.quant_tables[0].natural()[0]) / 8
    return np.asarray(equal & found.known & (steps * unit <= samples), dtype=np.bool_)
