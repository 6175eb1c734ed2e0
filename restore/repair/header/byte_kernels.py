"""How likely bytes of a header are, given what came before: counts in contexts of several orders, mixed.

Four predictors each refine a distribution from short contexts to long ones: the preceding bytes; the byte twelve back
(an entry of an image file directory has twelve bytes); bytes two and four back; the step from the byte before (tables
of quantisation steps). A fifth expects a value near the last three, a sixth, for what is new, gives all bytes the same.
Their weights follow their success
(fixed-share mixing, Herbster and Warmuth 1998). Counts live in one hashed table, tagged so that foreign counts are not
taken for a context's own: probabilities must add up to one, or random bytes could look likely.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.support.compiled import kernel

EXPERTS: Final = 6
COUNTING: Final = 4
"""Predictors that count; the others are fixed."""
CONTEXTS: Final = 13
TABLE_BITS: Final = 22
REACH: Final = 24
"""Bytes before a byte that its contexts look at."""

_MASK: Final = (1 << TABLE_BITS) - 1
_LAST: Final = (6, 8, 11, 12)
"""The last context of each predictor; the first is the order 0 that all share."""
_FAITH: Final = 0.4
"""Pseudo-counts given to the shorter context's distribution."""
TOTAL: Final = 256
"""The symbol under which a context's total is counted."""
_MOST: Final = 60_000
_PROBES: Final = 4
_SHARE: Final = 0.03
_FLOOR: Final = 1e-2
"""Weight of a uniform distribution in every prediction."""

Bytes = NDArray[np.uint8]
ContextCounts = NDArray[np.uint32]


@kernel
def find_contexts(data: Bytes, at: int, hashes: NDArray[np.uint64]) -> None:
    """The contexts of the byte `data[at]` as hashes (CONTEXTS,), from what precedes it."""
    first, second = np.uint64(data[at - 1]), np.uint64(data[at - 2])
    third, fourth = np.uint64(data[at - 3]), np.uint64(data[at - 4])
    twelve = np.uint64(data[at - 12])
    hashes[0] = np.uint64(0)
    hashes[1] = first
    hashes[2] = first | second << np.uint64(8)
    hashes[3] = hashes[2] | third << np.uint64(16)
    hashes[4] = hashes[3] | fourth << np.uint64(24)
    hashes[5] = hashes[4] | np.uint64(data[at - 5]) << np.uint64(32) | np.uint64(data[at - 6]) << np.uint64(40)
    hashes[6] = hashes[5] | np.uint64(data[at - 7]) << np.uint64(48) | np.uint64(data[at - 8]) << np.uint64(56)
    hashes[7] = twelve
    hashes[8] = twelve | np.uint64(data[at - 24]) << np.uint64(8) | first << np.uint64(16)
    hashes[9] = second
    hashes[10] = second | fourth << np.uint64(8)
    hashes[11] = fourth | np.uint64(data[at - 8]) << np.uint64(8)
    hashes[12] = first >> np.uint64(3) | second >> np.uint64(4) << np.uint64(8)
    for index in range(CONTEXTS):
        mixed = (hashes[index] + np.uint64(index + 1) * np.uint64(0x9E3779B97F4A7C15)) * np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(29)
        hashes[index] = mixed * np.uint64(0x94D049BB133111EB)


@kernel
def _slot(context: np.uint64, symbol: int, counts: ContextCounts) -> int:
    """Where a symbol's count in a context is, or would be: tag << 16 | count; -1 where there is no room for it."""
    mixed = (context + np.uint64(symbol + 1) * np.uint64(0xD6E8FEB86659FD93)) * np.uint64(0xFF51AFD7ED558CCD)
    tag = np.uint32(mixed >> np.uint64(20)) & np.uint32(0xFFFF)
    first = np.int64(mixed >> np.uint64(40))
    for probe in range(_PROBES):
        slot = (first + probe) & _MASK
        if counts[slot] == 0 or counts[slot] >> np.uint32(16) == tag:
            return slot
    return -1


@kernel
def _count(context: np.uint64, symbol: int, counts: ContextCounts) -> int:
    slot = _slot(context, symbol, counts)
    return 0 if slot < 0 else np.int64(counts[slot] & np.uint32(0xFFFF))


@kernel
def _add(context: np.uint64, symbol: int, counts: ContextCounts) -> None:
    slot = _slot(context, symbol, counts)
    if slot < 0:
        return
    if counts[slot] == 0:
        mixed = (context + np.uint64(symbol + 1) * np.uint64(0xD6E8FEB86659FD93)) * np.uint64(0xFF51AFD7ED558CCD)
        counts[slot] = (np.uint32(mixed >> np.uint64(20)) & np.uint32(0xFFFF)) << np.uint32(16)
    counts[slot] += np.uint32(1)


@kernel
def _near(data: Bytes, at: int) -> float:
    """A two-sided geometric distribution about the mean of the three bytes before `at`, a sixth of that mean wide."""
    centre = (np.int64(data[at - 1]) + np.int64(data[at - 2]) + np.int64(data[at - 3]) + 1) // 3
    ratio = np.exp(-1.0 / (1.0 + centre / 6.0))
    total = (1.0 - ratio ** (centre + 1)) / (1.0 - ratio) + ratio * (1.0 - ratio ** (255 - centre)) / (1.0 - ratio)
    return ratio ** np.abs(np.int64(data[at]) - centre) / total


@kernel
def predict(
    data: Bytes, at: int, counts: ContextCounts, hashes: NDArray[np.uint64], chances: NDArray[np.float64]
) -> None:
    """What each predictor gives the byte at `at`; leaves the contexts in `hashes`."""
    find_contexts(data, at, hashes)
    symbol = np.int64(data[at])
    step = (symbol - np.int64(data[at - 1])) & 255
    base = (_count(hashes[0], symbol, counts) + _FAITH) / (_count(hashes[0], TOTAL, counts) + 256 * _FAITH)
    index = 1
    for expert in range(COUNTING):
        chance = base if expert < COUNTING - 1 else 1 / 256
        while index <= _LAST[expert]:
            context = hashes[index]
            total = _count(context, TOTAL, counts)
            seen = min(_count(context, step if expert == COUNTING - 1 else symbol, counts), total)
            chance = (seen + _FAITH * chance) / (total + _FAITH)
            index += 1
        chances[expert] = (1 - _FLOOR) * chance + _FLOOR / 256
    chances[COUNTING] = (1 - _FLOOR) * _near(data, at) + _FLOOR / 256
    chances[COUNTING + 1] = 1 / 256


@kernel
def mix(chances: NDArray[np.float64], weights: NDArray[np.float64]) -> float:
    """The mixed probability; moves the weights to the predictors that did well."""
    chance = 0.0
    for expert in range(EXPERTS):
        chance += weights[expert] * chances[expert]
    for expert in range(EXPERTS):
        weights[expert] = (1 - _SHARE) * weights[expert] * chances[expert] / chance + _SHARE / EXPERTS
    return chance


@kernel
def learn(
    data: Bytes, first: int, last: int, counts: ContextCounts, weights: NDArray[np.float64], costs: NDArray[np.float64]
) -> None:
    """Count the bytes `[first, last)`; `costs` receives what each was worth in nats before it was counted."""
    hashes = np.zeros(CONTEXTS, dtype=np.uint64)
    chances = np.zeros(EXPERTS)
    for at in range(max(first, REACH), last):
        predict(data, at, counts, hashes, chances)
        costs[at] = -np.log(mix(chances, weights))
        symbol = np.int64(data[at])
        step = (symbol - np.int64(data[at - 1])) & 255
        for index in range(CONTEXTS):
            if _count(hashes[index], TOTAL, counts) < _MOST:
                _add(hashes[index], step if index == CONTEXTS - 1 else symbol, counts)
                _add(hashes[index], TOTAL, counts)


@kernel
def price(
    data: Bytes,
    first: int,
    patches: Bytes,
    split: int,
    counts: ContextCounts,
    weights: NDArray[np.float64],
    bound: float,
    prices: NDArray[np.float64],
) -> None:
    """What patches (rows) at `first` cost in nats: `prices` (rows, 2), up to byte `split` of each and from there on.

    A patch whose first part costs more than `bound` has an infinite second part.
    """
    width = patches.shape[1]
    local = np.zeros(REACH + width, dtype=np.uint8)
    local[:REACH] = data[first - REACH : first]
    hashes = np.zeros(CONTEXTS, dtype=np.uint64)
    chances = np.zeros(EXPERTS)
    own = np.zeros(EXPERTS)
    for row in range(patches.shape[0]):
        local[REACH:] = patches[row]
        own[:] = weights
        prices[row, 0] = prices[row, 1] = 0.0
        for at in range(width):
            predict(local, REACH + at, counts, hashes, chances)
            prices[row, 0 if at < split else 1] -= np.log(mix(chances, own))
            if prices[row, 0] > bound:
                prices[row, 1] = np.inf
                break
