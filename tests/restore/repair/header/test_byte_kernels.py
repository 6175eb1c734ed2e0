"""The byte model against a plain rendering with dictionaries; and its probabilities add up to one."""

from __future__ import annotations

from collections import Counter
from math import exp, log

import numpy as np
import pytest
from numpy.typing import NDArray

from restore.repair.header import byte_kernels
from restore.repair.header.byte_kernels import CONTEXTS, EXPERTS, REACH, TABLE_BITS, learn, predict, price

FAITH, FLOOR, SHARE = 0.4, 0.01, 0.03


def contexts(data: bytes, at: int) -> list[tuple[int, ...]]:
    def back(*distances: int) -> tuple[int, ...]:
        return tuple(data[at - distance] for distance in distances)

    chain = [back(*range(1, length + 1)) for length in (0, 1, 2, 3, 4, 6, 8)]
    return [
        *chain, back(12), back(12, 24, 1), back(2), back(2, 4), back(4, 8), (data[at - 1] >> 3, data[at - 2] >> 4)
    ]  # fmt: skip


def near(data: bytes, at: int) -> float:
    centre = (sum(data[at - 3 : at]) + 1) // 3
    shares = [exp(-abs(value - centre) / (1 + centre / 6)) for value in range(256)]
    return shares[data[at]] / sum(shares)


def reference_costs(data: bytes) -> list[float]:
    counts: Counter[tuple[int, tuple[int, ...], int]] = Counter()
    weights = [1 / EXPERTS] * EXPERTS
    costs = []
    for at in range(REACH, len(data)):
        keys = list(enumerate(contexts(data, at)))
        step = (data[at] - data[at - 1]) & 255
        base = (counts[0, (), data[at]] + FAITH) / (counts[0, (), 256] + 256 * FAITH)
        chances = []
        for group, symbol in ((keys[1:7], data[at]), (keys[7:9], data[at]), (keys[9:12], data[at]), (keys[12:], step)):
            chance = base if symbol is data[at] and group[0][0] < 12 else 1 / 256
            for index, key in group:
                chance = (counts[index, key, symbol] + FAITH * chance) / (counts[index, key, 256] + FAITH)
            chances.append((1 - FLOOR) * chance + FLOOR / 256)
        chances += [(1 - FLOOR) * near(data, at) + FLOOR / 256, 1 / 256]
        mixed = sum(weight * chance for weight, chance in zip(weights, chances, strict=True))
        weights = [
            (1 - SHARE) * weight * chance / mixed + SHARE / EXPERTS
            for weight, chance in zip(weights, chances, strict=True)
        ]
        costs.append(-log(mixed))
        for index, key in keys:
            counts[index, key, step if index == CONTEXTS - 1 else data[at]] += 1
            counts[index, key, 256] += 1
    return costs


@pytest.fixture
def text() -> NDArray[np.uint8]:
    dice = np.random.default_rng(3)
    pattern = np.tile(np.arange(40, dtype=np.uint8), 12)
    pattern[dice.integers(0, pattern.size, 60)] = dice.integers(0, 256, 60)
    return pattern


def learnt(data: NDArray[np.uint8]) -> tuple[NDArray[np.uint32], NDArray[np.float64], NDArray[np.float64]]:
    counts = np.zeros(1 << TABLE_BITS, dtype=np.uint32)
    weights, costs = np.full(EXPERTS, 1 / EXPERTS), np.zeros(data.size)
    learn(data, REACH, data.size, counts, weights, costs)
    return counts, weights, costs


def test_costs_equal_those_of_the_plain_rendering(text: NDArray[np.uint8]) -> None:
    np.testing.assert_allclose(learnt(text)[2][REACH:], reference_costs(text.tobytes()), rtol=1e-9)


def test_every_predictor_gives_all_bytes_together_a_probability_of_one(text: NDArray[np.uint8]) -> None:
    counts, _, _ = learnt(text)
    hashes, chances = np.zeros(CONTEXTS, dtype=np.uint64), np.zeros(EXPERTS)
    line = np.append(text, np.uint8(0))
    total = np.zeros(EXPERTS)
    for symbol in range(256):
        line[-1] = symbol
        predict(line, text.size, counts, hashes, chances)
        total += chances
    np.testing.assert_allclose(total, 1.0, rtol=1e-9)


def test_price_splits_and_gives_up(text: NDArray[np.uint8]) -> None:
    counts, weights, _ = learnt(text)
    line = np.concatenate([text, np.zeros(8, dtype=np.uint8)])
    likely = np.arange(8, dtype=np.uint8)
    patches = np.stack([likely, likely[::-1] * 31])
    prices = np.zeros((2, 2))
    price(line, text.size, patches, 5, counts, weights, 20.0, prices)
    assert prices[0].sum() < 8
    assert prices[1, 0] > 20
    assert prices[1, 1] == np.inf
    whole = np.zeros((1, 2))
    price(line, text.size, patches[:1], 8, counts, weights, np.inf, whole)
    assert whole[0, 0] == pytest.approx(prices[0].sum())
    assert whole[0, 1] == 0


def test_constants_are_those_of_the_plain_rendering() -> None:
    assert (byte_kernels._FAITH, byte_kernels._FLOOR, byte_kernels._SHARE) == (FAITH, FLOOR, SHARE)
