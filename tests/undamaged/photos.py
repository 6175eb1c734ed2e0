"""Photographs to build on: crops of the files of a folder, in any scale."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from carving.errors import UsageError
from tests.undamaged.picture import Random

_LONGEST = 2400


class Photos:
    """The photographs below some folders."""

    def __init__(self, folders: list[Path]) -> None:
        """Look for them.

        Raises:
            UsageError: there is none.
        """
        self._paths = sorted(path for folder in folders for path in folder.rglob("*.jpg"))
        if not self._paths:
            raise UsageError(f"no *.jpg below {', '.join(map(str, folders))}")
        self._load = lru_cache(24)(_load)

    def any(self, random: Random, smallest: int = 300) -> Image.Image:
        """One of them, RGB, upright, at most 2400 pixels long."""
        for _ in range(200):
            image = self._load(self._paths[random.integers(len(self._paths))])
            if image is not None and min(image.size) >= smallest:
                return image
        raise UsageError(f"no photograph of {smallest} pixels or more in the folder")

    def crop(self, random: Random, size: tuple[int, int]) -> Image.Image:
        """A part of one, scaled to a size (width, height)."""
        image = self.any(random)
        width, height = size
        most = min(image.width / width, image.height / height)
        scale = most * float(random.uniform(0.6, 1.0))
        wide, high = max(1, int(width * scale)), max(1, int(height * scale))
        left = int(random.integers(0, image.width - wide + 1))
        top = int(random.integers(0, image.height - high + 1))
        return image.resize(size, Image.Resampling.LANCZOS, (left, top, left + wide, top + high))

    def dark(self, random: Random, size: tuple[int, int], gain: float, noise: float) -> Image.Image:
        """A part of one as a sensor sees it in little light."""
        pixels = np.asarray(self.crop(random, size)).astype(np.float32) * gain
        grain = random.normal(0, noise, pixels.shape)
        return Image.fromarray(np.clip(pixels + grain, 0, 255).astype(np.uint8))


def _load(path: Path) -> Image.Image | None:
    try:
        with Image.open(path) as image:
            if image.mode not in ("RGB", "L"):
                return None
            image.draft("RGB", (_LONGEST, _LONGEST))
            upright = ImageOps.exif_transpose(image).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError):
        return None
    upright.thumbnail((_LONGEST, _LONGEST))
    return upright
