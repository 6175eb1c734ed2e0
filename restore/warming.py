"""The first run compiles the kernels; here that is done at once, so that it can be shown as what it is."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Final

STEPS: Final = ("sequential decoder", "progressive decoder", "restoration")


def is_cold() -> bool:
    """Whether the kernels are not in numba's cache on disk, or were compiled from other sources."""
    from restore.decoding import kernels

    source = Path(kernels.__file__)
    folder = Path(kernels.decode_robust.stats.cache_path)
    stored = [path.stat().st_mtime for path in folder.glob(f"{source.stem}.decode_robust-*.nbi")]
    return not stored or max(stored) < source.stat().st_mtime


def warm_up(progress: Callable[[str, int, int], None]) -> None:
    """Compile all kernels, or load them from the cache, by restoring tiny pictures.

    Args:
        progress: hears the name of each step, its number from 0, and how many there are, before it begins; and once
            more with number = count at the end.
    """
    from restore.decoding.robust import decode
    from restore.restoration import restore

    picture = _tiny_jpeg(progressive=False)
    damaged = picture[: len(picture) - len(picture) // 4]
    tasks: tuple[Callable[[], object], ...] = (
        lambda: decode(picture).pixels,
        lambda: decode(_tiny_jpeg(progressive=True)),
        lambda: restore(damaged),
    )
    for number, (name, task) in enumerate(zip(STEPS, tasks, strict=True)):
        progress(name, number, len(STEPS))
        task()
    progress("ready", len(STEPS), len(STEPS))


def _tiny_jpeg(*, progressive: bool) -> bytes:
    """A picture of smooth random tones with enough detail to reach every branch that compiles."""
    import numpy as np
    from PIL import Image

    tones = np.random.default_rng(1).integers(0, 256, (12, 16, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    large = Image.fromarray(tones).resize((160, 120), Image.Resampling.BICUBIC)
    large.save(buffer, "JPEG", quality=75, progressive=progressive)
    return buffer.getvalue()
