"""How sure an anchored place is, by what speaks for it and what would look the same."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from restore.segments.anchors import end_posterior, is_padded, numbered_posterior
from restore.segments.paths import ReadPath
from restore.segments.scan_cut import Cut, cut_scan

BITS, MCUS, TOTAL = 200, 100, 12_000


def _ending(padding: str) -> tuple[Cut, ReadPath]:
    """A scan whose last MCU leaves `padding` in the last byte, and the path that reads it."""
    bits = "10" * (BITS * MCUS // 2 - len(padding) // 2) + padding
    bits = bits[len(bits) % 8 :]
    data = np.packbits(np.array([int(bit) for bit in bits], dtype=np.uint8))
    cut = cut_scan(data, 0, data.size, (), restarts=False)
    positions = np.linspace(0, len(bits) - len(padding), MCUS + 1).astype(np.int64)
    return cut, ReadPath(positions, np.ones(MCUS, dtype=np.float32), 0, begins=False, ends=True)


@pytest.mark.parametrize(("padding", "ones"), [("", True), ("1", True), ("1111", True), ("0", False), ("1101", False)])
def test_padding(padding: str, ones: bool) -> None:
    assert is_padded(*_ending(padding)) is ones


def test_an_end_that_the_length_of_the_gap_confirms_is_surer_than_one_of_a_missing_piece() -> None:
    near = end_posterior(*_ending("111"), lost=50, expected=48.0, total=TOTAL)
    far = end_posterior(*_ending("111"), lost=5000, expected=0.0, total=TOTAL)
    assert 0.99 < far < near < 1.0
    assert 1.0 - near < (1.0 - far) / 10.0


def test_a_thumbnail_that_shows_something_else_outweighs_an_end_alone() -> None:
    missing = partial(end_posterior, *_ending("111"), lost=5000, expected=0.0, total=TOTAL)
    assert missing(told_nats=-6.0) < 0.9
    assert missing(told_nats=6.0) > 0.9999
    assert end_posterior(*_ending("111"), lost=50, expected=48.0, total=TOTAL, told_nats=-6.0) > 0.99


def test_wrong_padding_makes_an_end_less_sure() -> None:
    wrong, right = (end_posterior(*_ending(padding), lost=50, expected=48.0, total=TOTAL) for padding in ("000", "111"))
    assert wrong < right


def test_numbers_behind_a_broken_interval() -> None:
    assert numbered_posterior(1000.0, 1000.0) > 0.99
    assert numbered_posterior(3000.0, 1000.0) < 0.95
    assert numbered_posterior(3000.0, 1000.0, rows_nats=8.0) > 0.99
    assert numbered_posterior(1000.0, 1000.0, rows_nats=-8.0) < 0.9
