"""From nats to probabilities, by the line that was measured."""

from __future__ import annotations

import math

import pytest

from restore.repair.trust.probability import of_claim, of_file, of_hypothesis, of_margin, rate_of


@pytest.mark.parametrize(("worth", "expected"), [(26.5, 0.5), (32.0, 0.873), (42.0, 0.9956), (50.0, 0.99973)])
def test_the_odds_grow_with_what_a_flip_is_worth(worth: float, expected: float) -> None:
    assert of_hypothesis(worth, 1e-6) == pytest.approx(expected, abs=5e-4)


def test_where_more_bits_flip_a_flip_is_likelier() -> None:
    assert of_hypothesis(22.0, 1e-5) == pytest.approx(0.674, abs=1e-3)
    assert of_hypothesis(22.0, 1e-6) == pytest.approx(0.172, abs=1e-3)


def test_a_rival_takes_from_a_claim() -> None:
    assert of_claim(1000.0, 0.0, 1e-6) == pytest.approx(0.5)
    assert of_claim(1000.0, 3.5, 1e-6) == pytest.approx(1 / (1 + math.exp(-1)))
    assert of_claim(-800.0, math.inf, 1e-6) < 1e-100
    assert of_margin(math.inf) == 1.0


def test_a_file_is_as_sure_as_all_of_it() -> None:
    assert of_file((0.9, 0.8), (0.25,), 0.0) == pytest.approx(0.54)
    assert of_file((), (), 0.005) == pytest.approx(math.exp(-0.005))


def test_none_found_is_not_never() -> None:
    assert rate_of(0, 1_000_000) == pytest.approx(0.5 / 8e6)
    assert rate_of(17, 2_000_000) == pytest.approx(17.5 / 16e6)
    assert rate_of(0, 0) > 0
