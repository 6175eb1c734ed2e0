"""A set of bytes as stretches that neither touch nor overlap, in arrays: millions of them fit in little memory."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from carving.source import Run


def _none() -> NDArray[np.int64]:
    return np.zeros(0, dtype=np.int64)


@dataclass(frozen=True, eq=False, slots=True)
class IntervalSet:
    """int64 (n,) starts and ends in bytes, each in rising order."""

    starts: NDArray[np.int64] = field(default_factory=_none)
    ends: NDArray[np.int64] = field(default_factory=_none)

    @property
    def count(self) -> int:
        """How many stretches there are."""
        return int(self.starts.size)

    @property
    def total(self) -> int:
        """How many bytes."""
        return int((self.ends - self.starts).sum())

    def within(self, offset: int, length: int) -> tuple[Run, ...]:
        """The parts that lie in a stretch, in order."""
        end = offset + length
        first = int(np.searchsorted(self.ends, offset, side="right"))
        last = int(np.searchsorted(self.starts, end, side="left"))
        return tuple(
            Run(max(start, offset), min(stop, end) - max(start, offset))
            for start, stop in zip(self.starts[first:last].tolist(), self.ends[first:last].tolist(), strict=True)
        )

    def first(self, most: int) -> tuple[Run, ...]:
        """The first `most` stretches."""
        pairs = zip(self.starts[:most].tolist(), self.ends[:most].tolist(), strict=True)
        return tuple(Run(start, end - start) for start, end in pairs)


def interval_set(starts: NDArray[np.int64], lengths: NDArray[np.int64], size: int) -> IntervalSet:
    """The bytes of stretches in any order, which may overlap, as far as they lie in a source of `size` bytes.

    Args:
        starts, lengths: int64 (n,); where they lie.
        size: bytes that there are.
    """
    begins = np.clip(starts, 0, size)
    stops = np.clip(starts + np.clip(lengths, 0, None), 0, size)
    begins, stops = begins[stops > begins], stops[stops > begins]
    if not begins.size:
        return IntervalSet()
    order = np.argsort(begins, kind="stable")
    begins, reached = begins[order], np.maximum.accumulate(stops[order])
    apart = np.flatnonzero(begins[1:] > reached[:-1])
    return IntervalSet(begins[np.concatenate([[0], apart + 1])], reached[np.concatenate([apart, [reached.size - 1]])])


def interval_set_of(runs: Iterable[Run], size: int) -> IntervalSet:
    """The bytes of runs in any order, as far as they lie in a source of `size` bytes."""
    pairs = np.array([(run.offset, run.length) for run in runs], dtype=np.int64).reshape(-1, 2)
    return interval_set(pairs[:, 0], pairs[:, 1], size)


def union(runs: Iterable[Run]) -> tuple[Run, ...]:
    """The bytes of a few runs in any order, as runs that neither touch nor overlap, in order."""
    joined: list[Run] = []
    for run in sorted(runs, key=lambda run: run.offset):
        if joined and run.offset <= joined[-1].end:
            joined[-1] = Run(joined[-1].offset, max(joined[-1].end, run.end) - joined[-1].offset)
        elif run.length > 0:
            joined.append(run)
    return tuple(joined)


def without(runs: Iterable[Run], taken: tuple[Run, ...]) -> tuple[Run, ...]:
    """What is left of runs without the bytes of others, which stand in order and do not overlap."""
    left: list[Run] = []
    for run in runs:
        position = run.offset
        for part in taken:
            if part.end <= position or part.offset >= run.end:
                continue
            left.append(Run(position, part.offset - position))
            position = part.end
        left.append(Run(position, run.end - position))
    return tuple(part for part in left if part.length > 0)
