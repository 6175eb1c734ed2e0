"""What a thumbnail lets expect in each MCU."""

from __future__ import annotations

import numpy as np
from PIL import Image

from carving.jpeg.markers import read_header
from restore.decoding.robust import decode
from restore.thumbnail.levels import fitted, levels_of
from tests.restore.decoding.pictures import jpeg, texture


def test_levels_are_those_of_the_picture() -> None:
    scene = texture(320, 240, seed=2).resize((80, 60)).resize((320, 240))
    data = jpeg(scene, quality=90, subsampling=2)
    guide = levels_of(np.asarray(scene.resize((80, 60), Image.Resampling.BOX)), read_header(data))
    assert guide is not None
    decoded = decode(data)
    unit = float(decoded.header.quant_tables[0].natural()[0]) / 8
    luma = decoded.coefficients[:, :4, 0].mean(axis=1) * unit
    assert guide.levels.shape == (decoded.header.frame.mcu_count, 3)
    assert np.abs(guide.levels[:, 0] - luma).mean() < 3


def test_gain_and_offset_are_found_in_spite_of_outliers() -> None:
    dice = np.random.default_rng(0)
    header = read_header(jpeg(texture(320, 240), subsampling=2))
    guide = levels_of(np.asarray(texture(80, 60)), header)
    assert guide is not None
    true = 0.8 * guide.levels + 7 + dice.normal(0, 0.5, guide.levels.shape)
    true[::5] += 60
    matched = fitted(guide, true, np.arange(true.shape[0]))
    sound = np.arange(true.shape[0]) % 5 > 0
    assert np.abs(matched.levels - true)[sound].mean() < 2
