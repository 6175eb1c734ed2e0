"""Camera photos decode as libjpeg-turbo decodes them, without a single remark."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from restore.decoding.robust import decode
from tests.restore.decoding.pictures import by_libjpeg


def test_photos_are_identical_to_libjpeg(shared_data: Path) -> None:
    photos = sorted((shared_data / "photos").iterdir())
    assert len(photos) > 30
    for path in photos:
        data = path.read_bytes()
        decoded = decode(data)
        assert decoded.events == (), path.name
        assert np.array_equal(decoded.pixels, by_libjpeg(data)), path.name
