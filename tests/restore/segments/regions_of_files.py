"""Files with a stretch destroyed, and how much of what is then shown is right."""

from __future__ import annotations

from functools import cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from restore.decoding.decoded import Decoded
from restore.decoding.robust import decode
from restore.segments.search import Explanation
from restore.thumbnail.levels import mcu_levels
from tests.restore.decoding.pictures import jpeg
from tests.restore.placement.damaged import scene

WIDTH, HEIGHT = 1024, 768
_TOLERATED: Final = 6.0
"""Levels by which an MCU that is shown right may be off."""


@cache
def photo(seed: int = 0, **options: Any) -> bytes:
    """A JPEG like a photograph, 4:2:0."""
    chosen: dict[str, Any] = {"quality": 85, "subsampling": 2} | options
    return jpeg(scene(WIDTH, HEIGHT, seed=seed), **chosen)


@cache
def thumbnail(seed: int = 0) -> NDArray[np.uint8]:
    return np.asarray(scene(WIDTH, HEIGHT, seed=seed).resize((160, 120), Image.Resampling.BOX))


def middle(data: bytes, share: float = 0.4) -> int:
    """An offset inside the scan, on a sector."""
    start = decode(data).header.scan.entropy_start
    return (start + int(share * (len(data) - start))) // 512 * 512


def overwritten(data: bytes, at: int, filling: bytes) -> bytes:
    return data[:at] + filling + data[at + len(filling) :]


def noise(size: int, seed: int = 1) -> bytes:
    return np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8).tobytes()


def untouched(whole: Decoded, first: int, end: int) -> NDArray[np.bool_]:
    """Which MCUs of a sound file have no bit in its bytes `first` to `end`, nor next to them."""
    stream, positions = whole.stream, whole.mcus.bit_positions
    index = positions >> 3
    starts = stream.origin + index + np.searchsorted(stream.removed, index, side="right")
    ends = np.append(starts[1:], whole.end - 2)
    return np.asarray((starts > end) | (ends < first - 1))


def shares(found: Explanation, whole: Decoded, kept: NDArray[np.bool_]) -> tuple[float, float]:
    """Of the MCUs that were not destroyed, how many are shown right; of those shown, how many are not."""
    levels = [mcu_levels(whole.header, values) for values in (found.coefficients, whole.coefficients)]
    same = np.abs(levels[0] - levels[1]).max(axis=1) <= _TOLERATED
    same &= (found.coefficients[:, :, 1:] == whole.coefficients[:, :, 1:]).all(axis=(1, 2))
    right = found.known & same
    return float((right & kept).sum() / kept.sum()), float((found.known & ~same).sum() / found.known.sum())
