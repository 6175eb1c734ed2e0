"""A thumbnail is turned, cut or refused as the picture asks."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from restore.thumbnail.registration import registered
from tests.restore.placement.damaged import scene

Pixels = NDArray[np.uint8]
WIDE = (160, 107)


def _scene() -> tuple[Pixels, NDArray[np.float64]]:
    """A thumbnail of 3:2 and the brightness of its picture's 60 by 40 MCUs."""
    large = scene(960, 640, seed=5)
    levels = np.asarray(large.resize((60, 40), Image.Resampling.BOX).convert("L"), dtype=np.float64)
    return np.asarray(large.resize(WIDE, Image.Resampling.BOX)), levels


def _likeness(found: Pixels | None, wanted: Pixels) -> float:
    assert found is not None
    size = (60, 40)
    first, second = (np.asarray(Image.fromarray(one).resize(size).convert("L")) for one in (found, wanted))
    return float(np.corrcoef(first.ravel(), second.ravel())[0, 1])


def test_what_fits_is_left_alone() -> None:
    thumbnail, levels = _scene()
    found = registered(thumbnail, levels)
    assert _likeness(found, thumbnail) > 0.99


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turned(turns: int) -> None:
    thumbnail, levels = _scene()
    found = registered(np.rot90(thumbnail, turns), levels)
    assert _likeness(found, thumbnail) > 0.95


def test_bars_are_cut_off() -> None:
    thumbnail, levels = _scene()
    barred = np.zeros((120, 160, 3), dtype=np.uint8)
    barred[7:114] = thumbnail[:107]
    found = registered(barred, levels)
    assert _likeness(found, thumbnail) > 0.95


def test_cut_sides_are_put_back() -> None:
    thumbnail, levels = _scene()
    cut = np.asarray(Image.fromarray(thumbnail[:, 8:-8]).resize((160, 120)))
    found = registered(cut, levels)
    assert found is not None
    inner = np.asarray(Image.fromarray(found).resize(WIDE))
    middle = np.s_[10:-10, 20:-20]
    assert np.abs(inner[middle].astype(int) - thumbnail[middle]).mean() < 20


def test_another_picture_is_refused() -> None:
    _, levels = _scene()
    other = np.asarray(scene(160, 107, seed=77))
    assert registered(other, levels) is None
