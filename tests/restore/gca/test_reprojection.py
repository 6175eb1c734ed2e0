"""What is made stays within what the thumbnail tells, and nothing else moves."""

from __future__ import annotations

import numpy as np

from restore.gca.reprojection import FEWEST, within_range
from restore.lab.simulation.made_pictures import fractal_picture
from restore.thumbnail.guidance import region


def test_an_mcu_out_of_range_is_brought_to_its_limit() -> None:
    guide = np.clip(fractal_picture(120, 168, 1), 60, 190)
    noise = np.random.default_rng(1).integers(-6, 7, guide.shape)
    picture = (guide + noise).astype(np.uint8)
    generated = np.zeros((15, 11), dtype=np.bool_)
    generated[3, 4:7] = True
    picture[24:32, 64:80] += 40  # the first one is far too bright
    found = within_range(picture, guide, generated, (8, 16))
    hole = region(generated, (8, 16), 120, 168)
    assert np.array_equal(found[~hole], picture[~hole])
    assert np.array_equal(found[24:32, 80:112], picture[24:32, 80:112])
    apart = (found[24:32, 64:80].astype(int) - guide[24:32, 64:80]).mean(axis=(0, 1))
    known = [
        np.abs((picture[y : y + 8, x : x + 16].astype(int) - guide[y : y + 8, x : x + 16]).mean(axis=(0, 1)))
        for y in range(40, 120, 8)
        for x in range(0, 160, 16)
    ]
    assert (np.abs(apart) <= np.max(known, axis=0) + 0.51).all()
    assert (found[24:32, 64:80].std(axis=(0, 1)) > 0).all()


def test_too_little_that_is_known_limits_nothing() -> None:
    guide, picture = fractal_picture(64, 64, 1), fractal_picture(64, 64, 2)
    generated = np.ones((8, 8), dtype=np.bool_)
    generated.flat[: FEWEST - 1] = False
    assert np.array_equal(within_range(picture, guide, generated, (8, 8)), picture)
