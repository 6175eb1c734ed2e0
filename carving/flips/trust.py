"""What the medium says of stretches of a source: which bytes it doubts, which it vouches for, and where they lie."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from carving.source import HOLE_OFFSET, BitPlace, ByteSource, ChecksBytes, Run, layers, runs_below, traced_runs


@dataclass(frozen=True, eq=False)
class Trust:
    """What the medium says of some bytes.

    Attributes:
        suspect, vouched: per byte, whether it is damaged, and whether it is right; neither where nothing is said.
        alternatives: for suspect stretches, the ways in which they may have been damaged, as bits of the evidence.
    """

    suspect: NDArray[np.bool_]
    vouched: NDArray[np.bool_]
    alternatives: tuple[tuple[tuple[BitPlace, ...], ...], ...] = ()

    @classmethod
    def nothing_said(cls, size: int) -> Trust:
        return cls(np.zeros(size, dtype=np.bool_), np.zeros(size, dtype=np.bool_))


def trust_in(source: ByteSource, stretches: tuple[Run, ...]) -> Trust:
    """What the layers of a stack say of stretches of `source`, one after the other."""
    trust = Trust.nothing_said(sum(run.length for run in stretches))
    alternatives: list[tuple[tuple[BitPlace, ...], ...]] = []
    runs = stretches
    for layer in layers(source):
        if isinstance(layer, ChecksBytes):
            place = 0
            for run in runs:
                if run.offset != HOLE_OFFSET:
                    for marks, said in ((trust.suspect, layer.suspects), (trust.vouched, layer.vouched)):
                        for part in said(run.offset, run.length):
                            marks[place + part.offset - run.offset : place + part.end - run.offset] = True
                    alternatives += layer.alternatives(run.offset, run.length)
                place += run.length
        if layer.below is not None:
            runs = runs_below(layer, runs)
    return replace(trust, alternatives=tuple(alternatives))


def offsets_of(runs: tuple[Run, ...]) -> NDArray[np.int64]:
    """The offset of every byte of consecutive runs, a negative one in holes."""
    parts = [
        np.full(run.length, HOLE_OFFSET) if run.offset == HOLE_OFFSET else np.arange(run.offset, run.end)
        for run in runs
    ]
    return np.concatenate([np.zeros(0, dtype=np.int64), *parts])


def physical(source: ByteSource, offset: int, length: int) -> NDArray[np.int64]:
    """The evidence offset of each byte of a stretch of `source`, a negative one in holes."""
    return offsets_of(traced_runs(source, offset, length))
