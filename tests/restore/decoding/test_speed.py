"""A guard against the decoder becoming slow again: far below what it reaches, measured in its own CPU time."""

from __future__ import annotations

import io
import time
from collections.abc import Callable

from PIL import Image

from restore.decoding.robust import decode
from tests.restore.decoding.pictures import jpeg, texture


def fastest(task: Callable[[], object]) -> float:
    """Least CPU time of a few runs, in seconds."""
    times = []
    for _ in range(6):
        begin = time.thread_time()
        task()
        times.append(time.thread_time() - begin)
    return min(times)


def test_not_much_slower_than_libjpeg() -> None:
    data = jpeg(texture(1800, 1200), quality=75)
    decode(data).pixels.sum()  # compile
    full = fastest(lambda: decode(data).pixels)
    assert full < 4 * fastest(lambda: Image.open(io.BytesIO(data)).convert("RGB"))
