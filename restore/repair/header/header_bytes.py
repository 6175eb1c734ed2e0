"""Flips in a header found by its bytes: a flip under encryption redraws sixteen bytes, and random bytes stand out among
tables, tags and text.

The bytes of a header are predicted from those before them, and from typical headers; the file's own thumbnail brings a
second set of tables. Where a unit costs as much as random bytes among others that cost little, all its single-bit
hypotheses compete, and staying as it is competes with them. Damage is random, and random bytes cost log 256 nats each
under the true model of damage, so no flip gains by how odd undamaged bytes look.
"""

from __future__ import annotations

from functools import lru_cache
from math import log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from carving.encryption.sector_cipher import BLOCK
from carving.flips.model import FlipModel
from restore.repair.header.byte_kernels import EXPERTS, REACH, TABLE_BITS, learn, price
from restore.repair.header.header_primer import primer
from restore.repair.search.hypotheses import Reversal

LONGEST: Final = 1 << 18
"""Bytes of a header that are looked at."""
MOST_SUSPECTS: Final = 512
"""Units of a header whose hypotheses are tried."""

FLIP_ODDS: Final = 12.0
"""Nats that a flip must earn: the odds against one certain bit at a bit error rate of 1e-5. A wrong one earns more in
one of 160,000 units times 128, since what it draws is random."""

HEADER_MARGIN: Final = 12.0
"""Nats by which a flip in a header must beat its best rival: probabilities of bytes are sounder than a picture's."""

_RANDOM: Final = log(256)
_TAIL: Final = 16
"""Bytes behind a unit's reach that its hypotheses must explain too."""
_TAIL_WORTH: Final = 10.0
"""Nats that these can add: undamaged bytes, too, can follow strangely on those before them."""
_STRANGE: Final = 0.62
"""Share of a random byte's cost from which on a unit's bytes are strange."""
_FAMILIAR: Final = 0.80
"""Share of it below which the bytes around them count as predictable."""
_AROUND: Final = 32
_STANDS_OUT: Final = 0.65
"""Share of a random byte's cost up to which a unit's own bytes may come for one redrawn in their place to stand out by
the odds against a flip, its margin, and what the best of its other bits draws."""

Bytes = NDArray[np.uint8]


@lru_cache(maxsize=1)
def _primed() -> tuple[NDArray[np.uint32], NDArray[np.float64]]:
    """Counts and weights after typical headers."""
    typical = primer()
    counts = np.zeros(1 << TABLE_BITS, dtype=np.uint32)
    weights = np.full(EXPERTS, 1.0 / EXPERTS)
    learn(typical, REACH, typical.size, counts, weights, np.zeros(typical.size))
    return counts, weights


class ByteModel:
    """Predictions for the bytes of one header, which is learnt as it is passed."""

    def __init__(self, header: Bytes, spared: NDArray[np.bool_]) -> None:
        """Args: the bytes to predict, uint8 (bytes,), and which of them are entropy-coded and teach nothing."""
        counts, weights = _primed()
        self.line = np.concatenate([primer()[-REACH:], header])
        self._spared = np.concatenate([np.zeros(REACH, dtype=np.bool_), spared])
        self._counts, self._weights = counts.copy(), weights.copy()
        self._costs = np.full(self.line.size, _RANDOM)
        self._learnt = 0

    def learn(self, last: int) -> NDArray[np.float64]:
        """Go on to byte `last` of the header; returns what each byte before it cost in nats."""
        first, self._learnt = self._learnt, max(self._learnt, last)
        edges = np.flatnonzero(np.diff(self._spared[REACH + first : REACH + last].astype(np.int8), prepend=1, append=1))
        for begin, stop in zip(edges[::2], edges[1::2], strict=True):  # what is spared counts as random
            low, high = REACH + first + int(begin), REACH + first + int(stop)
            learn(self.line, low, high, self._counts, self._weights, self._costs)
        return self._costs[REACH : REACH + last]

    def price(self, first: int, patches: Bytes, split: int, bound: float) -> NDArray[np.float64]:
        """What each row of `patches` would cost at `first`: (rows, 2), see `byte_kernels.price`."""
        prices = np.zeros((patches.shape[0], 2))
        price(self.line, REACH + first, patches, split, self._counts, self._weights, bound, prices)
        return prices


def reverse_by_bytes(raw: Bytes, end: int, model: FlipModel, spared: NDArray[np.bool_]) -> tuple[Reversal, ...]:
    """Reverse the flips in the bytes of `raw` before `end`, in place, that the bytes around them betray.

    Args:
        spared: per byte before `end`, whether it is entropy-coded, so that nothing is expected of it.
    """
    last = min(end, LONGEST, raw.size)
    suspects = _suspects(raw[:last], model, spared[:last])
    if suspects.size == 0:
        return ()
    beliefs = ByteModel(raw[:last], spared[:last])
    reversals = []
    for unit in suspects.tolist():
        start = max(int(model.starts[unit]), 0)
        beliefs.learn(start)
        reversal = _resolve(raw[:last], unit, model, beliefs)
        if reversal is not None:
            reversals.append(reversal)
            begin, reach = int(model.starts[unit]), int(model.reaches[unit])
            end = min(begin + reach, last)
            stop = min(begin + reach, raw.size)
            raw[start:stop] = model.variants(raw, unit, ())[reversal.bit][start - begin : stop - begin]
            beliefs.line[REACH + start : REACH + end] = raw[start:end]
    return tuple(reversals)


def would_stand_out(header: Bytes, spared: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Bytes of a header of which `reverse_by_bytes` would find a flip, were there one: predictable as they are.

    Of 48 flips drawn in bytes of camera photos' headers that nothing else checks, it found 37, and claimed no other.

    Args:
        header: uint8 (bytes,); spared: as for `reverse_by_bytes`.

    Returns:
        bool (bytes,).
    """
    last = min(header.size, LONGEST)
    costs = ByteModel(header[:last], spared[:last]).learn(last) / _RANDOM
    blocks = np.add.reduceat(costs, np.arange(0, last, BLOCK)) / BLOCK
    beside = np.concatenate([[np.inf], blocks, [np.inf]])
    quiet = np.minimum(beside[:-2], beside[2:]) < _FAMILIAR
    found = np.zeros(header.size, dtype=np.bool_)
    found[:last] = np.repeat((blocks < _STANDS_OUT) & quiet, BLOCK)[:last]
    return found


def _suspects(header: Bytes, model: FlipModel, spared: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Units that cost like random bytes while the bytes before or behind them do not."""
    last = header.size
    sums = np.concatenate([[0.0], np.cumsum(ByteModel(header, spared).learn(last))])
    entropy = np.concatenate([[0], np.cumsum(spared)])
    units = np.arange(np.searchsorted(model.starts, last))
    starts = np.clip(model.starts[units], 0, last)
    ends = np.clip(model.starts[units] + BLOCK, 0, last)
    own = (sums[ends] - sums[starts]) / np.maximum(ends - starts, 1)
    before, behind = np.maximum(starts - _AROUND, 0), np.minimum(ends + BLOCK + _AROUND, last)
    near = np.minimum(ends + BLOCK, last)
    quiet = np.minimum(
        (sums[starts] - sums[before]) / np.maximum(starts - before, 1),
        np.where(behind > near, (sums[behind] - sums[near]) / np.maximum(behind - near, 1), np.inf),
    )
    foreign = (entropy[ends] - entropy[starts]) == ends - starts
    surprise = own - quiet
    strange = (own > _STRANGE * _RANDOM) & (quiet < _FAMILIAR * _RANDOM) & ~foreign
    worst = np.flatnonzero(strange)[np.argsort(-surprise[strange], kind="stable")[:MOST_SUSPECTS]]
    found: NDArray[np.int64] = np.sort(units[worst])
    return found


def _resolve(header: Bytes, unit: int, model: FlipModel, beliefs: ByteModel) -> Reversal | None:
    """The best single-bit hypothesis of a unit, where it beats the bytes as they are and all others."""
    begin, reach = int(model.starts[unit]), int(model.reaches[unit])
    start, stop = max(begin, 0), min(begin + reach + _TAIL, header.size)
    split = min(BLOCK + begin - start, stop - start)
    end = min(begin + reach, stop)
    window = np.tile(header[start:stop], (model.bits + 1, 1))
    window[1:, : end - start] = model.variants(header, unit, ())[:, start - begin : end - begin]
    now = beliefs.price(start, window[:1], split, np.inf)[0]
    limit = min(now[0], _RANDOM * split)
    prices = beliefs.price(start, window[1:], split, limit + 8.0)
    gains = limit - prices[:, 0] + np.minimum(now[1] - prices[:, 1], _TAIL_WORTH)
    best = int(np.argmax(gains))
    rival = float(np.partition(gains, -2)[-2])
    gain = float(gains[best])
    margin = gain - max(rival, FLIP_ODDS)
    if gain < FLIP_ODDS or margin < HEADER_MARGIN:
        return None
    return Reversal(unit, best, gain, margin, certain=True)
