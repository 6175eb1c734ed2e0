"""Windows cover every hole once, see their margin, and stay inside the picture."""

from __future__ import annotations

import numpy as np
import pytest

from restore.thumbnail.hole_windows import windows


@pytest.mark.parametrize("shape", [(5, 7), (100, 150), (300, 520)])
@pytest.mark.parametrize("step", [1, 32])
def test_every_hole_pixel_lies_in_one_core(shape: tuple[int, int], step: int) -> None:
    hole = np.random.default_rng(1).random(shape) < 0.02
    hole[-1, -1] = True
    covered = np.zeros(shape, dtype=int)
    for window in windows(hole, (64, 96), 20, step):
        covered[window.core] += 1
        for inner, seen, size in zip(window.core, window.seen, shape, strict=True):
            assert 0 <= seen.start <= max(0, inner.start - 20)
            assert min(size, inner.stop + 20) <= seen.stop <= size
            assert (seen.stop - seen.start) % step == 0 or seen.stop - seen.start == size
        assert np.array_equal(hole[window.seen][window.inner], hole[window.core])
    assert covered.max() == 1
    assert (covered[hole] == 1).all()


def test_without_holes_there_is_nothing_to_do() -> None:
    assert list(windows(np.zeros((50, 50), dtype=np.bool_), (16, 16), 4)) == []
