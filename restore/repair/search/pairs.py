"""Two flips so close together that neither shows alone: in one AES block, or in two that follow each other.

What the first of them draws right ends within the same MCU as what the second draws wrong, so no single flip gains
anything; only all pairs together tell. They are many, so they are tried after single flips have failed.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from carving.flips.model import FlipModel
from restore.repair.search.path_reference import Reference
from restore.repair.search.search_limits import (
    PAIR_AT_ONCE,
    PAIR_AT_ONCE_DROP,
    PAIR_FAR,
    PAIR_FAR_DROP,
    PAIRS_FOLLOWED,
    PAIRS_PER_UNIT,
)
from restore.scan.contracts import COMPLETE, HORIZON
from restore.scan.scan import Candidates, Scan

Pair = tuple[tuple[int, int], tuple[int, int]]
"""The (unit, bit) of two flips, in the order in which they are to be applied."""


@dataclass(frozen=True, slots=True)
class WeighedPair:
    """Two flips, the nats that they gain, and whether the path goes on cleanly behind them."""

    flips: Pair
    gain: float
    settled: bool


def weigh_pairs(
    scan: Scan,
    model: FlipModel,
    firsts: Iterable[int],
    done: dict[int, tuple[int, ...]],
    span: tuple[int, int],
    reference: Reference,
) -> list[WeighedPair]:
    """The best pairs of flips, the best first.

    Args:
        scan, model: a scan, and its flip model of AES blocks.
        firsts: units in which the first flip of a pair may be, each with another one behind it.
        done: bits that are reversed in the scan's bytes, by unit.
        span: the MCU from which on the path is laid along these bytes, and the last one that the pairs should explain.
        reference: the path that they are measured against.
    """
    base, mcu = span
    places = scan.path.places[base : mcu + 1]
    best: list[tuple[float, Pair, Candidates]] = []
    for unit in firsts:
        checkpoint = int(np.searchsorted(places, 8 * model.starts[unit], side="right")) - 1 + base
        candidates, pairs = pairs_about(model, scan.raw, unit, done, max(checkpoint, base))
        window = int(3 * PAIR_AT_ONCE * scan.mcu_bytes) + 256
        outcomes = scan.evaluate(candidates, mcu + PAIR_AT_ONCE, window, PAIR_AT_ONCE_DROP)
        gains = outcomes.best - reference.level(outcomes.place)
        best += [
            (float(gains[row]), pairs[row], candidates.take(np.array([row])))
            for row in np.argsort(-gains)[:PAIRS_PER_UNIT]
        ]
    weighed = []
    for _, pair, candidate in sorted(best, key=lambda entry: -entry[0])[:PAIRS_FOLLOWED]:
        outcome = scan.evaluate(candidate, mcu + PAIR_FAR, int(3 * PAIR_FAR * scan.mcu_bytes) + 512, PAIR_FAR_DROP)
        gain = float((outcome.best - reference.level(outcome.place))[0])
        weighed.append(WeighedPair(pair, gain, bool(outcome.why[0] in (HORIZON, COMPLETE))))
    return sorted(weighed, key=lambda entry: -entry.gain)


def pairs_about(
    model: FlipModel, raw: NDArray[np.uint8], unit: int, done: dict[int, tuple[int, ...]], checkpoint: int
) -> tuple[Candidates, list[Pair]]:
    """Every two flips of which the first is in `unit` and the second there too, at a later bit, or in the unit behind.

    Args:
        model: a flip model of AES blocks.
        raw: uint8, the file as assumed so far; changed on the way, and left as it was.
        unit: a unit that has another behind it, both wholly inside the file.
        done: bits that are reversed in `raw` already, by unit.
        checkpoint: the MCU from which candidates are to be extended.

    Returns:
        Candidates whose patches begin with the unit, and the flips of each.
    """
    start, following = int(model.starts[unit]), int(model.starts[unit + 1])
    end = min(max(start + int(model.reaches[unit]), following + int(model.reaches[unit + 1])), raw.size)
    stored = raw[start:end].copy()
    own, others = done.get(unit, ()), done.get(unit + 1, ())
    reach = min(int(model.reaches[unit]), end - start)
    firsts = model.variants(raw, unit, own)[:, :reach]
    last = min(following + int(model.reaches[unit + 1]), raw.size) - start
    patches: list[NDArray[np.uint8]] = []
    pairs: list[Pair] = []
    for bit in range(model.bits):
        if bit in own:
            continue
        raw[start : start + reach] = firsts[bit]
        same = np.array([later for later in range(bit + 1, model.bits) if later not in own], dtype=np.int64)
        behind = np.array([later for later in range(model.bits) if later not in others], dtype=np.int64)
        rows = np.repeat(raw[np.newaxis, start:end], same.size + behind.size, axis=0)
        rows[: same.size, :reach] = model.variants(raw, unit, (*own, bit))[same, :reach]
        rows[same.size :, following - start : last] = model.variants(raw, unit + 1, others)[
            behind, : last - following + start
        ]
        raw[start:end] = stored
        patches.append(rows)
        pairs.extend(((unit, bit), (unit, int(later))) for later in same)
        pairs.extend(((unit, bit), (unit + 1, int(later))) for later in behind)
    count = len(pairs)
    everything = Candidates(
        np.full(count, start), np.full(count, end - start), np.concatenate(patches), np.full(count, checkpoint)
    )
    return everything, pairs
