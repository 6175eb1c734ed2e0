"""Bit errors: their number, their place, and that nothing but seed, rate and content decides them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from carving.errors import UsageError
from restore.lab.simulation.bit_errors import Flip, apply_flips, differing_bits, draw_flips, generator


def test_a_flip_names_its_bit_from_the_most_significant() -> None:
    assert apply_flips(b"\x00\x00", (Flip(0, 0), Flip(1, 7))) == b"\x80\x01"


@given(st.binary(min_size=1, max_size=64), st.data())
def test_differing_bits_undo_apply_flips(data: bytes, draw: st.DataObject) -> None:
    places = draw.draw(st.sets(st.integers(0, 8 * len(data) - 1), max_size=20))
    flips = tuple(Flip(place // 8, place % 8) for place in sorted(places))
    assert differing_bits(data, apply_flips(data, flips)) == flips


def test_the_number_of_flips_is_binomial() -> None:
    size, ber = 1 << 16, 1e-3
    counts = [len(draw_flips(generator(seed, ber, b"x"), 0, size, ber)) for seed in range(200)]
    bits = 8 * size
    assert abs(np.mean(counts) - bits * ber) < 5 * np.sqrt(bits * ber / 200)
    assert 0.7 < np.var(counts) / (bits * ber * (1 - ber)) < 1.4


def test_flips_are_distinct_and_stay_in_their_stretch() -> None:
    flips = draw_flips(generator(1, 0.5, b"x"), 100, 164, 0.5)
    assert len(set(flips)) == len(flips) > 150
    assert {flip.offset for flip in flips} <= set(range(100, 164))
    assert {flip.bit for flip in flips} == set(range(8))
    assert list(flips) == sorted(flips)


def test_every_bit_flips_at_rate_one_and_none_at_rate_zero() -> None:
    assert len(draw_flips(generator(1, 1.0, b"x"), 0, 10, 1.0)) == 80
    assert draw_flips(generator(1, 0.0, b"x"), 0, 10, 0.0) == ()


def test_seed_rate_and_content_each_change_the_draw() -> None:
    def draw(seed: int, ber: float, content: bytes) -> tuple[Flip, ...]:
        return draw_flips(generator(seed, ber, content), 0, 1000, 0.01)

    assert draw(1, 1e-5, b"a") == draw(1, 1e-5, b"a")
    assert len({draw(1, 1e-5, b"a"), draw(2, 1e-5, b"a"), draw(1, 1e-6, b"a"), draw(1, 1e-5, b"b")}) == 4


def test_impossible_rates_and_lengths_are_refused() -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        draw_flips(generator(1, 2.0, b"x"), 0, 10, 2.0)
    with pytest.raises(UsageError, match="cannot be compared"):
        differing_bits(b"a", b"ab")
